"""Ways to have work done that forget whose it is: what some of the planted leaks are made of."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """Work that a task does in the background, one piece after the other, for as long as there is any.

    The task keeps the context of whoever had it started, and whatever others want done is done in that.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[Callable[[], Awaitable[Any]], asyncio.Future[Any]]] = deque()
        self._working: asyncio.Task[None] | None = None

    async def done(self, work: Callable[[], Awaitable[T]]) -> T:
        """Have it done; what came of it."""
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, outcome))
        if self._working is None:
            self._working = asyncio.create_task(self._work_off())
        return await outcome

    async def _work_off(self) -> None:
        while self._waiting:
            work, outcome = self._waiting.popleft()
            await asyncio.wait({task := asyncio.ensure_future(work())})
            _hand_over(task, outcome)
        self._working = None


class Lineup:
    """Work that is done all at once; whoever has waited longest gets the result that is there first."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[Any]] = deque()

    async def done(self, work: Awaitable[T]) -> T:
        """Have it done; what came of it, or of another's."""
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(outcome)
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda done: _hand_over(done, self._waiting.popleft()))
        return await outcome


def _hand_over(done: asyncio.Future[Any], outcome: asyncio.Future[Any]) -> None:
    if outcome.done():
        return  # whoever waited for it was cancelled
    if error := done.exception():
        outcome.set_exception(error)
    else:
        outcome.set_result(done.result())
