"""The gate before Valkey or Redis: the system under test connects to it as to the server, unchanged, in any language.

How it knows that nothing moves. A command owes one reply, and what is counted is exact; but a command such as BLPOP is
answered only when somebody else brings what it waits for, and what is published arrives at connections that owe
nothing. So whenever something was said while the gate holds, it asks the server twice for a PING, on a connection that
is no part of the system. The server takes up what arrives in the order in which it arrives, and writes all answers of
one round of its loop before it begins the next: once the second PING is answered, it has got to whatever it was sent
before, and written all that this brought about. Who has no answer by then is kept waiting. (Not exact for a server
with several I/O threads.)
"""

import asyncio
import itertools
from asyncio import BaseTransport, Transport
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from isofuzz.errors import UsageError
from isofuzz.gate.guarded import Dialling, ServerDoor
from isofuzz.gate.ledger import Ledger
from isofuzz.gate.listening import Listening
from isofuzz.gate.operation import outside
from isofuzz.gate.place import Place
from isofuzz.gate.plain import PlainConnection

_ROUNDS = 2
_NO_PASSWORD = b"-NOAUTH "
_UNREACHABLE = b"-ERR isofuzz's gate cannot reach the server\r\n"

Ping = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class ValkeyPlace:
    """A server of Valkey: a Unix socket if `port` is 0. It is spoken to without encryption."""

    host: str
    port: int

    @property
    def path(self) -> Path | None:
        """The Unix socket; None for a server that listens on a port."""
        return None if self.port else Path(self.host)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


class _ClientDoor(Dialling):
    """Where a client comes in; the server is dialled for it at once."""

    def __init__(
        self,
        ledger: Ledger[PlainConnection],
        place: ValkeyPlace,
        numbers: Iterator[int],
        stirred: Callable[[], None],
    ) -> None:
        super().__init__(ledger, place, _UNREACHABLE)
        self._stirred = stirred
        self._connections = ledger.connections
        self._numbers = numbers

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        if self._ledger.closing:
            return
        client = cast("Transport", transport)
        client.pause_reading()
        number = next(self._numbers)
        session = self._connections[number] = PlainConnection(self._ledger, number, client, self._stirred)
        self._receive, self._full, self._lost = session.from_client, session.client_full, session.client_lost
        self._ledger.arriving.add(self)

        def connected(server: Transport) -> None:
            self._ledger.arriving.discard(self)
            if client.is_closing():
                server.abort()
                return
            door.serve(session)
            session.connected(server)
            client.resume_reading()

        door = ServerDoor(self._ledger, connected)
        self._dial(door)
        self._ledger.changed()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ledger.arriving.discard(self)
        super().connection_lost(exc)


class ValkeyGate(Listening[PlainConnection]):
    """Stands before a server and holds what its clients send, one command at a time for each connection.

    `ping` asks the server for an answer, on a connection that is no part of the system.
    """

    def __init__(self, place: ValkeyPlace, ping: Ping) -> None:
        super().__init__()
        self._place = place
        self._ping = ping
        self._numbers = itertools.count(1)
        self._stirs = 0
        """Grows when the server may be about to say more."""
        self._sounding: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether the server is being dialled for a client, or may be about to say more."""
        return super().busy or self._sounding is not None

    async def listen_tcp(self, port: int = 0) -> int:
        """Listen on 127.0.0.1 and return the port. Everybody on this machine can reach that.

        Raises UsageError unless the server demands a password of everybody.
        """
        if not await _demands_a_password(self._place):
            raise UsageError(
                f"isofuzz's gate listens on a port only before a server that asks for a password, and the Valkey at"
                f" {self._place} lets in whoever comes: set requirepass, or connect to the gate's Unix socket"
            )
        return await super().listen_tcp(port)

    def _begin_to_hold(self) -> None:
        self._stirred()

    def _stirred(self) -> None:
        """The server may be about to say more; while the gate holds, somebody wants to know when it is not."""
        self._stirs += 1
        if self._ledger.holding and self._sounding is None:
            self._sounding = asyncio.get_running_loop().create_task(self._sound(), context=outside())
            self._ledger.tasks.add(self._sounding)
            self._sounding.add_done_callback(self._ledger.tasks.discard)

    async def _sound(self) -> None:
        """Return once the server has nothing more to say."""
        known = -1
        try:
            while known != self._stirs and self._ledger.holding:
                known = self._stirs
                for connection in self.connections:
                    connection.sound()
                for _ in range(_ROUNDS):
                    await self._ping()
                for connection in list(self.connections):
                    connection.sounded()
        except Exception as problem:  # noqa: BLE001 - whatever the client library raises, the run must hear of it
            self._ledger.fail("the gate before Valkey cannot ask the server whether it is done", problem)
        finally:
            self._sounding = None
            self._ledger.changed()

    def _beyond(self, *, needs_password: bool) -> Place | None:
        return self._place  # it listens on a port only before a server that demands a password of everybody

    def _door(self, *, needs_password: bool) -> asyncio.Protocol:
        return _ClientDoor(self._ledger, self._place, self._numbers, self._stirred)


async def _demands_a_password(place: ValkeyPlace) -> bool:
    """Whether somebody who gives none is told to; what else the server might say lets in whoever comes."""
    if place.path:
        reader, writer = await asyncio.open_unix_connection(str(place.path))
    else:
        reader, writer = await asyncio.open_connection(place.host, place.port)
    try:
        writer.write(b"PING\r\n")
        return (await reader.read(len(_NO_PASSWORD))) == _NO_PASSWORD
    finally:
        writer.transport.abort()
