"""How many moves an operation of the reference chat makes when steps overlap, in programs as a run draws them."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

from benchmarks.control.stage import Stage, stage
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.machine import Maker, build_machine
from isofuzz.gate.loop import ControlledLoop
from isofuzz.runs.determinism import Determinism, Twice
from isofuzz.runs.profiles import Profile, hypothesis_settings
from isofuzz_packs.chat import Chat

T = TypeVar("T")

_SEED = 20
_SESSIONS = 3


@dataclass
class _Drawing:
    """The session of a run that does nothing but execute each program twice."""

    loop: asyncio.AbstractEventLoop
    on: Stage
    twice: Twice
    problem: Exception | None = None

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def begin(self) -> Execution:
        await self.on.system.reset()
        return Execution(self.on.system, self.on.new_judge())

    def wants_more(self, execution: Execution) -> bool:
        assert not execution.judge.violations, execution.judge.violations
        return True

    def ended(self, execution: Execution) -> bool:
        self.do(self.twice.check(execution))
        return True

    def failed(self, problem: Exception) -> None:
        self.problem = problem


def drawn_twice(programs: int) -> Determinism:
    """Draw so many programs of a few sessions that act at the same time, and execute each of them twice."""
    with asyncio.Runner(loop_factory=ControlledLoop) as runner:
        entered = stage(Chat)
        on = runner.run(entered.__aenter__())
        try:
            session = _Drawing(runner.get_loop(), on, Twice(on.system, on.new_judge))
            maker: Any = Maker(build_machine(on.system.signatures, sessions=_SESSIONS), session, "control")
            profile = Profile("control", programs=programs, steps=20, seconds=0, findings=1, shrink_seconds=0)
            run_state_machine_as_test(
                seed(_SEED)(maker), settings=settings(hypothesis_settings(profile), database=None)
            )
            assert not session.problem, session.problem
        finally:
            runner.run(entered.__aexit__(None, None, None))
    return session.twice.counts
