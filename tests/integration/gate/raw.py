"""A client that sends the bytes that it is told to, which no driver would."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

SUPERUSER = b"user\0isofuzz\0database\0template1\0\0"
"""Who the embedded server lets in without a password, through a socket of this user's."""


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + (len(body) + 4).to_bytes(4) + body


def packet(body: bytes) -> bytes:
    """A message of the start-up."""
    return (len(body) + 4).to_bytes(4) + body


def query(text: str) -> bytes:
    return message(b"Q", text.encode() + b"\0")


STARTUP = packet((3 << 16).to_bytes(4) + SUPERUSER)


@dataclass
class Raw:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def until_closed(self) -> bytes:
        """What comes before the other side hangs up."""
        async with asyncio.timeout(20):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    async def message(self) -> tuple[bytes, bytes]:
        """The next message: its kind and its content."""
        async with asyncio.timeout(20):
            head = await self.reader.readexactly(5)
            return head[:1], await self.reader.readexactly(int.from_bytes(head[1:]) - 4)

    async def until(self, last: bytes) -> list[tuple[bytes, bytes]]:
        """The messages up to one of that kind."""
        messages = [await self.message()]
        while messages[-1][0] != last:
            messages.append(await self.message())
        return messages

    async def start(self) -> None:
        self.send(STARTUP)
        await self.until(b"Z")


@asynccontextmanager
async def raw(place: Path | int) -> AsyncIterator[Raw]:
    """Connected to a Unix socket, or a port of this machine."""
    if isinstance(place, int):
        reader, writer = await asyncio.open_connection("127.0.0.1", place)
    else:
        reader, writer = await asyncio.open_unix_connection(str(place))
    try:
        yield Raw(reader, writer)
    finally:
        writer.transport.abort()
