"""A system in this process's memory with two leaks to plant: one takes four steps to show, the other seven.

Nothing of it is slow, so what is measured is the search alone: how many programs are executed, and of how many steps.
Each kind of text is written by one operation, so that each leak has one smallest story.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isofuzz import (
    All,
    Grants,
    Name,
    Record,
    Refused,
    Revokes,
    Secret,
    Session,
    Target,
    Thread,
    User,
    operation,
)
from isofuzz.target.base import Process, Role


class Title(Secret):
    pass


class Body(Secret):
    pass


class About(Secret, private=True):
    pass


class Who(User):
    name: str


class Me(Session):
    name: str


class Room(Thread):
    id: int


class Message(Record):
    id: int


@dataclass
class Space:
    """A room as the system keeps it."""

    owner: str
    title: str
    members: set[str]
    messages: dict[int, str] = field(default_factory=dict)


class Club(Target):
    """It isolates. `executions` and `steps` count what it is put through; `leak`: the fingerprint of what it shows."""

    leak = ""

    def __init__(self) -> None:
        self.executions = self.steps = 0
        self._clear()

    def _clear(self) -> None:
        self.spaces: dict[int, Space] = {}
        self.about: dict[str, str] = {}
        self._numbers = 0

    async def reset(self) -> None:
        self.executions += 1
        self._clear()

    @operation
    async def sign_in(self, name: Name) -> tuple[Who, Me]:
        self.steps += 1
        return Who(name), Me(name)

    @operation
    async def open_room(self, me: Me, title: Title) -> Room:
        room = self._number()
        self.spaces[room] = Space(me.name, title, {me.name})
        return Room(room)

    @operation
    async def list_rooms(self, me: Me) -> All[Title]:
        self.steps += 1
        return [space.title for space in self.spaces.values() if self._is_listed(space, me.name)]

    @operation
    async def invite(self, me: Me, room: Room, member: Grants[Who]) -> None:
        self._own(me, room).members.add(member.name)

    @operation
    async def kick(self, me: Me, room: Room, member: Revokes[Who]) -> None:
        space = self._own(me, room)
        if member.name == space.owner or member.name not in space.members:
            raise Refused("no such member")
        space.members.discard(member.name)

    @operation
    async def post(self, me: Me, room: Room, body: Body) -> Message:
        space, message = self._entered(me, room), self._number()
        space.messages[message] = body
        return Message(message)

    @operation
    async def history(self, me: Me, room: Room) -> All[Body]:
        self.steps += 1
        space = self.spaces.get(room.id)
        if space is None or not self._may_read(space, me.name):
            raise Refused("no such room")
        return list(space.messages.values())

    @operation
    async def set_about(self, me: Me, about: About) -> None:
        self.steps += 1
        self.about[me.name] = about

    @operation
    async def read_about(self, me: Me) -> All[About]:
        self.steps += 1
        return [self.about[me.name]] if me.name in self.about else []

    # -- what leaks

    def _is_listed(self, space: Space, name: str) -> bool:
        return name in space.members

    def _may_read(self, space: Space, name: str) -> bool:
        return name in space.members

    # -- small things

    def _number(self) -> int:
        self.steps += 1
        self._numbers += 1
        return self._numbers

    def _own(self, me: Me, room: Room) -> Space:
        space = self._entered(me, room)
        if space.owner != me.name:
            raise Refused("not yours")
        return space

    def _entered(self, me: Me, room: Room) -> Space:
        self.steps += 1
        space = self.spaces.get(room.id)
        if space is None or me.name not in space.members:
            raise Refused("no such room")
        return space


class ListsEverything(Club):
    """Four steps: two sign in, one opens a room, the other lists it."""

    leak = "crossing:foreign:Room:list_rooms:open_room:Title"

    def _is_listed(self, space: Space, name: str) -> bool:
        return True


class OpensAll(Club):
    """Seven steps: two sign in, one opens two rooms, invites the other to one and writes into the other; they read."""

    leak = "crossing:foreign:Room:history:post:Body"

    def _may_read(self, space: Space, name: str) -> bool:
        return any(name in other.members for other in self.spaces.values() if other.owner == space.owner)


class NoServices:
    """What isofuzz lends to a system that keeps nothing outside this process."""

    database_url = suffix = ""
    folder: Any = None
    waited = 0.0
    observer: Any = None

    async def create_role(self, name: str, *, members: Collection[str] = ()) -> Role:
        raise NotImplementedError

    async def valkey(self) -> str:
        raise NotImplementedError

    async def process(self, program: str | Path, *arguments: str | Path, **options: Any) -> Process:
        raise NotImplementedError

    async def baseline(self) -> None:
        pass

    async def reset(self) -> None:
        pass

    def check_alive(self) -> None:
        pass

    def last_output(self) -> str:
        return ""
