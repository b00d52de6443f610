"""What each request does: store, tell the router, and say what came of it."""

from collections.abc import Mapping
from uuid import UUID

from isofuzz_packs.chat.accounts import Accounts
from isofuzz_packs.chat.protocol import message_event
from isofuzz_packs.chat.requests import (
    DeleteMessage,
    DeleteThread,
    EditMessage,
    History,
    Invite,
    Kick,
    ListThreads,
    LogOut,
    OpenThread,
    Ping,
    Post,
    ReadAbout,
    Request,
    Resume,
    Search,
    SetAbout,
    SignIn,
    Subscribe,
)
from isofuzz_packs.chat.router import Connection, Router
from isofuzz_packs.chat.threads import Threads
from isofuzz_packs.chat.transactions import Session

Answer = Mapping[str, object]
_DONE: Answer = {}


class Service:
    """The chat, apart from its sockets."""

    def __init__(self, accounts: Accounts, threads: Threads, router: Router) -> None:
        self._accounts = accounts
        self._threads = threads
        self._router = router

    async def answer(self, connection: Connection, request: Request) -> Answer:
        """Do what is asked, for the session of the connection; raises Refusal."""
        match request:
            case Ping():
                return _DONE
            case SignIn(name):
                return await self._sign_in(connection, name)
            case Resume(token):
                return await self._resume(connection, token)
            case LogOut():
                return await self._log_out(connection.session)
            case Subscribe(thread):
                return await self._subscribe(connection, thread)
            case SetAbout() | ReadAbout() | OpenThread() | ListThreads() | Search():
                return await self._answer_about_own(connection.session, request)
            case DeleteThread() | Invite() | Kick() | Post() | History():
                return await self._answer_about_thread(connection.session, request)
            case EditMessage(message, body):
                await self._edit(connection.session, message, body)
                return _DONE
            case DeleteMessage(message):
                await self._threads.delete_message(connection.session, message)
                return _DONE

    async def _sign_in(self, connection: Connection, name: str) -> Answer:
        connection.check_vacant()
        session, token = await self._accounts.sign_in(name)
        connection.belong_to(session)
        return {"token": token, "user": str(session.user)}

    async def _resume(self, connection: Connection, token: str) -> Answer:
        connection.check_vacant()
        session = await self._accounts.resume(token)
        connection.belong_to(session)
        return {"user": str(session.user)}

    async def _log_out(self, session: Session) -> Answer:
        await self._accounts.log_out(session)
        self._router.end_session(session)
        return _DONE

    async def _subscribe(self, connection: Connection, thread: UUID) -> Answer:
        async with self._router.in_turn(thread):
            await self._threads.check_seen(connection.session, thread)
            connection.subscribe(thread)
        return _DONE

    async def _answer_about_own(
        self, session: Session, request: SetAbout | ReadAbout | OpenThread | ListThreads | Search
    ) -> Answer:
        match request:
            case SetAbout(about):
                await self._accounts.set_about(session, about)
                return _DONE
            case ReadAbout():
                return {"about": await self._accounts.about(session)}
            case OpenThread(slug, title):
                opened = await self._threads.open_thread(session, slug, title)
                return {"thread": str(opened.id), "title": opened.title}
            case ListThreads():
                threads = await self._threads.list_threads(session)
                return {
                    "threads": [
                        {"thread": str(t.id), "owner": str(t.owner_id), "slug": t.slug, "title": t.title}
                        for t in threads
                    ]
                }
            case Search(text):
                found = await self._threads.search(session, text)
                return {"messages": [{"message": m.id, "thread": str(m.thread_id), "body": m.body} for m in found]}

    async def _answer_about_thread(
        self, session: Session, request: DeleteThread | Invite | Kick | Post | History
    ) -> Answer:
        match request:
            case DeleteThread(thread):
                async with self._router.in_turn(thread):
                    await self._threads.delete_thread(session, thread)
                    self._router.end_thread(thread)
                return _DONE
            case Invite(thread, user):
                await self._threads.invite(session, thread, user)
                return _DONE
            case Kick(thread, user):
                async with self._router.in_turn(thread):
                    await self._threads.kick(session, thread, user)
                return _DONE
            case Post(thread, body):
                return {"message": await self._post(session, thread, body)}
            case History(thread):
                messages = await self._threads.history(session, thread)
                return {"messages": [{"message": m.id, "author": str(m.author_id), "body": m.body} for m in messages]}

    async def _post(self, session: Session, thread: UUID, body: str) -> int:
        async with self._router.in_turn(thread):
            posted = await self._threads.post(session, thread, body, has_listeners=self._router.has_listeners(thread))
            self._router.push(thread, posted.audience, message_event("message", thread, posted.message, body))
        return posted.message

    async def _edit(self, session: Session, message: int, body: str) -> None:
        thread = await self._threads.thread_of(session, message)
        async with self._router.in_turn(thread):
            listened = self._router.has_listeners(thread)
            edited = await self._threads.edit_message(session, message, body, has_listeners=listened)
            self._router.push(thread, edited.audience, message_event("edit", thread, message, body))
