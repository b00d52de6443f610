"""asyncpg, unchanged, through a gate that holds nothing and one that holds everything for a moment."""

import asyncio
import io
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.integration.gate.conftest import Gated

from isofuzz.services.postgres.connecting import Connection


@pytest.fixture
async def client(either: Gated) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(str(either.url))
    try:
        await connection.execute("CREATE TEMP TABLE note (id int PRIMARY KEY, body text)")
        yield connection
    finally:
        await connection.close()


async def test_queries_with_and_without_parameters(client: Connection) -> None:
    assert await client.fetchval("SELECT 1") == 1
    for number in range(3):
        assert await client.fetchval("SELECT $1::int + 1", number) == number + 1
    assert await client.execute("SELECT 1; SELECT 2") == "SELECT 1"
    assert await client.fetch("") == []


async def test_a_statement_prepared_once(client: Connection) -> None:
    prepared = await client.prepare("SELECT $1::text || '!'")
    assert [await prepared.fetchval(text) for text in ("a", "b")] == ["a!", "b!"]
    assert await prepared.fetchmany([("c",), ("d",)]) == [("c!",), ("d!",)]


async def test_errors_while_preparing_and_executing(client: Connection) -> None:
    with pytest.raises(asyncpg.UndefinedColumnError):
        await client.fetch("SELECT nothing")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await client.fetch("SELECT 1 / $1::int", 0)
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await client.execute("SELECT 1; this is not SQL")
    assert await client.fetchval("SELECT 1") == 1


async def test_transactions(client: Connection) -> None:
    async with client.transaction(isolation="serializable"):
        await client.execute("INSERT INTO note VALUES ($1, $2)", 1, "kept")
        with pytest.raises(asyncpg.UniqueViolationError):
            async with client.transaction():
                await client.execute("INSERT INTO note VALUES ($1, $2)", 1, "twice")
    undone = client.transaction()
    await undone.start()
    await client.execute("INSERT INTO note VALUES ($1, $2)", 2, "undone")
    await undone.rollback()
    assert await client.fetch("SELECT * FROM note") == [(1, "kept")]


async def test_executemany(client: Connection) -> None:
    rows = [(number, "x" * 100) for number in range(2000)]
    await client.executemany("INSERT INTO note VALUES ($1, $2)", rows)
    with pytest.raises(asyncpg.UniqueViolationError):
        await client.executemany("INSERT INTO note VALUES ($1, $2)", [(5000, "new"), (7, "there already")])
    assert await client.fetchval("SELECT count(*) FROM note") == 2000


async def test_copy_in_both_directions(client: Connection) -> None:
    rows = [(number, f"text {number}") for number in range(50_000)]
    assert await client.copy_records_to_table("note", records=rows) == "COPY 50000"
    out = io.BytesIO()
    await client.copy_from_query("SELECT * FROM note ORDER BY id", output=out)
    assert out.getvalue().decode().splitlines() == [f"{number}\ttext {number}" for number in range(50_000)]
    with pytest.raises(asyncpg.InvalidTextRepresentationError):
        await client.copy_to_table("note", source=io.BytesIO(b"not a number\n" * 10_000))
    assert await client.fetchval("SELECT count(*) FROM note") == 50_000


async def test_a_copy_whose_source_fails(client: Connection) -> None:
    async def source() -> AsyncIterator[bytes]:
        yield b"1\tone\n"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await client.copy_to_table("note", source=source())
    assert await client.fetchval("SELECT count(*) FROM note") == 0


async def test_cursors(client: Connection) -> None:
    async with client.transaction():
        seen = [row[0] async for row in client.cursor("SELECT generate_series(1, 500)", prefetch=100)]
        cursor = await client.cursor("SELECT generate_series(1, 10)")
        assert await cursor.forward(3) == 3
        assert (await cursor.fetchrow())[0] == 4
    assert seen == list(range(1, 501))


async def test_a_notification_arrives(client: Connection, either: Gated) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    await client.add_listener("news", lambda *arguments: heard.put_nowait(arguments[3]))
    other = await asyncpg.connect(str(either.url))
    await other.execute("SELECT pg_notify('news', 'from another')")
    await client.execute("SELECT pg_notify('news', 'from myself')")
    async with asyncio.timeout(10):
        assert [await heard.get(), await heard.get()] == ["from another", "from myself"]
    await other.close()


async def test_a_running_statement_is_cancelled(client: Connection, either: Gated) -> None:
    # Postgres forgets a request to cancel what it has not begun: the notice shows that it has.
    begun = asyncio.Event()
    client.add_log_listener(lambda *_: begun.set())
    sleeping = either.start(client.execute("DO $$ BEGIN RAISE NOTICE 'here'; PERFORM pg_sleep(60); END $$"))
    async with asyncio.timeout(20):
        await begun.wait()
    assert any(connection.owes for connection in either.gate.connections)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
    assert await client.fetchval("SELECT 1") == 1
    with pytest.raises(TimeoutError):
        await client.execute("SELECT pg_sleep(60)", timeout=0.5)
    assert await client.fetchval("SELECT 1") == 1


async def test_a_reset_is_not_held(client: Connection, either: Gated) -> None:
    await client.execute("SET application_name = 'changed'")
    either.released.clear()
    await client.reset()
    assert either.released == []
    assert await client.fetchval("SELECT current_setting('application_name')") == ""


async def test_types_are_looked_up(client: Connection, either: Gated) -> None:
    name = f"mood_{secrets.token_hex(4)}"
    await client.execute(f"CREATE TYPE {name} AS ENUM ('good', 'bad')")
    await client.execute(f"CREATE TYPE {name}_pair AS (first {name}, second int)")
    assert await client.fetchval(f"SELECT array['good'::{name}]") == ["good"]
    assert await client.fetchval(f"SELECT ('bad', 2)::{name}_pair") == ("bad", 2)
    await client.set_type_codec("json", encoder=str, decoder=len, schema="pg_catalog")
    assert await client.fetchval("SELECT '[1, 2]'::json") == 6
    assert not [text for text in either.released if "pg_" in text or "jit" in text]


async def test_a_pool(either: Gated) -> None:
    async def use(pool: "asyncpg.Pool", number: int) -> int:
        async with pool.acquire() as connection, connection.transaction():
            found: int = await connection.fetchval("SELECT $1::int", number)
            return found

    async with asyncpg.create_pool(str(either.url), min_size=2, max_size=5) as pool:
        assert await asyncio.gather(*(use(pool, number) for number in range(50))) == list(range(50))
        assert len(either.gate.connections) <= 5
        await pool.expire_connections()
        assert await use(pool, 7) == 7


async def test_rows_that_do_not_fit_into_one_read(client: Connection) -> None:
    rows = await client.fetch("SELECT n, repeat('x', n % 3000) FROM generate_series(1, 2000) n")
    assert [(number, len(text)) for number, text in rows] == [(number, number % 3000) for number in range(1, 2001)]
