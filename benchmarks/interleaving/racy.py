"""Three small systems that keep their users apart unless their requests meet, each in a way that systems have.

Each is healthy as long as one request follows the other, and has a fixed program in which the requests meet.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

import asyncpg

from isofuzz import All, Name, Record, Secret, Services, Session, Target, Thread, User, operation
from isofuzz.program.steps import CANARY_SLOT, Burst, Call, Literal, Ref, SecretText
from isofuzz.services.postgres.connecting import Connection

CONNECTIONS = 2

_SCHEMA = """
CREATE TABLE person (name text PRIMARY KEY, number int NOT NULL);
CREATE TABLE book (id serial PRIMARY KEY, person int NOT NULL);
CREATE TABLE note (id serial PRIMARY KEY, book int NOT NULL, body text NOT NULL);
"""

_READ = "SELECT body FROM note JOIN book ON note.book = book.id WHERE book.person = {}"


class Text(Secret):
    pass


class Person(User):
    number: int


class Me(Session):
    number: int


class Book(Thread):
    id: int


class Note(Record):
    id: int


async def _as_it_is(connection: Connection) -> None:
    """A pool that gives a connection to the next one as it is."""


class Racy(Target):
    """Books of notes; one sees all of one's own."""

    most_delay: float = 0
    """Seconds by which each operation is delayed at the most, by chance."""
    before: ClassVar[Sequence[Burst]]
    """What has happened."""
    meeting: ClassVar[Burst]
    """What meets."""
    after: ClassVar[Sequence[Burst]] = ()
    """What shows it then."""

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        owner = await asyncpg.connect(services.database_url)
        await owner.execute(_SCHEMA)
        await owner.close()
        url = services.database_url
        async with asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS, reset=_as_it_is) as made:
            self.pool: Any = made
            yield

    async def late(self) -> None:
        """Wait for as long as chance has it."""
        if self.most_delay:
            await asyncio.sleep(random.uniform(0, self.most_delay))  # noqa: S311 - chance is what is measured here

    @operation
    async def enter(self, name: Name) -> tuple[Person, Me]:
        await self.late()
        number = await self.pool.fetchval("INSERT INTO person SELECT $1, count(*) FROM person RETURNING number", name)
        return Person(number), Me(number)

    @operation
    async def begin(self, me: Me) -> Book:
        return Book(await self.pool.fetchval("INSERT INTO book (person) VALUES ($1) RETURNING id", me.number))

    @operation
    async def write(self, me: Me, book: Book, text: Text) -> Note:
        add = "INSERT INTO note (book, body) VALUES ($1, $2) RETURNING id"
        return Note(await self.pool.fetchval(add, book.id, text))

    @operation
    async def mine(self, me: Me) -> All[Text]:
        await self.late()
        return [row[0] for row in await self.pool.fetch(_READ.format("$1"), me.number)]


def _enter(person: int) -> Call:
    return Call(person, "enter", {"name": Literal(f"person {person}")})


def _filled(people: int) -> list[Burst]:
    """Everybody has a book with a note in it."""
    calls = []
    for person in range(people):
        me, book = Ref(person, 1), Ref(10 + person)
        calls.append(Call(book.step, "begin", {"me": me}))
        calls.append(Call(20 + person, "write", {"me": me, "book": book, "text": SecretText(CANARY_SLOT)}))
    return [Burst((call,)) for call in calls]


def _reads(people: int) -> tuple[Call, ...]:
    return tuple(Call(30 + person, "mine", {"me": Ref(person, 1)}) for person in range(people))


class CurrentUser(Racy):
    """Who is served is kept in one place for all, across a point at which somebody else may be served."""

    before: ClassVar = [*(Burst((_enter(person),)) for person in range(2)), *_filled(2)]
    meeting: ClassVar = Burst(_reads(2))
    current: int = 0

    @operation
    async def mine(self, me: Me) -> All[Text]:
        await self.late()
        self.current = me.number
        await asyncio.sleep(0)
        return [row[0] for row in await self.pool.fetch(_READ.format("$1"), self.current)]


class CheckThenAct(Racy):
    """Looks which number is free, and then takes it."""

    before: ClassVar = ()
    meeting: ClassVar = Burst((_enter(0), _enter(1)))
    after: ClassVar = [*_filled(2), *(Burst((read,)) for read in _reads(2))]

    @operation
    async def enter(self, name: Name) -> tuple[Person, Me]:
        await self.late()
        number = await self.pool.fetchval("SELECT count(*) FROM person")
        await self.pool.execute("INSERT INTO person VALUES ($1, $2)", name, number)
        return Person(number), Me(number)


class PooledSetting(Racy):
    """Says on a connection for whom it works, and asks on the one that the pool gives it next: mostly the same one."""

    before: ClassVar = [*(Burst((_enter(person),)) for person in range(3)), *_filled(3)]
    meeting: ClassVar = Burst(_reads(3))

    @operation
    async def mine(self, me: Me) -> All[Text]:
        await self.late()
        async with self.pool.acquire() as connection:
            await connection.execute(f"SET app.person = {me.number}")
        async with self.pool.acquire() as connection:
            rows = await connection.fetch(_READ.format("current_setting('app.person')::int"))
        return [row[0] for row in rows]


SYSTEMS: Sequence[type[Racy]] = (CurrentUser, CheckThenAct, PooledSetting)
