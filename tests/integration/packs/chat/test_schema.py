import asyncpg
import pytest
from tests.integration.packs.chat.conftest import Client, Connect, Database, act_as_service

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABLES = ["users", "sessions", "threads", "thread_members", "thread_counters", "messages"]


async def fill(connect: Connect) -> tuple[Client, Client, str]:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    await ann.ok("invite", thread=thread, user=bob.user)
    await ann.post(thread, "from ann")
    return ann, bob, thread


async def execute_as(as_app: asyncpg.Connection, client: Client, statement: str) -> None:
    async with as_app.transaction():
        await as_app.execute("SELECT set_config('app.user_id', $1, true)", client.user)
        await as_app.execute(statement)


@pytest.mark.parametrize("table", TABLES)
async def test_without_saying_who_acts_there_are_no_rows(
    connect: Connect, as_app: asyncpg.Connection, table: str
) -> None:
    await fill(connect)
    assert await as_app.fetch(f"SELECT * FROM {table}") == []
    async with as_app.transaction():
        await act_as_service(as_app)
        seen = await as_app.fetch(f"SELECT * FROM {table}")
    assert seen or table == "sessions"  # which not even the service needs to see
    assert await as_app.fetch(f"SELECT * FROM {table}") == []


@pytest.mark.parametrize("table", TABLES)
async def test_row_security_binds_the_owner_of_the_tables_too(connect: Connect, database: Database, table: str) -> None:
    await fill(connect)
    owner = await asyncpg.connect(database.services.database_url)
    try:
        assert await owner.fetch(f"SELECT * FROM {table}") == []
    finally:
        await owner.close()


async def test_the_application_owns_nothing_and_bypasses_nothing(as_app: asyncpg.Connection) -> None:
    role = await as_app.fetchrow("SELECT * FROM pg_roles WHERE rolname = current_user")
    assert (role["rolsuper"], role["rolbypassrls"], role["rolcreaterole"]) == (False, False, False)
    owned = (
        "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole AND relnamespace = 'public'::regnamespace"
    )
    assert await as_app.fetchval(owned) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO threads (owner_id, slug, title) VALUES ('{ann}', 'x', 'x')",
        "INSERT INTO thread_members (thread_id, user_id, owner_id) VALUES ('{thread}', '{eve}', '{ann}')",
        "INSERT INTO thread_members (thread_id, user_id, owner_id) VALUES ('{thread}', '{dan}', '{eve}')",
        "INSERT INTO thread_counters (thread_id, last_seq) VALUES ('{thread}', 7)",
        "INSERT INTO messages (thread_id, seq, author_id, body) VALUES ('{thread}', 7, '{eve}', 'x')",
        "INSERT INTO messages (thread_id, seq, author_id, body) VALUES ('{thread}', 7, '{ann}', 'x')",
        "INSERT INTO sessions (token_hash, user_id) VALUES ('x', '{ann}')",
        "UPDATE threads SET owner_id = '{eve}'",
        "UPDATE threads SET title = 'x'",
        "UPDATE users SET name = 'x'",
    ],
)
async def test_a_stranger_cannot_write_what_is_not_theirs(
    connect: Connect, as_app: asyncpg.Connection, statement: str
) -> None:
    ann, _, thread = await fill(connect)
    eve, dan = await connect("eve"), await connect("dan")
    written = statement.format(ann=ann.user, dan=dan.user, eve=eve.user, thread=thread)
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ForeignKeyViolationError)):
        await execute_as(as_app, eve, written)


async def test_a_member_can_lock_a_thread_but_not_change_it(connect: Connect, as_app: asyncpg.Connection) -> None:
    _, bob, thread = await fill(connect)
    async with as_app.transaction():
        await as_app.execute("SELECT set_config('app.user_id', $1, true)", bob.user)
        assert await as_app.fetchval("SELECT count(*) FROM (SELECT FROM threads FOR SHARE) AS locked") == 1
        assert await as_app.execute("DELETE FROM threads") == "DELETE 0"
        assert await as_app.execute("DELETE FROM thread_members") == "DELETE 0"
        assert await as_app.execute("UPDATE messages SET body = 'x'") == "UPDATE 0"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await as_app.execute("UPDATE threads SET title = 'x' WHERE id = $1", thread)
