"""Replaying cases: does the finding still show?"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from isofuzz.cases.case import Case, HitRate
from isofuzz.cases.store import read_case
from isofuzz.engine.control import controlled
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.system import running
from isofuzz.errors import CaseUnreadable, InfrastructureError, UsageError
from isofuzz.gate.loop import ControlledLoop
from isofuzz.history.entries import Completion, Outcome
from isofuzz.oracles.violation import Oracle
from isofuzz.program.steps import Program
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.configuration import find_pyproject
from isofuzz.runs.planting import new_mint, planted
from isofuzz.runs.reproduction import OnSystem, Trial, patience_for, tries_for
from isofuzz.runs.targets import find_target
from isofuzz.services import Sources, open_services
from isofuzz.target.signatures import read_signatures


class ReplayVerdict(Enum):
    """What replaying a case says."""

    STILL_LEAKS = "STILL LEAKS"
    NO_LONGER = "NO LONGER"
    CANNOT_RUN = "CANNOT RUN"
    UNDECIDED = "UNDECIDED"

    @property
    def exit_code(self) -> int:
        """1 still leaks, 0 no longer, 2 cannot run, 3 undecided."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    ReplayVerdict.STILL_LEAKS: 1,
    ReplayVerdict.NO_LONGER: 0,
    ReplayVerdict.CANNOT_RUN: 2,
    ReplayVerdict.UNDECIDED: 3,
}


@dataclass(frozen=True)
class Replayed:
    """One case replayed: how often it showed, and why the verdict is what it is."""

    path: Path
    case: Case | None
    verdict: ReplayVerdict
    hit_rate: HitRate
    reason: str


def replay(
    paths: Sequence[Path],
    *,
    times: int | None = None,
    sources: Sources = Sources(),  # noqa: B008 - it is immutable
    on_replayed: Callable[[Replayed], None] = lambda replayed: None,
) -> list[Replayed]:
    """Replay each case on services of its own.

    `times`: how often; left out, as often as it takes for its hit rate. A case that cannot be read or run is told as
    such and keeps none of the others from being replayed.
    """
    done = []
    for path in paths:
        replayed = _replay_one(path, times, sources)
        on_replayed(replayed)
        done.append(replayed)
    return done


def _replay_one(path: Path, times: int | None, sources: Sources) -> Replayed:
    case: Case | None = None
    try:
        case = read_case(path)
        wanted = times or max(tries_for(case.hit_rate), 2)
        again = run_again(case, sources, wanted, all_of_them=times is not None)
    except (UsageError, InfrastructureError) as problem:
        return Replayed(path, case, ReplayVerdict.CANNOT_RUN, HitRate(0, 0), str(problem))
    return _judged(path, case, again, wanted)


@dataclass
class Again:
    """What came of running a case again: the case as it showed last, and why a clean run of it said nothing."""

    runs: int = 0
    seen: int = 0
    shown: Case | None = None
    untested: str | None = None

    def add(self, case: Case, trial: Trial) -> None:
        """Count one trial of the case."""
        self.runs += 1
        self.seen += trial.shown is not None
        self.shown = trial.shown or self.shown
        self.untested = self.untested or (None if trial.shown else why_untested(case, trial.executions))


def run_again(case: Case, sources: Sources, most: int, *, all_of_them: bool = False) -> Again:
    """Run the case on services of its own up to so often, and no more once it has shown, unless it is to be all.

    Raises CaseUnreadable if it does not fit its target, and what else keeps it from running.
    """
    _check_place(case)
    target_class = find_target(case.target)
    signatures = read_signatures(target_class)
    check_fits(case, signatures.vocabulary)
    again = Again()

    def is_enough() -> bool:
        return again.runs >= most or bool(again.seen and not all_of_them)

    async def on_a_new_system() -> None:
        target = planted(target_class, case.defect)
        async with (
            open_services(sources) as services,
            controlled(services) as control,
            running(target, signatures, services, new_mint(), control) as system,
        ):
            reproducer = OnSystem(case, system, tuple(Oracle), lambda execution, violation: None)
            reproducer.patience = patience_for(case, system)
            again.add(case, await reproducer.once(case.program))
            while not (case.earlier or is_enough()):  # what earlier programs leave behind, each trial would find
                again.add(case, await reproducer.once(case.program))

    while not is_enough():
        with asyncio.Runner(loop_factory=ControlledLoop) as runner:
            runner.run(on_a_new_system())
    return again


def _check_place(case: Case) -> None:
    """Raises CaseUnreadable if the case names a file elsewhere: cases are passed on, and importing runs code."""
    place = Path(case.target.rpartition(":")[0])
    here = Path.cwd()
    project = find_pyproject(here)
    folder = project.parent if project else here
    if place.suffix == ".py" and not place.resolve().is_relative_to(folder):
        raise CaseUnreadable(
            f"its target {case.target} is outside of this folder, {folder}; "
            "if you trust it, replay from a folder that holds it"
        )


def _judged(path: Path, case: Case, again: Again, wanted: int) -> Replayed:
    hit_rate = HitRate(again.seen, again.runs)
    if again.seen:
        return Replayed(path, case, ReplayVerdict.STILL_LEAKS, hit_rate, f"it showed in {hit_rate} runs")
    if again.untested:
        return Replayed(path, case, ReplayVerdict.UNDECIDED, hit_rate, again.untested)
    needed = tries_for(case.hit_rate)
    if again.runs < needed:
        reason = f"clean in {wanted} runs, but at its hit rate of {case.hit_rate} it takes {needed}"
        return Replayed(path, case, ReplayVerdict.UNDECIDED, hit_rate, reason)
    return Replayed(path, case, ReplayVerdict.NO_LONGER, hit_rate, f"clean in {again.runs} runs")


def why_untested(case: Case, executions: Sequence[Execution]) -> str | None:
    """Why this clean trial says nothing: a step that the story needs was skipped or ended unexpectedly.

    Or steps of it could not take turns as they did when it was found.

    `executions` are those of the earlier programs of the case and of its own.
    """
    for (program, of), execution in zip(_programs(case), executions, strict=True):
        if execution.diverged:
            return execution.diverged[0] + of
        outcomes = {entry.step: entry.outcome for entry in execution.history if isinstance(entry, Completion)}
        hit = {fault.of.step for fault in program.faults}
        for call in program.calls:
            step = f"step {call.number}{of} ({call.operation})"
            if call.number not in outcomes:
                return f"{step} could not be executed: what it refers to was not created"
            if outcomes[call.number] is Outcome.INFO and call.number not in hit:
                return f"{step} ended unexpectedly, so a clean run says nothing"
    return None


def check_fits(case: Case, vocabulary: Vocabulary) -> None:
    """Raises CaseUnreadable that says what the target no longer has, if it has changed since the case was found."""
    operations = {operation.name: operation for operation in vocabulary.operations}
    for program, of in _programs(case):
        for call in program.calls:
            if call.operation not in operations:
                raise CaseUnreadable(
                    f"{case.target} has no operation {call.operation!r} any more (step {call.number}{of})"
                )
            expected = {parameter.name for parameter in operations[call.operation].parameters}
            if expected != set(call.arguments):
                changed = ", ".join(sorted(expected ^ set(call.arguments)))
                raise CaseUnreadable(
                    f"{case.target}.{call.operation} has other parameters than when the case was found: {changed}"
                )


def _programs(case: Case) -> Iterator[tuple[Program, str]]:
    """The programs of a case in their order, each with what tells its steps from those of its own program."""
    for number, program in enumerate(case.earlier, start=1):
        yield program, f" of earlier program {number}"
    yield case.program, ""
