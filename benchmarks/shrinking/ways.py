"""Two ways from the same first failure to a small one: isofuzz's own, and Hypothesis's phase of shrinking."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from benchmarks.shrinking.club import Club, NoServices
from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.machine import Maker, Stop, build_machine
from isofuzz.engine.system import System
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.violation import Oracle
from isofuzz.program.canary import Mint
from isofuzz.program.prune import one_by_one
from isofuzz.runs.accepting import AcceptList
from isofuzz.runs.keeper import Keeper
from isofuzz.runs.reproduction import OnSystem
from isofuzz.runs.shrinking import shrink
from isofuzz.target.signatures import read_signatures

T = TypeVar("T")

STEPS = 50
"""Of each program that is drawn: the failure is among that much noise."""
_PROGRAMS = 10_000


@dataclass(frozen=True)
class Reached:
    """The steps of the first failure and of the smallest one, and what was executed between the two."""

    found: int
    steps: int
    executions: int
    executed_steps: int


class Leaked(Exception):
    """What a rule raises where Hypothesis is to shrink."""


class Trial:
    """One system with a planted leak; the session that the Hypothesis machine works for.

    `raises`: a violation is raised in the rule that shows it, as in any test with Hypothesis. Otherwise the first
    program that shows one is the last.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, target: Club, *, raises: bool) -> None:
        self.target = target
        self.signatures = read_signatures(type(target))
        self.system = System(target, self.signatures, NoServices(), Mint("bench0"))
        self.failed_first: tuple[int, int, int] | None = None
        """Of the first failure: its steps, and all that was executed until then."""
        self.last: Execution | None = None
        self._loop = loop
        self._raises = raises

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    async def begin(self) -> Execution:
        await self.system.reset()
        return Execution(self.system, self.new_judge())

    def new_judge(self) -> Judge:
        return Judge(self.signatures.vocabulary)

    def wants_more(self, execution: Execution) -> bool:
        if not self._leaks(execution):
            return True
        self.last = execution
        if self.failed_first is None:
            self.failed_first = len(execution.program), self.target.executions, self.target.steps
        if self._raises:
            raise Leaked
        return False

    def ended(self, execution: Execution) -> bool:
        return self._raises or not self._leaks(execution)

    def _leaks(self, execution: Execution) -> bool:
        """Does it show what was planted? That may also show in other ways, each with a smallest story of its own."""
        return any(violation.fingerprint == self.target.leak for violation in execution.judge.violations)

    def failed(self, problem: Exception) -> None:
        raise problem

    def draw(self, number: int) -> None:
        """Have Hypothesis draw programs, from this seed, until one fails; shrink it if it is to."""
        limits = settings(
            max_examples=_PROGRAMS,
            stateful_step_count=STEPS,
            phases=(Phase.generate, Phase.shrink) if self._raises else (Phase.generate,),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
            verbosity=Verbosity.quiet,
        )
        maker: Any = Maker(build_machine(self.signatures), self, type(self.target).__name__)
        with suppress(Stop, Leaked):
            run_state_machine_as_test(seed(number)(maker), settings=limits)

    def reached(self, steps: int) -> Reached:
        """What came of it, now that it is as small as it gets."""
        assert self.failed_first
        found, executions, executed = self.failed_first
        return Reached(found, steps, self.target.executions - executions, self.target.steps - executed)


def by_hypothesis(loop: asyncio.AbstractEventLoop, target: Club, number: int) -> Reached:
    """Let Hypothesis shrink what it found; the last thing that it executes is the smallest."""
    trial = Trial(loop, target, raises=True)
    trial.draw(number)
    assert trial.last
    return trial.reached(len(trial.last.program))


def by_isofuzz(loop: asyncio.AbstractEventLoop, target: Club, number: int, folder: Path) -> Reached:
    """Find it likewise, stop there, and shrink the program as a run does, measuring its hit rate included."""
    trial = Trial(loop, target, raises=False)
    trial.draw(number)
    keeper = Keeper(
        target=type(target).__name__,
        defect=None,
        vocabulary=trial.signatures.vocabulary,
        services="none",
        versions={},
        folder=folder,
        accept=AcceptList(),
        listener=lambda event: None,
    )

    async def smallest() -> int:
        assert trial.last
        # In memory nothing is left to chance, whether or not steps overlap.
        program = one_by_one(trial.last.program)
        await execute(trial.system, program, trial.new_judge(), keeper.see, stop=lambda execution: False)
        found = keeper.findings[target.leak].case
        trial.failed_first = len(program), trial.target.executions, trial.target.steps
        reproducer = OnSystem(found, trial.system, frozenset(Oracle), keeper.see)
        await shrink(reproducer, trial.signatures, keeper, lambda: True, lambda event: None)
        return len(keeper.findings[target.leak].case.program)

    return trial.reached(trial.do(smallest()))
