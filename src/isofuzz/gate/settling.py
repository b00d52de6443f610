"""Waiting until nothing moves: every reply is in, or is one that waits for a lock which somebody here holds.

The system's own processes are at rest then, too.

Where several connections wait for one lock, chance decides who gets it. So all but one of them are stopped while
something may let them go on, and go on one after the other, in an order that is always the same.
"""

import asyncio
import os
from collections.abc import Callable, Collection

from isofuzz.gate.freezing import Freezer
from isofuzz.gate.gates import Connection, Gates
from isofuzz.gate.locks import Asks, ask
from isofuzz.gate.loop import ControlledLoop
from isofuzz.gate.processes import Outside, sleeps
from isofuzz.gate.uncontrolled import Uncontrolled

_SOON = 0.001
"""Seconds to wait for a reply before Postgres is asked what holds it up; a shorter wait of epoll would be no wait."""
_SELDOM = 0.02
"""Seconds between questions about a statement that simply takes its time."""

_PATIENCE_WITH_OTHERS = 20
"""After so many questions, a connection that waits for somebody outside is one that waits."""


Rank = Callable[[Connection], tuple[int, ...]]


class Settling:
    """Waits until nothing moves, here and `outside` of this process.

    `rank` gives the order in which connections that wait for the same lock may go on. `limit`: seconds after which
    something that still moves is taken for something that nobody controls.
    """

    def __init__(
        self,
        loop: ControlledLoop,
        gate: Gates,
        asking: Asks,
        freezer: Freezer,
        *,
        uncontrolled: Uncontrolled,
        limit: float,
        outside: Outside,
    ) -> None:
        self.rank: Rank = lambda connection: (connection.pid,)
        self._loop = loop
        self._gate = gate
        self._asking = asking
        self._freezer = freezer
        self._uncontrolled = uncontrolled
        self._limit = limit
        self._outside = outside
        self._blocked: set[Connection] = set()
        self._asked = 0

    @property
    def blocked(self) -> Collection[Connection]:
        """The connections that wait for a lock."""
        return self._blocked

    def freeze(self) -> None:
        """Stop those who wait for locks, if they are several: something is about to move and may let them go on."""
        if len(self._blocked) > 1:
            self._freezer.stop(connection.pid for connection in self._blocked)

    async def settle(self) -> None:
        """Return once nothing moves; whoever waits for a lock then has its reply held from now on."""
        try:
            async with asyncio.timeout(self._limit):
                await self._quiet()
                await self._one_by_one()
        except TimeoutError:
            if not self._outside.rested:
                self._outside.give_up()
            self._uncontrolled.note(f"something still moved after {self._limit:g} s")
        finally:
            self._freezer.thaw_all()
        for connection in self._blocked:
            connection.hold_reply()

    async def _one_by_one(self) -> None:
        """Let those who wait for locks go on, each while the others are stopped, until none of them gets further."""
        while len(waiting := sorted(self._owing(frozen=True), key=self.rank)) > 1 and self._freezer.can:
            self._freezer.stop(connection.pid for connection in waiting)
            moved = False
            for connection in waiting:
                self._freezer.thaw(connection.pid)
                await self._quiet()
                if connection.owes:
                    self._freezer.stop([connection.pid])
                else:
                    moved = True
            if not moved:
                return

    async def _quiet(self) -> None:
        """Return once every reply is in, but for those that wait for a lock and those whose server is stopped."""
        self._asked = 0
        self._outside.begin()
        self._blocked = {connection for connection in self._blocked if connection.owes}
        while True:
            await self._loop.rest(self._due, self._threads_held)
            owing = self._owing()
            if owing and not await self._all_blocked(owing):
                self._asked += 1
                self._outside.begin()  # whoever gets its reply moves on
            elif self._outside.rested:
                break
            else:
                self._blocked.update(owing)
        self._blocked = {connection for connection in self._gate.connections if connection.owes}

    async def _all_blocked(self, owing: Collection[Connection]) -> bool:
        activity = self._gate.activity
        ours = [connection.pid for connection in self._gate.connections if connection.pid]
        waits = await ask(self._asking, [connection.pid for connection in owing], ours)
        patient = self._asked < _PATIENCE_WITH_OTHERS
        if waits.foreign and not patient:
            self._uncontrolled.note("a statement waited for a connection that is none of the system's")
        blocked = {pid for pid in waits.blocked if self._has_looked_for_deadlocks(pid)}
        waiting = blocked | (set() if patient else set(waits.foreign))
        self._blocked.difference_update(connection for connection in owing if connection.pid not in waiting)
        return self._gate.activity == activity and all(connection.pid in waiting for connection in owing)

    def _has_looked_for_deadlocks(self, pid: int) -> bool:
        """Is a waiter asleep again whose time to do so has come? On a busy machine it may not have got to it yet."""
        return not self._freezer.can or sleeps(pid)

    def _due(self) -> float | None:
        if self._gate.busy:
            return None
        if any(connection not in self._blocked for connection in self._owing()):
            return min(_SELDOM, _SOON * (1 + self._asked))
        return self._outside.due()

    def _threads_held(self) -> int:
        """How many threads of this process wait for a reply, at the most: nobody else writes and is not known."""
        return sum(
            each.client_pid == os.getpid() and each.is_awaited_by_nobody_known for each in self._gate.connections
        )

    def _owing(self, *, frozen: bool = False) -> list[Connection]:
        stopped = () if frozen else self._freezer.stopped
        return [each for each in self._gate.connections if each.owes and each.pid not in stopped]
