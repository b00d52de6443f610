"""Replaying cases: does the finding still show?"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from isofuzz.cases.case import Case, HitRate
from isofuzz.cases.store import Finding, read_case
from isofuzz.engine.control import controlled
from isofuzz.engine.system import System, running
from isofuzz.errors import CaseUnreadable, InfrastructureError, UsageError
from isofuzz.gate.loop import ControlledLoop
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.accepting import AcceptList
from isofuzz.runs.again import Again, ReplayVerdict
from isofuzz.runs.configuration import find_pyproject
from isofuzz.runs.events import Listener, Replaying
from isofuzz.runs.fitting import Changes, Fitted, check_fits, fitted
from isofuzz.runs.keeper import Keeper
from isofuzz.runs.planting import new_mint, planted
from isofuzz.runs.reproduction import OnSystem, patience_for, tries_for
from isofuzz.runs.request import RunRequest
from isofuzz.runs.targets import find_target
from isofuzz.services import Services, Sources, open_services
from isofuzz.target.base import Target
from isofuzz.target.signatures import read_signatures

_LEAST = 2
"""So many clean runs it takes at least, whatever the hit rate."""

_HINT = (
    "`isofuzz replay` takes --rename OLD=NEW for what is only called otherwise now, and with --drop-gone leaves out "
    "what is gone"
)


@dataclass(frozen=True)
class Replayed:
    """One case replayed: how often it showed, and why the verdict is what it is.

    `shown`: the case as it showed last; `interrupted`: Ctrl-C came meanwhile. `besides`: what else leaked, and is kept
    now.
    """

    path: Path
    verdict: ReplayVerdict
    hit_rate: HitRate
    reason: str
    shown: Case | None = None
    interrupted: bool = False
    besides: tuple[Finding, ...] = ()

    @property
    def exit_code(self) -> int:
        """That of the verdict, unless something else leaked."""
        return ReplayVerdict.STILL_LEAKS.exit_code if self.besides else self.verdict.exit_code


class Besides:
    """Whatever shows but a finding that is run again: each kept in the folder at once, with its evidence."""

    def __init__(self, case: Case, folder: Path, accept: AcceptList) -> None:
        self._case = case
        self._folder = folder
        self._accept = accept
        self._keepers: list[Keeper] = []

    def keeper(self, system: System, services: Services) -> Keeper:
        """A keeper of what shows on this system, and was not kept before."""
        looked_for = {self._case.fingerprint: self._case.violation.observer}
        keeper = Keeper(
            target=self._case.target,
            defect=self._case.defect,
            vocabulary=system.signatures.vocabulary,
            services=services.origin,
            versions=services.versions,
            folder=self._folder,
            accept=self._accept,
            listener=lambda event: None,
            grace=system.target.grace,
            known=looked_for | {each.case.fingerprint: each.case.violation.observer for each in self.found},
        )
        self._keepers.append(keeper)
        return keeper

    @property
    def found(self) -> tuple[Finding, ...]:
        """All of it that no grace of the target's may explain."""
        return tuple(keeper.findings[each] for keeper in self._keepers for each in sorted(keeper.pressing))


def replay(
    paths: Sequence[Path],
    *,
    times: int | None = None,
    sources: Sources = Sources(),  # noqa: B008 - it is immutable
    changes: Changes = Changes(),  # noqa: B008 - likewise
    cases: Path = RunRequest.cases,
    accept: AcceptList = AcceptList(),  # noqa: B008 - likewise
    listener: Listener = lambda event: None,
) -> Iterator[Replayed]:
    """Replay each case on services of its own, and read it no sooner than that: there may be thousands.

    `times`: how often; left out, as often as it takes for its hit rate. `changes`: what has changed about the target
    since. A case that cannot be read or run is told as such and keeps none of the others from being replayed. After
    Ctrl-C no other is. What else leaks meanwhile is kept in the folder `cases`, unless they `accept` it.
    """
    for number, path in enumerate(paths, start=1):

        def told(again: Again, number: int = number, path: Path = path) -> None:
            listener(Replaying(path, number, len(paths), again.runs, again.most))

        replayed = _replay_one(path, times, sources, changes, cases, accept, told)
        yield replayed
        if replayed.interrupted:
            return


