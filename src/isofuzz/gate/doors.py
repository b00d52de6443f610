"""The door before Postgres: a client says what it wants, and is let in."""

import asyncio
import socket
import struct
from asyncio import BaseTransport, Transport
from collections.abc import Iterator
from dataclasses import dataclass

from isofuzz.gate.connection import GatedConnection
from isofuzz.gate.guarded import Dialling, ServerDoor
from isofuzz.gate.ledger import Ledger
from isofuzz.gate.messages import NotPostgres, error
from isofuzz.gate.startup import Packet, Wish, first_packet
from isofuzz.gate.upstream import Upstream

_UNREACHABLE = error("FATAL", "08006", "isofuzz's gate cannot reach the server")


@dataclass(frozen=True)
class Host:
    """What each door of a gate needs to know."""

    ledger: Ledger[GatedConnection]
    upstream: Upstream
    patience: float
    """Seconds that a start-up may take."""
    numbers: Iterator[int]


class ClientDoor(Dialling):
    """Where a client comes in: it says what it wants, and what it says then belongs to its session."""

    def __init__(self, host: Host, *, needs_password: bool) -> None:
        super().__init__(host.ledger, host.upstream, _UNREACHABLE)
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
            self._ledger,
            number,
            client,
            client_pid=_process_behind(client),
            needs_password=self._needs_password,
            on_ready=self._settled,
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


_CREDENTIALS = struct.Struct("3i")
"""Process, user and group; see unix(7)."""


def _process_behind(client: Transport) -> int | None:
    """The process that connected to a Unix socket, which Linux tells; None where nobody does."""
    sock = client.get_extra_info("socket")
    if sock.family != socket.AF_UNIX or not hasattr(socket, "SO_PEERCRED"):
        return None
    pid: int = _CREDENTIALS.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))[0]
    return pid
