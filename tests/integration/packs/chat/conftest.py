"""A running chat on a real Postgres, and clients that speak its protocol."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, unix_connect

from isofuzz.services import Services, open_services
from isofuzz_packs.chat.backing import Backing, prepare
from isofuzz_packs.chat.server import ChatServer

Reply = dict[str, Any]


class Client:
    """One connection to the chat, with the events that it received."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self.user = ""
        self.token = ""
        self.handle = ""
        self._events: list[Reply] = []
        self._requests = 0

    async def raw(self, frame: str | bytes) -> Reply:
        """Send a frame as it is; the next frame that is a reply."""
        await self.websocket.send(frame)
        while "event" in (received := json.loads(await self.websocket.recv())):
            self._events.append(received)
        return dict(received)

    async def ask(self, do: str, **fields: object) -> Reply:
        """The reply to a request."""
        self._requests += 1
        reply = await self.raw(json.dumps({"id": self._requests, "do": do, **fields}))
        assert reply.pop("id") == self._requests
        return reply

    async def ok(self, do: str, **fields: object) -> Any:
        """What a request that succeeds says."""
        reply = await self.ask(do, **fields)
        assert "error" not in reply, (do, fields, reply)
        return reply["ok"]

    async def error(self, do: str, **fields: object) -> str:
        """Why a request is refused."""
        reply = await self.ask(do, **fields)
        assert "ok" not in reply, (do, fields, reply)
        return str(reply["error"])

    async def sign_in(self, name: str) -> None:
        answer = await self.ok("sign_in", name=name)
        self.user, self.token, self.handle = answer["user"], answer["token"], answer["connection"]

    async def open_thread(self, slug: str, title: str = "") -> str:
        return str((await self.ok("open_thread", slug=slug, title=title))["thread"])

    async def post(self, thread: str, body: str) -> int:
        return int((await self.ok("post", thread=thread, body=body))["message"])

    async def history(self, thread: str) -> list[str]:
        return [message["body"] for message in await self.messages(thread)]

    async def messages(self, thread: str) -> list[Reply]:
        """The whole history of a thread, page by page."""
        messages: list[Reply] = []
        after: int | None = 0
        while after is not None:
            page = await self.ok("history", thread=thread, after=after)
            messages += page["messages"]
            after = page["next"]
        return messages

    async def search(self, text: str) -> list[str]:
        return [message["body"] for message in (await self.ok("search", text=text))["messages"]]

    async def titles(self) -> list[str]:
        return [thread["title"] for thread in (await self.ok("list_threads"))["threads"]]

    async def events(self) -> list[str]:
        """The bodies of all messages that were pushed before now."""
        return [event["body"] for event in await self.pushed("message", "edit")]

    async def pushed(self, *kinds: str) -> list[Reply]:
        """All that was pushed before now, of these kinds if any is named; the ping is the barrier."""
        await self.ok("ping")
        received, self._events = self._events, []
        return [event for event in received if not kinds or event["event"] in kinds]


Connect = Callable[..., Awaitable[Client]]


@dataclass(frozen=True)
class Database:
    """The chat's database, as seen by its two roles."""

    services: Services
    backing: Backing


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database() -> AsyncIterator[Database]:
    async with open_services() as services:
        backing = await prepare(services)
        await services.baseline()
        yield Database(services, backing)


@pytest_asyncio.fixture(loop_scope="session")
async def backing(database: Database) -> Backing:
    """What a chat stands on, with a database without rows."""
    await database.services.reset()
    return database.backing


@pytest_asyncio.fixture(loop_scope="session")
async def connect_to(backing: Backing, database: Database) -> AsyncIterator[Callable[..., Awaitable[Connect]]]:
    """Starts a chat, with a defect or without; returns what connects to it and signs in."""
    numbers = itertools.count()
    async with AsyncExitStack() as running:

        async def start(defect: str | None = None) -> Connect:
            path = database.services.folder / f"chat-{next(numbers)}.sock"
            server = await running.enter_async_context(ChatServer(backing, unix_path=path, defect=defect))

            async def connect(name: str | None = None) -> Client:
                websocket = await running.enter_async_context(unix_connect(str(path), uri=server.url))
                client = Client(websocket)
                if name is not None:
                    await client.sign_in(name)
                return client

            return connect

        yield start


@pytest_asyncio.fixture(loop_scope="session")
async def connect(connect_to: Callable[..., Awaitable[Connect]]) -> Connect:
    """Connects to a healthy chat; with a name, signs in."""
    return await connect_to()


@pytest_asyncio.fixture(loop_scope="session")
async def as_app(backing: Backing) -> AsyncIterator[asyncpg.Connection]:
    """The application's role on a database connection of its own."""
    connection = await asyncpg.connect(backing.app_url)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def held(as_app: asyncpg.Connection, thread: str) -> AsyncIterator[None]:
    """Nobody writes into the thread, or changes who is in it, until this ends."""
    async with as_app.transaction():
        await act_as_service(as_app)
        owner = await as_app.fetchval("SELECT owner_id FROM threads WHERE id = $1", thread)
        await as_app.execute("SELECT set_config('role', 'none', true), set_config('app.user_id', $1, true)", str(owner))
        assert await as_app.fetch("SELECT id FROM threads WHERE id = $1 FOR UPDATE", thread)
        yield


async def act_as_service(as_app: asyncpg.Connection) -> None:
    """Read on behalf of everyone until the transaction ends."""
    await as_app.execute("SELECT set_config('role', replace(current_user, 'app_', 'service_'), true)")


async def waiting_for_lock(as_app: asyncpg.Connection) -> None:
    """Returns once a transaction waits for what this connection holds."""
    async with asyncio.timeout(10):
        while not await as_app.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        ):
            await as_app.execute("SELECT pg_stat_clear_snapshot()")
