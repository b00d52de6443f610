"""A system that has a cache in Valkey. Its ids begin again in each program: so a cache that is not emptied shows."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from typing import Any, ClassVar

from valkey.asyncio import Valkey

from isofuzz import All, Name, Record, Refused, Secret, Services, Session, Target, Thread, User, operation


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


class Cached(Target):
    """Everyone has books of their own, the texts of which are cached when they are read."""

    defects: ClassVar = {"cache-before-check": "What is cached is shown without asking whose book it is."}

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        async with Valkey.from_url(await services.valkey(), decode_responses=True) as self.cache:
            yield

    async def reset(self) -> None:
        self.books: dict[int, tuple[str, list[str]]] = {}
        self.ids = count(1)
        self.one_at_a_time = asyncio.Lock()

    @operation
    async def sign_in(self, name: Name) -> tuple[Who, Me]:
        return Who(name), Me(name)

    @operation
    async def new_book(self, me: Me) -> Book:
        book = next(self.ids)
        self.books[book] = (me.who, [])
        return Book(book)

    @operation
    async def write(self, me: Me, book: Book, text: Text) -> Note:
        cache: Any = self.cache
        async with self.one_at_a_time:
            self._own(me, book).append(text)
            await cache.rpushx(f"book:{book.id}", text)  # to what is cached; else the next read does it
        return Note(next(self.ids))

    @operation
    async def read(self, me: Me, book: Book) -> All[Text]:
        if not self.defect:
            self._own(me, book)
        cache: Any = self.cache
        async with self.one_at_a_time:
            texts = await cache.lrange(f"book:{book.id}", 0, -1)
            if not texts and (texts := self._own(me, book)):
                await cache.rpush(f"book:{book.id}", *texts)
            return [Text(text) for text in texts]

    def _own(self, me: Me, book: Book) -> list[str]:
        owner, texts = self.books.get(book.id, (None, []))
        if owner != me.who:
            raise Refused("not found")
        return texts
