"""What the chat need not read again: texts that it keeps in Valkey, each with the version that it is of."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from valkey.asyncio.connection import ConnectionPool

from isofuzz_packs.chat.defects import Defect

Reply: TypeAlias = Callable[[], Awaitable[Any]]
"""Waits for the reply to a command that was sent."""


class Cache:
    """A client of the Valkey at `url`. A command is sent at once, and its reply read when it is wanted."""

    def __init__(self, url: str, defect: Defect | None) -> None:
        self._connections = ConnectionPool.from_url(url)
        self._idle: list[Any] = []
        self._defect = defect

    async def close(self) -> None:
        """Close every connection that is not in use."""
        while self._idle:
            await self._idle.pop().disconnect()

    @asynccontextmanager
    async def looking_up(self, key: str) -> AsyncIterator[Callable[[int], Awaitable[str | None]]]:
        """Ask for what is kept under the key; what it gives returns that, if it is of the version."""
        async with self._sent("GET", key) as reply:

            async def of_version(version: int) -> str | None:
                kept: bytes = await reply() or b""
                told, _, text = kept.decode().partition(":")
                return text if told == str(version) else None

            yield of_version

    async def keep(self, key: str, version: int, text: str) -> None:
        """Keep the text under the key, in the place of any other."""
        async with self._sent("SET", key, f"{version}:{text}") as reply:
            await reply()

    def _make(self) -> object:
        return self._connections.make_connection()  # type: ignore[no-untyped-call]  # that of the library

    @asynccontextmanager
    async def _sent(self, *command: str) -> AsyncIterator[Reply]:
        """Send a command over a connection of its own.

        A connection whose reply may still be on its way is closed: the next to use it would take that for theirs.
        """
        connection: Any = self._idle.pop() if self._idle else self._make()
        try:
            await connection.send_command(*command)
            yield lambda: connection.read_response(disconnect_on_error=False)
        except BaseException:
            if self._defect is Defect.REPLY_LEFT_BEHIND:
                self._idle.append(connection)
            else:
                await connection.disconnect(nowait=True)
            raise
        self._idle.append(connection)
