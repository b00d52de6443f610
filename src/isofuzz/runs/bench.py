"""Where the programs of one run are executed: on its system, judged, counted, and what they show kept and worked on."""

import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.system import System
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.violation import Oracle
from isofuzz.program.steps import Burst, Program
from isofuzz.runs.casework import Casework
from isofuzz.runs.comparing import Comparing
from isofuzz.runs.database_watch import DatabaseWatch
from isofuzz.runs.determinism import Twice
from isofuzz.runs.events import Listener, Progress
from isofuzz.runs.exercised import Exercised
from isofuzz.runs.keeper import Keeper
from isofuzz.runs.request import RunRequest
from isofuzz.runs.stage import Footing, Loop, Stage

T = TypeVar("T")


def new_keeper(
    stage: Stage,
    request: RunRequest,
    footing: Footing,
    *,
    folder: Path,
    listener: Listener,
    known: Mapping[str, str] = MappingProxyType({}),
) -> Keeper:
    """A keeper of what is found on this stage, whose cases go into the folder."""
    return Keeper(
        target=request.target,
        defect=request.defect,
        vocabulary=stage.system.signatures.vocabulary,
        services=footing.services,
        versions=footing.versions,
        folder=folder,
        accept=request.accept,
        listener=listener,
        grace=stage.system.target.grace,
        known=known,
    )


class Bench:
    """What draws programs and what knows fixed ones has them executed here.

    `on_program` is called when a program begins, `on_burst` with each burst of it before that is executed, and
    `on_counted` when it has been counted.
    """

    def __init__(
        self,
        stage: Stage,
        request: RunRequest,
        keeper: Keeper,
        loop: Loop,
        listener: Listener,
        *,
        exercised: Exercised | None = None,
        on_program: Callable[[], None] = lambda: None,
        on_burst: Callable[[Burst], None] = lambda burst: None,
        on_counted: Callable[[Execution], None] = lambda execution: None,
    ) -> None:
        self.system: System = stage.system
        self.keeper = keeper
        self.exercised = exercised if exercised is not None else Exercised()
        self.database = DatabaseWatch(stage.services, stage.system.pool)
        self.comparing = Comparing(stage.system, self.new_judge, keeper.see, keeper.knows)
        self.twice = Twice(stage.system, self.new_judge) if request.check_determinism else None
        self._request = request
        self._loop = loop
        self._listener = listener
        self._began = time.monotonic()
        self._on_program = on_program
        self._on_burst = on_burst
        self._on_counted = on_counted

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run this on the run's loop."""
        return self._loop.do(work)

    @property
    def interrupted(self) -> bool:
        """Did somebody press Ctrl-C?"""
        return self._loop.interrupted

    # -- programs

    async def begin(self) -> Execution:
        """A new program, from reset."""
        self._on_program()
        await self.system.reset()
        return Execution(self.system, self.new_judge(), self.keeper.see, on_burst=self._on_burst)

    def execute(self, program: Program) -> tuple[Execution, float]:
        """Execute a program that is there already, and count it.

        Also returns the seconds that are no budget's: those of a second execution, if that is asked for.
        """
        self._on_program()
        execution = self.do(
            execute(
                self.system,
                program,
                self.new_judge(),
                self.keeper.see,
                stop=self.shows_new,
                on_burst=self._on_burst,
            )
        )
        self.count(execution)
        return execution, self.repeat(execution)

    def new_judge(self) -> Judge:
        """A judge of what the run is to report."""
        return Judge(self.system.signatures.vocabulary, only=self._request.only)

    def count(self, execution: Execution) -> int:
        """Count the program; the number of programs so far."""
        counted = self.exercised
        counted.add(execution.history, execution.judge, execution.durations, execution.turns.decided)
        self.database.add(execution.history)
        self._on_counted(execution)
        seconds = time.monotonic() - self._began
        self._listener(Progress(counted.programs, counted.operations, seconds, len(self.keeper.findings)))
        return counted.programs

    def repeat(self, execution: Execution) -> float:
        """Execute the program once more and compare, if that is asked for and it did not end with a violation.

        Returns the seconds that took, which are no budget's.
        """
        began = time.monotonic()
        if self.twice and execution.finished and not execution.judge.violations:
            self.do(self.twice.check(execution))
        return time.monotonic() - began

    def compare(self, program: Program) -> None:
        """Compare the program for each of its users, unless only other oracles are asked for."""
        if Oracle.NONINTERFERENCE in self._request.only and not self.has_work:
            self.do(self.comparing.compare(program))

    # -- findings

    @property
    def has_work(self) -> bool:
        """Is there a finding that nobody has worked on?"""
        return bool(self.keeper.unworked)

    def shows_new(self, execution: Execution) -> bool:
        """Did this program show something that nobody has worked on yet, and that no grace may explain?"""
        return any(violation.fingerprint in self.keeper.pressing for violation in execution.judge.violations)

    @property
    def wants_findings(self) -> bool:
        """Are there fewer findings than the run is to stop after?"""
        worked = len(self.keeper.findings) - len(self.keeper.unworked)
        return worked < self._request.profile.findings

    def work_on_findings(self) -> float:
        """Work on what was found, as long as findings are wanted; the seconds that took, which are no budget's."""
        began = time.monotonic()
        casework = Casework(
            self.system,
            self.keeper,
            only=self._request.only,
            shrink_seconds=self._request.profile.shrink_seconds,
            sources=self._request.sources,
            listener=self._listener,
            do=self.do,
        )
        while self.has_work and self.wants_findings:
            casework.work_on(self.keeper.unworked[0])
        return time.monotonic() - began
