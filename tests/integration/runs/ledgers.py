"""A system in memory with two leaks; and it says more than it should of credentials."""

from itertools import count

from isofuzz import All, Name, Query, Refused, Secret, Session, Some, Target, Thread, User, operation

CREDENTIAL = "hunter2"


class Text(Secret):
    pass


class Who(User):
    id: str


class Me(Session):
    id: str
    who: str


class Book(Thread):
    id: int
    link: str


class Ledgers(Target):
    """Everyone has books of their own. Anyone can read every one, and whoever searches finds in all."""

    async def reset(self) -> None:
        self.books: dict[int, tuple[str, list[Text]]] = {}
        self.ids = count(1)

    @operation
    async def sign_in(self, name: Name) -> tuple[Who, Me]:
        return Who(name), Me(f"session-{CREDENTIAL}", name)

    @operation
    async def new_book(self, me: Me) -> Book:
        book = next(self.ids)
        self.books[book] = (me.who, [])
        return Book(book, f"https://{me.who}:{CREDENTIAL}@books/{book}")

    @operation
    async def write(self, me: Me, book: Book, text: Text) -> None:
        self._own(me, book).append(text)

    @operation
    async def read(self, me: Me, book: Book) -> All[Text]:
        if book.id in self.books:
            return list(self.books[book.id][1])
        return list(self._own(me, book))

    @operation
    async def search(self, me: Me, words: Query) -> Some[Text]:
        return [text for _, texts in self.books.values() for text in texts if words in text]

    def _own(self, me: Me, book: Book) -> list[Text]:
        owner, texts = self.books.get(book.id, (None, []))
        if owner != me.who:
            raise Refused(f"not yours; Authorization: Bearer {CREDENTIAL}; postgresql://me:{CREDENTIAL}@db/books")
        return texts
