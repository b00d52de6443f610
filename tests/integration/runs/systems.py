"""Small systems to be tested: a board of notes in this process's memory, well and ill in many ways.

Each is a whole system, reached through the same adapter; what is wrong with it is said where it differs from `Board`.
"""

import asyncio
import logging
import os
import random
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import ClassVar

from isofuzz import (
    All,
    Ends,
    Grants,
    Name,
    Query,
    Record,
    Refused,
    Revokes,
    Secret,
    Services,
    Session,
    Socket,
    Some,
    Subscription,
    Target,
    Thread,
    User,
    operation,
)


class Text(Secret):
    pass


class Person(User):
    id: int


class Pipe(Socket):
    """A connection to the board; what is pushed into it waits until it is read."""

    person: int

    def __post_init__(self) -> None:
        self.waiting: asyncio.Queue[str | None] = asyncio.Queue()

    async def frames(self) -> AsyncIterator[object]:
        while (frame := await self.waiting.get()) is not None:
            yield frame
            self.waiting.task_done()
        self.waiting.task_done()

    async def barrier(self) -> None:
        await self.waiting.join()

    async def abort(self) -> None:
        self.waiting.put_nowait(None)


class Visit(Session):
    person: int


class Room(Thread):
    id: int


class Note(Record):
    id: int


class Feed(Subscription[Text]):
    pass


class Board(Target):
    """Rooms of notes. Only who is in a room reads it; who watches it is pushed each new note."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.people: dict[str, int] = {}
        self.members: dict[int, set[int]] = {}
        self.notes: dict[int, list[str]] = {}
        self.watchers: list[tuple[Pipe, int]] = []
        self.rooms = 0

    async def reset(self) -> None:
        self.forget()

    @operation
    async def enter(self, name: Name) -> tuple[Person, Visit, Pipe]:
        person = self.people.setdefault(name, len(self.people))
        return Person(person), Visit(person), Pipe(person)

    @operation
    async def found(self, visit: Visit) -> Room:
        self.rooms += 1
        self.members[self.rooms], self.notes[self.rooms] = {visit.person}, []
        return Room(self.rooms)

    @operation
    async def clear(self, visit: Visit, room: Ends[Room]) -> None:
        self.check(visit, room)
        del self.members[room.id], self.notes[room.id]

    @operation
    async def write(self, visit: Visit, room: Room, text: Text) -> Note:
        self.check(visit, room)
        self.notes[room.id].append(text)
        for pipe, watched in self.watchers:
            if watched == room.id and pipe.person in self.members[room.id]:
                self.push(pipe, text)
        return Note(len(self.notes[room.id]))

    @operation
    async def read(self, visit: Visit, room: Room) -> All[Text]:
        self.check(visit, room)
        return self.notes[room.id]

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        mine = [notes for room, notes in self.notes.items() if visit.person in self.members[room]]
        return [note for notes in mine for note in notes if text in note]

    @operation
    async def let_in(self, visit: Visit, room: Room, person: Grants[Person]) -> None:
        self.check(visit, room)
        self.members[room.id].add(person.id)

    @operation
    async def put_out(self, visit: Visit, room: Room, person: Revokes[Person]) -> None:
        self.check(visit, room)
        self.members[room.id].discard(person.id)

    @operation
    async def watch(self, visit: Visit, pipe: Pipe, room: Room) -> Feed:
        self.check(visit, room)
        self.watchers.append((pipe, room.id))
        return Feed()

    def push(self, pipe: Pipe, text: str) -> None:
        pipe.waiting.put_nowait(text)

    def check(self, visit: Visit, room: Room) -> None:
        """Refuse who is not in the room as who asks for a room that is not there."""
        if visit.person not in self.members.get(room.id, ()):
            raise Refused("not found")


# -- leaks


class Open(Board):
    """Searching finds the notes of every room."""

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        return [note for notes in self.notes.values() for note in notes]


class Racy(Open):
    """Searching finds the notes of every room, some of the time."""

    chances: ClassVar = random.Random(3)

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        everyone = self.chances.random() < 0.4
        return await (super().search if everyone else super(Open, self).search)(visit, text)


class Once(Open):
    """Searching found the notes of every room, a single time."""

    leaked = False

    def has_leaked(self) -> bool:
        return self.leaked

    def note_leak(self) -> None:
        self.leaked = True

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        found, foreign = await super(Open, self).search(visit, text), await super().search(visit, text)
        if self.has_leaked() or found == foreign:
            return found
        self.note_leak()
        return foreign


class OnceEver(Once):
    """As `Once`, and in no process that comes later either."""

    def has_leaked(self) -> bool:
        return Path(os.environ["ISOFUZZ_TEST_MARKER"]).exists()

    def note_leak(self) -> None:
        Path(os.environ["ISOFUZZ_TEST_MARKER"]).touch()


class Remembering(Board):
    """What was written before a reset is found after it."""

    def __init__(self) -> None:
        super().__init__()
        self.ever: list[str] = []

    async def reset(self) -> None:
        self.ever += [note for notes in self.notes.values() for note in notes]
        await super().reset()

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        return [await super().search(visit, text), self.ever[:1]]


class OpenThenDead(Open):
    """Leaks once, and dies of it."""

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        self.seen = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            worker = tasks.create_task(self._work())
            yield
            worker.cancel()

    async def _work(self) -> None:
        await self.seen.wait()
        raise RuntimeError("out of memory")

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        mine, everything = await super(Open, self).search(visit, text), await super().search(visit, text)
        if mine != everything:
            self.seen.set()
        return everything


# -- nothing to see


class Mute(Board):
    """Nobody is ever pushed anything."""

    def push(self, pipe: Pipe, text: str) -> None:
        pass


class MuteAndPrivate(Mute):
    """Nobody is ever pushed anything, and nobody who must be: there are no guests, and authors need not be."""

    @operation
    async def let_in(self, visit: Visit, room: Room, person: Grants[Person]) -> None:
        raise Refused("this board is private")


class Blank(Board):
    """Reading shows nothing."""

    @operation
    async def read(self, visit: Visit, room: Room) -> All[Text]:
        self.check(visit, room)
        return []


class Blind(Board):
    """Searching finds nothing."""

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        return []


class Hermit(Board):
    """Nobody can be put out."""

    @operation
    async def put_out(self, visit: Visit, room: Room, person: Revokes[Person]) -> None:
        raise Refused("not today")


class Faulty(Board):
    """Clearing a room fails."""

    @operation
    async def clear(self, visit: Visit, room: Ends[Room]) -> None:
        raise ZeroDivisionError("a fault of the system")


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Unspeaking(Board):
    """Clearing a room fails, in a way that cannot even be told."""

    @operation
    async def clear(self, visit: Visit, room: Ends[Room]) -> None:
        raise Unspeakable


class Cancelling(Board):
    """Clearing a room ends in a cancellation of the system's own."""

    @operation
    async def clear(self, visit: Visit, room: Ends[Room]) -> None:
        raise asyncio.CancelledError("the connection was given up")


