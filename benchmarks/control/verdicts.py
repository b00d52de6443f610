"""Is what is said of locks true? Steps take what others have, of which it is known whether they can have it, too.

So who waits, when, and in which order everything happens after that, is known beforehand, move by move.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from typing import ClassVar

from benchmarks.control.contended import CONNECTIONS, LOCKS, Box, Contended, Me
from benchmarks.control.stage import FIRST, Stage, box_refs, me, stage
from isofuzz import operation
from isofuzz.engine.interpreter import Execution
from isofuzz.history.entries import Move, Moved
from isofuzz.program.steps import Argument, Burst, Call, Literal
from isofuzz.services.postgres.connecting import Connection, connected

START, STATEMENT, REPLY, TASK = Move.START, Move.STATEMENT, Move.REPLY, Move.TASK
Told = list[tuple[int, Move, tuple[int, ...]]]
"""The moves: of which of the overlapping steps, counted from 0, what it was, and who waited for a lock."""

_Deed = tuple[str, dict[str, Argument]]
"""An operation, and what it is about."""

_AT_ONCE = 20
"""Trials in one program."""


@dataclass
class Verdicts:
    """So many `trials`, and those that were `wrong`, in words."""

    trials: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, name: str, told: object, expected: object) -> None:
        """Count a trial."""
        self.trials += 1
        if told != expected:
            self.wrong.append(f"{name}: {told} instead of {expected}")


class _Preferring:
    """Takes what is preferred at each place, and then the last of the steps that can do anything."""

    name = "the benchmark"

    def __init__(self, first: int, *preferred: int) -> None:
        self._preferred = [first + place for place in preferred]

    def choose(self, place: int, movers: Sequence[int]) -> int:
        """The first option of the preferred step."""
        return movers.index(self._preferred[place] if place < len(self._preferred) else max(movers))


class Trials:
    """Has steps overlap, again and again, and tells the moves of each time."""

    def __init__(self, on: Stage) -> None:
        self._on = on
        self._execution: Execution | None = None
        self._done = 0

    async def told(self, preferred: Sequence[int], *calls: _Deed) -> Told:
        """Somebody each makes one of the calls: what is preferred is done first, and then the last of them goes on."""
        if self._execution is None or self._done % _AT_ONCE == 0:
            await self.end()
            self._execution = await self._on.begun()
        execution = self._execution
        first = FIRST + len(calls) * (self._done % _AT_ONCE)
        self._done += 1
        steps = [Call(first + place, name, {"me": me(place), **of}) for place, (name, of) in enumerate(calls)]
        before = len(execution.history)
        await execution.run(Burst(tuple(steps)), _Preferring(first, *preferred))
        moves = [entry for entry in execution.history[before:] if isinstance(entry, Moved)]
        return [(move.step - first, move.move, tuple(each - first for each in move.blocked)) for move in moves]

    async def end(self) -> frozenset[str]:
        """End the program that is under way; what of it was not controlled."""
        if self._execution is None:
            return frozenset()
        ended, self._execution = self._execution, None
        await self._on.ended(ended)
        return ended.turns.uncontrolled


async def of_locks(trials: int) -> Verdicts:
    """With each kind of lock, on the same box and on two, committed and rolled back."""
    verdicts = Verdicts()
    async with stage(Contended) as on:
        rounds = Trials(on)
        ways = list(product(LOCKS, (False, True), (False, True)))
        for trial in range(trials):
            how, same, keep = ways[trial % len(ways)]
            boxes = box_refs()
            told = await rounds.told((0, 0), _take(boxes[0], how, keep=keep), _take(boxes[not same], how, keep=keep))
            expected = _one_after_the_other(keep) if same or how == "table" else _side_by_side(keep)
            verdicts.add(f"{how}, {same=}, {keep=}", told, expected)
        verdicts.add("what was not controlled", await rounds.end(), frozenset())
    return verdicts


def _take(box: Argument, how: str, *, keep: bool) -> _Deed:
    return "take", {"box": box, "how": Literal(how), "keep": Literal(keep)}


def _one_after_the_other(keep: bool) -> Told:
    """The second one waits until the first one has ended. (A rollback is not held, so it makes no move.)"""
    return [
        *[(0, START, ()), (0, STATEMENT, ())],
        *[(1, START, ()), (1, STATEMENT, ())],
        *[(0, STATEMENT, (1,))] * (1 + keep),
        *[(1, REPLY, ())],
        *[(1, STATEMENT, ())] * (1 + keep),
    ]


def _side_by_side(keep: bool) -> Told:
    """Nobody waits for anybody."""
    return [
        *[(0, START, ()), (0, STATEMENT, ())],
        *[(1, START, ()), (1, STATEMENT, ())],
        *[(1, STATEMENT, ())] * (1 + keep),
        *[(0, STATEMENT, ())] * (1 + keep),
    ]


async def of_waits_in_process(trials: int) -> Verdicts:
    """Waits that Postgres knows nothing of: for a connection of the pool, and for a lock of asyncio's."""
    verdicts = Verdicts()
    async with stage(Contended) as on:
        rounds = Trials(on)
        boxes = box_refs()
        reads: list[_Deed] = [("read", {"box": boxes[0]})] * (CONNECTIONS + 1)
        writes: list[_Deed] = [("in_turn", {"box": boxes[0]})] * 2
        for trial in range(trials):
            if trial % 2:
                told = await rounds.told((0,), *writes)
                verdicts.add("asyncio's lock", told, _IN_TURN)
            else:
                told = await rounds.told(range(CONNECTIONS + 1), *reads)
                verdicts.add("pool", told, _LACKING_A_CONNECTION)
        verdicts.add("what was not controlled", await rounds.end(), frozenset())
    return verdicts


