"""`WebSocket`: a socket that speaks WebSocket, through the `websockets` library."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed

from isofuzz.target.things import Reply, Socket

_END = object()


class WebSocket(Socket):
    """A WebSocket that carries JSON. Open it with `open`, send with `send`, ask and await the answer with `ask`.

    Frames that are no JSON come as they are. Override `barrier` with a request whose answer travels through the same
    broker as the system's events if the system fans out after it has answered a write.
    """

    connection: ClientConnection
    _frames: "asyncio.Queue[object]" = dataclasses.field(init=False, repr=False, default_factory=asyncio.Queue)
    _asked: "list[tuple[Callable[[Any], bool], asyncio.Future[Any]]]" = dataclasses.field(
        init=False, repr=False, default_factory=list
    )
    _reader: "asyncio.Task[None]" = dataclasses.field(init=False, repr=False)
    _is_read: bool = dataclasses.field(init=False, repr=False, default=False)

    @classmethod
    async def open(cls, url: str, *, unix: str | None = None, **headers: str) -> Self:
        """Connect to a ws:// URL, or to the Unix socket `unix`; `headers` go with the opening request.

        Raises what `websockets` raises if the server does not accept.
        """
        # Keep-alive pings come on a timer, and whatever comes on a timer makes a history differ from run to run.
        common: dict[str, Any] = {
            "ping_interval": None,
            "additional_headers": headers,
            "max_size": None,
            "close_timeout": 1,
        }
        connection = await (unix_connect(unix, url, **common) if unix else connect(url, proxy=None, **common))
        socket = cls(connection)
        socket._reader = asyncio.create_task(socket._read())
        return socket

    async def send(self, frame: object) -> None:
        """Send one JSON frame."""
        await self.connection.send(json.dumps(frame))

    async def ask(self, frame: object, until: Callable[[Any], bool]) -> Any:
        """Send one JSON frame and return the first frame from now on that `until` accepts.

        All that arrived before it has then been taken from `frames()`. Raises ConnectionError if the connection ends.
        """
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        waiting = (until, answer)
        self._asked.append(waiting)
        try:
            if self._reader.done():
                raise ConnectionError(self._farewell())
            await self.send(frame)
            await answer
            await self._drained()
            return answer.result()
        except ConnectionClosed:
            raise ConnectionError(self._farewell()) from None
        finally:
            self._asked.remove(waiting)

    async def frames(self) -> AsyncIterator[object]:
        """Each frame once, in order, until the connection ends; the reason of its closing comes last."""
        self._is_read = True
        try:
            while (frame := await self._frames.get()) is not _END:
                yield frame
                self._frames.task_done()
            self._frames.task_done()
        finally:
            self._is_read = False

    async def barrier(self) -> None:
        """Send a ping and wait until everything that came before its pong has been taken from `frames()`."""
        try:
            pong = await self.connection.ping()
            await pong
        except ConnectionClosed:
            await self._reader
        await self._drained()

    async def close(self) -> None:
        """Close the connection with a farewell, so that the system has nothing to complain of in its log."""
        await self.connection.close()
        await self._reader

    async def abort(self) -> None:
        """Drop the connection without a farewell."""
        self.connection.transport.abort()
        await self._reader

    async def half_close(self) -> None:
        """Send nothing more, not even a farewell; what still comes is read."""
        self.connection.transport.write_eof()

    async def _drained(self) -> None:
        if self._is_read:
            await self._frames.join()

    def _farewell(self) -> str:
        return f"connection closed: {self.connection.close_code} {self.connection.close_reason or ''}".rstrip()

    async def _read(self) -> None:
        try:
            async for message in self.connection:
                self._take(_decoded(message))
        except ConnectionClosed:
            pass  # how it ended is told below
        finally:
            if self.connection.close_reason:
                self._frames.put_nowait(self.connection.close_reason)
            self._frames.put_nowait(_END)
            for _until, answer in self._asked:
                if not answer.done():
                    answer.set_exception(ConnectionError(self._farewell()))

    def _take(self, frame: object) -> None:
        for until, answer in self._asked:
            if not answer.done() and until(frame):
                answer.set_result(frame)
                self._frames.put_nowait(Reply(frame))
                return
        self._frames.put_nowait(frame)


def _decoded(message: str | bytes) -> object:
    try:
        return json.loads(message)
    except ValueError:
        return message
