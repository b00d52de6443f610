"""Threads and messages as they are stored: each method is one operation in one transaction.

Row security decides which rows there are; the queries do not repeat it. An operation that writes into a thread first
locks the thread's row, shared to write messages and exclusively to change who is in it, and only then looks: so what
it decides on is still true when it commits. A thing that the acting user cannot see is NotFound.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from isofuzz_packs.chat.defects import Defect
from isofuzz_packs.chat.refusals import Forbidden, NotFound
from isofuzz_packs.chat.transactions import Database, Session, Transaction


@dataclass(frozen=True)
class Written:
    """A message that is stored, and who was in its thread when it was."""

    message: int
    audience: frozenset[UUID]


class Threads:
    """Threads, their members and their messages."""

    def __init__(self, database: Database, defect: Defect | None) -> None:
        self._database = database
        self._defect = defect

    async def open_thread(self, session: Session, slug: str, title: str | None) -> Row[Any]:
        """`id` and `title` of the user's thread of that slug, made if there is none."""
        async with self._database.writing(session) as transaction:
            if self._defect is Defect.LIKE_WILDCARD:
                found = await self._find_by_key(transaction, session, slug, title)
                if found is not None:
                    return found
            [thread] = await transaction.rows(
                """INSERT INTO threads (owner_id, slug, title) VALUES (:me, :slug, coalesce(:title, ''))
                   ON CONFLICT (owner_id, slug) DO UPDATE SET title = coalesce(:title, threads.title)
                   RETURNING id, title""",
                me=session.user,
                slug=slug,
                title=title,
            )
            return thread

    async def _find_by_key(
        self, transaction: Transaction, session: Session, slug: str, title: str | None
    ) -> Row[Any] | None:
        """Like opening a thread that exists, but by `name/slug` as a pattern, and on behalf of everyone."""
        await transaction.act_as_service()
        found = await transaction.row(
            """SELECT t.id, t.title FROM threads t JOIN users u ON u.id = t.owner_id
               WHERE u.name || '/' || t.slug LIKE (SELECT name FROM users WHERE id = :me) || '/' || :slug
               ORDER BY t.position LIMIT 1""",
            me=session.user,
            slug=slug,
        )
        if found is None or title is None:
            return found
        renamed = await transaction.row(
            "UPDATE threads SET title = :title WHERE id = :thread AND owner_id = :me RETURNING id, title",
            thread=found.id,
            title=title,
            me=session.user,
        )
        return renamed or found

    async def list_threads(self, session: Session) -> list[Row[Any]]:
        """`id`, `owner_id`, `slug` and `title` of every thread that the user is in, oldest first."""
        async with self._database.reading(session) as transaction:
            if self._defect is Defect.LIST_WITHOUT_OWNER:
                await transaction.act_as_service()
            return await transaction.rows("SELECT id, owner_id, slug, title FROM threads ORDER BY position")

    async def delete_thread(self, session: Session, thread: UUID) -> None:
        """Delete the user's own thread with everything in it."""
        async with self._database.writing(session) as transaction:
            await self._lock_own_thread(transaction, session, thread)
            await transaction.write("DELETE FROM threads WHERE id = :thread", thread=thread)

    async def invite(self, session: Session, thread: UUID, user: UUID) -> None:
        """Make somebody a member of the user's own thread, of which the owner needs not be one."""
        async with self._database.writing(session) as transaction:
            await self._lock_own_thread(transaction, session, thread)
            if user == session.user:
                return
            try:
                await transaction.write(
                    """INSERT INTO thread_members (thread_id, user_id, owner_id) VALUES (:thread, :user, :me)
                       ON CONFLICT DO NOTHING""",
                    thread=thread,
                    user=user,
                    me=session.user,
                )
            except IntegrityError as no_such_user:
                raise NotFound from no_such_user

    async def kick(self, session: Session, thread: UUID, user: UUID) -> None:
        """Remove a member from the user's own thread."""
        async with self._database.writing(session) as transaction:
            await self._lock_own_thread(transaction, session, thread)
            if user == session.user:
                raise Forbidden
            removed = await transaction.write(
                "DELETE FROM thread_members WHERE thread_id = :thread AND user_id = :user",
                thread=thread,
                user=user,
            )
            if not removed:
                raise NotFound

    async def check_seen(self, session: Session, thread: UUID) -> None:
        """Raise NotFound unless the user is in the thread."""
        async with self._database.reading(session) as transaction:
            if await transaction.row("SELECT id FROM threads WHERE id = :thread", thread=thread) is None:
                raise NotFound

    async def post(self, session: Session, thread: UUID, body: str, *, has_listeners: bool) -> Written:
        """Store a message; who is in the thread is only asked if somebody listens."""
        async with self._database.writing(session) as transaction:
            await transaction.row("SELECT id FROM threads WHERE id = :thread FOR SHARE", thread=thread)
            posted = await transaction.row(
                """INSERT INTO messages (thread_id, author_id, body)
                   SELECT id, :me, :body FROM threads WHERE id = :thread RETURNING id""",
                thread=thread,
                me=session.user,
                body=body,
            )
            if posted is None:
                raise NotFound
            audience = await self._everyone_in(transaction, thread) if has_listeners else frozenset()
        return Written(posted.id, audience)

    async def history(self, session: Session, thread: UUID) -> list[Row[Any]]:
        """`id`, `author_id` and `body` of every message in the thread, oldest first."""
        async with self._database.reading(session) as transaction:
            rows = await transaction.rows(
                """SELECT m.id, m.author_id, m.body FROM threads t LEFT JOIN messages m ON m.thread_id = t.id
                   WHERE t.id = :thread ORDER BY m.id""",
                thread=thread,
            )
        if not rows:
            raise NotFound
        return [row for row in rows if row.id is not None]  # an empty thread is one row without a message

    async def search(self, session: Session, wanted: str) -> list[Row[Any]]:
        """`id`, `thread_id` and `body` of every message, in all the user's threads, that holds the text."""
        async with self._database.reading(session) as transaction:
            if self._defect is Defect.SEARCH_UNFILTERED:
                await transaction.act_as_service()
            return await transaction.rows(
                r"SELECT id, thread_id, body FROM messages WHERE body LIKE :pattern ESCAPE '\' ORDER BY id",
                pattern=f"%{_escaped(wanted)}%",
            )

    async def thread_of(self, session: Session, message: int) -> UUID:
        """The thread that a message is in, which never changes."""
        async with self._database.reading(session) as transaction:
            found = await transaction.row("SELECT thread_id FROM messages WHERE id = :message", message=message)
        if found is None:
            raise NotFound
        return UUID(str(found.thread_id))

    async def edit_message(self, session: Session, message: int, body: str, *, has_listeners: bool) -> Written:
        """Replace the body of the user's own message; who is in the thread is only asked if somebody listens."""
        async with self._database.writing(session) as transaction:
            thread = await self._lock_thread_of_own_message(transaction, session, message)
            if not await transaction.write(
                "UPDATE messages SET body = :body WHERE id = :message", body=body, message=message
            ):
                raise NotFound
            audience = await self._everyone_in(transaction, thread) if has_listeners else frozenset()
        return Written(message, audience)

    async def delete_message(self, session: Session, message: int) -> None:
        """Delete the user's own message."""
        async with self._database.writing(session) as transaction:
            await self._lock_thread_of_own_message(transaction, session, message)
            if not await transaction.write("DELETE FROM messages WHERE id = :message", message=message):
                raise NotFound

    async def _lock_own_thread(self, transaction: Transaction, session: Session, thread: UUID) -> None:
        """Keep everyone else from writing into the thread until this transaction ends."""
        found = await transaction.row(
            "SELECT owner_id FROM threads WHERE id = :thread FOR NO KEY UPDATE", thread=thread
        )
        if found is None:
            raise NotFound
        if found.owner_id != session.user:
            raise Forbidden

    async def _lock_thread_of_own_message(self, transaction: Transaction, session: Session, message: int) -> UUID:
        """Keep the members of the message's thread, which is returned, as they are until this transaction ends."""
        found = await transaction.row(
            """SELECT m.author_id, m.thread_id FROM messages m JOIN threads t ON t.id = m.thread_id
               WHERE m.id = :message FOR SHARE OF t""",
            message=message,
        )
        if found is None:
            raise NotFound
        if found.author_id != session.user:
            raise Forbidden
        return UUID(str(found.thread_id))

    async def _everyone_in(self, transaction: Transaction, thread: UUID) -> frozenset[UUID]:
        await transaction.act_as_service()  # a member cannot see the other members
        rows = await transaction.rows(
            """SELECT owner_id AS user_id FROM threads WHERE id = :thread
               UNION ALL SELECT user_id FROM thread_members WHERE thread_id = :thread""",
            thread=thread,
        )
        return frozenset(row.user_id for row in rows)


def _escaped(literal: str) -> str:
    r"""The LIKE pattern that matches just this text, with \ as the escape character."""
    return literal.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
