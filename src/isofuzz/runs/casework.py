"""What a run does about a finding once it is kept: is it stale for a while only, how small does it get, is it cold?"""

from collections.abc import Collection, Coroutine
from typing import Any, Protocol, TypeVar

from isofuzz.cases.case import Case, HitRate
from isofuzz.cases.store import Finding
from isofuzz.engine.system import System
from isofuzz.oracles.staleness import is_about_a_lost_right
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.cold import confirmed_cold
from isofuzz.runs.events import Listener, Phase
from isofuzz.runs.keeper import Keeper
from isofuzz.runs.reproduction import Reproducer, overlaps, tries_for
from isofuzz.runs.shrinking import shrink
from isofuzz.services import Sources

T = TypeVar("T")

_BEYOND_GRACE = 1.2
"""So many times the grace is waited for, for the clocks of a system need not agree with ours."""


class Do(Protocol):
    """Runs work on the run's loop."""

    def __call__(self, work: Coroutine[Any, Any, T]) -> T: ...


class Casework:
    """Works on the findings of one run, on its system."""

    def __init__(
        self,
        system: System,
        keeper: Keeper,
        *,
        only: Collection[Oracle],
        shrink_seconds: float,
        sources: Sources,
        listener: Listener,
        do: Do,
    ) -> None:
        self._system = system
        self._keeper = keeper
        self._only = only
        self._shrink_seconds = shrink_seconds
        self._sources = sources
        self._listener = listener
        self._do = do

    def work_on(self, fingerprint: str) -> None:
        """Shrink and confirm a finding, unless it turns out to be staleness within the target's grace."""
        case = self._keeper.findings[fingerprint].case
        if self._do(self._is_bounded(case)):
            self._keeper.bound(fingerprint)
            return
        self._listener(Phase("shrink"))
        hit_rate = self._do(shrink(self._reproducer(case), self._keeper, self._shrink_seconds, self._listener))
        self._listener(Phase("confirm"))
        cold = self._confirmed(self._keeper.findings[fingerprint], hit_rate)
        self._keeper.conclude(fingerprint, hit_rate=hit_rate, cold=cold)

    def _confirmed(self, finding: Finding, hit_rate: HitRate) -> bool | None:
        return None if finding.unkept else confirmed_cold(finding.path, hit_rate, self._sources)

    async def _is_bounded(self, case: Case) -> bool:
        """Does it show at once, and not once the grace is over?"""
        grace = self._system.target.grace
        if not grace or not is_about_a_lost_right(case.history, case.violation, self._system.signatures.vocabulary):
            return False
        self._listener(Phase("wait for the grace"))
        at_once = await self._reproducer(case).rate(1, case.program)
        if not at_once.seen:
            return False
        tries = tries_for(at_once) if overlaps(case.program) else 1
        patient = self._reproducer(case, patience=grace * _BEYOND_GRACE)
        return await patient.within(tries, case.program) is None

    def _reproducer(self, case: Case, *, patience: float = 0) -> Reproducer:
        return Reproducer(self._system, case, self._only, self._keeper.see, patience=patience)
