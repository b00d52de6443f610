"""Listening for clients, and what a gate shows of them, whatever is spoken."""

import asyncio
import socket
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from isofuzz.gate.bypass import Bypass
from isofuzz.gate.ledger import Ledger
from isofuzz.gate.operation import outside
from isofuzz.gate.place import Place

_BACKLOG = 1024
"""A pool that opens all its connections at once must not find the queue full."""


class Shown(Protocol):
    """A connection, as far as it matters here."""

    @property
    def buffered(self) -> int:
        """Bytes that the gate keeps for it."""

    def release_all(self) -> None:
        """Let everything pass that waits."""


C = TypeVar("C", bound=Shown)


class Listening(Generic[C]):
    """A gate: it stands before a server, on the loop that its methods are called on."""

    def __init__(self) -> None:
        self._ledger: Ledger[C] = Ledger()
        self._servers: list[asyncio.Server] = []
        self._bypasses: list[Bypass] = []
        self._paths: list[Path] = []

    def _begin_to_hold(self) -> None:
        """Do what is to be done once clients are held."""

    def _door(self, *, needs_password: bool) -> asyncio.Protocol:
        """What receives a new client; `needs_password` if anybody of this machine may be that."""
        raise NotImplementedError

    def _beyond(self, *, needs_password: bool) -> Place | None:
        """The server, if who cannot wait for the loop may be let through to it without being looked at."""
        raise NotImplementedError

    @property
    def bypassed(self) -> int:
        """How many connections passed the gate by, for they kept the loop waiting that it runs on."""
        return sum(bypass.connections for bypass in self._bypasses)

    @property
    def holding(self) -> bool:
        """Whether batches that execute or commit are held. Setting it to False lets everything pass that waits."""
        return self._ledger.holding

    @holding.setter
    def holding(self, holding: bool) -> None:
        self._ledger.holding = holding
        if holding:
            self._begin_to_hold()
        else:
            for connection in self.connections:
                connection.release_all()

    @property
    def on_change(self) -> Callable[[], None]:
        """Called when a batch parks, a reply comes, a connection opens or ends. It may release and deliver."""
        return self._ledger.on_change

    @on_change.setter
    def on_change(self, on_change: Callable[[], None]) -> None:
        self._ledger.on_change = on_change

    @property
    def connections(self) -> Collection[C]:
        """The sessions, in the order in which they were asked for."""
        return tuple(self._ledger.connections.values())

    @property
    def activity(self) -> int:
        """Grows with all that comes from either side, and when a socket opens or closes."""
        return self._ledger.activity

    @property
    def busy(self) -> bool:
        """Whether a client is being let in, the server dialled, a session started or a cancellation passed on."""
        return bool(self._ledger.arriving)

    @property
    def problems(self) -> list[str]:
        """What went wrong at the gate or behind it. A run during which something did says nothing about isolation."""
        return self._ledger.problems

    @property
    def faults(self) -> list[str]:
        """Those of the problems that are the gate's own. That a server has gone, others tell who know why."""
        return self._ledger.faults

    @property
    def buffered(self) -> int:
        """Bytes that the gate keeps at this moment."""
        return sum(connection.buffered for connection in self.connections)

    @property
    def most_buffered(self) -> int:
        """The most bytes that it ever kept for one session."""
        return self._ledger.most_buffered

    async def listen_unix(self, path: Path) -> None:
        """Listen on a Unix socket that only this user can open; makes its folder, for this user alone, if need be.

        Raises OSError when the path is too long, or taken.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(str(path))
            path.chmod(0o600)  # noqa: ASYNC240 - a moment; before it listens, for until then nobody can connect
        except OSError:
            listening.close()
            raise
        self._paths.append(path)
        await self._serve(listening, needs_password=False)

    async def listen_tcp(self, port: int = 0) -> int:
        """Listen on 127.0.0.1 and return the port. Everybody on this machine can reach that.

        So a session is refused there whose server asks for no password.
        """
        # With its protocol: only then asyncio has small replies sent at once, instead of once the last is acknowledged.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(("127.0.0.1", port))
        except OSError:
            listening.close()
            raise
        await self._serve(listening, needs_password=True)
        found: int = listening.getsockname()[1]
        return found

    async def close(self) -> None:
        """Hang up on everybody and stop listening."""
        self._ledger.closing = True
        for bypass in self._bypasses:
            bypass.close()
        for server in self._servers:
            server.close()
        for path in self._paths:
            path.unlink(missing_ok=True)
        for task in self._ledger.tasks:
            task.cancel()
        await asyncio.gather(*self._ledger.tasks, return_exceptions=True)
        for transport in self._ledger.open:
            transport.abort()
        if self._ledger.open:
            self._ledger.all_closed.clear()
            await self._ledger.all_closed.wait()
        self._servers.clear()

    async def _serve(self, listening: socket.socket, *, needs_password: bool) -> None:
        loop = asyncio.get_running_loop()

        def door() -> asyncio.Protocol:
            return self._door(needs_password=needs_password)

        # Outside of any operation, so that no client is taken for part of one.
        if listening.family == socket.AF_UNIX:
            serving = loop.create_unix_server(door, sock=listening, backlog=_BACKLOG)
        else:
            serving = loop.create_server(door, sock=listening, backlog=_BACKLOG)
        self._servers.append(await loop.create_task(serving, context=outside()))
        if place := self._beyond(needs_password=needs_password):
            bypass = Bypass(loop, listening, place)
            self._bypasses.append(bypass)
            bypass.start()