_IN_TURN: Told = [
    *[(0, START, ()), (1, START, ())],
    *[(0, STATEMENT, ())] * 2,
    *[(1, TASK, ())],
    *[(1, STATEMENT, ())] * 2,
]
_LACKING_A_CONNECTION: Told = [
    *[(place, START, ()) for place in range(CONNECTIONS + 1)],
    *[(CONNECTIONS - 1, STATEMENT, ())] * 2,
    # It has given its connection back, and somebody waited: who goes on first is decided.
    *[(CONNECTIONS, TASK, ()), (CONNECTIONS, STATEMENT, ()), (CONNECTIONS, STATEMENT, ())],
    *[(CONNECTIONS - 1, TASK, ())],
    *[(place, STATEMENT, ()) for place in reversed(range(CONNECTIONS - 1)) for _ in range(2)],
]


class Foreign(Contended):
    """Somebody outside has a lock, and gives it up only when told to."""

    outsider: ClassVar[Connection] = None

    @operation
    async def seize(self, me: Me, box: Box) -> None:
        await self.outsider.execute(f"BEGIN; {LOCKS['advisory'].format(box=box.id)}")

    @operation
    async def give_up(self, me: Me) -> None:
        await self.outsider.execute("ROLLBACK")


async def of_foreign_locks(trials: int) -> Verdicts:
    """A step waits for somebody whom nobody controls. It is told so, and the others go on."""
    verdicts = Verdicts()
    async with stage(Foreign) as on, _outside(on) as Foreign.outsider:
        rounds = Trials(on)
        box = box_refs()[0]
        for _ in range(trials):
            await rounds.told((), ("seize", {"box": box}))
            told = await rounds.told((0, 0), _take(box, "advisory", keep=True), ("give_up", {}))
            # What comes to it after that comes on a socket of which nobody knows when to expect anything.
            verdicts.add("foreign", [move for move in told if move[:2] == (1, START)], [(1, START, (0,))])
            verdicts.add("what was not controlled", await rounds.end() & {_FOREIGN}, {_FOREIGN})
    return verdicts


_FOREIGN = "a statement waited for a connection that is none of the system's"


@asynccontextmanager
async def _outside(on: Stage) -> AsyncIterator[Connection]:
    postgres = on.postgres
    async with connected(replace(postgres.address, database=postgres.owner_database)) as connection:
        yield connection
