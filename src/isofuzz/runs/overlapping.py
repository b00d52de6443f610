"""What a test has overlap: the operations that it starts together, and what goes wrong meanwhile."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, Generic, Literal, TypeVar

from isofuzz.errors import UsageError
from isofuzz.program.faults import FaultKind
from isofuzz.target.things import Socket

T = TypeVar("T")

FaultName = Literal["cancel", "drop-before", "drop-after", "terminate", "hold-reply", "abort", "half-close", "restart"]
"""The kinds of faults as a test writes them."""


class Started(Generic[T]):
    """An operation that takes part in an overlap."""

    def __init__(self, task: "asyncio.Task[T]") -> None:
        self.task = task

    def result(self) -> T:
        """What it returned, once the overlap is over; raises what it raised."""
        return self.task.result()


Hit = Started[Any] | Socket


class Overlapping:
    """The operations of one block `async with history.overlap(...)`, executed when the block ends.

    In the order in which they were started. What they raise is raised by `result()` of what `start` returned.
    """

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[Any]] = []
        self._faults: list[tuple[FaultKind, Hit]] = []

    def start(self, call: Coroutine[Any, Any, T]) -> Started[T]:
        """Have an operation of the target take part: `writing = overlap.start(chat.post(me, room, Body("a")))`."""
        task = asyncio.ensure_future(call)
        self.tasks.append(task)
        return Started(task)

    def fault(self, kind: FaultName, of: Hit) -> None:
        """Have something go wrong: `cancel` what was started, or `abort` a socket. When, the schedule says.

        To `restart` is of what it happens in the middle of.

        Raises UsageError if such a thing cannot happen to it.
        """
        known = FaultKind(kind)
        if known.is_of_a_socket is not isinstance(of, Socket):
            wanted = "a socket" if known.is_of_a_socket else "what start(...) returned"
            raise UsageError(f"a fault {kind!r} is of {wanted}, not of {type(of).__name__}")
        self._faults.append((known, of))

    @property
    def faults(self) -> Iterator[tuple[FaultKind, Hit]]:
        """What goes wrong, in the order in which it was said."""
        yield from self._faults

    async def end(self) -> None:
        """Return when nothing of it is under way any more; what still is, is given up."""
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)
        for task in self.tasks:
            if not task.cancelled():
                task.exception()  # whoever wants it asks for the result; asyncio need not complain of it
