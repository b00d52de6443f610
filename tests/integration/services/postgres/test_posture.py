"""What leads around policies, each made for real in a database and read from its catalogue."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from isofuzz.oracles.hazard import Hazard
from isofuzz.oracles.posture import Posture, Table, posture_hazards
from isofuzz.services import Services
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz_packs.chat.backing import prepare

SCHEMA = """
CREATE TABLE room (id int PRIMARY KEY, person text NOT NULL);
CREATE TABLE note (id int PRIMARY KEY, room int NOT NULL REFERENCES room, body text, hidden boolean, state text);
CREATE TABLE event (person text, at int) PARTITION BY RANGE (at);
CREATE TABLE part (person text, at int);
ALTER TABLE room ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE note ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE event ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE FUNCTION member(room int) RETURNS boolean SECURITY DEFINER LANGUAGE sql AS 'SELECT true';
CREATE POLICY own ON room USING (person = nullif(current_setting('app.person', true), ''));
CREATE POLICY own ON note USING (state = 'public' OR hidden OR member(room));
CREATE POLICY own ON event USING (person = current_user::text);

-- What is well, however it looks.
CREATE TABLE country (id int PRIMARY KEY, hidden boolean, state text);
CREATE TABLE draft (room int REFERENCES room);
CREATE VIEW own_rooms WITH (security_invoker = on) AS SELECT * FROM room;
CREATE VIEW countries AS SELECT * FROM country;
CREATE FUNCTION plain() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION noted() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
GRANT SELECT ON room, note, event, country, own_rooms, countries TO {app};
"""

CASES = {
    "all_rooms": """
        CREATE VIEW all_rooms AS SELECT * FROM room;
        CREATE VIEW over AS SELECT * FROM all_rooms;
        GRANT SELECT ON over TO {app};
        ALTER TABLE room NO FORCE ROW LEVEL SECURITY""",
    "rooms_of(text)": "CREATE FUNCTION rooms_of(text) RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1'",
    "counted": """
        CREATE VIEW between_them WITH (security_invoker = on) AS SELECT * FROM room;
        CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM between_them;
        GRANT SELECT ON counted TO {app}""",
    "part": "ALTER TABLE event ATTACH PARTITION part FOR VALUES FROM (0) TO (9); GRANT SELECT ON part TO {app}",
    "whole": """
        CREATE TABLE whole (id int);
        CREATE TABLE half (id int) INHERITS (whole);
        ALTER TABLE half ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        GRANT SELECT ON whole TO {app}""",
    "draft": "GRANT SELECT (room) ON draft TO {app}",
    "letter": "CREATE TABLE letter (person text); GRANT SELECT ON letter TO {app}",
    "country": "CREATE POLICY own ON country USING (false)",
    "app": "RESET ROLE; ALTER ROLE {app} BYPASSRLS",
}
"""What leads around the policies, and the statements of the owner, after those before, that make it."""


class Database:
    """The run's database, to which only the application is connected."""

    def __init__(self, services: Services, app: str) -> None:
        self._services = services
        self._app = app

    async def execute(self, statements: str) -> None:
        """As the owner, over a connection that does not count as the system's."""
        owner = DatabaseUrl.parse(self._services.database_url).user
        async with self._services.observer.transaction():
            begin = f"SET TRANSACTION READ WRITE; SET LOCAL ROLE {owner};"
            await self._services.observer.execute(begin + statements.format(app=self._app))

    async def hazards(self) -> list[Hazard]:
        return list(posture_hazards(await self._services.posture()))


@pytest.fixture
async def database(services: Services) -> AsyncIterator[Database]:
    role = await services.create_role("app")
    connection = await asyncpg.connect(role.url)
    try:
        yield Database(services, role.name)
    finally:
        connection.terminate()


async def test_each_way_around_the_policies_is_told(database: Database) -> None:
    await database.execute(SCHEMA)
    assert await database.hazards() == []
    known: set[str] = set()
    for subject, statements in CASES.items():
        await database.execute(statements)
        told = {hazard.subject for hazard in await database.hazards()}
        assert told == known | {subject}
        known = told


async def test_without_a_policy_nothing_is(services: Services, database: Database) -> None:
    await database.execute("CREATE TABLE note (id int); CREATE VIEW notes AS SELECT * FROM note")
    assert await services.posture() == Posture()


async def test_nothing_is_known_of_a_system_that_is_not_connected(services: Services) -> None:
    await Database(services, "nobody").execute("CREATE TABLE note (id int); ALTER TABLE note ENABLE ROW LEVEL SECURITY")
    assert await services.posture() == Posture(tables=(Table("note", "isofuzz_owner", forced=False),))


async def test_a_superuser_is_told(services: Services, database: Database) -> None:
    await database.execute("CREATE TABLE note (id int); ALTER TABLE note ENABLE ROW LEVEL SECURITY")
    await database.execute("RESET ROLE; ALTER ROLE {app} SUPERUSER")
    [hazard] = await database.hazards()
    assert hazard.sentence == "`app` is a superuser, so no policy binds it: connect the system as a plain role"


async def test_the_reference_chat_is_well(services: Services) -> None:
    backing = await prepare(services)
    connection = await asyncpg.connect(backing.app_url)
    posture = await services.posture()
    connection.terminate()
    assert "app" in posture.connected
    assert list(posture_hazards(posture)) == []
