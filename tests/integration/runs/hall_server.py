"""Halls with notes on their walls, on Postgres: `hall_server.py PORT`. Who watches a hall is told of each new note.

Each connection of its pool of two is wanted by several requests at a time, notes of one hall wait for one another, and
what was written is told to others by a connection that nobody has asked anything: by NOTIFY.
"""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
from aiohttp import WSMsgType, web

TABLES = """
    CREATE TABLE IF NOT EXISTS people (id serial PRIMARY KEY, name text UNIQUE);
    CREATE TABLE IF NOT EXISTS halls (id serial PRIMARY KEY, notes int NOT NULL DEFAULT 0);
    CREATE TABLE IF NOT EXISTS guests (hall int, person int, PRIMARY KEY (hall, person));
    CREATE TABLE IF NOT EXISTS notes (id serial PRIMARY KEY, hall int, text text)
"""

_NONE = -1
"""Stands for a hall where nobody wrote: somebody wants to know that all before was told."""


class Halls:
    """The server; `watching` are the sockets by hall and person."""

    def __init__(self) -> None:
        self.watching: dict[tuple[int, int], set[web.WebSocketResponse]] = {}
        self.awaited: dict[str, asyncio.Event] = {}
        self.told: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    async def live(self, app: web.Application) -> AsyncIterator[None]:
        """Connect to the database while the server is up."""
        url = os.environ["DATABASE_URL"]
        async with asyncpg.create_pool(url, min_size=2, max_size=2) as self.pool:
            await self.pool.execute(TABLES)
            listener = await asyncpg.connect(url)
            await listener.add_listener("notes", self.notified)
            telling = asyncio.create_task(self.tell())
            yield
            telling.cancel()
            await listener.close()

    def notified(self, connection: object, pid: int, channel: str, payload: str) -> None:
        """Postgres says what was written, or that all before was said."""
        hall, _, note = payload.partition(" ")
        self.told.put_nowait((int(hall), note) if note else (_NONE, hall))

    async def tell(self) -> None:
        """Tell those who watch, one note after the other."""
        while True:
            hall, note = await self.told.get()
            if hall == _NONE:
                self.awaited[note].set()
                continue
            guests = await self.pool.fetch("SELECT person FROM guests WHERE hall = $1 ORDER BY person", hall)
            text = await self.pool.fetchval("SELECT text FROM notes WHERE id = $1", int(note))
            for guest in guests:
                for socket in tuple(self.watching.get((hall, guest["person"]), ())):
                    if not socket.closed:
                        await socket.send_json({"hall": hall, "text": text})

    async def is_up(self, request: web.Request) -> web.Response:
        """It is."""
        return web.json_response(None)

    async def enter(self, request: web.Request) -> web.Response:
        """Be somebody."""
        name = await request.json()
        await self.pool.execute("INSERT INTO people (name) VALUES ($1) ON CONFLICT DO NOTHING", name)
        return web.json_response(await self.pool.fetchval("SELECT id FROM people WHERE name = $1", name))

    async def build(self, request: web.Request) -> web.Response:
        """Make a hall."""
        async with self.pool.acquire() as connection, connection.transaction():
            hall = await connection.fetchval("INSERT INTO halls DEFAULT VALUES RETURNING id")
            await connection.execute("INSERT INTO guests VALUES ($1, $2)", hall, person_of(request))
        return web.json_response(hall)

    async def admit(self, request: web.Request) -> web.Response:
        """Let somebody in."""
        hall, guest = int(request.match_info["hall"]), await request.json()
        async with self.pool.acquire() as connection, connection.transaction():
            await self.require(connection, hall, request, "FOR UPDATE")
            await connection.execute("INSERT INTO guests VALUES ($1, $2) ON CONFLICT DO NOTHING", hall, guest)
        return web.json_response(None)

    async def write(self, request: web.Request) -> web.Response:
        """Put up a note, and count it."""
        hall, text = int(request.match_info["hall"]), await request.json()
        async with self.pool.acquire() as connection, connection.transaction():
            await self.require(connection, hall, request, "FOR UPDATE")
            note = await connection.fetchval("INSERT INTO notes (hall, text) VALUES ($1, $2) RETURNING id", hall, text)
            await connection.execute("UPDATE halls SET notes = notes + 1 WHERE id = $1", hall)
            await connection.execute("SELECT pg_notify('notes', $1)", f"{hall} {note}")
        return web.json_response(note)

    async def read(self, request: web.Request) -> web.Response:
        """All notes of a hall."""
        hall = int(request.match_info["hall"])
        async with self.pool.acquire() as connection:
            await self.require(connection, hall, request)
            rows = await connection.fetch("SELECT text FROM notes WHERE hall = $1 ORDER BY id", hall)
        return web.json_response([row["text"] for row in rows])

    async def require(self, connection: Any, hall: int, request: web.Request, lock: str = "") -> None:
        """Only guests may."""
        there = await connection.fetchval(f"SELECT id FROM halls WHERE id = $1 {lock}", hall)
        guest = await connection.fetchval(
            "SELECT 1 FROM guests WHERE (hall, person) = ($1, $2)", there, person_of(request)
        )
        if not guest:
            raise web.HTTPNotFound(text="no such hall")

    async def watch(self, request: web.Request) -> web.WebSocketResponse:
        """A socket on which halls are named; each is answered, and watched from then on if it may be."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self.watched(socket, request, message.json())
        finally:
            for sockets in self.watching.values():
                sockets.discard(socket)
        return socket

    async def watched(self, socket: web.WebSocketResponse, request: web.Request, hall: int) -> None:
        """From now on."""
        try:
            await self.require(self.pool, hall, request)
        except web.HTTPNotFound:
            await socket.send_json({"watched": hall, "ok": False})
        else:
            self.watching.setdefault((hall, person_of(request)), set()).add(socket)
            await socket.send_json({"watched": hall, "ok": True})

    async def quiesce(self, request: web.Request) -> web.Response:
        """Answer when everything that was written before has been told."""
        nonce = secrets.token_hex(8)
        done = self.awaited[nonce] = asyncio.Event()
        await self.pool.execute("SELECT pg_notify('notes', $1)", nonce)
        await done.wait()
        del self.awaited[nonce]
        return web.json_response(None)


def person_of(request: web.Request) -> int:
    """Who asks."""
    return int(json.loads(request.headers["Person"]))


def main() -> None:
    """Serve."""
    halls = Halls()
    app = web.Application()
    app.cleanup_ctx.append(halls.live)
    app.add_routes(
        [
            web.get("/", halls.is_up),
            web.post("/people", halls.enter),
            web.post("/halls", halls.build),
            web.post("/halls/{hall}/guests", halls.admit),
            web.post("/halls/{hall}/notes", halls.write),
            web.get("/halls/{hall}/notes", halls.read),
            web.get("/watch", halls.watch),
            web.post("/quiesce", halls.quiesce),
        ]
    )
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)


main()
