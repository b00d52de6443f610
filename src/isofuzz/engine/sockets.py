"""The sockets of one program: each is read continuously, and what arrives becomes entries of the history."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from typing import Protocol

from isofuzz.engine.sabotage import Sabotage
from isofuzz.engine.system import System
from isofuzz.gate.operation import outside
from isofuzz.history.entries import Barrier, Closed, Delivery, Entry
from isofuzz.program.steps import Ref
from isofuzz.target.base import Target
from isofuzz.target.things import Reply, Socket
from isofuzz.target.websocket import WebSocket

_ENDED = object()


class Scan(Protocol):
    """Finds canaries in values, and makes an excerpt of them: always if `keep`, else if there is a canary."""

    def __call__(self, values: list[object], *, keep: bool) -> tuple[tuple[int, ...], str]: ...


class Sockets:
    """Reads what the system pushes. `scan` finds canaries in a frame, `record` takes the entries.

    `sabotage` says which frames arrive on further sockets too.
    """

    def __init__(self, system: System, scan: Scan, record: Callable[[Entry], None], sabotage: Sabotage) -> None:
        self._system = system
        self._scan = scan
        self._record = record
        self._sabotage = sabotage
        self._sockets: dict[Ref, Socket] = {}
        self._readers: dict[Socket, asyncio.Task[None]] = {}
        self._broken: list[Exception] = []

    @property
    def all(self) -> Collection[Ref]:
        """Every socket of the program on which something may still arrive."""
        return [ref for ref, socket in self._sockets.items() if self._is_read(socket)]

    def find(self, ref: Ref) -> Socket | None:
        """The socket, if something may still arrive on it."""
        socket = self._sockets.get(ref)
        return socket if socket and self._is_read(socket) else None

    def add(self, ref: Ref, socket: Socket) -> None:
        """Know of a socket that an operation opened."""
        self._sockets[ref] = socket

    def read(self) -> None:
        """Start to read the sockets that are new. What they brought before is not lost: it waits in them."""
        for ref, socket in self._sockets.items():
            if socket not in self._readers:
                # It reads for as long as the socket lives, and works for none of the operations.
                self._readers[socket] = asyncio.create_task(self._read(ref, socket), context=outside())

    async def barriers(self, wanted: Collection[Ref], *, since: int) -> None:
        """Wait until everything that was sent to these sockets before time `since` has arrived, and record that.

        On a connection that has ended nothing arrives any more. What the system had for it is gone once it is at rest.
        """
        sockets = [(ref, socket) for ref, socket in self._sockets.items() if ref in wanted and socket in self._readers]
        ended = [ref for ref, socket in sockets if not self._is_read(socket)]
        if _quiesces(self._system.target):
            for ref in ended:
                self._record(Barrier(ref, since, orders=True))
        await asyncio.gather(*(self._barrier(ref, socket, since) for ref, socket in sockets if ref not in ended))

    def check(self) -> None:
        """Raises what went wrong while a frame was judged or kept."""
        if self._broken:
            raise self._broken[0]

    async def close(self) -> None:
        """Close every connection and stop reading."""
        readers = list(self._readers.values())
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*(socket.close() for socket in self._readers), *readers, return_exceptions=True)
        self._readers.clear()

    def _is_read(self, socket: Socket) -> bool:
        return socket in self._readers and not self._readers[socket].done()

    async def _read(self, ref: Ref, socket: Socket) -> None:
        try:
            frames = aiter(socket.frames())
            while (frame := await self._next(frames)) is not _ENDED:
                seen = self._take(ref, frame)
                if not isinstance(frame, Reply):
                    for other in self._sabotage.copies(ref, seen):
                        self._take(other, frame)
            self._record(Closed(ref))
        except Exception as problem:  # noqa: BLE001  # raised again by the step that is under way: see check
            self._broken.append(problem)

    def _take(self, ref: Ref, frame: object) -> tuple[int, ...]:
        """Record the frame, unless it is a reply that shows nothing; the canaries in it."""
        reply = isinstance(frame, Reply)
        seen, text = self._scan([frame.frame if isinstance(frame, Reply) else frame], keep=not reply)
        if seen or not reply:
            self._record(Delivery(ref, seen, text, reply=reply))
        return seen

    async def _next(self, frames: AsyncIterator[object]) -> object:
        """The next frame; _ENDED when the connection has ended, however it ended."""
        try:
            return await anext(frames, _ENDED)
        except Exception as problem:  # noqa: BLE001  # whatever a client may raise: its connection is over
            self._system.note_unexpected(self._scan([problem], keep=True)[1])
            return _ENDED

    async def _barrier(self, ref: Ref, socket: Socket, since: int) -> None:
        try:
            async with asyncio.timeout(self._system.target.answer_within):
                await socket.barrier()
        except Exception:  # noqa: BLE001  # whatever a client may raise
            return  # nothing is asserted of a socket on which nothing comes back
        self._record(Barrier(ref, since, orders=_orders(self._system.target, socket)))


def _orders(target: Target, socket: Socket) -> bool:
    """Does a barrier cover the system's fan-out? Only the target's author can say so, by writing one of the two."""
    return type(socket).barrier is not WebSocket.barrier or _quiesces(target)


def _quiesces(target: Target) -> bool:
    return type(target).quiesce is not Target.quiesce
