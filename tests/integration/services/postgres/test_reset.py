from typing import Any

import asyncpg
import pytest

from isofuzz.errors import InfrastructureError
from isofuzz.services import Services, Sources, open_services
from isofuzz.services.postgres import reset
from isofuzz.services.postgres.adoption import adopt

NASTY = """
CREATE SCHEMA "Other Schema";
CREATE TABLE team (id int PRIMARY KEY, lead int);
CREATE TABLE person (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team int REFERENCES team DEFERRABLE INITIALLY DEFERRED,
    boss bigint REFERENCES person,
    name text NOT NULL,
    shout text GENERATED ALWAYS AS (upper(name)) STORED
);
ALTER TABLE team ADD FOREIGN KEY (lead) REFERENCES person DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE "Mixed ""Case"", näme;--" ("From" text, "a b" int DEFAULT 7);
CREATE TABLE "Other Schema"."TABLE" (id int);
CREATE TABLE event (at int, body text) PARTITION BY RANGE (at);
CREATE TABLE event_low PARTITION OF event FOR VALUES FROM (0) TO (10);
CREATE TABLE event_rest PARTITION OF event DEFAULT;
CREATE TABLE parent (id int);
CREATE TABLE child (more text) INHERITS (parent);
CREATE TABLE private_note (owner text, body text);
ALTER TABLE private_note ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON private_note USING (owner = current_setting('app.who', true));
CREATE TABLE audit (what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.audit VALUES (TG_OP); RETURN NULL; END $$;
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON person FOR EACH ROW EXECUTE FUNCTION note();
CREATE VIEW people AS SELECT name FROM person;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM person;
CREATE UNLOGGED TABLE scratch (id int);
CREATE TABLE empty_of_columns ();
"""
BASELINE = """
BEGIN;
INSERT INTO team VALUES (1, 1), (2, NULL);
INSERT INTO person (team, boss, name) VALUES (1, NULL, 'ann'), (1, 1, 'bob');
COMMIT;
INSERT INTO "Mixed ""Case"", näme;--" VALUES ('quote '' and \\ backslash', 1);
INSERT INTO event VALUES (1, 'low'), (100, 'rest');
INSERT INTO parent VALUES (1);
INSERT INTO child VALUES (2, 'more');
SET app.who = 'ann';
INSERT INTO private_note VALUES ('ann', 'kept');
DELETE FROM audit;
REFRESH MATERIALIZED VIEW counted;
"""
PROGRAM = """
UPDATE person SET name = 'changed';
INSERT INTO person (name) VALUES ('added');
INSERT INTO team VALUES (3, NULL);
DELETE FROM "Mixed ""Case"", näme;--";
INSERT INTO "Other Schema"."TABLE" VALUES (1);
INSERT INTO event VALUES (2, 'x'), (200, 'y');
UPDATE event SET at = 3 WHERE at = 100;
INSERT INTO parent VALUES (3);
UPDATE child SET more = 'less';
SET app.who = 'eve';
INSERT INTO private_note VALUES ('eve', 'left by a program');
SET app.who = 'ann';
UPDATE private_note SET body = 'changed';
INSERT INTO scratch VALUES (1);
INSERT INTO empty_of_columns DEFAULT VALUES;
REFRESH MATERIALIZED VIEW counted;
"""
TABLES = (
    "team",
    "person",
    '"Mixed ""Case"", näme;--"',
    '"Other Schema"."TABLE"',
    "event",
    "parent",
    "child",
    "private_note",
    "audit",
    "counted",
    "scratch",
    "empty_of_columns",
)


async def contents(owner: asyncpg.Connection) -> dict[tuple[str, str], Any]:
    found = {}
    for user in ("ann", "eve"):
        await owner.execute(f"SET app.who = '{user}'")
        for table in TABLES:
            found[user, table] = sorted(await owner.fetch(f"SELECT tableoid::regclass::text, t.* FROM {table} t"))
    return found


@pytest.fixture
async def nasty(services: Services, owner: asyncpg.Connection) -> Services:
    await owner.execute(NASTY)
    await owner.execute(BASELINE)
    await services.baseline()
    return services


async def test_a_nasty_schema_goes_back_to_its_baseline(nasty: Services, owner: asyncpg.Connection) -> None:
    before = await contents(owner)
    await owner.execute(PROGRAM)
    assert await contents(owner) != before

    assert await nasty.reset() == 0

    assert await contents(owner) == before


async def test_every_way_of_emptying_does_the_same(
    nasty: Services, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reset, "_TRUNCATE_EVERY", 2)
    before = await contents(owner)
    for _ in range(4):
        await owner.execute(PROGRAM)

        await nasty.reset()

        assert await contents(owner) == before


