"""Is a target able to see leaks? The sweep, the same programs twice, and leaks made on purpose.

A run that finds nothing says something only of a target for which all three hold.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isofuzz.cases.store import CaseStore, Finding
from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.system import System, running
from isofuzz.history.sameness import first_difference, overlapping_steps
from isofuzz.oracles.judge import Judge
from isofuzz.program.steps import Program
from isofuzz.program.vocabulary import Kind
from isofuzz.runs.accepting import AcceptedFinding, AcceptList
from isofuzz.runs.draft import Exercise
from isofuzz.runs.events import Listener, Phase, Progress, Started
from isofuzz.runs.exercised import Exercised
from isofuzz.runs.keeper import Keeper
from isofuzz.runs.planting import new_mint, planted
from isofuzz.runs.sabotage import Answer, Attempt, copy_frames, swap_replies
from isofuzz.runs.sweep import LEAST_SECONDS, sweep
from isofuzz.services import Sources, open_services
from isofuzz.target.base import Target
from isofuzz.target.signatures import Signatures, read_signatures

_PROGRAMS_TWICE = 6
"""So many programs are executed twice, or more if these leave something out."""


@dataclass(frozen=True)
class CheckRequest:
    """What to check. `target` is the name of `target_class`; what leaks meanwhile is kept in `cases`.

    That is not where runs keep theirs: what is kept here is not shrunk, and must not take the place of what is.
    """

    target: str
    target_class: type[Target]
    cases: Path = Path(".isofuzz/check")
    sources: Sources = field(default_factory=Sources)
    accept: AcceptList = field(default_factory=AcceptList)


@dataclass(frozen=True)
class Swept:
    """The sweep: what it exercised, what it did not (in words), and what leaked, then or later without our doing.

    What is `accepted` is told, and asserts nothing.
    """

    exercised: Exercised
    missing: tuple[str, ...]
    findings: tuple[Finding, ...]
    accepted: tuple[AcceptedFinding, ...] = ()

    @property
    def answer(self) -> Answer:
        """Pass if nothing is missing and nothing leaked: of a system that leaks nothing else can be said."""
        return Answer.FAIL if self.missing or self.findings else Answer.PASS


@dataclass(frozen=True)
class Compared:
    """Programs that were executed twice, from reset, and their histories compared.

    `programs` of `steps` steps overlap nowhere. Of one more `overlapping` of `among` steps do, so where it first
    differs may be `uncontrolled`: that is told, and asserts nothing. `differences` say in words which program, where,
    and what was there the first and the second time.
    """

    programs: int
    steps: int
    overlapping: int
    among: int
    differences: tuple[str, ...]
    uncontrolled: str | None

    @property
    def answer(self) -> Answer:
        """Pass if every program of which isofuzz controls all did the same twice."""
        return Answer.FAIL if self.differences else Answer.PASS


@dataclass(frozen=True)
class Checked:
    """A finished check. `replies` were swapped and `frames` copied on purpose."""

    target: str
    services: str
    seconds: float
    swept: Swept
    compared: Compared
    replies: tuple[Attempt, ...]
    frames: tuple[Attempt, ...]

    @property
    def shows(self) -> bool:
        """Is there anything in which a leak could be seen?"""
        return any(attempt.answer is Answer.PASS for attempt in (*self.replies, *self.frames))

    @property
    def able(self) -> bool:
        """Is the target able to see leaks?"""
        parts = (self.swept.answer, self.compared.answer, answer_of(self.replies), answer_of(self.frames))
        return self.shows and Answer.FAIL not in parts

    @property
    def exit_code(self) -> int:
        """0 able to see leaks, 3 not able."""
        return 0 if self.able else 3


def answer_of(attempts: Sequence[Attempt]) -> Answer:
    """What a kind of sabotage says: pass if each that applies was reported, every time."""
    answers = {attempt.answer for attempt in attempts}
    return next((answer for answer in (Answer.FAIL, Answer.PASS) if answer in answers), Answer.NOT_APPLICABLE)


def check(request: CheckRequest, listener: Listener = lambda event: None) -> Checked:
    """Check the target.

    Raises UsageError (TargetMistake among them) if there is nothing to check, InfrastructureError if the services or
    the system fail, and KeyboardInterrupt.
    """
    signatures = read_signatures(request.target_class)
    target = planted(request.target_class, None)
    CaseStore(request.cases).open()
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(_checked(request, target, signatures, listener))


def representative(exercises: Sequence[Exercise], shows: Collection[str]) -> tuple[list[Exercise], Exercise | None]:
    """The longest of these programs in which nothing overlaps, with more until all is done; and the longest other.

    That is one in which operations overlap that show something, by their names, if there is one.
    """
    by_length = sorted(exercises, key=lambda each: -len(each.program))
    chosen: list[Exercise] = []
    done: set[str] = set()
    for each in by_length:
        operations = {call.operation for call in each.program.calls}
        if not each.program.overlaps and (len(chosen) < _PROGRAMS_TWICE or not operations <= done):
            chosen.append(each)
            done |= operations
    overlapping = [each for each in by_length if each.program.overlaps and not each.program.faults]
    telling = [each for each in overlapping if _shows_at_the_same_time(each.program, shows)]
    return chosen, next(iter((*telling, *overlapping)), None)


def _shows_at_the_same_time(program: Program, shows: Collection[str]) -> bool:
    return any(sum(call.operation in shows for call in burst.calls) > 1 for burst in program.bursts)


async def _checked(request: CheckRequest, target: Target, signatures: Signatures, listener: Listener) -> Checked:
    began = time.monotonic()
    async with (
        open_services(request.sources) as services,
        running(target, signatures, services, new_mint()) as system,
    ):
        keeper = Keeper(
            target=request.target,
            defect=None,
            vocabulary=signatures.vocabulary,
            services=services.origin,
            versions=services.versions,
            folder=request.cases,
            accept=request.accept,
            listener=listener,
        )
        listener(Started(request.target, None, "none: it is checked", services.origin))
        checking = _Check(system, keeper, listener)
        exercises = list(sweep(signatures))
        missing = await checking.sweep(exercises)
        compared = await checking.compare(exercises)
        replies, frames = await checking.sabotage()
    return Checked(
        target=request.target,
        services=services.origin,
        seconds=time.monotonic() - began,
        swept=Swept(checking.exercised, missing, tuple(keeper.findings.values()), tuple(keeper.accepted.values())),
        compared=compared,
        replies=replies,
        frames=frames,
    )


class _Check:
    """One check in progress, on a system that is up."""

    def __init__(self, system: System, keeper: Keeper, listener: Listener) -> None:
        self.exercised = Exercised()
        self._system = system
        self._vocabulary = system.signatures.vocabulary
        self._keeper = keeper
        self._listener = listener
        self._began = time.monotonic()

    async def sweep(self, exercises: Sequence[Exercise]) -> tuple[str, ...]:
        """Execute them all, whatever they show; what is missing then."""
        self._listener(Phase("sweep"))
        until = time.monotonic() + LEAST_SECONDS
        cut: list[str] = []
        for exercise in exercises:
            if time.monotonic() > until:
                cut = [exercise.cut]
                break
            execution = await self._execute(exercise.program)
            self.exercised.add(execution.history, execution.judge)
            self._tell_progress()
        return (*cut, *self.exercised.missing(self._vocabulary))

    async def compare(self, exercises: Sequence[Exercise]) -> Compared:
        """Execute some of them twice, and compare what happened."""
        self._listener(Phase("determinism"))
        shows = [operation.name for operation in self._vocabulary.operations if operation.shows]
        serial, overlapping = representative(exercises, shows)
        differences = []
        steps = among = apart = 0
        uncontrolled = None
        for exercise in (*serial, overlapping) if overlapping else serial:
            first, second = [(await self._execute(exercise.program)).history for _ in range(2)]
            difference = first_difference(first, second)
            if exercise is overlapping:
                apart, among = len(overlapping_steps(first)), len(exercise.program)
            else:
                steps += len(exercise.program)
            if difference and difference.controlled:
                differences.append(f"{exercise.purpose}: {difference}")
            elif difference:
                uncontrolled = f"{exercise.purpose}: {difference}"
        return Compared(len(serial), steps, apart, among, tuple(differences), uncontrolled)

    async def sabotage(self) -> tuple[tuple[Attempt, ...], tuple[Attempt, ...]]:
        """Swap replies of each operation that shows something, and copy frames of each class of subscription."""
        self._listener(Phase("sabotage"))
        shows = [operation for operation in self._vocabulary.operations if operation.shows]
        announces = [thing for thing in self._vocabulary.things if thing.kind is Kind.SUBSCRIPTION]
        replies = [await swap_replies(self._system, operation, self._keeper.see) for operation in shows]
        frames = [await copy_frames(self._system, thing, self._keeper.see) for thing in announces]
        return tuple(replies), tuple(frames)

    async def _execute(self, program: Program) -> Execution:
        judge = Judge(self._vocabulary)
        return await execute(self._system, program, judge, self._keeper.see, stop=lambda execution: False)

    def _tell_progress(self) -> None:
        done = self.exercised
        seconds = time.monotonic() - self._began
        self._listener(Progress(done.programs, done.operations, seconds, len(self._keeper.findings)))
