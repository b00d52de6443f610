"""The target of the reference chat: what its users can do, in the words of isofuzz."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import field
from itertools import count
from typing import Any, ClassVar, Final

from websockets.exceptions import ConnectionClosed

from isofuzz import (
    All,
    Audience,
    Database,
    Ends,
    Grants,
    Key,
    Name,
    Query,
    Record,
    Refused,
    Revokes,
    Secret,
    Services,
    Session,
    Some,
    Stored,
    Subscription,
    Target,
    Thread,
    User,
    WebSocket,
    operation,
)
from isofuzz_packs.chat.backing import prepare
from isofuzz_packs.chat.defects import DESCRIPTIONS, Defect, Need
from isofuzz_packs.chat.server import ChatServer


class Title(Secret):
    """What a thread is called."""


class Body(Secret):
    """What a message says."""


class About(Secret, private=True):
    """What a user notes about themselves."""


class Who(User):
    """A user of the chat."""

    id: str


class Line(WebSocket):
    """A connection: requests and their replies, and between them the events that it is subscribed to.

    `token` is that of its session, `handle` what the chat calls the connection, `path` the Unix socket that it was made
    on, which is where it can be resumed. What is asked for on one that was resumed is asked for on its `successor`;
    `turn` has requests wait until that is there. `numbers` are the ids of its requests.
    """

    path: str = ""
    token: str = ""
    handle: str = ""
    successor: "Line | None" = None
    turn: asyncio.Lock = field(init=False, repr=False, default_factory=asyncio.Lock)
    numbers: Iterator[int] = field(init=False, repr=False, default_factory=lambda: count(1))

    async def call(self, do: str, **fields: object) -> Any:
        """Make a request and return what it was answered; raises Refused with the error.

        Raises Unsettled if the chat cannot say what came of it. If this is cancelled, the chat is told.
        """
        async with self.turn:
            if self.successor is None:
                return await self._call(do, **fields)
        return await self.successor.call(do, **fields)

    async def _call(self, do: str, **fields: object) -> Any:
        number = next(self.numbers)
        request = {"id": number, "do": do, **fields}
        asking = asyncio.ensure_future(self.ask(request, until=lambda frame: frame.get("id") == number))
        try:
            # Shielded, for what comes back after this was cancelled is an answer all the same, and nothing pushed.
            reply = await asyncio.shield(asking)
        except asyncio.CancelledError:
            with suppress(ConnectionClosed):
                await self.send({"cancel": number})
            raise
        error = reply.get("error")
        if error in UNSETTLED:
            raise Unsettled(error)
        if error is not None:
            raise Refused(error)
        return reply["ok"]

    async def barrier(self) -> None:
        """What was pushed before it, wherever that was asked for, precedes the answer to a ping."""
        await self.call("ping")


UNSETTLED: Final = ("internal", "cancelled")
"""The errors after which what was asked for may have been done or not."""


_TRIES: Final = 3


class Unsettled(Exception):
    """The chat could not do what was asked, and the asker cannot know how far it came."""


class Me(Session):
    """Who is signed in, with the connection that their requests go over."""

    token: str
    line: Line


class Room(Thread):
    """A thread of the chat."""

    id: str


class Message(Record):
    """A message in a thread."""

    id: int


class Feed(Subscription[Body], echo=True, once=True, in_order=True, replay=True):
    """Each new or edited message of one thread, the author's own included."""


class Renames(Subscription[Title], echo=True, once=True, in_order=True, replay=True):
    """Each new title of one thread."""