class HalfText(Open):
    """Searching finds the notes of every room, and half of a surrogate pair."""

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        return ["\ud800", *[note for notes in self.notes.values() for note in notes]]


class TornPipe(Pipe):
    async def frames(self) -> AsyncIterator[object]:
        async for frame in super().frames():
            yield frame
            raise ValueError("a frame that cannot be read")


class Torn(Board):
    """Connections break when they have brought a frame."""

    answer_within = 0.05

    @operation
    async def enter(self, name: Name) -> tuple[Person, Visit, Pipe]:
        person, visit, _ = await super().enter(name)
        pipe = TornPipe(visit.person)
        pipe.__class__.__name__ = "Pipe"  # the same thing to the target's signatures
        return person, visit, pipe


class NullPipe(Pipe):
    async def frames(self) -> AsyncIterator[object]:
        yield None
        async for frame in super().frames():
            yield frame


class Null(Board):
    """Each connection begins with a frame that is a JSON null."""

    @operation
    async def enter(self, name: Name) -> tuple[Person, Visit, Pipe]:
        person, visit, _ = await super().enter(name)
        pipe = NullPipe(visit.person)
        pipe.__class__.__name__ = "Pipe"  # the same thing to the target's signatures
        return person, visit, pipe


class Batch(Board):
    """Several rooms can be read at once."""

    @operation
    async def read_several(self, visit: Visit, rooms: Sequence[Room]) -> All[Text]:
        for room in rooms:
            self.check(visit, room)
        return [note for room in rooms for note in self.notes[room.id]]


