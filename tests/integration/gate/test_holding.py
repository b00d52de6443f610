"""Batches park and are released, replies are held and delivered, connections are dropped: one decision at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from tests.integration.gate.conftest import Gated

from isofuzz.gate.connection import GatedConnection
from isofuzz.services.postgres.connecting import Connection, connected


@asynccontextmanager
async def client_of(gated: Gated) -> AsyncIterator[Connection]:
    """A client; it is cut off at the end, for what it sends may be held."""
    connection = await asyncpg.connect(str(gated.url))
    try:
        yield connection
    finally:
        connection.terminate()


@pytest.fixture
async def client(gated: Gated) -> AsyncIterator[Connection]:
    async with client_of(gated) as connection:
        await connection.execute("DROP TABLE IF EXISTS note; CREATE TABLE note (id int PRIMARY KEY, body text)")
        gated.gate.holding = True
        yield connection


def only(gated: Gated) -> GatedConnection:
    (connection,) = gated.gate.connections
    return connection


async def rows(gated: Gated) -> int:
    """How many rows somebody sees who does not go through the gate."""
    async with connected(gated.direct) as connection:
        found: int = await connection.fetchval("SELECT count(*) FROM note")
        return found


async def test_what_is_parked_has_not_happened(gated: Gated, client: Connection) -> None:
    writing = gated.start(client.execute("INSERT INTO note VALUES (1, 'a')"))
    connection = await gated.one_parked()
    assert connection.parked
    assert connection.parked.text == "INSERT INTO note VALUES (1, 'a')"
    assert connection.parked.executes
    assert not connection.parked.commits
    assert not connection.owes
    assert await rows(gated) == 0
    connection.release()
    assert connection.owes
    assert connection.parked is None
    assert await writing == "INSERT 0 1"
    assert not connection.owes
    assert await rows(gated) == 1


async def test_an_operation_is_held_where_it_executes_or_commits(gated: Gated, client: Connection) -> None:
    async def operation() -> None:
        async with client.transaction():
            async with client.transaction():
                await client.execute("INSERT INTO note VALUES ($1, $2)", 1, "a")
            await client.fetch("SELECT * FROM note WHERE id = $1", 1)

    working, seen = gated.start(operation()), []
    while not working.done():
        for connection in gated.parked:
            assert connection.parked
            seen.append((connection.parked.text, connection.parked.commits, connection.transaction))
            connection.release()
        await gated.until(lambda: working.done() or gated.parked)
    await working
    assert seen == [
        ("INSERT INTO note VALUES ($1, $2)", False, "T"),
        ("SELECT * FROM note WHERE id = $1", False, "T"),
        ("COMMIT;", True, "T"),
    ]
    assert only(gated).transaction == "I"


async def test_a_held_reply_is_of_what_has_happened(gated: Gated, client: Connection) -> None:
    writing = gated.start(client.execute("INSERT INTO note VALUES (1, 'a')"))
    connection = await gated.one_parked()
    connection.hold_reply()
    connection.release()
    await gated.until(lambda: connection.reply_held and not connection.owes)
    assert await rows(gated) == 1
    assert not writing.done()
    connection.deliver()
    assert not connection.reply_held
    assert await writing == "INSERT 0 1"
    assert await rows(gated) == 1


async def test_holding_no_more_lets_everything_pass(gated: Gated, client: Connection) -> None:
    async with client_of(gated) as other:
        working = [gated.start(client.fetchval("SELECT 1")), gated.start(other.fetchval("SELECT 2"))]
        await gated.until(lambda: len(gated.parked) == 2)
        gated.parked[0].hold_reply()
        gated.parked[0].release()
        await gated.until(lambda: any(connection.reply_held for connection in gated.gate.connections))
        gated.gate.holding = False
        assert await asyncio.gather(*working) == [1, 2]


async def test_dropped_before_means_it_did_not_happen(gated: Gated, client: Connection) -> None:
    writing = gated.start(client.execute("INSERT INTO note VALUES (1, 'a')"))
    (await gated.one_parked()).drop_before()
    with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
        await writing
    assert await rows(gated) == 0
    assert not gated.gate.connections


async def test_dropped_after_means_it_did(gated: Gated, client: Connection) -> None:
    writing = gated.start(client.execute("INSERT INTO note VALUES (1, 'a')"))
    (await gated.one_parked()).drop_after()
    with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
        await writing
    assert await rows(gated) == 1
    assert not gated.gate.connections


async def test_dropped_after_while_the_reply_is_held(gated: Gated, client: Connection) -> None:
    writing = gated.start(client.execute("INSERT INTO note VALUES (1, 'a')"))
    connection = await gated.one_parked()
    connection.hold_reply()
    connection.release()
    await gated.until(lambda: connection.reply_held and not connection.owes)
    connection.drop_after()
    with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
        await writing
    assert await rows(gated) == 1
