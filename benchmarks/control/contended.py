"""A small system in which everybody wants the same: rows, keys, tables, advisory locks, connections, their turn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any, ClassVar, Protocol

import asyncpg
from hypothesis import strategies as st
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from isofuzz import All, Name, Record, Refused, Secret, Services, Session, Target, Thread, User, operation

CONNECTIONS, FEW = 4, 2
"""Connections in a pool and in a small one: fewer than steps that overlap at the most."""

SCHEMA = """
CREATE TABLE person (id serial PRIMARY KEY, name text UNIQUE NOT NULL);
CREATE TABLE box (id serial PRIMARY KEY, person int NOT NULL, visits text NOT NULL DEFAULT '');
CREATE TABLE claim (key int PRIMARY KEY, person int NOT NULL);
CREATE TABLE note (id serial PRIMARY KEY, box int NOT NULL, body text NOT NULL);
CREATE TABLE visit (number serial PRIMARY KEY, box int NOT NULL, person int NOT NULL);
"""

LOCKS = {
    "row": "UPDATE box SET visits = visits || '{person},' WHERE id = {box}",
    "for update": "SELECT FROM box WHERE id = {box} FOR UPDATE",
    "advisory": "SELECT pg_advisory_xact_lock({box})",
    "unique": "INSERT INTO claim VALUES ({box}, {person}) ON CONFLICT (key) DO UPDATE SET person = excluded.person",
    "table": "LOCK TABLE claim",
}
"""Statements that wait for whoever has done the same to the same box and has not ended; of a table, to any box."""


class Text(Secret):
    pass


class Person(User):
    id: int


class Me(Session):
    person: int


class Box(Thread, public=True):
    id: int


class Note(Record):
    id: int


class Rolled(Exception):
    """The transaction was not to be kept."""


class Transaction(Protocol):
    """What the operations need of a driver."""

    async def fetch(self, query: str, *arguments: object) -> Any:
        """The rows of the answer."""


class Contended(Target):
    """Through asyncpg and its pool."""

    refusals: ClassVar = (Refused, Rolled, asyncpg.PostgresError)

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        owner = await asyncpg.connect(services.database_url)
        await owner.execute(SCHEMA)
        await owner.close()
        self.turn = asyncio.Lock()
        async with self.pool(services):
            yield

    @asynccontextmanager
    async def pool(self, services: Services) -> AsyncIterator[None]:
        """Have the connections there, for `transaction`."""
        async with asyncpg.create_pool(services.database_url, min_size=CONNECTIONS, max_size=CONNECTIONS) as made:
            self.lending: Any = made
            yield

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self.lending.acquire() as connection, connection.transaction():
            yield connection

    @operation
    async def enter(self, name: Name) -> tuple[Person, Me]:
        async with self.transaction() as transaction:
            rows = await transaction.fetch(
                "INSERT INTO person (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = $1 RETURNING id", name
            )
        return Person(rows[0][0]), Me(rows[0][0])

    @operation
    async def found(self, me: Me) -> Box:
        async with self.transaction() as transaction:
            rows = await transaction.fetch("INSERT INTO box (person) VALUES ($1) RETURNING id", me.person)
        return Box(rows[0][0])

    @operation
    async def take(
        self, me: Me, box: Box, how: Annotated[str, st.sampled_from(list(LOCKS))], keep: Annotated[bool, st.booleans()]
    ) -> None:
        """Take a lock, note that one has it, and commit; or, not to `keep` it, roll back."""
        async with self.transaction() as transaction:
            await transaction.fetch(LOCKS[how].format(box=box.id, person=me.person))
            await transaction.fetch("INSERT INTO visit (box, person) VALUES ($1, $2)", box.id, me.person)
            if not keep:
                raise Rolled

    @operation
    async def swap(self, me: Me, one: Box, other: Box) -> None:
        """Write to two boxes, in this order; somebody may do it in the other."""
        async with self.transaction() as transaction:
            for box in (one, other):
                await transaction.fetch("UPDATE box SET person = $2 WHERE id = $1", box.id, me.person)

    @operation
    async def upgrade(self, me: Me, box: Box) -> None:
        """Read a box that nobody may change meanwhile, and then change it, which others may want, too."""
        async with self.transaction() as transaction:
            await transaction.fetch("SELECT visits FROM box WHERE id = $1 FOR SHARE", box.id)
            await transaction.fetch("UPDATE box SET visits = 'upgraded' WHERE id = $1", box.id)

    @operation
    async def write(self, me: Me, box: Box, text: Text) -> Note:
        async with self.transaction() as transaction:
            await transaction.fetch("SELECT FROM box WHERE id = $1 FOR UPDATE", box.id)
            try:
                rows = await transaction.fetch(
                    "INSERT INTO note (box, body) VALUES ($1, $2) RETURNING id", box.id, text
                )
            except (asyncpg.DataError, DBAPIError) as problem:
                raise Refused("no text for a database") from problem
        return Note(rows[0][0])

    @operation
    async def in_turn(self, me: Me, box: Box) -> None:
        """Write to a box while no other step of this process does."""
        async with self.turn, self.transaction() as transaction:
            await transaction.fetch("UPDATE box SET person = $2 WHERE id = $1", box.id, me.person)

    @operation
    async def read(self, me: Me, box: Box) -> All[Text]:
        async with self.transaction() as transaction:
            rows = await transaction.fetch("SELECT body FROM note WHERE box = $1 ORDER BY id", box.id)
        return [row[0] for row in rows]


class _Alchemy:
    """A transaction of SQLAlchemy's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def fetch(self, query: str, *arguments: object) -> Any:
        result = await self._connection.exec_driver_sql(query, arguments)
        return result.all() if result.returns_rows else []


class ContendedByAlchemy(Contended):
    """The same through SQLAlchemy and its pool, a small one."""

    refusals: ClassVar = (Refused, Rolled, DBAPIError)

    @asynccontextmanager
    async def pool(self, services: Services) -> AsyncIterator[None]:
        url = make_url(services.database_url).set(drivername="postgresql+asyncpg")
        self.lending = create_async_engine(url, pool_size=FEW, max_overflow=0)
        async with AsyncExitStack() as stack:  # all are there from the beginning, as in the other pool
            for _ in range(FEW):
                _ = await stack.enter_async_context(self.lending.connect())
        yield
        await self.lending.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self.lending.begin() as connection:
            yield _Alchemy(connection)
