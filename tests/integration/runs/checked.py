"""Small systems to be checked: what keeps a target from seeing leaks is said where one differs from `Board`."""

import asyncio
from typing import TYPE_CHECKING, Any

from isofuzz import All, Name, Query, Record, Refused, Secret, Session, Some, Target, Thread, User, operation

if TYPE_CHECKING:
    from tests.integration.runs.systems import Board, Feed, Note, Open, Pipe, Room, Text, Visit
else:
    from systems import Board, Feed, Note, Open, Pipe, Room, Text, Visit  # beside this file


class Numbers(Board):
    """Reading shows the numbers of notes, not what they say."""

    @operation
    async def read(self, visit: Visit, room: Room) -> Some[Text]:
        self.check(visit, room)
        return list(range(len(self.notes[room.id])))


class Closed(Board):
    """Nobody can read; what is written can only be searched."""

    @operation
    async def read(self, visit: Visit, room: Room) -> Some[Text]:
        raise Refused("closed today")


class Pinging(Board):
    """What is pushed says that there is something new, not what."""

    def push(self, pipe: Pipe, text: str) -> None:
        super().push(pipe, "ping")


class Unwatched(Board):
    """Watching fails."""

    @operation
    async def watch(self, visit: Visit, pipe: Pipe, room: Room) -> Feed:
        raise ConnectionError("no line")


class Broadcasting(Board):
    """What is written in one room is pushed to whoever watches any."""

    @operation
    async def write(self, visit: Visit, room: Room, text: Text) -> Note:
        self.check(visit, room)
        self.notes[room.id].append(text)
        for pipe, _ in self.watchers:
            self.push(pipe, text)
        return Note(len(self.notes[room.id]))


class Counting(Board):
    """Knows how often it was reset."""

    programs = 0

    async def reset(self) -> None:
        self.programs += 1
        await super().reset()


class Reversing(Counting):
    """Every other program finds notes in another order."""

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        found = await super().search(visit, text)
        assert isinstance(found, list)
        return found[:: -1 if self.programs % 2 else 1]


class Moody(Counting):
    """Nobody can write a second note, in every other program."""

    @operation
    async def write(self, visit: Visit, room: Room, text: Text) -> Note:
        self.check(visit, room)
        if self.programs % 2 and self.notes[room.id]:
            raise Refused("not in the mood")
        return await super().write(visit, room, text)


class Stuttering(Counting):
    """In every other program, what is pushed is pushed twice."""

    def push(self, pipe: Pipe, text: str) -> None:
        for _ in range(1 + self.programs % 2):
            super().push(pipe, text)


class Crowded(Counting):
    """In every other program, those who read while somebody else does are told so."""

    reading = 0

    @operation
    async def read(self, visit: Visit, room: Room) -> All[Text]:
        return await self.told(await super().read(visit, room))

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        return await self.told(await super().search(visit, text))

    async def told(self, found: Any) -> list[str]:
        self.reading += 1
        try:
            await asyncio.sleep(0)
            crowded = self.reading > 1
            await asyncio.sleep(0)
        finally:  # also if the reader gives up
            self.reading -= 1
        return [*found, "it is crowded"] if crowded and self.programs % 2 else found


class OpenLater(Counting, Open):
    """Searching finds the notes of every room, once everything has been tried."""

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        leaks = self.programs > self.after
        return await (super().search if leaks else super(Open, self).search)(visit, text)

    after = 0


class Body(Secret):
    pass


class Who(User):
    id: str


class Me(Session):
    name: str


class Square(Thread, public=True):
    id: int


class Word(Record):
    id: int


class Plaza(Target):
    """All that is said is everybody's."""

    async def reset(self) -> None:
        self.said: list[list[str]] = []

    @operation
    async def come(self, name: Name) -> tuple[Who, Me]:
        return Who(name), Me(name)

    @operation
    async def build(self, me: Me) -> Square:
        self.said.append([])
        return Square(len(self.said) - 1)

    @operation
    async def say(self, me: Me, square: Square, body: Body) -> Word:
        self._said(square).append(body)
        return Word(len(self._said(square)))

    @operation
    async def hear(self, me: Me, square: Square) -> All[Body]:
        return self._said(square)

    def _said(self, square: Square) -> list[str]:
        if not 0 <= square.id < len(self.said):
            raise Refused("not found")
        return self.said[square.id]


class Archive(Plaza):
    """What is said is never shown to anyone but the operator."""

    @operation
    async def hear(self, square: Square) -> All[Body]:  # type: ignore[override]  # the operator needs no session
        return self._said(square)


class Sink(Plaza):
    """What is said is never shown."""

    hear = None  # type: ignore[assignment]  # there is no such thing
