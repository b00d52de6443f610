"""Small systems that remember what a reset should have made them forget: everyone has desks with sheets on them."""

from collections.abc import AsyncIterator, Iterable
from itertools import count

from isofuzz import (
    All,
    Database,
    Name,
    Record,
    Refused,
    Secret,
    Services,
    Session,
    Stored,
    Target,
    Thread,
    User,
    operation,
)


class Text(Secret):
    pass


class Who(User):
    id: str


class Me(Session):
    name: str


class Desk(Thread):
    id: int


class Sheet(Record):
    pass


class Desks(Target):
    """Only its owner reads a desk. Their numbers begin again after each reset."""

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        self.cached: dict[int, list[str]] = {}
        self.written: list[list[str]] = []
        yield

    async def reset(self) -> None:
        self.desks: dict[int, tuple[str, list[str]]] = {}
        self.numbers = count(1)
        self.written.append([])

    @operation
    async def enter(self, name: Name) -> tuple[Who, Me]:
        return Who(name), Me(name)

    @operation
    async def new_desk(self, me: Me) -> Desk:
        desk = Desk(next(self.numbers))
        self.desks[desk.id] = (me.name, [])
        return desk

    @operation
    async def write(self, me: Me, desk: Desk, text: Text) -> Sheet:
        self.sheets(me, desk).append(text)
        self.written[-1].append(text)
        return Sheet()

    @operation
    async def read(self, me: Me, desk: Desk) -> All[Text]:
        return self.sheets(me, desk)

    def sheets(self, me: Me, desk: Desk) -> list[str]:
        owner, sheets = self.desks.get(desk.id, (None, []))
        if owner != me.name:
            raise Refused("not found")
        return sheets


class Cached(Desks):
    """What was read once is cached, and what is written comes to what is cached. No reset empties the cache."""

    @operation
    async def write(self, me: Me, desk: Desk, text: Text) -> Sheet:
        sheet = await super().write(me, desk, text)
        if desk.id in self.cached:
            self.cached[desk.id].append(text)
        return sheet

    @operation
    async def read(self, me: Me, desk: Desk) -> All[Text]:
        sheets = self.sheets(me, desk)
        return self.cached.setdefault(desk.id, list(sheets))


class Emptied(Cached):
    """The cache is emptied by each reset."""

    async def reset(self) -> None:
        await super().reset()
        self.cached = {}


class Twice(Desks):
    """Only the second reset makes it forget, and it shows all that it knows."""

    @operation
    async def read(self, me: Me, desk: Desk) -> All[Text]:
        return [*self.sheets(me, desk), *(self.written[-3] if len(self.written) > 2 else [])]


class First(Desks):
    """It never forgets what was written first since it was started."""

    @operation
    async def read(self, me: Me, desk: Desk) -> All[Text]:
        return [*self.sheets(me, desk), *[text for texts in self.written[:-1] for text in texts][:1]]


class Late(Desks):
    """It forgets for some time, and from then on shows what the program before wrote."""

    @operation
    async def read(self, me: Me, desk: Desk) -> All[Text]:
        return [*self.sheets(me, desk), *(self.written[-2] if len(self.written) > 11 else [])]


class Littered(Desks):
    """Its rows outlive a reset, and nobody is ever shown them."""

    async def stored(self, database: Database) -> Iterable[Stored]:
        return [Stored(text) for texts in self.written for text in texts]


class Opened(Desks):
    """From the second desk on everybody reads all of them, and no reset changes that."""

    opened = False

    @operation
    async def new_desk(self, me: Me) -> Desk:
        self.opened = self.opened or bool(self.desks)
        return await super().new_desk(me)

    def sheets(self, me: Me, desk: Desk) -> list[str]:
        return self.desks[desk.id][1] if self.opened and desk.id in self.desks else super().sheets(me, desk)
