"""Questions of the gate's own on a client's session, of which the client knows nothing."""

import asyncio

import asyncpg
from tests.integration.gate.conftest import Gated

from isofuzz.gate.connection import GatedConnection

WHO = "SELECT cast(pg_catalog.pg_backend_pid() AS text)"


def only(gated: Gated) -> GatedConnection:
    (connection,) = gated.gate.connections
    return connection


async def test_it_is_asked_on_the_clients_own_session(gated: Gated) -> None:
    client = await asyncpg.connect(str(gated.url))
    await client.execute("SET search_path TO pg_catalog")
    assert await only(gated).ask(WHO) == str(client.get_server_pid())
    assert await only(gated).ask("SELECT current_setting('search_path')") == "pg_catalog"
    assert await client.fetchval("SELECT 7") == 7
    await client.close()


async def test_what_the_client_sends_meanwhile_waits_and_is_answered(gated: Gated) -> None:
    client = await asyncpg.connect(str(gated.url))
    asked = asyncio.ensure_future(only(gated).ask(WHO))
    await asyncio.sleep(0)
    assert await client.fetchval("SELECT 7") == 7
    assert await asked == str(client.get_server_pid())
    await client.close()


async def test_within_a_transaction_it_changes_nothing(gated: Gated) -> None:
    client = await asyncpg.connect(str(gated.url))
    async with client.transaction():
        await client.execute("CREATE TEMP TABLE note (id int) ON COMMIT DROP; INSERT INTO note VALUES (1)")
        assert await only(gated).ask("SELECT cast(count(*) AS text) FROM note") == "1"
        assert only(gated).transaction == "T"
        assert await client.fetchval("SELECT count(*) FROM note") == 1
    await client.close()


async def test_a_session_that_is_busy_or_has_failed_is_not_asked(gated: Gated) -> None:
    client = await asyncpg.connect(str(gated.url))
    gated.gate.holding = True
    working = gated.start(client.fetchval("SELECT 7"))
    connection = await gated.one_parked()
    assert await connection.ask(WHO) is None
    connection.release()
    assert await connection.ask(WHO) is None
    assert await working == 7
    gated.gate.holding = False
    transaction = client.transaction()
    await transaction.start()
    try:
        await client.execute("SELECT nothing")
    except asyncpg.UndefinedColumnError:
        assert await only(gated).ask(WHO) is None
    await transaction.rollback()
    await client.close()


async def test_a_question_that_fails_is_not_answered(gated: Gated) -> None:
    client = await asyncpg.connect(str(gated.url))
    assert await only(gated).ask("SELECT nothing") is None
    assert await client.fetchval("SELECT 7") == 7
    await client.close()
