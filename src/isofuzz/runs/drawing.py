"""Letting Hypothesis draw programs until the budget of a run is spent, and working for its machine while it does."""

import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar
from unittest import SkipTest

from hypothesis import seed as hypothesis_seed
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.errors import HypothesisException
from hypothesis.stateful import run_state_machine_as_test

from isofuzz.engine.interpreter import Execution
from isofuzz.engine.machine import IsolationMachine, Maker, Stop
from isofuzz.program.steps import Program
from isofuzz.runs.profiles import Profile, hypothesis_settings

T = TypeVar("T")


class Run(Protocol):
    """What drawing needs of the run that it is a part of."""

    @property
    def interrupted(self) -> bool:
        """Did somebody press Ctrl-C?"""

    @property
    def has_work(self) -> bool:
        """Is there a finding that nobody has worked on?"""

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run this on the run's loop."""

    async def begin(self) -> Execution:
        """A new program, from reset."""

    def shows_new(self, execution: Execution) -> bool:
        """Did this program show something that nobody has worked on yet, and that it is to stop for?"""

    def count(self, execution: Execution) -> int:
        """Count the program; the number of programs so far."""

    def repeat(self, execution: Execution) -> float:
        """Execute the program once more and compare what happens, if that is asked for; the seconds that took."""

    def compare(self, program: Program) -> None:
        """Compare the program for each of its users."""


class Drawing:
    """One budget of programs and seconds, whatever the pauses; the session that the Hypothesis machine works for."""

    def __init__(
        self,
        run: Run,
        machine: type[IsolationMachine],
        profile: Profile,
        *,
        name: str,
        examples: Path | None,
        seed: int | str | None,
    ) -> None:
        """`name` tells what Hypothesis remembers in `examples` of this target from that of others; None: nothing."""
        self._run = run
        self._machine = machine
        self._profile = profile
        self._name = f"{name}With{machine.sessions}" if machine.sessions else name
        self._examples = DirectoryBasedExampleDatabase(examples) if examples else None
        self._seed = seed
        self._left = profile.programs
        self._deadline = time.monotonic() + profile.seconds
        self._problem: Exception | None = None
        self._rounds = 0

    def draw(self) -> bool:
        """Draw programs up to the first that shows something new; False if the budget is spent.

        Raises KeyboardInterrupt, and whatever isofuzz stands on may fail with.
        """
        if self._left <= 0 or not self._has_time():
            return False
        maker: Any = Maker(self._machine, self, self._name)
        if self._seed is not None:
            maker = hypothesis_seed(f"{self._seed}:{self._rounds}" if self._rounds else self._seed)(maker)
        self._rounds += 1
        limits = settings(hypothesis_settings(self._profile), max_examples=self._left, database=self._examples)
        # The sink has what was found; what Hypothesis says of it is ignored, and also that it remembers nothing to run.
        with suppress(Stop, HypothesisException, SkipTest):
            run_state_machine_as_test(maker, settings=limits)
        if self._run.interrupted:
            raise KeyboardInterrupt  # Hypothesis tears the machine down, and that may have raised something else
        if self._problem:
            raise self._problem
        return self._run.has_work

    def pause(self, seconds: float) -> None:
        """So many seconds were spent on something else."""
        self._deadline += seconds

    # -- for the machine

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run this on the run's loop."""
        return self._run.do(work)

    async def begin(self) -> Execution:
        """A new program."""
        return await self._run.begin()

    def wants_more(self, execution: Execution) -> bool:
        """Go on with this program?"""
        return not self._run.shows_new(execution) and self._has_time()

    def ended(self, execution: Execution) -> bool:
        """Count the program, and compare one in so many; go on with another?"""
        self._left -= 1
        try:
            self.pause(self._run.repeat(execution))
            programs, one_in = self._run.count(execution), self._profile.compare_one_in
            if one_in and programs % one_in == 0 and not self._problem and self._has_time():
                self._run.compare(execution.program)
        except Exception as problem:  # noqa: BLE001  # Hypothesis would take it for a failing example, and forget it
            self.failed(problem)
        return not (self._run.has_work or self._problem) and self._left > 0 and self._has_time()

    def failed(self, problem: Exception) -> None:
        """What isofuzz stands on has failed; raised again outside Hypothesis, which would take it for a finding."""
        self._problem = problem

    def _has_time(self) -> bool:
        return time.monotonic() < self._deadline
