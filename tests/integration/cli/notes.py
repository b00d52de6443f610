"""A system so small that it is its own target: notebooks in memory. The tests copy this file to where they run."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from typing import ClassVar

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


class Notes(Target):
    """Everyone has books of their own. With `read-all`, anyone reads any."""

    defects: ClassVar = {"read-all": "Anyone can read every book."}

    async def reset(self) -> None:
        self.books: dict[int, tuple[str, list[Text]]] = {}
        self.ids = count(1)

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
        self._own(me, book).append(text)
        return Note(next(self.ids))

    @operation
    async def read(self, me: Me, book: Book) -> All[Text]:
        if self.defect and book.id in self.books:
            return list(self.books[book.id][1])
        return list(self._own(me, book))

    def _own(self, me: Me, book: Book) -> list[Text]:
        owner, texts = self.books.get(book.id, (None, []))  # not "", for somebody may be called so
        if owner != me.who:
            raise Refused("not found")
        return texts


class Broken(Notes):
    """One operation never works."""

    @operation
    async def fail(self, me: Me) -> None:
        raise RuntimeError("always")


class Slow(Notes):
    """Nobody reads as quickly as they should."""

    @operation(budget_ms=0.0001)
    async def read(self, me: Me, book: Book) -> All[Text]:
        return await super().read(me, book)


class Hasty(Notes):
    """Reading may take no time at all."""

    @operation(budget_ms=0)
    async def read(self, me: Me, book: Book) -> All[Text]:
        return await super().read(me, book)


class Stuck(Notes):
    """One operation never ends."""

    answer_within: ClassVar[float] = 1000

    @operation
    async def wait(self, me: Me) -> None:
        await asyncio.Event().wait()


class Down(Notes):
    """It does not start."""

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        raise RuntimeError("no port is free; tried postgresql://me:hunter2@localhost/notes")
        yield


class Mistaken(Target):
    """It has no operation."""


nothing = 42
