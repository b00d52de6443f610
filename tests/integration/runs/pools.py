"""Systems with a pool of connections: one leaves on them whatever can be left, the other nothing."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, ClassVar

import asyncpg
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from isofuzz import All, Name, Record, Refused, Secret, Services, Session, Target, Thread, User, operation

SCHEMA = """
CREATE TABLE book (id serial PRIMARY KEY, person int NOT NULL);
CREATE TABLE note (id serial PRIMARY KEY, book int NOT NULL REFERENCES book, person int NOT NULL, body text NOT NULL);
ALTER TABLE book ENABLE ROW LEVEL SECURITY;
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON book USING (person = nullif(current_setting('app.person', true), '')::int);
CREATE POLICY own ON note USING (person = nullif(current_setting('app.person', true), '')::int);
"""
GRANT = """
GRANT ALL ON book, note TO {role};
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role};
"""
CONNECTIONS = 2


class Text(Secret):
    pass


class Person(User):
    id: int


class Me(Session):
    person: int


class Book(Thread):
    id: int


class Note(Record):
    id: int


class Tidy(Target):
    """Books of notes, each seen by who made it. Whatever a transaction sets up ends with it."""

    left: ClassVar[dict[str, str]] = {
        "enter": "SET LOCAL search_path TO public",
        "begin_book": "CREATE TEMP TABLE scratch (line text) ON COMMIT DROP",
        "write": "SELECT pg_advisory_xact_lock_shared(7)",
        "read": "SET LOCAL ROLE {other}",
    }
    for_good: ClassVar = False

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        app, other = await services.create_role("app"), await services.create_role("other")
        # Not among what a target may do: what the server's administrator would have done.
        administrator: Any = services
        await administrator._postgres.admin.execute(f"GRANT {other.name} TO {app.name}")
        owner = await asyncpg.connect(services.database_url)
        await owner.execute(SCHEMA + GRANT.format(role=app.name) + GRANT.format(role=other.name))
        await owner.close()
        self.other = other.name
        url = make_url(app.url).set(drivername="postgresql+asyncpg")
        self.engine = create_async_engine(url, pool_size=CONNECTIONS, max_overflow=0)
        yield
        await self.engine.dispose()

    async def reset(self) -> None:
        self.people: dict[str, int] = {}

    async def pooled(self, query: str) -> Sequence[str]:
        async with AsyncExitStack() as stack:
            connections = [await stack.enter_async_context(self.engine.connect()) for _ in range(CONNECTIONS)]
            return [str(await connection.scalar(text(query))) for connection in connections]

    @asynccontextmanager
    async def acting(self, person: int, name: str) -> AsyncIterator[AsyncConnection]:
        async with self.engine.begin() as connection:
            await connection.execute(
                text("SELECT set_config('app.person', :person, :until_its_end)"),
                {"person": str(person), "until_its_end": not self.for_good},
            )
            yield connection
            await connection.execute(text(self.left[name].format(other=self.other)))

    @operation
    async def enter(self, name: Name) -> tuple[Person, Me]:
        person = self.people.setdefault(name, len(self.people))
        async with self.acting(person, "enter"):
            return Person(person), Me(person)

    @operation
    async def begin_book(self, me: Me) -> Book:
        async with self.acting(me.person, "begin_book") as connection:
            made = await connection.scalar(
                text("INSERT INTO book (person) VALUES (:person) RETURNING id"), {"person": me.person}
            )
            return Book(int(made))

    @operation
    async def write(self, me: Me, book: Book, line: Text) -> Note:
        async with self.acting(me.person, "write") as connection:
            await self.own(connection, book)
            try:
                made = await connection.scalar(
                    text("INSERT INTO note (book, person, body) VALUES (:book, :person, :body) RETURNING id"),
                    {"book": book.id, "person": me.person, "body": line},
                )
            except DBAPIError as problem:
                raise Refused("no text for a database") from problem
            return Note(int(made))

    @operation
    async def read(self, me: Me, book: Book) -> All[Text]:
        async with self.acting(me.person, "read") as connection:
            await self.own(connection, book)
            return (await connection.scalars(text("SELECT body FROM note WHERE book = :book"), {"book": book.id})).all()

    async def own(self, connection: AsyncConnection, book: Book) -> None:
        if not await connection.scalar(text("SELECT true FROM book WHERE id = :book"), {"book": book.id}):
            raise Refused("not found")


class Untidy(Tidy):
    """Sets everything up for as long as the connection lives."""

    left: ClassVar = {
        "enter": "SET search_path TO public",
        "begin_book": "CREATE TEMP TABLE IF NOT EXISTS scratch (line text)",
        "write": "SELECT pg_advisory_lock_shared(7)",
        "read": "SET ROLE {other}",
    }
    for_good: ClassVar = True


class TidyAndSilent(Tidy):
    """Does not show its pool."""

    pooled = Target.pooled


class UntidyAndSilent(Untidy):
    """Does not show its pool."""

    pooled = Target.pooled


class Exposed(Tidy):
    """Its door to the pool is broken, and what it connects as may do everything."""

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        async with asynccontextmanager(super().lifespan)(services):
            administrator: Any = services
            await administrator._postgres.admin.execute(f"ALTER ROLE app_{services.suffix} BYPASSRLS")
            yield

    async def pooled(self, query: str) -> Sequence[str]:
        raise RuntimeError("the door is shut")

    async def own(self, connection: AsyncConnection, book: Book) -> None:
        """It asks itself, for it knows that no policy does."""
        mine = "SELECT true FROM book WHERE id = :book AND person = current_setting('app.person')::int"
        if not await connection.scalar(text(mine), {"book": book.id}):
            raise Refused("not found")
