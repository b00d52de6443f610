"""Batches park and are released, replies are held and delivered, connections are dropped: one decision at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Any

import asyncpg
import pytest
from tests.integration.gate.conftest import Gated
from tests.integration.gate.raw import query, raw

from isofuzz.gate.connection import GatedConnection
from isofuzz.gate.operation import CURRENT, Operation
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


async def test_dropped_after_while_it_waits_for_a_lock(gated: Gated, client: Connection) -> None:
    """Hanging up waits until the server is done."""
    async with connected(gated.direct) as holder:
        lock = holder.transaction()
        await lock.start()
        await holder.execute("LOCK note")
        writing = gated.start(client.execute("INSERT INTO note VALUES (1, 'a')"))
        connection = await gated.one_parked()
        connection.drop_after()
        assert connection.owes
        assert connection in gated.gate.connections
        await lock.rollback()
        with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
            await writing
    assert await rows(gated) == 1


async def test_what_waits_for_a_lock_is_owed_until_it_is_given(gated: Gated, client: Connection) -> None:
    async with client_of(gated) as other:
        for one in (client, other):
            await one.execute("BEGIN")
        taking = gated.start(client.execute("LOCK note"))
        holder = await gated.one_parked()
        holder.release()
        await taking
        waiting = gated.start(other.execute("LOCK note"))
        waiter = await gated.one_parked()
        waiter.release()
        committing = gated.start(client.execute("COMMIT"))
        assert await gated.one_parked() is holder
        assert waiter.owes
        assert not holder.owes
        waiter.hold_reply()
        holder.release()
        await committing
        await gated.until(lambda: waiter.reply_held and not waiter.owes)
        assert not waiting.done()
        waiter.deliver()
        await waiting
        assert (holder.transaction, waiter.transaction) == ("I", "T")


async def test_batches_that_a_client_sends_ahead_are_released_one_by_one(gated: Gated, client: Connection) -> None:
    async with raw(gated.socket) as ahead:
        await ahead.start()
        ahead.send(b"".join(query(text) for text in ("SELECT 1", "BEGIN", "ROLLBACK", "SELECT 2", "SELECT 3", "BEGIN")))
        connection = await gated.one_parked()
        texts = []
        for replies in (3, 1, 2):
            assert connection.parked
            texts.append(connection.parked.text)
            connection.release()
            for _ in range(replies):
                await ahead.until(b"Z")
        assert texts == ["SELECT 1", "SELECT 2", "SELECT 3"]
        assert connection.parked is None
        assert connection.transaction == "T"
        with pytest.raises(ValueError, match="nothing parked"):
            connection.release()


async def test_what_a_client_sends_ahead_is_read_only_so_far(gated: Gated, client: Connection) -> None:
    async with raw(gated.socket) as ahead:
        await ahead.start()
        ahead.send(query("SELECT 1") * 20_000)
        connection = await gated.one_parked()
        await gated.until(lambda: not connection.owes)
        gated.release_at_once()
        connection.release()
        for _ in range(20_000):
            await ahead.until(b"Z")
    assert gated.gate.most_buffered < 2**20


async def test_a_client_that_goes_takes_along_what_is_parked(gated: Gated, client: Connection) -> None:
    await client.execute("BEGIN")
    writing = gated.start(client.execute("INSERT INTO note VALUES (1, 'a')"))
    connection = await gated.one_parked()
    client.terminate()
    with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
        await writing
    await gated.until(lambda: connection not in gated.gate.connections)
    assert connection.parked is None
    assert await rows(gated) == 0


async def test_a_session_that_starts_is_no_part_of_an_operation(gated: Gated) -> None:
    """Whoever moves the operations one by one would else wait for the gate, which waits for them."""
    operation = Operation(1)
    tasks: dict[str, Operation | None] = {}
    loop = asyncio.get_running_loop()

    def factory(loop: asyncio.AbstractEventLoop, work: Any, **named: Any) -> Any:
        tasks[work.__qualname__] = (named.get("context") or copy_context()).get(CURRENT)
        return asyncio.Task(work, loop=loop, **named)

    async def start_one() -> None:
        CURRENT.set(operation)
        await (await loop.create_task(asyncpg.connect(str(gated.url)))).close()

    loop.set_task_factory(factory)
    await loop.create_task(start_one())
    loop.set_task_factory(None)
    assert tasks.pop("connect") is operation
    assert tasks.pop("Dialling._reach") is None
    assert [owner for name, owner in tasks.items() if "accept_connection" in name] == [None]


async def test_a_gate_that_closes_hangs_up_on_everybody(gated: Gated, client: Connection) -> None:
    async with client_of(gated) as other:
        working = [gated.start(one.execute("INSERT INTO note VALUES (1, 'a')")) for one in (client, other)]
        await gated.until(lambda: len(gated.parked) == 2)
        held = gated.parked[0]
        held.hold_reply()
        held.release()
        await gated.until(lambda: held.reply_held)
        await gated.gate.close()
        assert not gated.gate.connections
        assert not gated.socket.exists()
        for work in working:
            with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
                await work


async def test_a_notification_waits_to_be_delivered(gated: Gated) -> None:
    heard = asyncio.Event()
    listener, writer = await asyncpg.connect(str(gated.url)), await asyncpg.connect(str(gated.url))
    await listener.add_listener("news", lambda *_: heard.set())
    listening, _ = gated.gate.connections
    gated.gate.holding = True
    notifying = gated.start(writer.execute("NOTIFY news"))
    (await gated.one_parked()).release()
    await notifying
    await gated.until(lambda: listening.reply_held)
    assert not heard.is_set()
    listening.deliver()
    async with asyncio.timeout(20):
        await heard.wait()
    gated.gate.holding = False
    await listener.close()
    await writer.close()
    await gated.until(lambda: not gated.gate.connections)