class HalfCheckedBatch(Board):
    """Of several rooms that are read at once only the first is checked."""

    @operation
    async def read_several(self, visit: Visit, rooms: Sequence[Room]) -> All[Text]:
        for room in rooms[:1]:
            self.check(visit, room)
        return [note for room in rooms for note in self.notes.get(room.id, ())]


class MixedUp(Board):
    """Who reads while somebody else does gets what the other asked for."""

    asked: ClassVar[int] = 0

    @operation
    async def read(self, visit: Visit, room: Room) -> All[Text]:
        self.check(visit, room)
        type(self).asked = room.id
        await asyncio.sleep(0)
        return self.notes.get(self.asked, [])


class Crowded(Board):
    """Of ten who read at the same time, each gets what the last of them asked for."""

    asked: ClassVar[int] = 0
    reading: ClassVar[int] = 0

    @operation
    async def read(self, visit: Visit, room: Room) -> All[Text]:
        self.check(visit, room)
        Crowded.asked = room.id
        Crowded.reading += 1
        try:
            await asyncio.sleep(0)
            wanted = self.asked if self.reading >= 10 else room.id
            await asyncio.sleep(0)
        finally:  # also if whoever reads gives up
            Crowded.reading -= 1
        return self.notes.get(wanted, [])


class Budgeted(Board):
    """Nobody reads as quickly as they should; everybody enters in good time."""

    @operation(budget_ms=0.0001)
    async def read(self, visit: Visit, room: Room) -> All[Text]:
        return await super().read(visit, room)

    @operation(budget_ms=10_000)
    async def enter(self, name: Name) -> tuple[Person, Visit, Pipe]:
        return await super().enter(name)


class TwoSteps(Board):
    """Signing up and signing in are two operations."""

    enter = None  # type: ignore[assignment]  # it is taken apart below

    @operation
    async def register(self, name: Name) -> Person:
        return Person(self.people.setdefault(name, len(self.people)))

    @operation
    async def log_in(self, person: Person) -> tuple[Visit, Pipe]:
        return Visit(person.id), Pipe(person.id)


# -- trouble


class Leaving(Board):
    """Clearing a room ends the process, or would."""

    @operation
    async def clear(self, visit: Visit, room: Ends[Room]) -> None:
        sys.exit(0)


class LeavingAtStart(Board):
    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        sys.exit(3)
        yield


class Unresettable(Board):
    async def reset(self) -> None:
        raise ConnectionRefusedError("nobody there")


class OpenUntilReset(Open):
    """Leaks, and cannot be reset any more from then on."""

    leaked: bool = False

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        found = await super().search(visit, text)
        self.leaked = self.leaked or bool(found)
        return found

    async def reset(self) -> None:
        if self.leaked:
            raise ConnectionRefusedError("nobody there")
        await super().reset()


class NotStarting(Board):
    """Fails to start, and logs why."""

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        logging.getLogger("board").error("no paper, password=hunter2")
        raise OSError("cannot start")
        yield


class HangingAtStart(Board):
    """Never comes up."""

    start_within = 0.2

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        logging.getLogger("board").warning("waiting for paper")
        await asyncio.Event().wait()
        yield


class Dying(Board):
    """Its worker fails when the twentieth note is written."""

    written = 0

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        self.enough = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            worker = tasks.create_task(self._work())
            yield
            worker.cancel()

    async def _work(self) -> None:
        await self.enough.wait()
        logging.getLogger("board").error("the last line of the log")
        raise RuntimeError("out of memory")

    @operation
    async def write(self, visit: Visit, room: Room, text: Text) -> Note:
        self.written += 1
        if self.written == 20:
            self.enough.set()
        return await super().write(visit, room, text)


class Silent(Board):
    """Lets nobody in any more, once it has looked at its rooms twenty times."""

    answer_within = 0.02
    looked = 0

    def check(self, visit: Visit, room: Room) -> None:
        self.looked += 1
        super().check(visit, room)

    @operation
    async def enter(self, name: Name) -> tuple[Person, Visit, Pipe]:
        if self.looked > 20:
            await asyncio.Event().wait()
        return await super().enter(name)


class Endless(Board):
    """Its fan-out never comes to an end."""

    answer_within = 0.2

    async def quiesce(self) -> None:
        await asyncio.Event().wait()
