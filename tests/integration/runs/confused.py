"""A system that keeps in Valkey whose turn it is: alone everyone gets their own, and in turns they need not."""

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


class Confused(Target):
    """Everyone has books, each of which is a list in Valkey."""

    defects: ClassVar = {"one-place-for-all": "Which book is read is noted in one place for all."}

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        async with Valkey.from_url(await services.valkey(), decode_responses=True) as connected:
            self.valkey: Any = connected
            yield

    async def reset(self) -> None:
        self.owners: dict[int, str] = {}
        self.ids = count(1)

    @operation
    async def sign_in(self, name: Name) -> tuple[Who, Me]:
        return Who(name), Me(name)

    @operation
    async def new_book(self, me: Me) -> Book:
        book = Book(next(self.ids))
        self.owners[book.id] = me.who
        return book

    @operation
    async def write(self, me: Me, book: Book, text: Text) -> Note:
        self._require_own(me, book)
        await self.valkey.rpush(f"book:{book.id}", text)
        return Note(next(self.ids))

    @operation
    async def read(self, me: Me, book: Book) -> All[Text]:
        self._require_own(me, book)
        place = "reading" if self.defect else f"reading:{me.who}:{book.id}"
        await self.valkey.set(place, book.id)
        return [Text(text) for text in await self.valkey.lrange(f"book:{await self.valkey.get(place)}", 0, -1)]

    def _require_own(self, me: Me, book: Book) -> None:
        if self.owners.get(book.id) != me.who:
            raise Refused("not found")