async def test_an_administrator_who_is_no_superuser_can_reset_too(given: Any) -> None:
    url = await given.database("CREATEDB CREATEROLE BYPASSRLS")
    await adopt(str(url), url.database)
    async with open_services(Sources(database_url=str(url))) as services:
        app = await services.create_role("app")
        owner = await asyncpg.connect(services.database_url)
        await owner.execute(NASTY)
        await owner.execute(f"GRANT CREATE ON SCHEMA public TO {app.name}")
        connection = await asyncpg.connect(app.url)
        await connection.execute("CREATE TABLE of_the_app (id int)")
        await owner.execute(BASELINE)
        await services.baseline()
        before = await contents(owner)
        await owner.execute(PROGRAM)
        await connection.execute("INSERT INTO of_the_app VALUES (1)")

        await services.reset()

        assert await contents(owner) == before
        assert await connection.fetchval("SELECT count(*) FROM of_the_app") == 0
        await owner.execute("INSERT INTO person (name) VALUES ('triggers run again')")
        assert await owner.fetchval("SELECT count(*) FROM audit") == 1
        await owner.close()
        await connection.close()


async def test_sequences_go_on(services: Services, owner: asyncpg.Connection) -> None:
    await owner.execute("CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY)")
    await services.baseline()
    first = await owner.fetchval("INSERT INTO t DEFAULT VALUES RETURNING id")

    await services.reset()

    assert await owner.fetchval("INSERT INTO t DEFAULT VALUES RETURNING id") == first + 1


async def test_a_table_of_later_is_emptied_too_and_a_dropped_one_forgotten(
    services: Services, owner: asyncpg.Connection
) -> None:
    await owner.execute("CREATE TABLE one (id int); CREATE TABLE two (id int); INSERT INTO one VALUES (1)")
    await services.baseline()
    await services.reset()
    await owner.execute("CREATE TABLE three (id int); INSERT INTO two VALUES (1); INSERT INTO three VALUES (1)")
    await owner.execute("DROP TABLE one")

    await services.reset()

    assert await owner.fetchval("SELECT (SELECT count(*) FROM two) + (SELECT count(*) FROM three)") == 0


async def test_a_reset_without_a_baseline_keeps_what_is_there(services: Services, owner: asyncpg.Connection) -> None:
    await owner.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")

    await services.reset()

    assert await owner.fetchval("SELECT count(*) FROM t") == 1


async def test_an_empty_database_can_be_reset(services: Services) -> None:
    await services.baseline()

    assert await services.reset() == 0


@pytest.mark.parametrize("lock", ["SELECT", "INSERT INTO t VALUES (2)", "LOCK t"])
async def test_a_stray_transaction_is_ended_and_counted(
    services: Services, owner: asyncpg.Connection, lock: str
) -> None:
    await owner.execute("CREATE TABLE t (id int)")
    await services.baseline()
    stray = await asyncpg.connect(services.database_url)
    await stray.execute(f"BEGIN; {lock}")

    assert await services.reset() == 1

    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
        await stray.execute("COMMIT")
    stray.terminate()
    assert await owner.fetchval("SELECT count(*) FROM t") == 0
    assert await services.reset() == 0


async def test_a_short_transaction_of_a_healthy_system_is_left_to_end(
    services: Services, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await services.baseline()
    await owner.execute("BEGIN")
    look = reset.Reset._open_transactions
    seen = []

    async def commit_once_seen(self: reset.Reset) -> set[tuple[int, object]]:
        seen.append(await look(self))
        if seen[-1]:
            await owner.execute("COMMIT")
        return set(seen[-1])

    monkeypatch.setattr(reset.Reset, "_open_transactions", commit_once_seen)

    assert await services.reset() == 0
    assert [len(found) for found in seen] == [1, 0]
    assert await owner.fetchval("SELECT 1") == 1


async def test_what_cannot_be_reset_is_an_error(services: Services, owner: asyncpg.Connection) -> None:
    await owner.execute("""
        CREATE TABLE one (id int); CREATE TABLE two (id int);
        CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO public.one VALUES (1); RETURN NULL; END $$;
        CREATE TRIGGER again AFTER TRUNCATE ON two EXECUTE FUNCTION again();
        CREATE TRIGGER again_deleted AFTER DELETE ON two EXECUTE FUNCTION again();
        ALTER TABLE two ENABLE ALWAYS TRIGGER again;
        ALTER TABLE two ENABLE ALWAYS TRIGGER again_deleted;
    """)
    await services.baseline()

    with pytest.raises(InfrastructureError, match=r"rows beyond the baseline in public\.one"):
        await services.reset()


async def test_the_applications_cannot_reach_what_is_kept(nasty: Services, owner: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute("SELECT isofuzz.restore(true, false)")
