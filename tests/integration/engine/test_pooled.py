"""What is left on real connections is told by name, and what no operation left is not."""

from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest
import pytest_asyncio

from isofuzz import Target
from isofuzz.engine.pooled import Pool
from isofuzz.errors import InfrastructureError
from isofuzz.history.entries import Pooled
from isofuzz.program.canary import Mint
from isofuzz.services import Services

pytestmark = pytest.mark.asyncio(loop_scope="session")

MINT = Mint("abc123")
READS_SETTINGS = """
CREATE OR REPLACE FUNCTION whose() RETURNS text LANGUAGE sql AS
    $$ SELECT current_setting('app.user_id', true) || Current_Setting( 'app.api_token') $$;
CREATE OR REPLACE VIEW noted AS SELECT current_setting('app.note', true);
"""


class Lending(Target):
    """Has the connections of a test for its pool."""

    def __init__(self, connections: Sequence[asyncpg.Connection]) -> None:
        self.connections = connections

    async def pooled(self, query: str) -> Sequence[str]:
        return [await connection.fetchval(query) for connection in self.connections]


class Shut(Target):
    """Has a door that is always shut."""

    def __init__(self) -> None:
        self.asked = 0

    async def pooled(self, query: str) -> Sequence[str]:
        self.asked += 1
        raise RuntimeError("password=hunter2")


@pytest_asyncio.fixture(loop_scope="session")
async def connections(services: Services) -> AsyncIterator[list[asyncpg.Connection]]:
    opened = [await asyncpg.connect(services.database_url) for _ in range(2)]
    await opened[0].execute(READS_SETTINGS)
    yield opened
    for connection in opened:
        await connection.close()


async def states(pool: Pool, services: Services) -> list[dict[str, str]]:
    return [dict(pooled.state) for pooled in await pool.look(services.observer)]


def lent(services: Services, connections: Sequence[asyncpg.Connection]) -> Pool:
    return Pool(Lending(connections), MINT, services.suffix)


async def test_whatever_is_left_is_told(services: Services, connections: list[asyncpg.Connection]) -> None:
    pool = lent(services, connections)
    assert await pool.look(services.observer) == [Pooled("1"), Pooled("2")]
    await connections[1].execute("""
        SELECT set_config('app.user_id', 'ada', false);
        SET search_path TO pg_temp, public;
        SET statement_timeout TO '5s';
        SET application_name TO 'for ada';
        CREATE TEMP TABLE "Scratch" (id int);
        SELECT pg_advisory_lock(42), pg_advisory_lock_shared(-1), pg_advisory_lock(7, -3)
    """)
    assert await states(pool, services) == [
        {},
        {
            "setting app.user_id": "ada",
            "search_path": "pg_temp, public",
            "setting statement_timeout": "5000",
            "temporary table Scratch": "left",
            "advisory lock 42": "held",
            "advisory lock -1": "held",
            "advisory lock 7, -3": "held",
        },
    ]


async def test_what_ended_with_its_transaction_is_not_left(
    services: Services, connections: list[asyncpg.Connection]
) -> None:
    pool = lent(services, connections)
    async with connections[0].transaction():
        await connections[0].execute("""
            SELECT set_config('app.user_id', 'ada', true), pg_advisory_xact_lock(42);
            SET LOCAL search_path TO pg_temp;
            CREATE TEMP TABLE scratch (id int) ON COMMIT DROP
        """)
    assert await connections[0].fetchval("SELECT current_setting('app.user_id')") == ""
    assert await states(pool, services) == [{}, {}]


async def test_a_transaction_is_open_if_it_was_before_the_question(
    services: Services, connections: list[asyncpg.Connection]
) -> None:
    class Beginning(Lending):
        async def pooled(self, query: str) -> Sequence[str]:
            async with self.connections[0].transaction(isolation="repeatable_read"):
                return await super().pooled(query)

    pool = Pool(Beginning(connections), MINT, services.suffix)
    await connections[1].execute("BEGIN")
    assert await states(pool, services) == [{}, {"open transaction": "open"}]
    await connections[1].execute("ROLLBACK")
    assert await states(pool, services) == [{}, {}]


async def test_what_the_pool_sets_up_is_as_in_a_new_connection(
    services: Services, connections: list[asyncpg.Connection]
) -> None:
    for connection in connections:
        await connection.execute("SET timezone TO 'UTC-1'; SELECT pg_advisory_lock_shared(1)")
    await connections[0].execute("SET search_path TO pg_temp")
    pool = lent(services, connections)
    locked = {"advisory lock 1": "held"}
    assert await states(pool, services) == [locked | {"search_path": "pg_temp"}, locked]
    await connections[1].execute("RESET timezone")
    assert await states(pool, services) == [locked | {"search_path": "pg_temp"}, locked | {"setting TimeZone": ""}]


async def test_of_a_value_nobody_reads_what_is_secret(
    services: Services, connections: list[asyncpg.Connection]
) -> None:
    pool = lent(services, connections[:1])
    await pool.look(services.observer)
    for name, value in {"api_token": "hunter2", "note": f"by {MINT.mint(3)}", "user_id": "x" * 100}.items():
        await connections[0].execute("SELECT set_config($1, $2, false)", f"app.{name}", value)
    assert await states(pool, services) == [
        {"setting app.api_token": "***", "setting app.note": "***", "setting app.user_id": "x" * 80 + "…"}
    ]


async def test_a_connection_is_told_once_by_the_name_that_it_first_had_in_a_program(
    services: Services, connections: list[asyncpg.Connection]
) -> None:
    first, second = connections
    target = Lending([second, first, second])
    pool = Pool(target, MINT, services.suffix)
    assert await pool.look(services.observer) == [Pooled("1"), Pooled("2")]
    target.connections = [first, second]
    assert await pool.look(services.observer) == [Pooled("2"), Pooled("1")]
    assert await pool.look(services.observer, begins=True) == [Pooled("1"), Pooled("2")]


async def test_a_pool_that_cannot_be_looked_at_is_soon_left_alone(services: Services) -> None:
    target = Shut()
    pool = Pool(target, MINT, services.suffix)
    assert [await pool.look(services.observer) for _ in range(5)] == [[]] * 5
    assert (target.asked, pool.looks, pool.failed, pool.shown) == (3, 3, 3, 0)
    assert pool.last_problem == "RuntimeError: password=***"


async def test_a_database_that_cannot_be_asked_is_no_finding(
    services: Services, connections: list[asyncpg.Connection]
) -> None:
    gone = await asyncpg.connect(services.database_url)
    await gone.close()
    with pytest.raises(InfrastructureError, match=r"^The run's database could not be looked into: "):
        await lent(services, connections).look(gone)


async def test_a_target_that_lends_none_is_not_asked(services: Services) -> None:
    pool = Pool(Target(), MINT, services.suffix)
    assert await pool.look(services.observer) == []
    assert (pool.lent, pool.looks) == (False, 0)
