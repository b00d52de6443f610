"""Steps that overlap under control: one move at a time, and who makes the next one is decided, recorded and replayed.

A move is the start of a step, a statement that is released, a reply that is let through after a lock was waited for,
or a task that goes on. After each one everything comes to rest, so the options for the next one do not depend on
which of two processes was quicker.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any

from isofuzz.engine.control import Control
from isofuzz.engine.schedulers import Scheduler
from isofuzz.gate.gates import Connection
from isofuzz.gate.loop import Held
from isofuzz.gate.operation import Operation
from isofuzz.history.entries import Move
from isofuzz.program.schedule import MOST_OPTIONS

_TICK = 0.005
"""Seconds between looks at steps that wait for nothing that isofuzz knows of, such as a clock."""

Perform = Callable[[], Coroutine[Any, Any, None]]
Moved = Callable[[int, Move, str, tuple[int, ...]], None]


class _Order(IntEnum):
    """Options that came up at the same time for the same step, in the order in which they are listed."""

    START = 0
    STATEMENT = 1
    REPLY = 2
    TASK = 3


@dataclass(frozen=True)
class _Option:
    """One move that can be made: `of` is what it moves, `text` what that is about to do."""

    move: Move
    operation: Operation
    of: object
    rank: tuple[int, int]
    text: str
    make: Callable[[], None]


class Overlap:
    """A burst that is executed under control; `taken` are the decisions so far."""

    def __init__(self, control: Control, scheduler: Scheduler, on_move: Moved) -> None:
        self.taken: list[int] = []
        self._control = control
        self._loop = control.loop
        self._gate = control.gate
        self._scheduler = scheduler
        self._on_move = on_move
        self._operations: dict[int, Operation] = {}
        self._waiting: dict[int, Perform] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._since: dict[object, int] = {}
        self._last: Operation | None = None
        self._works_for: dict[Connection, Operation] = {}

    async def run(self, steps: dict[int, Perform]) -> None:
        """Perform the steps, by their numbers, and return when all have ended and nothing is held any more."""
        self._waiting = dict(steps)
        self._operations = {number: Operation(number) for number in steps}
        self._control.settling.rank = self._rank_of
        self._gate.holding = True
        self._loop.hold()
        try:
            while True:
                if options := self._options():
                    await self._move(options)
                elif all(task.done() for task in self._tasks):
                    break
                else:
                    await self._wait_for_the_clock()
        finally:
            self._let_go()
        for task in self._tasks:
            task.result()

    async def _move(self, options: Sequence[_Option]) -> None:
        place = len(self.taken)
        decision = self._scheduler.choose(place, [option.operation.number for option in options])
        self.taken.append(decision)
        option = options[decision]
        self._control.settling.freeze()
        self._last = self._loop.mover = option.operation
        self._since.pop(option.of, None)
        self._on_move(option.operation.number, option.move, option.text, self._blocked())
        option.make()
        await self._control.settling.settle()

    async def _wait_for_the_clock(self) -> None:
        """Nobody can move, and not all have ended: they wait for time to pass, or for somebody outside."""
        self._control.uncontrolled.note("a step waited for time to pass, or for something that isofuzz does not see")
        await asyncio.wait([task for task in self._tasks if not task.done()], timeout=_TICK)
        await self._control.settling.settle()

    def _let_go(self) -> None:
        self._gate.holding = False
        self._loop.release_all()
        for connection in tuple(self._gate.connections):
            while connection.parked:
                connection.release()
            connection.deliver()
        for task in self._tasks:
            if not task.done():
                task.cancel()

    # -- options

    def _options(self) -> list[_Option]:
        """What can be done next: first what whoever moved last would go on with, then what is there longest."""
        found = list(self._all())
        for option in found:
            self._since.setdefault(option.of, len(self.taken))
        found.sort(key=lambda option: (self._since[option.of], option.operation.number, option.rank))
        goes_on = next((option for option in found if option.operation is self._last), None)
        if goes_on:
            found.remove(goes_on)
            found.insert(0, goes_on)
        return found[:MOST_OPTIONS]

    def _all(self) -> Iterator[_Option]:
        for number in self._waiting:
            operation = self._operations[number]
            yield _Option(Move.START, operation, operation, (_Order.START, 0), "", partial(self._start, operation))
        for connection in self._gate.connections:
            if connection.owes:
                continue
            if connection.reply_held:
                yield self._reply(connection)
            elif connection.parked:
                yield self._statement(connection)
        for place, held in enumerate(self._loop.held):
            yield self._task(held, place)

    def _statement(self, connection: Connection) -> _Option:
        batch = connection.parked
        assert batch
        operation = self._attributed(connection, batch.operation)
        rank = (_Order.STATEMENT, connection.number)
        return _Option(Move.STATEMENT, operation, batch, rank, batch.text, connection.release)

    def _reply(self, connection: Connection) -> _Option:
        operation = self._works_for.get(connection) or self._somebody()
        rank = (_Order.REPLY, connection.number)
        text = connection.batch.text if connection.batch else ""
        return _Option(Move.REPLY, operation, (connection, connection.batch), rank, text, connection.deliver)

    def _task(self, held: Held, place: int) -> _Option:
        return _Option(Move.TASK, held.operation, held, (_Order.TASK, place), "", partial(self._loop.release, held))

    def _start(self, operation: Operation) -> None:
        perform = self._waiting.pop(operation.number)

        async def to_the_end() -> None:
            try:
                await perform()
            finally:
                operation.ended = True

        self._tasks.append(self._loop.start(operation, to_the_end()))

    # -- who is who

    def _attributed(self, connection: Connection, writer: Operation | None) -> Operation:
        """For whom a connection works: whoever wrote what is parked; within a transaction, for whom it did before."""
        if writer is None or writer.ended:
            before = self._works_for.get(connection)
            writer = before if before and not before.ended and connection.transaction != "I" else self._somebody()
        self._works_for[connection] = writer
        return writer

    def _somebody(self) -> Operation:
        """Who else it may be: the step that has begun and waits for nothing that is known, else whoever moved last."""
        known = {self._works_for.get(connection) for connection in self._gate.connections if connection.owes}
        known |= {held.operation for held in self._loop.held}
        begun = [each for number, each in self._operations.items() if number not in self._waiting and not each.ended]
        at_large = [each for each in begun if each not in known]
        assert self._last, "something has moved"
        return at_large[0] if len(at_large) == 1 else self._last

    def _rank_of(self, connection: Any) -> tuple[int, ...]:
        operation = self._works_for.get(connection)
        return (operation.number if operation else -1, connection.number)

    def _blocked(self) -> tuple[int, ...]:
        """The steps that wait for a lock."""
        blocked = self._control.settling.blocked
        waiting = {self._works_for.get(each) for each in self._gate.connections if each in blocked}
        return tuple(sorted(operation.number for operation in waiting if operation))
