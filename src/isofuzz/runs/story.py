"""A story: a test that calls a target by hand, on a system of which isofuzz controls who moves when."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

from isofuzz.engine.comparison import compare
from isofuzz.engine.control import controlled
from isofuzz.engine.system import System, running
from isofuzz.errors import IsofuzzError
from isofuzz.gate.loop import ControlledLoop
from isofuzz.history.acts import Standing
from isofuzz.oracles.judge import Judge
from isofuzz.program.schedule import Schedule, turns_of_any
from isofuzz.runs.by_hand import HistoryByHand
from isofuzz.runs.planting import new_mint, planted
from isofuzz.runs.recorder import Operations
from isofuzz.runs.reproduction import beyond_grace
from isofuzz.runs.untested import why_unfinished
from isofuzz.services import Sources, open_services
from isofuzz.services.valkey.lease import kept_to_the_end
from isofuzz.target.base import Target
from isofuzz.target.signatures import read_signatures
from isofuzz.target.things import Refused

AnyTarget = TypeVar("AnyTarget", bound=Target)


@dataclass(frozen=True)
class Told:
    """What came of telling a story: its history, and why it says nothing if it shows nothing, in words."""

    history: HistoryByHand
    untested: str | None = None


@dataclass(frozen=True)
class Story(Generic[AnyTarget]):
    """A test function with its target, and how it is told.

    `compared`: the program that it makes is run again without what is none of each user's business. `past_grace`: the
    target's grace is waited out after whatever takes something away. `runs`: how often it is told until something
    shows; a story that starts over is told on a new system each time.
    """

    target_class: type[AnyTarget]
    tell: Callable[[AnyTarget, HistoryByHand], Awaitable[None]]
    defect: str | None = None
    compared: bool = False
    past_grace: bool = False
    runs: int = 1
    sources: Sources = field(default_factory=Sources)


def told(story: Story[AnyTarget]) -> Told:
    """Tell a story on services of its own, until it shows a violation, as often as it is to be told.

    It ends early where the system refuses its user what they had no right to. Where steps cannot take turns any more as
    the story has it, since one of them has fewer moves than it had, it is told once in each of the plain ways to take
    turns. Raises what the story itself raises, unless a violation was seen before; UsageError (TargetMistake among
    them), ServicesUnavailable and SystemDown.
    """
    telling = _Telling(story)
    while telling.ways:
        with asyncio.Runner(loop_factory=ControlledLoop) as runner:
            runner.run(telling.on_a_new_system())
    return telling.came_of_it()


class _Telling(Generic[AnyTarget]):
    """`ways` are the schedules by which it is still to be told; None: as it says itself."""

    def __init__(self, story: Story[AnyTarget]) -> None:
        self.ways: deque[Schedule | None] = deque([None] * max(1, story.runs))
        self._story = story
        self._signatures = read_signatures(story.target_class)
        self._every: list[Told] = []

    def came_of_it(self) -> Told:
        """The telling that says most: one that showed something, else one that says nothing."""
        shown = (each for each in self._every if each.history.violations)
        untested = (each for each in self._every if each.untested)
        return next(shown, None) or next(untested, self._every[-1])

    async def on_a_new_system(self) -> None:
        """Start the system and tell the story on it, as often as that can be."""
        story = self._story
        async with AsyncExitStack() as stack:
            services = await stack.enter_async_context(open_services(story.sources))
            stack.enter_context(kept_to_the_end(services.suffix))
            control = await stack.enter_async_context(controlled(services))
            target = planted(story.target_class, story.defect)
            system = await stack.enter_async_context(running(target, self._signatures, services, new_mint(), control))
            while self.ways:
                way = self.ways.popleft()
                history = await self._told(system, way)
                if history.violations:
                    self.ways.clear()
                elif way is None and history.diverged:
                    self.ways = deque(turns_of_any(history.most_at_once))
                if history.starts_over:
                    break  # what its programs leave behind is to be left by them alone

    async def _told(self, system: System, way: Schedule | None) -> HistoryByHand:
        story = self._story
        await system.reset()
        history = HistoryByHand(system, patience=beyond_grace(system) if story.past_grace else 0, turns=way)
        recorder = history._recorder
        operations = cast("AnyTarget", Operations(system.target, self._signatures, recorder))
        try:
            try:
                await story.tell(operations, history)
            except IsofuzzError:
                raise
            except Exception as problem:
                if not (history.violations or _was_put_off(history, problem, system.target)):
                    raise
            await recorder.finish()
        finally:
            await recorder.stop()
        untested = next(_reasons(history), None)
        if story.compared and not history.violations and not untested:
            untested = await _compare(history, system)
        self._every.append(Told(history, untested))
        return history


def _was_put_off(history: HistoryByHand, problem: Exception, target: Target) -> bool:
    """Was somebody refused what they had no right to? Then what came after cannot leak any more."""
    if not isinstance(problem, (Refused, *target.refusals)):
        return False
    recorder = history._recorder
    step = recorder.raised_by(problem)
    return step is not None and recorder.execution.judge.model.deeds[step].act.standing is not Standing.CERTAIN


def _reasons(history: HistoryByHand) -> Iterator[str]:
    """Why it says nothing that no violation was seen."""
    executions = history._recorder.executions
    if not executions[-1].program.calls:
        yield "no operation was called"
    for number, execution in enumerate(executions, start=1):
        of = "" if execution is executions[-1] else f" of earlier program {number}"
        if reason := why_unfinished(execution.program, execution, of):
            yield reason


async def _compare(history: HistoryByHand, system: System) -> str | None:
    """Compare its last program for each of its users; why that says nothing, if it does not."""
    comparison = await compare(system, history.program, lambda: Judge(history.vocabulary))
    for execution in filter(None, (comparison.complete, comparison.leaking)):
        for violation in execution.judge.violations:
            history._recorder.see(execution, violation)
    if history.violations or comparison.users:
        return None
    return "nothing in it is none of a user's business, so there was nothing to compare"
