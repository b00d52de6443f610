"""How what happens reaches those who listen: at once where the chat is one process, through Valkey where it is several.

Between processes nothing is locked. Who may get an event is found in the transaction that stores it, under the lock of
the thread's row. So an event that comes late, after a kick that another process has answered, was written when whoever
gets it was still in the thread; and what is stored after the kick is not for them. A write is answered once its event
is in the channel, so what is written later comes later.
"""

import asyncio
import json
from collections.abc import Set
from typing import Any, Final
from uuid import UUID, uuid4

from valkey.asyncio import Valkey

from isofuzz_packs.chat.router import Router
from isofuzz_packs.chat.transactions import Session

_CHANNEL: Final = "chat"


class Fanout:
    """Of a chat that is one process."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def open(self) -> None:
        """Begin."""

    async def close(self) -> None:
        """End."""

    def has_listeners(self, thread: UUID) -> bool:
        """Whether anybody may listen to the thread."""
        return self._router.has_listeners(thread)

    async def push(self, thread: UUID, audience: Set[UUID], event: str) -> None:
        """Send an event to those in the audience who listen to the thread."""
        self._router.push(thread, audience, event)

    async def notify(self, thread: UUID, audience: Set[UUID], event: str) -> None:
        """Send them an event that holds no text."""
        self._router.notify(thread, audience, event)

    async def end_session(self, session: Session) -> None:
        """Take every right from the connections of a session that has ended."""
        self._router.end_session(session)

    async def end_thread(self, thread: UUID) -> None:
        """Forget who listened to a thread that is deleted."""
        self._router.end_thread(thread)

    async def settle(self) -> None:
        """Return when all that was told before has been sent to the connections of this process."""


class SharedFanout(Fanout):
    """Of a chat that is several processes: each of them is told everything, in the same order."""

    def __init__(self, router: Router, url: str) -> None:
        super().__init__(router)
        self._valkey = Valkey.from_url(url)
        self._channel = self._valkey.pubsub(ignore_subscribe_messages=True)
        self._listening: asyncio.Task[None] | None = None
        self._settling: dict[str, asyncio.Event] = {}

    async def open(self) -> None:
        """Listen, from now on."""
        await self._channel.subscribe(_CHANNEL)
        self._listening = asyncio.create_task(self._listen())
        await self.settle()

    async def close(self) -> None:
        """Listen no more."""
        if self._listening:
            self._listening.cancel()
            await asyncio.wait({self._listening})
        await self._channel.aclose()
        await self._valkey.aclose()

    def has_listeners(self, thread: UUID) -> bool:
        """Always: they may be connected to another process."""
        return True

    async def push(self, thread: UUID, audience: Set[UUID], event: str) -> None:
        """Have each process send it."""
        await self._tell("push", thread=str(thread), audience=list(map(str, audience)), event=event)

    async def notify(self, thread: UUID, audience: Set[UUID], event: str) -> None:
        """Have each process send it."""
        await self._tell("notify", thread=str(thread), audience=list(map(str, audience)), event=event)

    async def end_session(self, session: Session) -> None:
        """Have each process end it."""
        await self._tell("end_session", user=str(session.user), token_hash=session.token_hash)

    async def end_thread(self, thread: UUID) -> None:
        """Have each process forget it."""
        await self._tell("end_thread", thread=str(thread))

    async def settle(self) -> None:
        """Return when a message that was sent last has come back."""
        assert self._listening
        sent = uuid4().hex
        self._settling[sent] = asyncio.Event()
        try:
            await self._tell("settle", sent=sent)
            back = asyncio.ensure_future(self._settling[sent].wait())
            _, _ = await asyncio.wait({back, self._listening}, return_when=asyncio.FIRST_COMPLETED)
            if not back.done():
                back.cancel()
                raise ConnectionError("the channel of events is gone") from self._listening.exception()
        finally:
            del self._settling[sent]

    async def _tell(self, what: str, **about: object) -> None:
        _ = await self._valkey.publish(_CHANNEL, json.dumps({"what": what, **about}))

    async def _listen(self) -> None:
        async for message in self._channel.listen():
            self._hear(json.loads(message["data"]))

    def _hear(self, told: dict[str, Any]) -> None:
        match told:
            case {"what": "push", "thread": thread, "audience": audience, "event": event}:
                self._router.push(UUID(thread), set(map(UUID, audience)), event)
            case {"what": "notify", "thread": thread, "audience": audience, "event": event}:
                self._router.notify(UUID(thread), set(map(UUID, audience)), event)
            case {"what": "end_session", "user": user, "token_hash": token_hash}:
                self._router.end_session(Session(UUID(user), token_hash))
            case {"what": "end_thread", "thread": thread}:
                self._router.end_thread(UUID(thread))
            case {"what": "settle", "sent": sent}:
                if waiting := self._settling.get(sent):
                    waiting.set()
