"""A small system that writes in one place and reads in another, which follows a little later; so do its events."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import ClassVar

from isofuzz import (
    All,
    Database,
    Grants,
    Name,
    Record,
    Refused,
    Secret,
    Services,
    Session,
    Socket,
    Stored,
    Subscription,
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


class Room(Thread):
    id: int


class Message(Record):
    id: int


class Line(Socket):
    name: str
    arrived: "asyncio.Queue[object]" = field(default_factory=asyncio.Queue, repr=False)

    async def frames(self) -> AsyncIterator[object]:
        while (frame := await self.arrived.get()) is not None:
            yield frame

    async def barrier(self) -> None:
        """What was sent has arrived: nothing lies between."""

    async def abort(self) -> None:
        self.arrived.put_nowait(None)


class Feed(Subscription[Text], echo=True):
    pass


@dataclass
class Place:
    """A room: its members and its texts, each with when it was written."""

    owner: str
    members: dict[str, float]
    texts: dict[int, tuple[str, str, float]] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    unread: bool = False


class Replicas(Target):
    """What is written shows so many seconds later."""

    behind: ClassVar[float] = 0.02
    lag: ClassVar[float] = 0.2

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        self.numbers = count(1)
        yield

    async def reset(self) -> None:
        self.rooms: dict[int, Place] = {}

    async def stored(self, database: Database) -> Iterable[Stored]:
        return [
            Stored(text, number, author)
            for number, place in self.rooms.items()
            for author, text, since in place.texts.values()
            if self.shows(since)
        ]

    @operation
    async def enter(self, name: Name) -> tuple[Who, Me, Line]:
        return Who(name), Me(name), Line(name)

    @operation
    async def new_room(self, me: Me) -> Room:
        room = Room(next(self.numbers))
        self.rooms[room.id] = Place(me.name, {me.name: time.monotonic()})
        return room

    @operation
    async def invite(self, me: Me, room: Room, who: Grants[Who]) -> None:
        self.place(me, room).members.setdefault(who.id, time.monotonic())

    @operation
    async def write(self, me: Me, room: Room, text: Text) -> Message:
        place, message = self.place(me, room), Message(next(self.numbers))
        place.texts[message.id] = (me.name, text, time.monotonic())
        place.unread = True
        for line in place.lines:
            asyncio.get_running_loop().call_later(self.behind, line.arrived.put_nowait, {"room": room.id, "text": text})
        return message

    @operation
    async def watch(self, me: Me, line: Line, room: Room) -> Feed:
        place = self.place(me, room)
        if line.name != me.name:
            raise Refused("not yours")
        place.lines.append(line)
        return Feed()

    @operation
    async def read(self, me: Me, room: Room) -> All[Text]:
        place = self.place(me, room)
        if not self.shows(place.members[me.name]):
            raise Refused("not found")
        return self.shown(place)

    def place(self, me: Me, room: Room) -> Place:
        place = self.rooms.get(room.id)
        if place is None or me.name not in place.members:
            raise Refused("not found")
        return place

    def shown(self, place: Place) -> list[str]:
        return [text for _, text, since in place.texts.values() if self.shows(since)]

    def shows(self, since: float) -> bool:
        return time.monotonic() - since >= self.behind


class SaysNothingOfIt(Replicas):
    """The same, and its target does not say how far it is behind."""

    behind = 1
    lag = 0


class LosesReads(Replicas):
    """What is read never follows."""

    def shown(self, place: Place) -> list[str]:
        return []


class LosesEvents(Replicas):
    @operation
    async def watch(self, me: Me, line: Line, room: Room) -> Feed:
        self.place(me, room)
        return Feed()


class LosesRows(Replicas):
    """Only the first text is ever stored."""

    async def stored(self, database: Database) -> Iterable[Stored]:
        return list(await super().stored(database))[:1]


class Flashes(Replicas):
    """After each write, the first who reads is shown what is everywhere else."""

    def shown(self, place: Place) -> list[str]:
        if place.unread:
            place.unread = False
            others = (other for other in self.rooms.values() if other is not place)
            return [text for other in others for _, text, _ in other.texts.values()]
        return super().shown(place)
