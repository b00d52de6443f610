"""Small systems that ask who may enter a hall, and remember the answer for a while, or for good."""

import time
from collections.abc import AsyncIterator
from itertools import count
from typing import ClassVar

from isofuzz import (
    All,
    Grants,
    Name,
    Record,
    Refused,
    Revokes,
    Secret,
    Services,
    Session,
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


class Hall(Thread):
    id: int


class Poster(Record):
    pass


class Gates(Target):
    """Who may read a hall is remembered for so many seconds."""

    remembers: ClassVar[float] = 0.25
    grace: ClassVar[float] = 0.3

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        self.numbers = count(1)
        yield

    async def reset(self) -> None:
        self.guests: dict[int, set[str]] = {}
        self.posters: dict[int, list[str]] = {}
        self.let_in: dict[tuple[int, str], float] = {}

    @operation
    async def enter(self, name: Name) -> tuple[Who, Me]:
        return Who(name), Me(name)

    @operation
    async def new_hall(self, me: Me) -> Hall:
        hall = Hall(next(self.numbers))
        self.guests[hall.id], self.posters[hall.id] = {me.name}, []
        return hall

    @operation
    async def invite(self, me: Me, hall: Hall, who: Grants[Who]) -> None:
        self.check(me, hall)
        self.guests[hall.id].add(who.id)

    @operation
    async def throw_out(self, me: Me, hall: Hall, who: Revokes[Who]) -> None:
        self.check(me, hall)
        self.guests[hall.id].discard(who.id)

    @operation
    async def write(self, me: Me, hall: Hall, text: Text) -> Poster:
        self.check(me, hall)
        self.posters[hall.id].append(text)
        return Poster()

    @operation
    async def read(self, me: Me, hall: Hall) -> All[Text]:
        if not self.remembered(me, hall):
            self.check(me, hall)
            self.let_in[hall.id, me.name] = time.monotonic()
        return self.posters[hall.id]

    def remembered(self, me: Me, hall: Hall) -> bool:
        since = self.let_in.get((hall.id, me.name))
        return since is not None and time.monotonic() - since < self.remembers

    def check(self, me: Me, hall: Hall) -> None:
        if me.name not in self.guests.get(hall.id, ()):
            raise Refused("not found")


class Elephants(Gates):
    """Who was once let in may always read."""

    remembers = float("inf")


class Careless(Gates):
    """Anyone who knows the hall may read it, for all that is said of a grace."""

    grace = 60

    @operation
    async def read(self, me: Me, hall: Hall) -> All[Text]:
        if hall.id not in self.posters:
            raise Refused("not found")
        return self.posters[hall.id]
