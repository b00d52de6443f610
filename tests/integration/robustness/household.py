"""Notes in Postgres, beside them a Valkey and a process: all that a run may start. The tests copy this file."""

import sys
from collections.abc import AsyncIterator
from itertools import count
from typing import ClassVar

import asyncpg

from isofuzz import All, Name, Record, Secret, Services, Session, Target, Thread, User, operation

_SCHEMA = "CREATE TABLE notes (id bigint PRIMARY KEY, book bigint, person text, text text)"


class Text(Secret):
    pass


class Who(User):
    id: str


class Me(Session):
    who: str


class Book(Thread):
    id: int


class Note(Record):
    id: int


class Household(Target):
    """Everyone has books of their own. With `read-all`, anyone reads any."""

    defects: ClassVar = {"read-all": "Anyone can read every book."}
    ids = count(1)

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        await services.process(sys.executable, "-m", "http.server", "{port}", ready="{port}", cwd=services.folder)
        await services.valkey()
        async with asyncpg.create_pool(services.database_url, min_size=1, max_size=5) as self.database:
            await self.database.execute(_SCHEMA)
            yield

    @operation
    async def sign_in(self, name: Name) -> tuple[Who, Me]:
        return Who(name), Me(name)

    @operation
    async def new_book(self, me: Me) -> Book:
        return Book(next(self.ids))

    @operation
    async def write(self, me: Me, book: Book, text: Text) -> Note:
        note = next(self.ids)
        await self.database.execute("INSERT INTO notes VALUES ($1, $2, $3, $4)", note, book.id, me.who, text)
        return Note(note)

    @operation
    async def read(self, me: Me, book: Book) -> All[Text]:
        query = "SELECT text FROM notes WHERE book = $1 AND (person = $2 OR $3)"
        return [row["text"] for row in await self.database.fetch(query, book.id, me.who, self.defect is not None)]
