"""Steps that overlap under control: one move at a time, and who makes the next one is decided, recorded and replayed.

A move is the start of a step, a statement that is released, a reply that is let through after a lock was waited for,
or a task that goes on. After each one everything comes to rest, so the options for the next one do not depend on
which of two processes was quicker.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from isofuzz.engine.control import Control
from isofuzz.engine.schedulers import Scheduler
from isofuzz.engine.strikes import Strikes
from isofuzz.gate.gates import Connection, Parked
from isofuzz.gate.operation import Operation
from isofuzz.history.entries import Move
from isofuzz.program.schedule import MOST_OPTIONS
from isofuzz.program.steps import Fault

_TICK = 0.005
"""Seconds between looks at steps that wait for nothing that isofuzz knows of, such as a clock."""

OPENED = "a connection was opened meanwhile: whether one has to be depends on what programs before left in the pool"

Perform = Callable[[], Coroutine[Any, Any, None]]


class Told(Protocol):
    """Who writes down what moves."""

    def moved(self, step: int, move: Move, text: str, blocked: tuple[int, ...], connection: int | None) -> None:
        """A step is let go on, while these others wait for a lock; the connection, if the step is only a guess."""

    def struck(self, fault: Fault) -> None:
        """A fault happens."""


_ORDER = {move: place for place, move in enumerate((Move.START, Move.STATEMENT, Move.REPLY, Move.TASK))}
"""Options that came up at the same time for the same step, in the order in which they are listed."""


@dataclass(frozen=True)
class _Option:
    """One move that can be made: `of` is what it moves, `make` has it move, and `tell` writes that down before.

    `step` is what it is counted for; `operation` is the one that moves then.
    """

    step: int
    operation: Operation | None
    of: object
    rank: tuple[int, int]
    make: Callable[[], Awaitable[None] | None]
    tell: Callable[[], None]


class Overlap:
    """A burst that is executed under control; `taken` are the decisions so far."""

    def __init__(self, control: Control, scheduler: Scheduler, strikes: Strikes, told: Told) -> None:
        self.taken: list[int] = []
        self._control = control
        self._loop = control.loop
        self._gate = control.gate
        self._scheduler = scheduler
        self._strikes = strikes
        self._told = told
        self._operations: dict[int, Operation] = {}
        self._waiting: dict[int, Perform] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._since: dict[object, int] = {}
        self._last: Operation | None = None
        self._works_for: dict[Connection, Operation] = {}
        self._guessed: dict[Parked, Operation] = {}
        self._unknown: set[Connection] = set()
        self._known: set[Connection] = set()

    async def run(self, steps: dict[int, Perform]) -> None:
        """Perform the steps, by their numbers, and return when all have ended and nothing is held any more."""
        self._waiting = dict(steps)
        self._operations = {number: Operation(number) for number in steps}
        self._control.settling.rank = self._rank_of
        await self._control.settling.settle()  # what was done before may still be tidied up after
        self._hold()
        try:
            while True:
                if options := self._options():
                    await self._move(options)
                elif all(task.done() for task in self._tasks.values()):
                    break
                else:
                    await self._wait_for_the_clock()
        finally:
            self._let_go()
            for task in self._tasks.values():
                if not task.done():
                    task.cancel()
        self._note_opened()
        await self._strikes.finish()
        for task in self._tasks.values():
            task.result()

    def cancel(self, step: int) -> None:
        """Have the step given up by whoever called it."""
        self._tasks[step].cancel()

    async def restart(self, restart: Callable[[], Awaitable[None]]) -> None:
        """Cut all connections of the system at once, as when it crashes, and have it started anew.

        Nothing of it is held meanwhile: that is one move, and what was under way goes down with it. What the servers
        still do for it ends before it is there again, so that this depends on nothing but the program.
        """
        self._note_opened()
        lost = tuple(self._gate.connections)
        for connection in lost:
            connection.drop_before()
        self._let_go()
        await self._control.settling.settle()
        for connection in lost:
            if connection.pid:
                await self._control.terminate(connection.pid)
        await restart()
        self._hold()

    async def _move(self, options: Sequence[_Option]) -> None:
        place = len(self.taken)
        decision = self._scheduler.choose(place, [option.step for option in options])
        self.taken.append(decision)
        option = options[decision]
        self._control.settling.freeze()
        self._loop.mover = option.operation
        self._last = option.operation or self._last
        self._since.pop(option.of, None)
        option.tell()
        if made := option.make():
            await made
        await self._control.settling.settle()

    async def _wait_for_the_clock(self) -> None:
        """Nobody can move, and not all have ended: they wait for time to pass, or for somebody outside."""
        self._control.uncontrolled.note("a step waited for time to pass, or for something that isofuzz does not see")
        await asyncio.wait([task for task in self._tasks.values() if not task.done()], timeout=_TICK)
        await self._control.settling.settle()

    def _hold(self) -> None:
        self._known = set(self._gate.connections)
        self._gate.holding = True
        self._loop.hold()

    def _note_opened(self) -> None:
        if not self._known.issuperset(self._gate.connections):
            self._control.uncontrolled.note(OPENED)

    def _let_go(self) -> None:
        self._gate.holding = False
        self._loop.release_all()
        for connection in tuple(self._gate.connections):
            while connection.parked:
                connection.release()
            connection.deliver()

    # -- options

    def _options(self) -> list[_Option]:
        """What can be done next: first what whoever moved last would go on with, then what is there longest."""
        found = list(self._moves())
        for option in found:
            self._since.setdefault(option.of, len(self.taken))
        found.sort(key=lambda option: (self._since[option.of], option.step, option.rank))
        goes_on = next((option for option in found if option.operation is self._last), None)
        if goes_on:
            found.remove(goes_on)
            found.insert(0, goes_on)
        # Last, and never alone: without a switch nothing goes wrong.
        return [*found, *self._faults()][:MOST_OPTIONS] if found else []

    def _moves(self) -> Iterator[_Option]:
        for number in self._waiting:
            operation = self._operations[number]
            yield self._move_of(operation, operation, Move.START, 0, partial(self._start, operation))
        for connection in self._gate.connections:
            if connection.owes:
                continue
            if connection.reply_held:
                yield self._reply(connection)
            elif connection.parked:
                yield self._statement(connection, connection.parked)
        for place, held in enumerate(self._loop.held):
            yield self._move_of(held.operation, held, Move.TASK, place, partial(self._loop.release, held))

    def _statement(self, connection: Connection, batch: Parked) -> _Option:
        operation = self._attributed(connection, batch)
        return self._move_of(
            operation,
            batch,
            Move.STATEMENT,
            connection.number,
            connection.release,
            batch.text,
            connection.number if batch in self._guessed else None,
        )

    def _reply(self, connection: Connection) -> _Option:
        operation = self._works_for.get(connection) or self._somebody(connection)
        text = connection.batch.text if connection.batch else ""
        of = connection, connection.batch
        guessed = connection.batch in self._guessed or connection not in self._works_for
        shown = connection.number if guessed else None
        return self._move_of(operation, of, Move.REPLY, connection.number, connection.deliver, text, shown)

    def _move_of(
        self,
        operation: Operation,
        of: object,
        move: Move,
        place: int,
        make: Callable[[], None],
        text: str = "",
        connection: int | None = None,
    ) -> _Option:
        def tell() -> None:
            self._told.moved(operation.number, move, text, self._blocked(), connection)

        return _Option(operation.number, operation, of, (_ORDER[move], place), make, tell)

    def _faults(self) -> Iterator[_Option]:
        for fault in self._strikes.left:
            operation = self._in_flight(fault.of.step)
            connection = next((each for each in self._gate.connections if self._serves(each, operation)), None)
            if strike := self._strikes.can(fault, operation, connection):
                yield _Option(fault.number, operation, fault, (0, 0), strike, partial(self._strike, fault))

    def _strike(self, fault: Fault) -> None:
        self._strikes.left.remove(fault)
        self._told.struck(fault)

    def _start(self, operation: Operation) -> None:
        perform = self._waiting.pop(operation.number)

        async def to_the_end() -> None:
            try:
                await perform()
            finally:
                operation.ended = True

        self._tasks[operation.number] = self._loop.start(operation, to_the_end())

    # -- who is who

    def _attributed(self, connection: Connection, batch: Parked) -> Operation:
        """For whom a connection works: whoever wrote what is parked; within a transaction, for whom it did before."""
        writer = self._guessed.get(batch) or batch.operation
        if writer is None or writer.ended:
            before = self._works_for.get(connection)
            in_transaction = before and not before.ended and connection.transaction != "I"
            writer = before if before and in_transaction else self._somebody(connection)
            self._guessed[batch] = writer
            if batch.operation is None and connection not in self._unknown:
                self._unknown.add(connection)
                self._control.note_unknown(connection)
        self._works_for[connection] = writer
        return writer

    def _somebody(self, connection: Connection) -> Operation:
        """Who else it may be: a step that has begun and waits for nothing that is known.

        Of several the one that the connection worked for before, else who moved last, else who began first. If there is
        none, who moved last.
        """
        known = {self._works_for.get(each) for each in self._gate.connections if self._is_waited_for(each)}
        known |= {held.operation for held in self._loop.held}
        begun = [each for number, each in self._operations.items() if number not in self._waiting and not each.ended]
        at_large = [each for each in begun if each not in known]
        likely = [each for each in (self._works_for.get(connection), self._last) if each in at_large]
        found = next(iter((*likely, *at_large)), self._last)
        return found or next(iter(self._operations.values()))

    def _is_waited_for(self, connection: Connection) -> bool:
        """Does whoever it works for wait for its answer?"""
        parked = connection.parked
        attributed = parked is not None and (parked.operation or parked in self._guessed)
        return connection.owes or connection.reply_held or bool(attributed)

    def _in_flight(self, step: int) -> Operation | None:
        operation = self._operations.get(step)
        return None if operation is None or operation.ended or step in self._waiting else operation

    def _serves(self, connection: Connection, operation: Operation | None) -> bool:
        """Does the connection work for the operation, and could it be told to do something now?"""
        works = operation is not None and self._works_for.get(connection) is operation
        idle = not (connection.owes or connection.reply_held)
        return works and idle and (connection.parked is not None or connection.transaction != "I")

    def _rank_of(self, connection: Any) -> tuple[int, ...]:
        operation = self._works_for.get(connection)
        return (operation.number if operation else -1, connection.number)

    def _blocked(self) -> tuple[int, ...]:
        """The steps that wait for a lock."""
        blocked = self._control.settling.blocked
        waiting = {self._works_for.get(each) for each in self._gate.connections if each in blocked}
        return tuple(sorted(operation.number for operation in waiting if operation))