class Operations(Target):
    """What the users of the reference chat can do, wherever it runs."""

    defects: ClassVar = {str(defect): DESCRIPTIONS[defect].sentence for defect in Defect}

    def next_path(self) -> str:
        """The Unix socket on which the chat takes the next connection that goes on in no other's place."""
        raise NotImplementedError

    async def stored(self, database: Database) -> Iterable[Stored]:
        """Every message, title and text about a user."""
        rows = await database.fetch(
            """SELECT body AS text, thread_id::text AS thread, author_id::text AS owner FROM messages
               UNION ALL SELECT title, id::text, owner_id::text FROM threads
               UNION ALL SELECT about, NULL, id::text FROM users"""
        )
        return [Stored(row["text"], row["thread"], row["owner"]) for row in rows]

    @operation
    async def sign_in(self, name: Name) -> tuple[Who, Me, Line]:
        """Sign in, and up if the name is new."""
        async with self._connected() as line:
            answer = await line.call("sign_in", name=name)
        line.token, line.handle = answer["token"], answer["connection"]
        return Who(answer["user"]), Me(line.token, line), line

    @operation
    async def connect(self, me: Me) -> Line:
        """Open another connection for the same session."""
        async with self._connected() as line:
            answer = await line.call("resume", token=me.token)
        line.token, line.handle = me.token, answer["connection"]
        return line

    @operation
    async def resume(self, me: Me, line: Line) -> Line:
        """Drop a connection and open another one that goes on in its place.

        Once begun it is done to its end, and tried again when the chat could not do it: who gives up half-way is left
        without a connection that could be resumed.
        """
        return await asyncio.shield(self._resume(me, line))

    async def _resume(self, me: Me, line: Line) -> Line:
        async with line.turn:
            is_own = line.token == me.token and line.successor is None  # else it is not this session's to drop
            was_lost = is_own and line.connection.close_code is not None
            for tries_left in reversed(range(_TRIES)):
                successor = await connected_to(line.path)
                if is_own:
                    line.successor = successor
                    await line.close()
                try:
                    answer = await self._go_on(successor, me, line, was_lost=was_lost)
                except Unsettled:
                    if not tries_left:
                        raise
                    await successor.close()
                else:
                    successor.token, successor.handle = me.token, answer["connection"]
                    return successor
            raise AssertionError("the last try returns or raises")

    async def _go_on(self, successor: Line, me: Me, line: Line, *, was_lost: bool) -> Any:
        """Have the successor go on with the session, in the place of the line: one that was lost may be forgotten."""
        try:
            return await successor.call("resume", token=me.token, connection=line.handle)
        except Refused:
            if not was_lost:
                raise
        return await successor.call("resume", token=me.token)

    @operation
    async def log_out(self, me: Ends[Me]) -> None:
        """End the session on every connection."""
        await me.line.call("log_out")

    @operation
    async def open_thread(self, me: Me, slug: Key, title: Title) -> tuple[Room, object]:
        """Open one's own thread of that slug; it is made if there is none."""
        answer = await me.line.call("open_thread", slug=slug, title=title)
        return Room(answer["thread"]), answer

    @operation
    async def post(self, me: Me, room: Room, body: Body) -> Message:
        """Write a message."""
        answer = await me.line.call("post", thread=room.id, body=body)
        return Message(answer["message"])

    @operation
    async def quote(self, me: Me, room: Room, message: Message, author: Who, body: Body) -> Message:
        """Write a message about another one of the same thread, and say whose words those are."""
        answer = await me.line.call("quote", thread=room.id, message=message.id, author=author.id, body=body)
        return Message(answer["message"])

    @operation
    async def history(self, me: Me, room: Room) -> All[Body]:
        """All messages of a thread, page by page."""
        messages, after = [], 0
        while after is not None:
            page = await me.line.call("history", thread=room.id, after=after)
            messages += page["messages"]
            after = page["next"]
        return messages

    @operation
    async def list_threads(self, me: Me) -> All[Title]:
        """The titles of all threads that one owns or is in."""
        return await me.line.call("list_threads")

    @operation
    async def search(self, me: Me, text: Query) -> Some[Body]:
        """The messages that hold a text, in all threads that one is in."""
        return await me.line.call("search", text=text)

    @operation
    async def export(self, me: Me) -> All[Body]:
        """All messages of all threads that one is in."""
        return await me.line.call("export")

    @operation
    async def invite(self, me: Me, room: Room, member: Grants[Who]) -> None:
        """Let a user into one's own thread."""
        await me.line.call("invite", thread=room.id, user=member.id)

    @operation
    async def kick(self, me: Me, room: Room, member: Revokes[Who]) -> None:
        """Put a user out of one's own thread."""
        await me.line.call("kick", thread=room.id, user=member.id)

    @operation
    async def share(self, me: Me, room: Room, members: Audience[Sequence[Who]], title: Title) -> None:
        """Let just these users into one's own thread, and call it by another title."""
        await me.line.call("share", thread=room.id, members=[member.id for member in members], title=title)

    @operation
    async def edit_message(self, me: Me, room: Room, message: Message, body: Body) -> None:
        """Replace what one's own message in a thread says."""
        await me.line.call("edit_message", thread=room.id, message=message.id, body=body)

    @operation
    async def delete_message(self, me: Me, message: Ends[Message]) -> None:
        """Delete one's own message."""
        await me.line.call("delete_message", message=message.id)

    @operation
    async def delete_thread(self, me: Me, room: Ends[Room]) -> None:
        """Delete one's own thread with everything in it."""
        await me.line.call("delete_thread", thread=room.id)

    @operation
    async def subscribe(self, me: Me, line: Line, room: Room) -> tuple[Feed, Renames]:
        """Have what happens in a thread pushed to a connection of one's own."""
        await line.call("subscribe", thread=room.id)
        return Feed(), Renames()

    @operation
    async def set_about(self, me: Me, about: About) -> None:
        """Note something about oneself."""
        await me.line.call("set_about", about=about)

    @operation
    async def read_about(self, me: Me) -> All[About]:
        """Read what one noted about oneself."""
        return await me.line.call("read_about")

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Line]:
        """A new connection, which is dropped unless what is asked for on it first succeeds."""
        line = await connected_to(self.next_path())
        try:
            yield line
        except BaseException:
            await line.abort()
            raise


async def connected_to(path: str) -> Line:
    line = await Line.open("ws://localhost/", unix=path)
    line.path = path
    return line


class Chat(Operations):
    """The reference chat in this process. `defect` plants one leak of the zoo."""

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        """Create the schema as its owner, and run the server as a role that row security binds."""
        self._path = services.folder / "chat.sock"
        self._backing = await prepare(services)
        async with AsyncExitStack() as self._up:
            await self._start()
            yield

    async def _start(self) -> None:
        server = ChatServer(self._backing, unix_path=self._path, defect=self.defect)
        self._server = await self._up.enter_async_context(server)

    async def restart(self) -> None:
        """Go on with a new server, which knows nothing but what is stored."""
        await self._up.aclose()
        await self._start()

    async def reset(self) -> None:
        """Have the server forget the connections that could be resumed.

        What a planted leak leaves on its own connections goes too: it is to show in the program that it is left by.
        """
        self._server.forget_closed()
        if self.defect and Need.REUSE in DESCRIPTIONS[Defect(self.defect)].needs:
            await self._server.renew_connections()

    async def pooled(self, query: str) -> Sequence[str]:
        """The server runs in this process, so its pool can be asked directly."""
        return await self._server.pooled(query)

    def next_path(self) -> str:
        """The only one."""
        return str(self._path)
