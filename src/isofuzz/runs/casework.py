"""What a run does about a finding once it is kept: is it stale for a while only, how small does it get, is it cold?"""

import time
from collections.abc import Collection, Coroutine
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from isofuzz.cases.case import Case
from isofuzz.engine.system import System
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.again import ReplayVerdict
from isofuzz.runs.cold import Cold, answered_cold
from isofuzz.runs.events import Listener, Phase, Unconfirmed
from isofuzz.runs.keeper import Keeper
from isofuzz.runs.reproduction import OnSystem, Reproducer, patience_for, tries_for
from isofuzz.runs.shrinking import Shrunk, shrink
from isofuzz.services import Sources

T = TypeVar("T")


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
        found = self._keeper.findings[fingerprint].case
        patience = patience_for(found, self._system)
        on_system = OnSystem(found, self._system, self._only, self._keeper.see)
        if patience and self._do(self._is_bounded(on_system, patience)):
            self._keeper.bound(fingerprint)
            return
        until = time.monotonic() + self._shrink_seconds
        shrunk = self._shrunk(replace(on_system, patience=patience), until)
        cold = self._confirmed(fingerprint, shrunk) if shrunk.showed_again or not found.earlier else False
        if cold is not None and (cold is not shrunk.showed_again or (found.earlier and not cold)):
            shrunk, cold = self._on_new_systems(found, shrunk, until, cold=cold)
        self._keeper.conclude(fingerprint, hit_rate=shrunk.hit_rate, shrunk=shrunk.whole, cold=cold)

    def _on_new_systems(self, found: Case, here: Shrunk, until: float, *, cold: bool) -> tuple[Shrunk, bool]:
        """Shrink it each time in a process of its own: the run's system remembers more than the programs of the case.

        Or it shows only what is done for the first time. If nothing shows there, what was shrunk on the run's system
        stays, as it shows `here`.
        """
        shrunk_here = self._keeper.findings[found.fingerprint].case
        shrunk = self._shrunk(Cold(found, self._sources, self._keeper.take, self._keeper.folder), until)
        if not shrunk.showed_again:
            return here, cold
        if self._keeper.findings[found.fingerprint].case is shrunk_here:
            self._keeper.improve(found)  # that, and nothing smaller, showed there
        return shrunk, True

    def _shrunk(self, reproducer: Reproducer, until: float) -> Shrunk:
        """Shrink it, up to a moment of the monotonic clock."""
        self._listener(Phase("shrink"))
        return self._do(
            shrink(reproducer, self._system.signatures, self._keeper, lambda: time.monotonic() < until, self._listener)
        )

    def _confirmed(self, fingerprint: str, shrunk: Shrunk) -> bool | None:
        """Does it show in a process of its own? None: that could not be told."""
        self._listener(Phase("confirm"))
        finding = self._keeper.findings[fingerprint]
        if finding.unkept:
            return None
        answer = answered_cold(finding.case, tries_for(shrunk.hit_rate), self._sources, self._keeper.folder)
        for case in answer.besides:
            self._keeper.take(case)
        if answer.concluded.verdict is ReplayVerdict.CANNOT_RUN:
            self._listener(Unconfirmed(finding, answer.concluded.reason))
            return None
        return answer.shown is not None

    async def _is_bounded(self, at_once: OnSystem, patience: float) -> bool:
        """Does it show at once, and not once the grace is over?"""
        self._listener(Phase("wait for the grace"))
        program = at_once.case.program
        rate, _ = await at_once.often(1, program)
        if program.is_left_to_chance or not rate.seen:
            rate, _ = await at_once.often(at_once.first_tries, program)
        patient = replace(at_once, patience=patience)
        return bool(rate.seen) and await patient.within(tries_for(rate), program) is None
