"""The sockets of the gate: a client's, which is let in, and the server's behind it."""

import asyncio
from asyncio import BaseTransport, Transport
from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import dataclass
from typing import cast

from isofuzz.gate.connection import GatedConnection
from isofuzz.gate.ledger import Ledger
from isofuzz.gate.messages import NotPostgres, error
from isofuzz.gate.startup import Packet, Wish, first_packet
from isofuzz.gate.upstream import Upstream

_READ = 64 * 1024
"""Bytes to read at once."""


@dataclass(frozen=True)
class Host:
    """What each door of a gate needs to know."""

    ledger: Ledger
    upstream: Upstream
    patience: float
    """Seconds that a start-up may take."""
    numbers: Iterator[int]


class _Guarded(asyncio.Protocol):
    """A socket whose errors are the gate's problems: asyncio would only log them, and the run would look healthy."""

    def __init__(self, ledger: Ledger) -> None:
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
        raise NotPostgres(f"nobody expected {data[:16]!r}")

    def _unthrottled(self, full: bool) -> None:
        """What is written before a session is a few bytes."""


class ServerDoor(_Guarded):
    """The way to the server, for a session or a request to cancel."""

    def __init__(self, ledger: Ledger, connected: Callable[[Transport], None]) -> None:
        super().__init__(ledger)
        self._connected = connected

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._connected(cast("Transport", transport))

    def then(self, lost: Callable[[], None]) -> None:
        """Do this when the server hangs up."""
        self._lost = lost

    def serve(self, connection: GatedConnection) -> None:
        """All that the server says is about this session."""
        self._receive, self._full = connection.from_server, connection.server_full
        self._lost = connection.server_lost


class ClientDoor(_Guarded):
    """Where a client comes in: it says what it wants, and what it says then belongs to its session."""

    def __init__(self, host: Host, *, needs_password: bool) -> None:
        super().__init__(host.ledger)
        self._host = host
        self._needs_password = needs_password
        self._said = b""
        self._receive = self._greet
        self._timer: asyncio.TimerHandle | None = None
        self._session: GatedConnection | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._timer = asyncio.get_running_loop().call_later(self._host.patience, self._too_late)

    def _closed(self) -> None:
        super()._closed()
        self._settled()

    def _greet(self, data: bytes) -> None:
        assert self._transport is not None
        if self._transport.is_closing():
            return  # what was read together with what it was closed for
        self._ledger.arriving.add(self)
        self._ledger.activity += 1
        self._said += data
        try:
            while packet := first_packet(self._said):
                self._said = self._said[len(packet.data) :]
                if packet.wish is not Wish.ENCRYPTION:
                    self._enter(packet)
                    return
                self._transport.write(b"N")
        except NotPostgres as garbage:
            self._transport.write(error("FATAL", "08P01", str(garbage)))
            self._transport.close()

    def _enter(self, packet: Packet) -> None:
        assert self._transport is not None
        if packet.wish is Wish.SESSION:
            self._open_session(self._transport, packet)
            return
        session = self._ledger.keys.get(packet.key)
        if session is not None and session.cancel():
            self._transport.close()
        else:
            self._pass_cancellation(self._transport, packet)

    def _open_session(self, client: Transport, packet: Packet) -> None:
        number = next(self._host.numbers)
        session = GatedConnection(
            self._ledger, number, client, needs_password=self._needs_password, on_ready=self._settled
        )
        self._session = self._ledger.connections[number] = session
        self._receive, self._full, self._lost = self._wait, session.client_full, session.client_lost
        client.pause_reading()

        def connected(server: Transport) -> None:
            if client.is_closing():
                server.abort()
                return
            door.serve(session)
            session.connected(server, packet.data)
            self._receive = session.from_client
            client.resume_reading()
            if self._said:
                self.data_received(self._said)
                self._said = b""

        door = ServerDoor(self._ledger, connected)
        self._dial(door)
        self._ledger.changed()

    def _wait(self, data: bytes) -> None:
        """Keep what had been read before reading was paused."""
        self._said += data

    def _pass_cancellation(self, client: Transport, packet: Packet) -> None:
        """The server answers nothing; it hangs up when it has acted."""

        def connected(server: Transport) -> None:
            server.write(packet.data)

        door = ServerDoor(self._ledger, connected)
        door.then(client.close)
        self._dial(door)

    def _dial(self, door: ServerDoor) -> None:
        # Outside of any operation: whoever runs the operations must not wait with this.
        task = asyncio.get_running_loop().create_task(self._reach(door), context=Context())
        self._ledger.tasks.add(task)
        task.add_done_callback(self._ledger.tasks.discard)

    async def _reach(self, door: ServerDoor) -> None:
        loop, upstream = asyncio.get_running_loop(), self._host.upstream
        try:
            if upstream.path:
                await loop.create_unix_connection(lambda: door, str(upstream.path))
            else:
                await loop.create_connection(lambda: door, upstream.host, upstream.port)
        except Exception as problem:  # noqa: BLE001 - no server, no such host, a name that cannot be one, ...
            self._ledger.fail(f"the gate cannot reach the server at {upstream}: {problem}")
            assert self._transport is not None
            self._transport.write(error("FATAL", "08006", "isofuzz's gate cannot reach the server"))
            self._transport.close()

    def _too_late(self) -> None:
        if self._session is not None:
            self._ledger.fail(
                f"connection {self._session.number}: no session was started within {self._host.patience:g} seconds"
            )
        if self._transport is not None:
            self._transport.abort()

    def _settled(self) -> None:
        """The client has what it wanted, or has gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self in self._ledger.arriving:
            self._ledger.arriving.remove(self)
            self._ledger.changed()
