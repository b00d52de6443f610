"""Who wrote the bytes that arrive, where both ends of a connection are on one loop.

A server that runs beside its clients knows nothing of the operation that a request belongs to: its tasks were started
long before. So each chunk that a transport writes is noted with the operation that wrote it, and when the bytes
arrive at the other end, the code there runs in the name of that operation.
"""

import asyncio
import socket
from asyncio.selector_events import _SelectorSocketTransport  # type: ignore[attr-defined]  # what a loop makes its transports of
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from isofuzz.gate.operation import CURRENT, Operation

End = tuple[object, object]
"""One direction of a connection: the name of the socket that writes, and of the one that reads."""


@dataclass
class _Chunk:
    size: int
    operation: Operation | None


class Letters:
    """What is under way between the sockets of one loop, each direction of a connection by its two names."""

    def __init__(self) -> None:
        self.delivering: Operation | None = None
        """Who wrote what is being delivered right now."""
        self.noting = False
        """Is it noted who writes?"""
        self._listening: set[object] = set()
        self._connected: set[object] = set()
        self._under_way: dict[End, deque[_Chunk]] = {}

    def listen(self, sockets: Iterable[Any]) -> None:
        """Know of sockets on which this loop accepts connections."""
        self._listening.update(_name(each.getsockname()) for each in sockets)

    def connect(self, sock: Any) -> None:
        """Know of a socket that this loop has connected to somewhere."""
        self._connected.add(_name(sock.getsockname()))

    def note(self, *, noting: bool) -> None:
        """Note from now on who writes, or no longer. Nothing may be under way then that anybody asks about."""
        self.noting = noting
        self._under_way.clear()

    def write(self, end: End, size: int) -> None:
        """Note that the running operation writes so many bytes; nothing is noted of what leaves the loop."""
        if not self.noting or not (end[1] in self._listening or end[1] in self._connected):
            return
        chunks = self._under_way.setdefault(end, deque())
        operation = CURRENT.get()
        if chunks and chunks[-1].operation is operation:
            chunks[-1].size += size
        else:
            chunks.append(_Chunk(size, operation))

    def read(self, end: End, data: bytes) -> Iterable[tuple[bytes, Operation | None]]:
        """The bytes that have arrived, in pieces that one operation each wrote."""
        chunks = self._under_way.get(end)
        start = 0
        while chunks and start < len(data):
            chunk = chunks[0]
            taken = min(chunk.size, len(data) - start)
            yield data[start : start + taken] if taken < len(data) else data, chunk.operation
            start += taken
            chunk.size -= taken
            if not chunk.size:
                chunks.popleft()
        if start < len(data):
            yield data[start:], None

    def forget(self, end: End) -> None:
        """The end that reads is gone."""
        self._under_way.pop(end, None)
        self._connected.discard(end[1])


class AttributingTransport(_SelectorSocketTransport):  # type: ignore[misc]  # the class has no type information
    """A socket transport that notes for whom it writes, and delivers what it reads in the name of its writer."""

    def __init__(self, loop: Any, sock: Any, protocol: Any, *rest: Any, letters: Letters, **named: Any) -> None:
        self._letters = letters
        mine, other = _names(sock)
        self._writes, self._reads = (mine, other), (other, mine)
        super().__init__(loop, sock, self._wrapped(protocol), *rest, **named)

    def write(self, data: Any) -> None:
        """Write, in the name of whoever does."""
        self._letters.write(self._writes, len(data))
        super().write(data)

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """Write all of it, in the name of whoever does."""
        self.write(b"".join(list_of_data))

    def set_protocol(self, protocol: Any) -> None:
        """Have another protocol take what is read from now on."""
        super().set_protocol(self._wrapped(protocol))

    def get_protocol(self) -> Any:
        """The protocol that takes what is read, as it was given."""
        protocol = super().get_protocol()
        return protocol.protocol if isinstance(protocol, _Delivering) else protocol

    def _wrapped(self, protocol: Any) -> Any:
        # A protocol with buffers of its own is that of TLS, which is never spoken within one loop.
        if isinstance(protocol, asyncio.BufferedProtocol):
            return protocol
        return _Delivering(protocol, self._letters, self._reads)


class _Delivering(asyncio.Protocol):
    """Stands before a protocol and tells, while data are delivered to it, for which operation they were written."""

    def __init__(self, protocol: Any, letters: Letters, reads: End) -> None:
        self.protocol = protocol
        self._letters = letters
        self._reads = reads

    def connection_made(self, transport: Any) -> None:
        self.protocol.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if not self._letters.noting:
            self.protocol.data_received(data)
            return
        for piece, operation in self._letters.read(self._reads, data):
            token = CURRENT.set(operation)
            self._letters.delivering = operation
            try:
                self.protocol.data_received(piece)
            finally:
                self._letters.delivering = None
                CURRENT.reset(token)

    def eof_received(self) -> bool | None:
        return bool(self.protocol.eof_received())

    def pause_writing(self) -> None:
        self.protocol.pause_writing()

    def resume_writing(self) -> None:
        self.protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._letters.forget(self._reads)
        self.protocol.connection_lost(exc)


def bind_before_connecting(sock: Any) -> None:
    """Give a Unix socket a name of its own, as TCP sockets have: the end that accepts it has no other to know it by.

    Linux names one that is bound to nothing (autobind, unix(7)); elsewhere it stays nameless.
    """
    if sock.family == socket.AF_UNIX and not sock.getsockname():
        try:
            sock.bind("")
        except OSError:
            return


def _names(sock: Any) -> tuple[object, object]:
    try:
        return _name(sock.getsockname()), _name(sock.getpeername())
    except OSError:  # the other side has already gone
        return None, None


def _name(address: Any) -> object:
    """A name that both ends know a socket by; the wildcard address is every address of this machine."""
    return address[:2] if isinstance(address, tuple) else address
