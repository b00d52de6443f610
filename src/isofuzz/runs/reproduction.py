"""Does a program show a violation again? Asked once where nothing overlaps, and often enough where something does."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from isofuzz.cases.case import Case, HitRate
from isofuzz.engine.comparison import LIKELY, SURE, compare
from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.system import System
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.staleness import lost_by
from isofuzz.oracles.violation import Oracle, Violation
from isofuzz.program.steps import Program
from isofuzz.runs.evidence import evidence

_DOUBT = 0.05
"""How likely a run that shows nothing may still be mere luck."""

MOST_TRIES = 30

_BEYOND_GRACE = 1.2
"""So many times the grace is waited for, for the clocks of a system need not agree with ours."""


def tries_for(hit_rate: HitRate) -> int:
    """How many clean runs in a row are too unlikely (5 %) to be luck, if the violation shows at this rate."""
    rate = hit_rate.seen / hit_rate.runs
    if rate >= 1:
        return 1
    if not rate:
        return MOST_TRIES
    return min(MOST_TRIES, math.ceil(math.log(_DOUBT) / math.log(1 - rate)))


def patience_for(case: Case, system: System) -> float:
    """Seconds to wait after whatever takes something away, so that no grace of the target's explains the case."""
    if not system.target.grace:
        return 0
    try:
        lost = not case.history or lost_by(case.history, case.violation, system.signatures.vocabulary)
    except LookupError:  # the history of a file that was edited by hand
        lost = True
    return beyond_grace(system) if lost else 0


def beyond_grace(system: System) -> float:
    """Seconds after which no grace of the target's explains anything any more."""
    return system.target.grace * _BEYOND_GRACE


@dataclass
class Reproducer(ABC):
    """Runs programs in the place of a case's own, looking for its violation, after the earlier ones of the case.

    How often what does not show its violation every time is run: `first_tries` to learn roughly how often it does, and
    `final_tries` to say how often the smallest does.
    """

    case: Case
    first_tries: ClassVar[int] = 8
    final_tries: ClassVar[int] = 20

    def of(self, case: Case) -> Self:
        """The same, of another case."""
        return replace(self, case=case)

    @property
    def controls(self) -> bool:
        """Is it controlled who moves when, where a program says so?"""
        return True

    @property
    def quick(self) -> Self:
        """The same, taking what is only likely for granted: what it says has to be confirmed at the end."""
        return self

    @abstractmethod
    async def shows(self, program: Program) -> Case | None:
        """Execute the program once: the case with what it showed, if that was the violation."""

    async def within(self, tries: int, program: Program, may_go_on: Callable[[], bool] = lambda: True) -> Case | None:
        """As `shows`, of the first of at most so many executions that shows it; fewer once it may not go on."""
        for number in range(tries):
            if number and not may_go_on():
                break
            if shown := await self.shows(program):
                return shown
        return None

    async def often(
        self, runs: int, program: Program, *, least: int = 1, may_go_on: Callable[[], bool] = lambda: True
    ) -> tuple[HitRate, Case | None]:
        """How often it shows in so many executions, and the case as it showed last, if it did.

        Once it may not go on there are fewer, but no fewer than the `least`.
        """
        showings: list[Case | None] = []
        while len(showings) < runs and (len(showings) < least or may_go_on()):
            showings.append(await self.shows(program))
        shown = [each for each in showings if each]
        return HitRate(len(shown), len(showings)), shown[-1] if shown else None


@dataclass(frozen=True)
class Trial:
    """What came of running the programs of a case: the executions in their order, and the case as it showed, if so.

    `compared`: was there anything to compare, of what is found by comparing?
    """

    executions: tuple[Execution, ...]
    shown: Case | None
    compared: bool = True

    @property
    def execution(self) -> Execution:
        """That of the program that is to show it."""
        return self.executions[-1]


@dataclass
class OnSystem(Reproducer):
    """Runs them on a system that is up; `see` hears of every violation.

    What was found by comparing is compared again, with so many `repetitions`. `patience`: see `Execution`.
    """

    system: System
    only: Collection[Oracle]
    see: Callable[[Execution, Violation], None]
    patience: float = 0
    repetitions: int = SURE
    _since: int = field(default=0, init=False)

    @property
    def controls(self) -> bool:
        """Only on a system that is gated."""
        return self.system.control is not None

    @property
    def quick(self) -> Self:
        """With few repetitions of what is compared."""
        return replace(self, repetitions=LIKELY)

    async def shows(self, program: Program) -> Case | None:
        """Execute the programs from reset: the case with what the last showed, if that was the violation."""
        return (await self.once(program)).shown

    async def once(self, program: Program) -> Trial:
        """As `shows`, with the executions."""
        self._since = self.system.minted
        compared = self.case.violation.oracle is Oracle.NONINTERFERENCE and Oracle.NONINTERFERENCE in self.only
        before = [await self._execute(earlier, lambda execution: False) for earlier in self.case.earlier]
        there_was_something = True
        if compared:
            execution, there_was_something = await self._compared(program)
        else:
            execution = await self._execute(program, self._shows)
        violation = self._found(execution)
        shown = replace(self.case, **evidence(execution, violation, self.case.earlier)) if violation else None
        return Trial((*before, execution), shown, there_was_something)

    async def _execute(self, program: Program, stop: Callable[[Execution], bool]) -> Execution:
        return await execute(self.system, program, self._new_judge(), self.see, stop=stop, patience=self.patience)

    async def _compared(self, program: Program) -> tuple[Execution, bool]:
        """The execution that was compared, and whether there was anything to compare."""
        user = self.case.violation.user
        compared = await compare(
            self.system, program, self._new_judge, user=user, wanted=self._is_wanted, repetitions=self.repetitions
        )
        for execution in compared.executed:
            for violation in execution.judge.violations:
                self.see(execution, violation)
        return compared.complete, bool(compared.users)

    def _is_wanted(self, violation: Violation) -> bool:
        return violation.fingerprint == self.case.fingerprint

    def _new_judge(self) -> Judge:
        return Judge(self.system.signatures.vocabulary, only=self.only)

    def _shows(self, execution: Execution) -> bool:
        return self._found(execution) is not None

    def _found(self, execution: Execution) -> Violation | None:
        """The violation that is looked for, if the execution shows it; a text from before is none of this story."""
        for violation in execution.judge.violations:
            serial = violation.serial or 0
            if violation.fingerprint == self.case.fingerprint and execution.first_canary + serial >= self._since:
                return violation
        return None
