"""Halls with notes on their walls, in a process of their own."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp

from isofuzz import (
    All,
    Grants,
    Http,
    Name,
    Record,
    Refused,
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

SERVER = Path(__file__).with_name("hall_server.py")


class Text(Secret):
    pass


class Person(User):
    id: int


class Visit(Session):
    http: Http


class Line(WebSocket):
    pass


class Hall(Thread):
    id: int


class Note(Record):
    id: int


class Feed(Subscription[Text]):
    pass


class Halls(Target):
    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        server = await services.process(
            sys.executable,
            SERVER,
            "{port}",
            ready="http://127.0.0.1:{port}/",
            env={"DATABASE_URL": services.database_url},
        )
        self.port = server.port
        async with Http(f"http://127.0.0.1:{self.port}") as self.http:
            yield

    async def quiesce(self) -> None:
        await self.http.post("/quiesce")

    @operation
    async def enter(self, name: Name) -> tuple[Person, Visit, Line]:
        person = await self.http.post("/people", json=name)
        line = await Line.open(f"ws://127.0.0.1:{self.port}/watch", Person=str(person))
        return Person(person), Visit(self.http.session(Person=str(person))), line

    @operation
    async def build(self, visit: Visit) -> Hall:
        return Hall(await visit.http.post("/halls"))

    @operation
    async def admit(self, visit: Visit, hall: Hall, guest: Grants[Person]) -> None:
        await visit.http.post("/halls", hall.id, "guests", json=guest.id)

    @operation
    async def write(self, visit: Visit, hall: Hall, text: Text) -> Note:
        return Note(await visit.http.post("/halls", hall.id, "notes", json=text))

    @operation
    async def read(self, visit: Visit, hall: Hall) -> All[Text]:
        notes: object = await visit.http.get("/halls", hall.id, "notes")
        return notes

    @operation
    async def watch(self, visit: Visit, line: Line, hall: Hall) -> Feed:
        answer = await line.ask(hall.id, until=lambda frame: frame.get("watched") == hall.id)
        if not answer["ok"]:
            raise Refused(answer)
        return Feed()


class StartedByItself(Halls):
    """The server is a process that the target starts in its own way."""

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        environment = os.environ | {"DATABASE_URL": services.database_url}
        server = await asyncio.create_subprocess_exec(sys.executable, SERVER, str(self.port), env=environment)
        try:
            async with Http(f"http://127.0.0.1:{self.port}") as self.http:
                await self.until_up()
                yield
        finally:
            server.kill()
            await server.wait()

    async def until_up(self) -> None:
        while True:
            with suppress(aiohttp.ClientConnectionError):
                await self.http.get("/")
                return
            await asyncio.sleep(0.01)
