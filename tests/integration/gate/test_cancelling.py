"""A request to cancel what is parked: the server has not got it, so the gate answers, as the server would."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import psycopg
import pytest
from tests.integration.gate.conftest import Gated
from tests.integration.gate.raw import message, raw

from isofuzz.services.postgres.connecting import Connection, connected

BIG = "x" * 3_000_000


@pytest.fixture
async def client(gated: Gated) -> AsyncIterator[Connection]:
    """A client with an empty table, whose statements are held from now on."""
    connection = await asyncpg.connect(str(gated.url))
    try:
        await connection.execute("DROP TABLE IF EXISTS note; CREATE TABLE note (body text)")
        await connection.fetch("SELECT * FROM note WHERE body = $1", "")
        gated.gate.holding = True
        yield connection
        gated.gate.holding = False
        assert await connection.fetchval("SELECT count(*) FROM note WHERE body = $1", "never") == 0
        assert await connection.fetchval("SELECT count(*) FROM note") == 1
    finally:
        connection.terminate()


async def released(gated: Gated, client: Connection, statement: str, *arguments: object) -> None:
    """It is parked, and let go."""
    working = gated.start(client.execute(statement, *arguments))
    (await gated.one_parked()).release()
    await working


async def cancelled(gated: Gated, client: Connection, statement: str, *arguments: object) -> None:
    """It is parked, and cancelled by its client, who is told so."""
    working = gated.start(client.execute(statement, *arguments))
    connection = await gated.one_parked()
    sessions = len(gated.gate.connections)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    # asyncpg lets nobody use the connection before the answer has come.
    await gated.until(lambda: not connection.parked and not connection.owes)
    assert len(gated.gate.connections) == sessions


WAYS = {
    "simple": ("INSERT INTO note VALUES ('never')",),
    "extended": ("INSERT INTO note VALUES ($1)", "never"),
    "simple and large": (f"INSERT INTO note VALUES ('never'); SELECT '{BIG}'",),
    "extended and large": ("INSERT INTO note SELECT 'never' WHERE $1 <> ''", BIG),
}


@pytest.mark.parametrize("way", WAYS)
async def test_outside_of_a_transaction(gated: Gated, client: Connection, way: str) -> None:
    await cancelled(gated, client, *WAYS[way])
    await released(gated, client, "INSERT INTO note VALUES ($1)", "kept")


@pytest.mark.parametrize("way", WAYS)
async def test_in_a_transaction_which_has_failed_then(gated: Gated, client: Connection, way: str) -> None:
    await released(gated, client, "INSERT INTO note VALUES ('kept')")
    await client.execute("BEGIN")
    await released(gated, client, "INSERT INTO note VALUES ('rolled back')")
    await cancelled(gated, client, *WAYS[way])
    (connection,) = gated.gate.connections
    assert connection.transaction == "E"
    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await released(gated, client, "SELECT 1")
    await client.execute("ROLLBACK")
    assert connection.transaction == "I"


async def test_the_client_gets_what_postgres_says(gated: Gated, client: Connection) -> None:
    await released(gated, client, "INSERT INTO note VALUES ('kept')")
    async with await psycopg.AsyncConnection.connect(str(gated.url)) as other:
        working = gated.start(other.execute("SELECT 1"))
        await gated.one_parked()
        await other.cancel_safe(timeout=10)
        with pytest.raises(psycopg.errors.QueryCanceled, match="canceling statement due to user request"):
            await working
        assert other.info.transaction_status is psycopg.pq.TransactionStatus.INERROR
        await other.rollback()


async def test_a_pipeline(gated: Gated, client: Connection) -> None:
    """One batch up to its Flush is cancelled; what the server skips then is what comes up to the next Sync."""
    await released(gated, client, "INSERT INTO note VALUES ('kept')")
    async with await psycopg.AsyncConnection.connect(str(gated.url), autocommit=True) as other:

        async def work() -> None:
            async with other.pipeline():
                first = await other.execute("INSERT INTO note VALUES (%s)", ("never",))
                second = await other.execute("INSERT INTO note VALUES (%s)", ("never",))
                await first.fetchone()
                await second.fetchone()

        working = gated.start(work())
        await gated.one_parked()
        await other.cancel_safe(timeout=10)
        gated.release_at_once()
        with pytest.raises(psycopg.errors.QueryCanceled):
            await working
        assert other.info.transaction_status is psycopg.pq.TransactionStatus.IDLE


async def test_what_was_not_parked_is_the_servers_to_cancel(gated: Gated, client: Connection) -> None:
    """Its reply is held; the server has nothing to cancel any more."""
    working = gated.start(client.execute("INSERT INTO note VALUES ('kept')"))
    connection = await gated.one_parked()
    connection.hold_reply()
    connection.release()
    await gated.until(lambda: connection.reply_held and not connection.owes)
    working.cancel()
    await gated.until(lambda: working.done() and not gated.gate.busy)
    connection.deliver()
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def test_a_wrong_secret_cancels_nothing(gated: Gated, client: Connection) -> None:
    working = gated.start(client.execute("INSERT INTO note VALUES ('kept')"))
    connection = await gated.one_parked()
    reader, writer = await asyncio.open_unix_connection(f"{gated.url.host}/.s.PGSQL.{gated.url.port}")
    request = (80877102).to_bytes(4) + connection.pid.to_bytes(4) + b"four"
    writer.write((len(request) + 4).to_bytes(4) + request)
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    assert connection.parked
    connection.release()
    await working


async def test_a_backend_that_dies_while_its_batch_is_parked(gated: Gated, client: Connection) -> None:
    await released(gated, client, "INSERT INTO note VALUES ('kept')")
    other = await asyncpg.connect(str(gated.url))
    working = gated.start(other.execute("INSERT INTO note VALUES ('never')"))
    connection = await gated.one_parked()
    async with connected(gated.direct) as direct:
        assert await direct.fetchval("SELECT pg_terminate_backend($1)", connection.pid)
    with pytest.raises(asyncpg.ConnectionDoesNotExistError, match="terminating connection due to administrator"):
        await working
    await gated.until(lambda: connection not in gated.gate.connections)
    assert connection.parked is None
    other.terminate()


async def test_a_backend_that_dies_while_its_reply_is_held(gated: Gated, client: Connection) -> None:
    other = await asyncpg.connect(str(gated.url))
    working = gated.start(other.execute("INSERT INTO note VALUES ('kept')"))
    connection = await gated.one_parked()
    connection.hold_reply()
    connection.release()
    await gated.until(lambda: connection.reply_held and not connection.owes)
    async with connected(gated.direct) as direct:
        assert await direct.fetchval("SELECT pg_terminate_backend($1, 10000)", connection.pid)
    assert connection in gated.gate.connections
    connection.deliver()
    assert await working == "INSERT 0 1"
    await gated.until(lambda: connection not in gated.gate.connections)
    other.terminate()


async def test_whoever_says_farewell_is_owed_the_end(gated: Gated) -> None:
    async with raw(gated.socket) as client:
        await client.start()
        [connection] = gated.gate.connections
        assert not connection.owes
        connection.from_client(message(b"X"))
        assert connection.owes, "the server is yet to hang up, for which a client may wait"
        assert await client.until_closed() == b""
    await gated.until(lambda: not gated.gate.connections)
