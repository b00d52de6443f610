"""Does a program show a violation again? Asked once where nothing overlaps, and often enough where something does."""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass

from isofuzz.cases.case import HitRate
from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.system import System
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.violation import Oracle, Violation
from isofuzz.program.steps import Program

_DOUBT = 0.05
"""How likely a run that shows nothing may still be mere luck."""

MOST_TRIES = 30


def overlaps(program: Program) -> bool:
    """Do steps of the program overlap? Without a gate their order is not controlled."""
    return any(len(burst.calls) > 1 for burst in program.bursts)


def tries_for(hit_rate: HitRate) -> int:
    """How many clean runs in a row are too unlikely (5 %) to be luck, if the violation shows at this rate."""
    rate = hit_rate.seen / hit_rate.runs
    if rate >= 1:
        return 1
    if not rate:
        return MOST_TRIES
    return min(MOST_TRIES, math.ceil(math.log(_DOUBT) / math.log(1 - rate)))


@dataclass
class Reproducer:
    """Runs programs against one system, looking for one fingerprint; `see` hears of every violation."""

    system: System
    fingerprint: str
    only: Collection[Oracle]
    see: Callable[[Execution, Violation], None]

    async def once(self, program: Program) -> tuple[Execution, bool]:
        """Execute the program from reset: what came of it, and whether the violation showed."""
        judge = Judge(self.system.signatures.vocabulary, only=self.only)
        execution = await execute(self.system, program, judge, self.see, stop=self._shows)
        return execution, self._shows(execution)

    async def within(self, tries: int, program: Program) -> Execution | None:
        """The first of at most so many executions that shows it."""
        for _ in range(tries):
            execution, shown = await self.once(program)
            if shown:
                return execution
        return None

    async def rate(self, runs: int, program: Program) -> HitRate:
        """How often it shows in so many executions."""
        seen = 0
        for _ in range(runs):
            _, shown = await self.once(program)
            seen += shown
        return HitRate(seen, runs)

    def _shows(self, execution: Execution) -> bool:
        return any(violation.fingerprint == self.fingerprint for violation in execution.judge.violations)
