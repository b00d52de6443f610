"""psycopg 3, unchanged, through a gate that holds nothing and one that holds everything for a moment."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg.types.enum import EnumInfo
from tests.integration.gate.conftest import Gated

Client = psycopg.AsyncConnection[tuple[object, ...]]


@pytest.fixture
async def client(either: Gated) -> AsyncIterator[Client]:
    async with await psycopg.AsyncConnection.connect(str(either.url)) as connection:
        await connection.execute("CREATE TEMP TABLE note (id int PRIMARY KEY, body text)")
        await connection.commit()
        yield connection


async def value(client: Client, statement: str, *arguments: object) -> object:
    row = await (await client.execute(statement.encode(), arguments)).fetchone()
    assert row is not None
    return row[0]


async def test_transactions(client: Client) -> None:
    await client.execute("INSERT INTO note VALUES (%s, %s)", (1, "kept"))
    await client.commit()
    with pytest.raises(psycopg.errors.UniqueViolation):
        await client.execute("INSERT INTO note VALUES (%s, %s)", (1, "twice"))
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        await client.execute("SELECT 1")
    await client.rollback()
    async with client.transaction(), client.transaction():
        assert await value(client, "SELECT body FROM note") == "kept"


async def test_statements_that_it_prepares_by_itself(client: Client) -> None:
    for number in range(10):
        assert await value(client, "SELECT %s::int", number) == number
    client.prepared_max = 2
    for number in range(10):
        assert await value(client, f"SELECT %s::int + {number}", 1) == number + 1
        assert await value(client, f"SELECT %s::int + {number}", 2) == number + 2


async def test_pipelines(client: Client) -> None:
    async with client.pipeline() as pipeline:
        first = await client.execute("SELECT %s::int", (1,))
        second = await client.execute("SELECT %s::int", (2,))
        assert await second.fetchone() == (2,)
        assert await first.fetchone() == (1,)
        for number in range(300):
            await client.execute("INSERT INTO note VALUES (%s, %s)", (number, "x" * 1000))
        await pipeline.sync()
        assert await value(client, "SELECT count(*) FROM note") == 300

    async def fail() -> None:
        async with client.pipeline():
            await client.execute("SELECT 1 / %s::int", (0,))
            await client.execute("SELECT 1")

    with pytest.raises(psycopg.errors.DivisionByZero):
        await fail()
    await client.rollback()
    assert await value(client, "SELECT 1") == 1


async def test_copy_in_both_directions(client: Client) -> None:
    async with client.cursor() as cursor:
        async with cursor.copy("COPY note FROM STDIN") as copy:
            for number in range(20_000):
                await copy.write_row((number, "text"))
        await client.commit()
        async with cursor.copy("COPY note TO STDOUT") as copy:
            rows = [row async for row in copy.rows()]
        assert len(rows) == 20_000

        async def copy_nonsense() -> None:
            async with cursor.copy("COPY note FROM STDIN") as copy:
                for _ in range(20_000):
                    await copy.write("not a number\ttext\n")

        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            await copy_nonsense()
        await client.rollback()

        async def give_up() -> None:
            async with cursor.copy("COPY note FROM STDIN") as copy:
                await copy.write_row((99_999, "text"))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await give_up()
    await client.rollback()
    assert await value(client, "SELECT count(*) FROM note") == 20_000


async def test_a_copy_with_parameters_of_the_extended_protocol(client: Client) -> None:
    await client.execute("INSERT INTO note SELECT n, 'text' FROM generate_series(1, 100) n")
    async with (
        client.cursor() as cursor,
        cursor.copy("COPY (SELECT * FROM note WHERE id > %s) TO STDOUT", (90,)) as copy,
    ):
        assert len([row async for row in copy.rows()]) == 10


async def test_a_copy_into_a_table_over_the_extended_protocol(client: Client, either: Gated) -> None:
    """psycopg sends COPY as a simple query; libpq itself lets one send it with a Sync that the server then ignores."""
    await client.rollback()
    pgconn = client.pgconn
    pgconn.send_query_params(b"COPY note FROM STDIN", None)
    await flushed(pgconn)
    result = await result_of(pgconn)
    assert result.status == psycopg.pq.ExecStatus.COPY_IN
    assert not any(connection.owes for connection in either.gate.connections)
    pgconn.put_copy_data(b"1\tone\n")
    pgconn.put_copy_end()
    await flushed(pgconn)
    assert (await result_of(pgconn)).command_status == b"COPY 1"
    assert pgconn.get_result() is None
    assert await value(client, "SELECT count(*) FROM note") == 1


async def flushed(pgconn: psycopg.pq.abc.PGconn) -> None:
    while pgconn.flush():
        await ready(pgconn)


async def result_of(pgconn: psycopg.pq.abc.PGconn) -> psycopg.pq.abc.PGresult:
    while pgconn.is_busy():
        await ready(pgconn)
        pgconn.consume_input()
    result = pgconn.get_result()
    assert result is not None
    return result


async def ready(pgconn: psycopg.pq.abc.PGconn) -> None:
    loop, waiting = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(pgconn.socket, waiting.set)
    try:
        async with asyncio.timeout(10):
            await waiting.wait()
    finally:
        loop.remove_reader(pgconn.socket)


async def test_cursors_on_the_server(client: Client) -> None:
    async with client.cursor(name="some") as cursor:
        await cursor.execute("SELECT generate_series(1, 500)")
        assert [row[0] async for row in cursor] == list(range(1, 501))


async def test_a_notification_arrives(client: Client, either: Gated) -> None:
    await client.set_autocommit(True)
    await client.execute("LISTEN news")
    async with await psycopg.AsyncConnection.connect(str(either.url), autocommit=True) as other:
        await other.execute("SELECT pg_notify('news', 'hello')")
    async for note in client.notifies(timeout=10, stop_after=1):
        assert note.payload == "hello"
        break
    else:
        pytest.fail("no notification arrived")


@pytest.mark.parametrize(("asked", "version"), [("3.0", 30000), ("3.2", 30002), ("latest", 30002)])
async def test_a_running_statement_is_cancelled(either: Gated, asked: str, version: int) -> None:
    """Since protocol 3.2 the secret that names a session to be cancelled has 32 bytes instead of 4."""
    async with await psycopg.AsyncConnection.connect(f"{either.url}&max_protocol_version={asked}") as client:
        assert client.pgconn.full_protocol_version == version
        # Postgres forgets a request to cancel what it has not begun: the notice shows that it has.
        begun = asyncio.Event()
        client.add_notice_handler(lambda _: begun.set())
        working = either.start(client.execute("DO $$ BEGIN RAISE NOTICE 'here'; PERFORM pg_sleep(60); END $$"))
        async with asyncio.timeout(20):
            await begun.wait()
        assert any(connection.owes for connection in either.gate.connections)
        await client.cancel_safe(timeout=10)
        with pytest.raises(psycopg.errors.QueryCanceled):
            await working
        await client.rollback()
        assert await value(client, "SELECT 1") == 1
        assert client.info.transaction_status.name == "INTRANS"


async def test_types_are_looked_up(client: Client) -> None:
    name = f"mood_{secrets.token_hex(4)}"
    await client.execute(f"CREATE TYPE {name} AS ENUM ('good', 'bad')".encode())
    found = await EnumInfo.fetch(client, name)
    assert found is not None
    assert found.labels == ["good", "bad"]


async def test_a_client_that_blocks_in_an_os_thread(either: Gated) -> None:
    def work() -> int:
        with psycopg.connect(str(either.url)) as connection:
            row = connection.execute("SELECT %s::int", (5,)).fetchone()
            assert row is not None
            found: int = row[0]
            return found

    assert await asyncio.gather(*(asyncio.to_thread(work) for _ in range(5))) == [5] * 5
