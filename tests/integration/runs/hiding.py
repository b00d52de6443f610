"""Small systems that tell what exists, or store what they should not: boards of notes, kept as rows of a table.

What is wrong with each is said where it differs from `Table`.
"""

import itertools
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from isofuzz import All, Database, Name, Record, Refused, Secret, Session, Stored, Target, Thread, User, operation


class Text(Secret):
    pass


class Person(User):
    id: int


class Visit(Session):
    person: int


class Room(Thread):
    id: int


class Note(Record):
    id: int
    room: int


@dataclass
class Row:
    """A note as it is stored."""

    room: int
    owner: int
    text: str


class Table(Target):
    """Everyone has rooms of their own. Each refusal says when it was, how long it took and which request it answers."""

    requests: ClassVar = itertools.count(7_000)

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.people: dict[str, int] = {}
        self.rooms: dict[int, int] = {}
        self.rows: dict[int, Row] = {}
        self.numbers = itertools.count(1)

    async def reset(self) -> None:
        self.forget()

    async def stored(self, database: Database) -> Iterable[Stored]:
        return [Stored(row.text, thread=row.room, owner=row.owner) for row in self.rows.values()]

    @operation
    async def enter(self, name: Name) -> tuple[Person, Visit]:
        person = self.people.setdefault(name, len(self.people))
        return Person(person), Visit(person)

    @operation
    async def found(self, visit: Visit) -> Room:
        room = next(self.numbers)
        self.rooms[room] = visit.person
        return Room(room)

    @operation
    async def write(self, visit: Visit, room: Room, text: Text) -> Note:
        self.check(visit, room.id)
        return self.store(visit, room, text)

    @operation
    async def edit(self, visit: Visit, note: Note, text: Text) -> None:
        if note.id not in self.rows:
            raise self.refusal("not found")
        self.check(visit, note.room)
        self.rows[note.id].text = text

    @operation
    async def read(self, visit: Visit, room: Room) -> All[Text]:
        self.check(visit, room.id)
        return [row.text for row in self.rows.values() if row.room == room.id]

    def store(self, visit: Visit, room: Room, text: Text) -> Note:
        note = next(self.numbers)
        self.rows[note] = Row(room.id, visit.person, text)
        return Note(note, room.id)

    def check(self, visit: Visit, room: int) -> None:
        """Refuse who is not in the room as who asks for a room that is not there."""
        if self.rooms.get(room) != visit.person:
            raise self.refusal("not found", room=room)

    def refusal(self, why: str, **about: Any) -> Refused:
        now = time.time()
        told: Mapping[str, Any] = {"error": why, "at": now, "request": next(self.requests), "took": now % 0.01}
        return Refused(told)


class Talkative(Table):
    """It is forbidden to enter the room of someone else, and what is not there is not found."""

    def check(self, visit: Visit, room: int) -> None:
        if self.rooms.get(room, visit.person) != visit.person:
            raise self.refusal("forbidden")
        super().check(visit, room)


class Overwritten(Table):
    """Anybody changes any note."""

    @operation
    async def edit(self, visit: Visit, note: Note, text: Text) -> None:
        if note.id not in self.rows:
            raise self.refusal("not found")
        self.rows[note.id].text = text
        self.check(visit, note.room)


class Misfiled(Table):
    """A note is stored as that of whoever came last."""

    def store(self, visit: Visit, room: Room, text: Text) -> Note:
        note = super().store(visit, room, text)
        self.rows[note.id].owner = len(self.people) - 1
        return note


class Unlooked(Table):
    """What is stored is looked for where nothing is."""

    async def stored(self, database: Database) -> Iterable[Stored]:
        return ()
