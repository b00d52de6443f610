"""Sockets of a gate, whatever is spoken: an error in one of them is the gate's problem, and the run hears of it."""

import asyncio
from asyncio import BaseTransport, Transport
from collections.abc import Callable
from typing import Any, Protocol, cast

from isofuzz.gate.ledger import Ledger
from isofuzz.gate.operation import outside
from isofuzz.gate.place import Place

_READ = 64 * 1024
"""Bytes to read at once."""


class Served(Protocol):
    """Whom the server speaks to."""

    def from_server(self, data: bytes) -> None:
        """The server sent something."""

    def server_full(self, full: bool) -> None:
        """The server reads more slowly than the client writes, or no longer."""

    def server_lost(self) -> None:
        """The server has gone."""


class Guarded(asyncio.Protocol):
    """A socket whose errors are the gate's problems: asyncio would only log them, and the run would look healthy."""

    def __init__(self, ledger: Ledger[Any]) -> None:
        self._ledger = ledger
        self._transport: Transport | None = None
        self._receive: Callable[[bytes], None] = self._unexpected
        self._full: Callable[[bool], None] = self._unthrottled
        self._lost: Callable[[], None] = self._closed

    def connection_made(self, transport: BaseTransport) -> None:
        self._transport = cast("Transport", transport)
        if hasattr(transport, "max_size"):
            # asyncio's own transports have room for 256 KB made for each read, which malloc asks the system for and
            # returns each time: more work than the read itself.
            transport.max_size = _READ
        self._ledger.open.add(self._transport)
        self._ledger.activity += 1
        if self._ledger.closing:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return  # what was read together with what it was closed for
        try:
            self._receive(data)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is ours, and the gate goes on for the others
            self._failed(problem)

    def pause_writing(self) -> None:
        self._throttle(full=True)

    def resume_writing(self) -> None:
        self._throttle(full=False)

    def _throttle(self, *, full: bool) -> None:
        try:
            self._full(full)
        except Exception as problem:  # noqa: BLE001 - likewise
            self._failed(problem)

    def connection_lost(self, exc: Exception | None) -> None:
        assert self._transport is not None
        self._ledger.open.discard(self._transport)
        if not self._ledger.open:
            self._ledger.all_closed.set()
        try:
            self._lost()
            self._closed()
        except Exception as problem:  # noqa: BLE001 - likewise
            self._failed(problem)

    def _closed(self) -> None:
        self._ledger.activity += 1

    def _failed(self, problem: Exception) -> None:
        self._ledger.fail("the gate failed", problem)
        if self._transport is not None:
            self._transport.abort()

    def _unexpected(self, data: bytes) -> None:
        raise ValueError(f"nobody expected {data[:16]!r}")

    def _unthrottled(self, full: bool) -> None:
        """What is written before a session is a few bytes."""


class ServerDoor(Guarded):
    """The way to the server, for a session or a request to cancel."""

    def __init__(self, ledger: Ledger[Any], connected: Callable[[Transport], None]) -> None:
        super().__init__(ledger)
        self._connected = connected

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._connected(cast("Transport", transport))

    def then(self, lost: Callable[[], None]) -> None:
        """Do this when the server hangs up."""
        self._lost = lost

    def serve(self, session: Served) -> None:
        """All that the server says is about this session."""
        self._receive, self._full, self._lost = session.from_server, session.server_full, session.server_lost


class Dialling(Guarded):
    """A client's socket, for which the server at `place` is dialled; `unreachable` is what the client is told else."""

    def __init__(self, ledger: Ledger[Any], place: Place, unreachable: bytes) -> None:
        super().__init__(ledger)
        self._place = place
        self._unreachable = unreachable

    def _dial(self, door: ServerDoor) -> None:
        # Outside of any operation: whoever runs the operations must not wait with this.
        task = asyncio.get_running_loop().create_task(self._reach(door), context=outside())
        self._ledger.tasks.add(task)
        task.add_done_callback(self._ledger.tasks.discard)

    async def _reach(self, door: ServerDoor) -> None:
        loop, place = asyncio.get_running_loop(), self._place
        try:
            if place.path:
                await loop.create_unix_connection(lambda: door, str(place.path))
            else:
                await loop.create_connection(lambda: door, place.host, place.port)
        except Exception as problem:  # noqa: BLE001 - no server, no such host, a name that cannot be one, ...
            self._ledger.lose(f"the gate cannot reach the server at {place}: {problem}")
            assert self._transport is not None
            self._transport.write(self._unreachable)
            self._transport.close()
