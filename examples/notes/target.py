"""What people can do with the notes service, in the words of isofuzz."""

from collections.abc import AsyncIterator
from itertools import count
from typing import Any

from app import running

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
    Subscription,
    Target,
    Thread,
    User,
    WebSocket,
    operation,
)

numbers = count(1)


class Text(Secret):
    """What a note says."""


class Person(User):
    id: str


class Line(WebSocket):
    async def call(self, do: str, **fields: object) -> Any:
        number = next(numbers)
        reply = await self.ask({"id": number, "do": do, **fields}, until=lambda frame: frame.get("id") == number)
        if "error" in reply:
            raise Refused(reply["error"])
        return reply["ok"]


class Me(Session):
    line: Line


class Room(Thread):
    id: int


class Note(Record):
    id: int


class Watch(Subscription[Text]):
    """A frame for each new note of one room."""


class Notes(Target):
    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        async with running(services.database_url) as self.url:
            yield

    @operation
    async def sign_in(self, name: Name) -> tuple[Person, Me, Line]:
        line = await Line.open(self.url)
        return Person(await line.call("sign_in", name=name)), Me(line), line

    @operation
    async def new_room(self, me: Me) -> Room:
        return Room(await me.line.call("new_room"))

    @operation
    async def add_note(self, me: Me, room: Room, text: Text) -> Note:
        return Note(await me.line.call("add_note", room=room.id, text=text))

    @operation
    async def read(self, me: Me, room: Room) -> All[Text]:
        return await me.line.call("read", room=room.id)

    @operation
    async def invite(self, me: Me, room: Room, member: Grants[Person]) -> None:
        await me.line.call("invite", room=room.id, member=member.id)

    @operation
    async def remove(self, me: Me, room: Room, member: Revokes[Person]) -> None:
        await me.line.call("remove", room=room.id, member=member.id)

    @operation
    async def watch(self, me: Me, line: Line, room: Room) -> Watch:
        await line.call("watch", room=room.id)
        return Watch()
