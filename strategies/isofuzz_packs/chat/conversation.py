"""The talk with one client: requests, each of which may be cancelled, and an answer to each, in their order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final, TypeAlias

from websockets.exceptions import ConnectionClosed

from isofuzz_packs.chat.cancelling import cancel
from isofuzz_packs.chat.protocol import (
    Cancellation,
    ClientId,
    Envelope,
    error_reply,
    open_frame,
    read_request,
    reply,
)
from isofuzz_packs.chat.refusals import BadRequest, Cancelled, Refusal
from isofuzz_packs.chat.requests import Request
from isofuzz_packs.chat.router import Connection

_log = logging.getLogger(__name__)

_MOST_WAITING: Final = 100
"""So many requests are taken on ahead; then the client is not listened to until one is answered."""

Answer: TypeAlias = Mapping[str, object]
Work: TypeAlias = asyncio.Task[Answer]
Asking: TypeAlias = dict[ClientId, list[Connection]]
"""By the id that a client chose, the connections on which a request of that id is unanswered."""


class Conversation:
    """The requests that come over one connection, done one at a time, in the order in which they came.

    It is listened for more while one is worked on, so that this one can be cancelled. Given what is `asking` in the
    whole chat, a request is taken to have come over the connection that used its id last.
    """

    def __init__(
        self,
        connection: Connection,
        answer: Callable[[Connection, Request], Awaitable[Answer]],
        asking: Asking | None = None,
    ) -> None:
        self._connection = connection
        self._answer = answer
        self._asking = asking
        self._turn = asyncio.Lock()  # it goes to those who wait for it in the order in which they came
        self._asked: asyncio.Queue[tuple[ClientId, Work] | None] = asyncio.Queue(_MOST_WAITING)
        self._unanswered: dict[ClientId, Work] = {}

    async def hold(self) -> None:
        """Answer until the client has gone and all that it asked for has been done."""
        async with asyncio.TaskGroup() as tasks:
            _ = tasks.create_task(self._send_answers())
            with suppress(ConnectionClosed):  # clients come and go as they please
                async for frame in self._connection.websocket:
                    await self._take(frame)
            await self._asked.put(None)

    async def _take(self, frame: str | bytes) -> None:
        try:
            opened = open_frame(frame)
        except BadRequest:
            opened = Envelope(None, {})
        match opened:
            case Cancellation(client_id):
                if work := self._unanswered.get(client_id):
                    cancel(work)
            case Envelope(client_id):
                work = asyncio.create_task(self._work_on(opened))
                self._unanswered[client_id] = work
                if self._asking is not None:
                    self._asking.setdefault(client_id, []).append(self._connection)
                await self._asked.put((client_id, work))

    async def _work_on(self, envelope: Envelope) -> Answer:
        async with self._turn:
            return await self._answer(self._connection, read_request(envelope))

    async def _send_answers(self) -> None:
        while asked := await self._asked.get():
            client_id, work = asked
            await asyncio.wait({work})
            if self._unanswered.get(client_id) is work:  # else the client has used the id again
                del self._unanswered[client_id]
            connection = self._connection if self._asking is None else self._asking[client_id].pop()
            with suppress(ConnectionClosed):  # it was done all the same
                await connection.websocket.send(_told(client_id, work))


def _told(client_id: ClientId, work: Work) -> str:
    """The frame that says what came of it."""
    if work.cancelled():
        return error_reply(client_id, Cancelled.error)
    match work.exception():
        case None:
            return reply(client_id, work.result())
        case Refusal() as refusal:
            return error_reply(client_id, refusal.error)
        case failure:  # whatever went wrong with one request, the others are still answered
            _log.error("a request failed", exc_info=failure)
            return error_reply(client_id, "internal")
