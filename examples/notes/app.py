"""A small notes service: people, rooms, members, notes, and a push to everyone who watches a room.

It has a leak, which the tutorial finds and mends.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

SCHEMA = """
    CREATE TABLE people (name text PRIMARY KEY);
    CREATE TABLE rooms (id serial PRIMARY KEY, owner text NOT NULL REFERENCES people);
    CREATE TABLE members (room int REFERENCES rooms, person text REFERENCES people, PRIMARY KEY (room, person));
    CREATE TABLE notes (id serial PRIMARY KEY, room int NOT NULL REFERENCES rooms, text text NOT NULL);
"""


class NotAllowed(Exception):
    """What was asked for does not exist, or not for this person."""


class NotesService:
    """Answers one request at a time, over one database connection."""

    def __init__(self, database: Any) -> None:
        self.database = database
        self.one_at_a_time = asyncio.Lock()
        self.people: dict[ServerConnection, str] = {}
        self.pages: dict[int, list[str]] = {}
        self.watchers: defaultdict[int, set[ServerConnection]] = defaultdict(set)
        known = (self.sign_in, self.new_room, self.add_note, self.read, self.invite, self.remove, self.watch)
        self.operations: dict[str, Any] = {method.__name__: method for method in known}

    async def converse(self, socket: ServerConnection) -> None:
        """Answer the requests of one connection; the first says who is there."""
        with suppress(ConnectionClosed):
            async for frame in socket:
                request = json.loads(frame)
                number, operation = request.pop("id"), self.operations[request.pop("do")]
                try:
                    async with self.one_at_a_time:
                        answer = {"ok": await operation(socket, **request)}
                except (NotAllowed, asyncpg.IntegrityConstraintViolationError, asyncpg.DataError):
                    answer = {"error": "not allowed"}
                await socket.send(json.dumps({"id": number, **answer}))

    async def sign_in(self, socket: ServerConnection, name: str) -> str:
        await self.database.execute("INSERT INTO people VALUES ($1) ON CONFLICT DO NOTHING", name)
        self.people[socket] = name
        return name

    async def new_room(self, socket: ServerConnection) -> int:
        person = self.people[socket]
        room: int = await self.database.fetchval("INSERT INTO rooms (owner) VALUES ($1) RETURNING id", person)
        await self.database.execute("INSERT INTO members VALUES ($1, $2)", room, person)
        return room

    async def add_note(self, socket: ServerConnection, room: int, text: str) -> int:
        await self.require_member(socket, room)
        insert = "INSERT INTO notes (room, text) VALUES ($1, $2) RETURNING id"
        note: int = await self.database.fetchval(insert, room, text)
        if room in self.pages:
            self.pages[room].append(text)
        broadcast(self.watchers[room], json.dumps({"event": "note", "room": room, "text": text}))
        return note

    async def read(self, socket: ServerConnection, room: int) -> list[str]:
        if room not in self.pages:
            await self.require_member(socket, room)
            rows = await self.database.fetch("SELECT text FROM notes WHERE room = $1 ORDER BY id", room)
            self.pages[room] = [row["text"] for row in rows]
        return self.pages[room]

    async def invite(self, socket: ServerConnection, room: int, member: str) -> None:
        await self.require_owner(socket, room)
        await self.database.execute("INSERT INTO members VALUES ($1, $2) ON CONFLICT DO NOTHING", room, member)

    async def remove(self, socket: ServerConnection, room: int, member: str) -> None:
        await self.require_owner(socket, room)
        await self.database.execute("DELETE FROM members WHERE room = $1 AND person = $2", room, member)
        self.watchers[room] = {watcher for watcher in self.watchers[room] if self.people[watcher] != member}

    async def watch(self, socket: ServerConnection, room: int) -> None:
        await self.require_member(socket, room)
        self.watchers[room].add(socket)

    async def require_member(self, socket: ServerConnection, room: int) -> None:
        query = "SELECT 1 FROM members WHERE room = $1 AND person = $2"
        if not await self.database.fetchval(query, room, self.people[socket]):
            raise NotAllowed

    async def require_owner(self, socket: ServerConnection, room: int) -> None:
        query = "SELECT 1 FROM rooms WHERE id = $1 AND owner = $2"
        if not await self.database.fetchval(query, room, self.people[socket]):
            raise NotAllowed


@asynccontextmanager
async def running(database_url: str) -> AsyncIterator[str]:
    """The service on a free port of this machine, while this lasts; gives its URL."""
    database = await asyncpg.connect(database_url)
    try:
        await database.execute(SCHEMA)
        async with serve(NotesService(database).converse, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            yield f"ws://127.0.0.1:{port}"
    finally:
        await database.close()
