"""A notes service that stores far too much for each note. The tests copy this file to where they run."""

from collections.abc import AsyncIterator
from itertools import count

import asyncpg

from isofuzz import All, Name, Record, Secret, Services, Session, Target, Thread, User, operation

_MEGABYTE = 2**20
_SCHEMA = """
    CREATE TABLE notes (id bigint PRIMARY KEY, book bigint, person text, text text, ballast bytea);
    ALTER TABLE notes ALTER ballast SET STORAGE EXTERNAL;
"""
_INSERT = "INSERT INTO notes SELECT $1, $2, $3, $4, convert_to(repeat('x', $5), 'UTF8')"


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


class Hoard(Target):
    """Everyone has books of their own, and each note takes a megabyte of the disk."""

    ids = count(1)

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
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
        await self.database.execute(_INSERT, note, book.id, me.who, text, _MEGABYTE)
        return Note(note)

    @operation
    async def read(self, me: Me, book: Book) -> All[Text]:
        query = "SELECT text FROM notes WHERE book = $1 AND person = $2"
        return [row["text"] for row in await self.database.fetch(query, book.id, me.who)]
