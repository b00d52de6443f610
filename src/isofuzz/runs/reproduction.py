"""Does a program show a violation again? Asked once where nothing overlaps, and often enough where something does."""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from isofuzz.cases.case import Case, HitRate
from isofuzz.engine.comparison import compare
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
    """Runs programs against one system, looking for the violation of a case; `see` hears of every violation.

    What was found by comparing is compared again, and what an earlier program left behind is looked for after the
    earlier programs of the case. `patience`: see `Execution`; `repeat`: how often a difference has to show again.
    """

    system: System
    case: Case
    only: Collection[Oracle]
    see: Callable[[Execution, Violation], None]
    patience: float = 0
    repeat: int = 1
    _since: int = field(default=0, init=False)

    @property
    def fingerprint(self) -> str:
        """Of the violation that is looked for."""
        return self.case.fingerprint

    def after(self, earlier: tuple[Program, ...]) -> "Reproducer":
        """The same, after other programs."""
        return replace(self, case=replace(self.case, earlier=earlier))

    async def once(self, program: Program) -> tuple[Execution, bool]:
        """Execute the program from reset: what came of it, and whether the violation showed."""
        compared = self.case.violation.oracle is Oracle.NONINTERFERENCE
        execution = await (self._compared(program) if compared else self._executed(program))
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

    async def _executed(self, program: Program) -> Execution:
        self._since = self.system.minted
        for earlier in self.case.earlier:
            await execute(self.system, earlier, self._new_judge(), self.see, stop=lambda execution: False)
        return await execute(
            self.system, program, self._new_judge(), self.see, stop=self._shows, patience=self.patience
        )

    async def _compared(self, program: Program) -> Execution:
        user = self.case.violation.user
        compared = await compare(self.system, program, self._new_judge, user=user, repeat=self.repeat)
        return compared.complete

    def _new_judge(self) -> Judge:
        return Judge(self.system.signatures.vocabulary, only=self.only)

    def _shows(self, execution: Execution) -> bool:
        return any(
            violation.fingerprint == self.fingerprint and self._is_of_this_story(execution, violation)
            for violation in execution.judge.violations
        )

    def _is_of_this_story(self, execution: Execution, violation: Violation) -> bool:
        """A text from before the earlier programs of the case is none that the case can explain."""
        return violation.serial is None or execution.first_canary + violation.serial >= self._since
