"""How things go wrong on purpose: each fault of a burst, once it can happen."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Protocol

from isofuzz.engine.control import Control
from isofuzz.gate.gates import Connection
from isofuzz.gate.operation import Operation, outside
from isofuzz.program.faults import FaultKind
from isofuzz.program.steps import Fault, Ref
from isofuzz.target.things import Socket

Strike = Callable[[], Awaitable[None] | None]


class Hit(Protocol):
    """What faults happen to: the execution of a program."""

    def give_up(self, step: int) -> None:
        """Cancel the step as whoever called it would, and take its end for what the program wanted."""

    def socket(self, ref: Ref) -> Socket | None:
        """The socket that the program calls so, if it is open."""

    async def restart(self) -> None:
        """Cut all connections of the system, and have it started anew."""


class Strikes:
    """The faults of one burst that have not happened yet."""

    def __init__(self, faults: Collection[Fault], control: Control, hit: Hit) -> None:
        self.left = list(faults)
        self._control = control
        self._hit = hit
        self._losing: list[asyncio.Task[None]] = []

    def can(self, fault: Fault, operation: Operation | None, connection: Connection | None) -> Strike | None:
        """What makes it happen; None if it cannot happen now.

        `operation` is the one that it is of, while that is in flight; `connection` is the one that works for it.
        """
        if fault.kind.is_of_a_socket:
            socket = self._hit.socket(fault.of)
            return partial(self._lose, socket, fault.kind) if socket else None
        if operation is None:
            return None
        if fault.kind is FaultKind.CANCEL:
            return partial(self._hit.give_up, operation.number)
        if fault.kind is FaultKind.RESTART:
            return self._hit.restart
        if connection is None:
            return None
        if fault.kind is FaultKind.TERMINATE:
            # Not every server has a process for each connection.
            return partial(self._control.terminate, connection.pid) if connection.pid else None
        return _AT_ITS_NEXT_STATEMENT[fault.kind](connection) if connection.parked else None

    async def finish(self) -> None:
        """Return when all that was lost is gone."""
        await asyncio.gather(*self._losing)

    def _lose(self, socket: Socket, kind: FaultKind) -> None:
        """Have a socket lost, in a task of its own: whoever waits for its end may be held back."""
        losing = socket.abort() if kind is FaultKind.ABORT else socket.half_close()
        self._losing.append(asyncio.create_task(losing, context=outside()))


def _executed_but_unanswered(connection: Connection) -> None:
    connection.hold_reply()
    connection.release()


_AT_ITS_NEXT_STATEMENT: dict[FaultKind, Callable[[Connection], Strike]] = {
    FaultKind.DROP_BEFORE: lambda connection: connection.drop_before,
    FaultKind.DROP_AFTER: lambda connection: connection.drop_after,
    FaultKind.HOLD_REPLY: lambda connection: partial(_executed_but_unanswered, connection),
}
