"""What each request does: store, tell the router, and say what came of it."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, nullcontext
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from isofuzz_packs.chat.accounts import Accounts
from isofuzz_packs.chat.careless import Background, Lineup
from isofuzz_packs.chat.defects import Defect
from isofuzz_packs.chat.exports import Exports
from isofuzz_packs.chat.fanout import Fanout
from isofuzz_packs.chat.messages import PAGE, Messages, Quotation
from isofuzz_packs.chat.protocol import event
from isofuzz_packs.chat.refusals import NotFound
from isofuzz_packs.chat.requests import (
    DeleteMessage,
    DeleteThread,
    EditMessage,
    Export,
    History,
    Invite,
    Kick,
    ListThreads,
    LogOut,
    OpenThread,
    Ping,
    Post,
    Quote,
    ReadAbout,
    Request,
    Resume,
    Search,
    SetAbout,
    Share,
    SignIn,
    Subscribe,
)
from isofuzz_packs.chat.router import Connection, Router
from isofuzz_packs.chat.threads import Threads
from isofuzz_packs.chat.transactions import Session

Answer = Mapping[str, object]
_DONE: Answer = {}
_asking: ContextVar[Session] = ContextVar("asking")


class Service:
    """The chat, apart from its sockets."""

    def __init__(
        self,
        accounts: Accounts,
        threads: Threads,
        messages: Messages,
        exports: Exports,
        router: Router,
        fanout: Fanout,
        defect: Defect | None,
    ) -> None:
        self._accounts = accounts
        self._threads = threads
        self._messages = messages
        self._exports = exports
        self._router = router
        self._fanout = fanout
        self._defect = defect
        self._kicked: set[tuple[UUID, UUID]] = set()
        self._current: Session | None = None
        self._background = Background()
        self._lineup = Lineup()

    async def answer(self, connection: Connection, request: Request) -> Answer:
        """Do what is asked, for the session of the connection; raises Refusal."""
        match request:
            case Ping():
                await self._fanout.settle()
                return _DONE
            case SignIn(name):
                return await self._sign_in(connection, name)
            case Resume(token, handle):
                return await self._resume(connection, token, handle)
            case LogOut():
                return await self._log_out(connection.session)
            case Subscribe(thread):
                return await self._subscribe(connection, thread)
            case SetAbout() | ReadAbout() | OpenThread() | ListThreads() | Search() | Export():
                return await self._answer_about_own(connection.session, request)
            case DeleteThread() | Invite() | Kick() | Share():
                return await self._answer_about_thread(connection.session, request)
            case Post() | Quote() | History() | EditMessage() | DeleteMessage():
                return await self._answer_about_messages(connection.session, request)

    async def _sign_in(self, connection: Connection, name: str) -> Answer:
        connection.check_vacant()
        session, token = await self._accounts.sign_in(name)
        connection.belong_to(session)
        return {"token": token, "user": str(session.user), "connection": str(connection.handle)}

    async def _resume(self, connection: Connection, token: str, handle: UUID | None) -> Answer:
        connection.check_vacant()
        session = await self._accounts.resume(token)
        old = None if handle is None else self._router.find(session, handle)
        connection.belong_to(session)
        if old is not None:
            await self._go_on(connection, old)
        return {"user": str(session.user), "connection": str(connection.handle)}

    async def _go_on(self, connection: Connection, old: Connection) -> None:
        """Nothing happens in what was listened to between asking for the right to see it and pushing what was missed.

        The locks are taken in one order by all, so that no two wait for each other.
        """
        async with AsyncExitStack() as turns:
            threads = sorted(old.subscriptions)
            for thread in threads:
                await turns.enter_async_context(self._router.in_turn(thread))
            seen = await self._threads.seen_among(connection.session, threads)
            self._router.replace(old, connection, seen)

    async def _log_out(self, session: Session) -> Answer:
        await self._accounts.log_out(session)
        await self._fanout.end_session(session)
        return _DONE

    async def _subscribe(self, connection: Connection, thread: UUID) -> Answer:
        user = connection.session.user
        planted = self._defect is Defect.SUBSCRIBE_OUT_OF_TURN
        async with nullcontext() if planted else self._router.in_turn(thread):
            listened = planted or self._fanout.has_listeners(thread)
            audience = await self._threads.look_in(connection.session, thread, has_listeners=listened)
            if planted:
                self._router.remember_audience(thread, audience)
            connection.subscribe(thread)
            await self._fanout.notify(thread, audience - {user}, event("joined", thread, user=str(user)))
        return _DONE

    async def _answer_about_own(
        self, session: Session, request: SetAbout | ReadAbout | OpenThread | ListThreads | Search | Export
    ) -> Answer:
        if self._defect is Defect.CURRENT_USER_GLOBAL:
            self._current = session
            await asyncio.sleep(0)
            session = self._current
        match request:
            case SetAbout(about):
                if self._defect is Defect.CALLER_KEPT:
                    _asking.set(session)
                    await self._background.done(lambda: self._accounts.set_about(_asking.get(), about))
                else:
                    await self._accounts.set_about(session, about)
                return _DONE
            case ReadAbout():
                return {"about": await self._accounts.about(session)}
            case OpenThread(slug, title):
                return await self._open_thread(session, slug, title)
            case ListThreads():
                threads, total = await self._threads.list_threads(session)
                return {
                    "threads": [
                        {"thread": str(t.id), "owner": str(t.owner_id), "slug": t.slug, "title": t.title}
                        for t in threads
                    ],
                    "total": total,
                }
            case Search(text):
                return _found(await self._messages.search(session, text))
            case Export():
                return _found(await self._exports.messages(session))

    async def _answer_about_thread(self, session: Session, request: DeleteThread | Invite | Kick | Share) -> Answer:
        thread = request.thread
        match request:
            case DeleteThread():
                async with self._router.in_turn(thread):
                    await self._threads.delete_thread(session, thread)
                    await self._fanout.end_thread(thread)
            case Invite(_, user):
                await self._threads.invite(session, thread, user)
                self._router.change_audience(thread)
            case Kick(_, user):
                async with self._router.in_turn(thread):
                    await self._threads.kick(session, thread, user)
                    self._router.change_audience(thread)
                if self._defect is Defect.MEMBERSHIP_CACHED:
                    self._kicked.add((thread, user))
            case Share(_, members, title):
                await self._share(session, thread, members, title)
        return _DONE

    async def _answer_about_messages(
        self, session: Session, request: Post | Quote | History | EditMessage | DeleteMessage
    ) -> Answer:
        match request:
            case Post(thread, body):
                return {"message": await self._post(session, thread, body)}
            case Quote(thread, message, author, body):
                return {"message": await self._post(session, thread, body, Quotation(message, author))}
            case History(thread, after):
                return await self._history(session, thread, after)
            case EditMessage(thread, message, body):
                await self._edit(session, thread, message, body)
            case DeleteMessage(message):
                await self._delete(session, message)
        return _DONE

    async def _open_thread(self, session: Session, slug: str, title: str | None) -> Answer:
        opened = await self._threads.open_thread(session, slug, title)
        thread: UUID = opened.id
        if title is None or opened.settled:
            return {"thread": str(thread), "title": opened.title}
        async with self._router.in_turn(thread):
            listened = self._fanout.has_listeners(thread)
            renamed = await self._threads.rename(session, thread, title, has_listeners=listened)
            await self._fanout.push(thread, renamed.audience, event("renamed", thread, **renamed.told))
        return {"thread": str(thread), "title": title}

    async def _share(self, session: Session, thread: UUID, members: Sequence[UUID], title: str) -> None:
        async with self._router.in_turn(thread):
            listened = self._fanout.has_listeners(thread)
            renamed = await self._threads.share(session, thread, members, title, has_listeners=listened)
            self._router.change_audience(thread)
            await self._fanout.push(thread, renamed.audience, event("renamed", thread, **renamed.told))

    async def _post(self, session: Session, thread: UUID, body: str, quotation: Quotation | None = None) -> int:
        async with self._router.in_turn(thread):
            listened = self._fanout.has_listeners(thread)
            posted = await self._messages.post(session, thread, body, quotation, has_listeners=listened)
            told = event("message", thread, message=posted.message, body=body)
            await self._fanout.push(thread, posted.audience, told)
        return posted.message

    async def _history(self, session: Session, thread: UUID, after: int) -> Answer:
        if (thread, session.user) in self._kicked:  # empty unless MEMBERSHIP_CACHED is planted
            raise NotFound
        reading = self._messages.history(session, thread, after)
        page = await (self._lineup.done(reading) if self._defect is Defect.RESULTS_LINED_UP else reading)
        messages = [
            {
                "message": m.id,
                "seq": m.seq,
                "author": str(m.author_id),
                "body": m.body,
                "quotes": m.quoted_id,
                "quoted": None if m.quoted_author_id is None else str(m.quoted_author_id),
            }
            for m in page
        ]
        return {"messages": messages, "next": page[-1].seq if len(page) == PAGE else None}

    async def _edit(self, session: Session, thread: UUID, message: int, body: str) -> None:
        async with self._router.in_turn(thread):
            listened = self._fanout.has_listeners(thread)
            audience = await self._messages.edit(session, thread, message, body, has_listeners=listened)
            await self._fanout.push(thread, audience, event("edit", thread, message=message, body=body))

    async def _delete(self, session: Session, message: int) -> None:
        thread = await self._messages.thread_of(session, message)
        async with self._router.in_turn(thread):
            listened = self._fanout.has_listeners(thread)
            audience = await self._messages.delete(session, thread, message, has_listeners=listened)
            await self._fanout.notify(thread, audience, event("deleted", thread, message=message))


def _found(messages: Sequence[Row[Any]]) -> Answer:
    return {"messages": [{"message": m.id, "thread": str(m.thread_id), "body": m.body} for m in messages]}
