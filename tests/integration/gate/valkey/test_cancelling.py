"""A command that is given up while it is parked, or while its reply is held: whose reply does the next one get?"""

import asyncio

import pytest
from tests.integration.gate.valkey.conftest import Gated, Raw


class CarelessPool:
    """A pool as there were many before March 2023: what is cancelled goes back to it, owed reply and all."""

    def __init__(self, connection: Raw) -> None:
        self._connection = connection
        self._free = asyncio.Semaphore(1)

    async def get(self, key: str) -> bytes:
        async with self._free:
            self._connection.send(f"GET {key}\r\n".encode())
            length = await self._connection.line()
            return await self._connection.reader.readexactly(int(length[1:])) + await self._connection.line()


@pytest.fixture
async def titles(gated: Gated, raw: Raw) -> CarelessPool:
    await gated.direct.mset({"title:alice": "Alice's divorce", "title:bob": "Bob's recipes"})
    gated.gate.holding = True
    return CarelessPool(raw)


async def cancelled(reading: "asyncio.Task[bytes]") -> None:
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_cancelled_while_parked_a_stranger_sees_the_reply(gated: Gated, titles: CarelessPool) -> None:
    alices = gated.start(titles.get("title:alice"))
    connection = await gated.one_parked()
    await cancelled(alices)
    bobs = gated.start(titles.get("title:bob"))
    await gated.until(lambda: connection.buffered > len(b"GET title:alice\r\n"))
    connection.release()
    await gated.answered(connection)
    assert await bobs == b"Alice's divorce\r\n"


async def test_cancelled_while_its_reply_is_held_a_stranger_sees_it(gated: Gated, titles: CarelessPool) -> None:
    alices = gated.start(titles.get("title:alice"))
    connection = await gated.one_parked()
    connection.hold_reply()
    connection.release()
    await gated.until(lambda: connection.reply_held)
    await cancelled(alices)
    bobs = gated.start(titles.get("title:bob"))
    await gated.until(lambda: connection.parked)
    connection.deliver()
    assert await bobs == b"Alice's divorce\r\n"


@pytest.mark.parametrize("reply_held", [False, True])
async def test_a_client_that_takes_care_shows_nobody_else_s_reply(gated: Gated, reply_held: bool) -> None:
    await gated.direct.mset({"title:alice": "Alice's divorce", "title:bob": "Bob's recipes"})
    async with gated.client() as client:
        gated.gate.holding = True
        alices = gated.start(client.get("title:alice"))
        connection = await gated.one_parked()
        if reply_held:
            connection.hold_reply()
            connection.release()
            await gated.until(lambda: connection.reply_held)
        await cancelled(alices)
        bobs = gated.start(client.get("title:bob"))
        await gated.until(lambda: "GET title:bob" in gated.texts)
        gated.parked[-1].release()
        assert await bobs == b"Bob's recipes"