def _replay_one(
    path: Path,
    times: int | None,
    sources: Sources,
    changes: Changes,
    cases: Path,
    accept: AcceptList,
    told: Callable[[Again], None],
) -> Replayed:
    again: Again | None = None
    besides: Besides | None = None
    interrupted = False
    try:
        case = read_case(path)
        target_class = target_of(case)
        fit = _fitted(case, target_class, changes)
        most = times or max(tries_for(case.hit_rate), _LEAST)
        again = Again(fit.case, most=most, all_of_them=times is not None, left_out=fit.left_out)
        besides = Besides(fit.case, cases, accept)
        _run(again, target_class, sources, told, besides)
    except KeyboardInterrupt:
        interrupted = True
    except (UsageError, InfrastructureError) as problem:
        if not (again and again.seen):
            found = besides.found if besides else ()
            return Replayed(path, ReplayVerdict.CANNOT_RUN, HitRate(0, 0), str(problem), besides=found)
    if again is None or besides is None:
        return Replayed(path, ReplayVerdict.UNDECIDED, HitRate(0, 0), "interrupted before it ran", interrupted=True)
    concluded = again.concluded(interrupted=interrupted)
    return Replayed(path, concluded.verdict, again.hit_rate, concluded.reason, again.shown, interrupted, besides.found)


def run_again(case: Case, sources: Sources, most: int, besides: Path) -> Again:
    """Run the case on services of its own up to so often, and no more once it has shown, in its own order only.

    Whatever else shows is kept in the folder `besides`. Raises CaseUnreadable if it does not fit its target, and what
    else keeps it from running.
    """
    target_class = target_of(case)
    check_fits(case, read_signatures(target_class).vocabulary)
    again = Again(case, most=most, other_orders=False)
    _run(again, target_class, sources, lambda again: None, Besides(case, besides, AcceptList()))
    return again


def _run(
    again: Again, target_class: type[Target], sources: Sources, told: Callable[[Again], None], besides: Besides
) -> None:
    """Run what is to be run again; what earlier programs leave behind would be found by each trial after them."""
    case = again.case
    signatures = read_signatures(target_class)

    async def on_a_new_system() -> None:
        target = planted(target_class, case.defect)
        async with (
            open_services(sources) as services,
            controlled(services) as control,
            running(target, signatures, services, new_mint(), control) as system,
        ):
            reproducer = OnSystem(case, system, tuple(Oracle), besides.keeper(system, services).see)
            reproducer.patience = patience_for(case, system)
            while program := again.next():
                again.add(await reproducer.once(program))
                told(again)
                if case.earlier:
                    return

    told(again)
    while not again.is_over:
        with asyncio.Runner(loop_factory=ControlledLoop) as runner:
            runner.run(on_a_new_system())


def _fitted(case: Case, target_class: type[Target], changes: Changes) -> Fitted:
    try:
        return fitted(case, read_signatures(target_class).vocabulary, changes)
    except CaseUnreadable as misfit:
        if changes.drop_gone:
            raise
        raise CaseUnreadable(f"{misfit}; {_HINT}") from None


def target_of(case: Case) -> type[Target]:
    """The target class of the case; raises UsageError if it cannot be had, or should not be.

    A case names no file elsewhere: cases are passed on, and importing runs code.
    """
    name, _, qualname = case.target.rpartition(":")
    place, here = Path(name), Path.cwd()
    project = find_pyproject(here)
    folder = project.parent if project else here
    if place.suffix == ".py" and not place.resolve().is_relative_to(folder):
        raise CaseUnreadable(
            f"its target {case.target} is outside of this folder, {folder}; "
            "if you trust it, replay from a folder that holds it"
        )
    if place.suffix == ".py" and not place.exists() and (folder / place).exists():
        return find_target(f"{folder / place}:{qualname}")  # it was found from the folder of the project
    return find_target(case.target)
