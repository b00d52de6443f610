"""Boards of notes behind HTTP, in a process of their own."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

from isofuzz import All, Http, Name, Record, Secret, Services, Session, Target, Thread, User, operation

SERVER = Path(__file__).with_name("board_server.py")


class Text(Secret):
    pass


class Person(User):
    pass


class Visit(Session):
    http: Http


class Room(Thread):
    id: int


class Note(Record):
    pass


class ServedBoard(Target):
    environment: ClassVar[dict[str, str]] = {}

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        server = await services.process(
            sys.executable,
            SERVER,
            "{port}",
            ready="http://127.0.0.1:{port}/",
            env={"DATABASE_URL": "postgresql://app:hunter2@localhost/app", **self.environment},
        )
        async with Http(f"http://127.0.0.1:{server.port}") as self.http:
            yield

    async def reset(self) -> None:
        await self.http.post("/forget")

    @operation
    async def enter(self, name: Name) -> tuple[Person, Visit]:
        http = self.http.session()
        await http.post("/people", name)
        return Person(), Visit(http)

    @operation
    async def found(self, visit: Visit) -> Room:
        made = await visit.http.post("/rooms")
        return Room(made["id"])

    @operation
    async def write(self, visit: Visit, room: Room, text: Text) -> Note:
        await visit.http.post("/rooms", room.id, json=text)
        return Note()

    @operation
    async def read(self, visit: Visit, room: Room) -> All[Text]:
        notes: object = await visit.http.get("/rooms", room.id)
        return notes


class DyingServer(ServedBoard):
    """Its server ends at the seventh note, in the middle of a run."""

    environment: ClassVar[dict[str, str]] = {"DIES_AT": "7"}


class AbsentServer(ServedBoard):
    """Its server is asked to listen where it cannot."""

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        await services.process(sys.executable, SERVER, "no port", ready="{port}")
        yield


class UnknownServer(ServedBoard):
    """Its command is not installed."""

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        await services.process("board-server-9", ready="{port}")
        yield


class SlowServer(ServedBoard):
    """Its server is never ready, and the target's time is up before its own."""

    start_within: ClassVar[float] = 2

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        await services.process("sh", "-c", "echo warming up; exec sleep 100", ready="{port}")
        yield


class BadAtStopping(ServedBoard):
    """Something goes wrong after all is over."""

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        async for _ in super().lifespan(services):
            yield
        raise OSError("cannot remove the socket of postgresql://app:hunter2@localhost/app")
