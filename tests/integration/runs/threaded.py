"""A system that keeps its notes in Postgres through a synchronous driver, each request in a thread."""

import asyncio
from collections.abc import AsyncIterator

import psycopg

from isofuzz import All, Name, Record, Secret, Services, Session, Target, Thread, User, operation


class Text(Secret):
    pass


class Person(User):
    pass


class Me(Session):
    pass


class Wall(Thread, public=True):
    id: int


class Note(Record):
    pass


class Threaded(Target):
    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        self.url = services.database_url
        await asyncio.to_thread(self.fetch, "CREATE TABLE walls (id serial PRIMARY KEY)")
        await asyncio.to_thread(self.fetch, "CREATE TABLE notes (id serial PRIMARY KEY, wall int, text text)")
        yield

    def fetch(self, statement: str, *arguments: object) -> list[tuple[object, ...]]:
        """Do it in a transaction of its own, on a connection of its own."""
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement, arguments)
            return cursor.fetchall() if cursor.description else []

    @operation
    async def enter(self, name: Name) -> tuple[Person, Me]:
        return Person(), Me()

    @operation
    async def build(self, me: Me) -> Wall:
        [(wall,)] = await asyncio.to_thread(self.fetch, "INSERT INTO walls DEFAULT VALUES RETURNING id")
        assert isinstance(wall, int)
        return Wall(wall)

    @operation
    async def write(self, me: Me, wall: Wall, text: Text) -> Note:
        await asyncio.to_thread(self.fetch, "INSERT INTO notes (wall, text) VALUES (%s, %s)", wall.id, text)
        return Note()

    @operation
    async def read(self, me: Me, wall: Wall) -> All[Text]:
        return await asyncio.to_thread(self.fetch, "SELECT text FROM notes WHERE wall = %s ORDER BY id", wall.id)
