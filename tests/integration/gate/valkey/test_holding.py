"""Commands park and are released, replies are held and delivered, connections are dropped: one decision at a time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.integration.gate.valkey.conftest import Gated, Raw
from valkey.exceptions import ConnectionError as ValkeyConnectionError

from isofuzz.gate.operation import CURRENT, Operation


@pytest.fixture
async def client(gated: Gated) -> AsyncIterator[Any]:
    async with gated.client() as connected:
        await connected.ping()
        gated.gate.holding = True
        yield connected


async def test_what_is_parked_has_not_happened(gated: Gated, client: Any) -> None:
    setting = gated.start(client.set("key", "value"))
    connection = await gated.one_parked()
    assert gated.texts == ["SET key"]
    assert not connection.owes
    assert await gated.direct.get("key") is None
    connection.release()
    assert connection.owes
    assert connection.parked is None
    assert connection.batch
    assert connection.batch.text == "SET key"
    assert await setting
    assert not connection.owes
    assert await gated.direct.get("key") == b"value"


async def test_a_held_reply_is_of_what_has_happened(gated: Gated, client: Any) -> None:
    setting = gated.start(client.set("key", "value"))
    connection = await gated.one_parked()
    connection.hold_reply()
    connection.release()
    await gated.until(lambda: connection.reply_held and not connection.owes)
    assert await gated.direct.get("key") == b"value"
    assert not setting.done()
    connection.deliver()
    assert await setting
    assert not connection.reply_held


@pytest.mark.parametrize("protocol", [2, 3])
async def test_setting_up_a_connection_passes_and_is_not_told(gated: Gated, protocol: int) -> None:
    gated.gate.holding = True
    async with gated.client(protocol=protocol, client_name="somebody") as client:
        assert await client.ping()
        getting = gated.start(client.get("key"))
        await gated.one_parked()
        assert gated.texts == ["GET key"]
        gated.gate.holding = False
        assert await getting is None
    assert gated.server.password


async def test_of_what_lets_people_in_nothing_is_told(gated: Gated, client: Any, raw: Raw) -> None:
    raw.send(b"GET a\r\nAUTH hunter2\r\nHELLO 3 AUTH default hunter2\r\nGET b\r\n")
    connection = await gated.one_parked()
    told = []
    while connection.parked:
        told.append(repr(connection.parked))
        connection.release()
        told.append(repr(connection.batch))
        await gated.answered(connection)
    assert "GET b" in told[-1]
    assert "hunter2" not in "".join(told)


async def test_a_pipeline_is_released_command_by_command(gated: Gated, client: Any) -> None:
    pipeline = client.pipeline(transaction=False).set("a", 1).append("a", "2").get("a")
    executing, seen = gated.start(pipeline.execute()), []
    while not executing.done():
        for connection in gated.parked:
            seen += gated.texts
            connection.release()
            await gated.answered(connection)
        await gated.until(lambda: executing.done() or gated.parked)
    assert await executing == [True, 2, b"12"]
    assert seen == ["SET a", "APPEND a", "GET a"]


async def test_a_transaction_is_held_where_it_executes(gated: Gated, client: Any) -> None:
    executing = gated.start(client.pipeline(transaction=True).set("a", 1).get("a").execute())
    connection = await gated.one_parked()
    await gated.until(lambda: not connection.owes)
    assert gated.texts == ["MULTI; SET a; GET a; EXEC"]
    assert connection.transaction == "T"
    assert await gated.direct.get("a") is None
    connection.release()
    assert connection.transaction == "I"
    assert await executing == [True, b"1"]


async def test_who_wrote_it_is_known(gated: Gated, raw: Raw) -> None:
    gated.gate.holding = True
    raw.send(b"GET a\r\n")
    connection = await gated.one_parked()
    assert connection.parked
    assert connection.parked.operation is None
    token = CURRENT.set(Operation(7))
    connection.from_client(b"GET b\r\n")
    CURRENT.reset(token)
    connection.release()
    assert connection.parked.operation
    assert connection.parked.operation.number == 7


async def test_holding_no_more_lets_everything_pass(gated: Gated, client: Any) -> None:
    async with gated.client() as other:
        working = [gated.start(client.incr("a")), gated.start(other.incr("b"))]
        await gated.until(lambda: len(gated.parked) == 2)
        held = gated.parked[0]
        held.hold_reply()
        held.release()
        await gated.until(lambda: held.reply_held)
        gated.gate.holding = False
        assert await asyncio.gather(*working) == [1, 1]


async def test_dropped_before_means_it_did_not_happen(gated: Gated, client: Any) -> None:
    setting = gated.start(client.set("key", "value"))
    (await gated.one_parked()).drop_before()
    with pytest.raises((ValkeyConnectionError, ConnectionError)):
        await setting
    assert await gated.direct.get("key") is None
    assert not gated.gate.connections


async def test_dropped_after_means_it_did(gated: Gated, client: Any) -> None:
    setting = gated.start(client.set("key", "value"))
    (await gated.one_parked()).drop_after()
    with pytest.raises((ValkeyConnectionError, ConnectionError)):
        await setting
    assert await gated.direct.get("key") == b"value"
    assert not gated.gate.connections
