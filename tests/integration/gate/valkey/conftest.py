"""A gate before a real Valkey."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.gate.watched import PATIENCE, Watched
from valkey.asyncio import Valkey

from isofuzz.gate.plain import PlainConnection
from isofuzz.gate.valkey import ValkeyGate, ValkeyPlace
from isofuzz.services.folders import RunFolder, run_folder
from isofuzz.services.server_user import server_user
from isofuzz.services.valkey.connecting import valkey_connected
from isofuzz.services.valkey.server import running_valkey
from isofuzz.services.valkey.url import ValkeyUrl


class Gated(Watched[PlainConnection]):
    """A gate with what is needed to watch it; `url` leads through it, `direct` sees the server without it."""

    def __init__(self, gate: ValkeyGate, server: ValkeyUrl, direct: Any, folder: Path) -> None:
        self.gate = gate
        self.server = server
        self.direct = direct
        self.path = folder / "valkey"
        self.url = replace(server, host=str(self.path), port=None)
        super().__init__(gate)

    @property
    def texts(self) -> list[str]:
        """What is parked, of each connection the first."""
        return [connection.parked.text for connection in self.gate.connections if connection.parked]

    async def answered(self, connection: PlainConnection) -> None:
        """Return once the server owes nothing on it."""
        await self.until(lambda: not connection.owes)

    @asynccontextmanager
    async def client(self, **options: Any) -> AsyncIterator[Any]:
        """A client with one connection."""
        client = Valkey(**self.url.for_client, max_connections=1, **options)
        try:
            yield client
        finally:
            self.gate.holding = False
            await client.aclose()


@pytest.fixture
def folder() -> Iterator[RunFolder]:
    """A folder whose path is short enough for a Unix socket."""
    with run_folder(owner=server_user().owner) as made:
        yield made


@pytest.fixture
async def gated(folder: RunFolder) -> AsyncIterator[Gated]:
    """A gate at which nothing goes wrong."""
    async with running_valkey(folder, server_user()) as (url, direct, _), valkey_connected(url) as (asking, _):
        gate = ValkeyGate(ValkeyPlace(url.host, url.port or 0), asking.ping)
        try:
            await gate.listen_unix(folder.path / "gate" / "valkey")
            yield Gated(gate, url, direct, folder.path / "gate")
            assert gate.problems == []
        finally:
            await gate.close()


@dataclass
class Raw:
    """A client that sends the bytes that it is told to."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def line(self) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readline()

    async def until_closed(self) -> bytes:
        """What comes before the other side hangs up."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()


@pytest.fixture
async def raw(gated: Gated) -> AsyncIterator[Raw]:
    """Logged in."""
    reader, writer = await asyncio.open_unix_connection(str(gated.path))
    client = Raw(reader, writer)
    client.send(f"AUTH {gated.server.password}\r\n".encode())
    assert await client.line() == b"+OK\r\n"
    yield client
    writer.transport.abort()
