"""The messages of threads as they are stored: each method is one operation in one transaction.

What `threads` says of row security and locks holds here too.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError, IntegrityError

from isofuzz_packs.chat.defects import Defect
from isofuzz_packs.chat.refusals import Busy, Forbidden, NotFound
from isofuzz_packs.chat.threads import Audience, everyone_in
from isofuzz_packs.chat.transactions import Database, Session, Transaction

PAGE = 20
_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True)
class Written:
    """A message that is stored, and who was in its thread when it was."""

    message: int
    audience: Audience


@dataclass(frozen=True)
class Quotation:
    """The message that another one quotes, and whose words its author says they are."""

    message: int
    author: UUID


class Messages:
    """Messages, which only their author may change.

    Whoever pushes an event says whether anybody listens to the thread: only then is it asked who is in it.
    """

    def __init__(self, database: Database, defect: Defect | None) -> None:
        self._database = database
        self._defect = defect

    async def post(
        self, session: Session, thread: UUID, body: str, quotation: Quotation | None = None, *, has_listeners: bool
    ) -> Written:
        """Store a message, which may quote another one of the same thread, under the next number of the thread."""
        author = session.user
        async with self._database.writing(session) as transaction:
            await transaction.row("SELECT id FROM threads WHERE id = :thread FOR SHARE", thread=thread)
            if quotation and self._defect is not Defect.FOREIGN_PARENT:
                await _check_in_thread(transaction, quotation.message, thread)
            if quotation and self._defect is Defect.AUTHOR_MASS_ASSIGNED:
                author = quotation.author
                await transaction.act_for_user(author)
            if self._defect is Defect.SEQ_ACROSS_THREADS:
                await _count_on(transaction, thread)
            message = await _insert(transaction, thread, author, body, quotation)
            audience = await everyone_in(transaction, thread) if has_listeners else frozenset()
        return Written(message, audience)

    async def history(self, session: Session, thread: UUID, after: int) -> list[Row[Any]]:
        """The first messages of the thread that are numbered above `after`, in the order of their numbers.

        Of each the `id`, `seq`, `author_id`, `body`, `quoted_id` and `quoted_author_id`; fewer than PAGE are the last.
        """
        async with self._database.reading(session) as transaction:
            if self._defect is Defect.LOCK_STRANDED:
                await _wait_for_reader(transaction, thread)
            rows = await transaction.rows(
                """SELECT m.id, m.seq, m.author_id, m.body, m.quoted_id, m.quoted_author_id
                   FROM threads t LEFT JOIN messages m ON m.thread_id = t.id AND m.seq > :after
                   WHERE t.id = :thread ORDER BY m.seq LIMIT :page""",
                thread=thread,
                after=after,
                page=PAGE,
            )
            if not rows:
                raise NotFound
            if self._defect is Defect.LOCK_STRANDED:
                await transaction.row("SELECT pg_advisory_unlock(hashtext(:thread))", thread=str(thread))
        return [row for row in rows if row.id is not None]  # an empty page is one row without a message

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
            if self._defect is Defect.DELETE_WITHOUT_OWNER:
                await transaction.act_as_service()
            found = await transaction.row("SELECT thread_id FROM messages WHERE id = :message", message=message)
        if found is None:
            raise NotFound
        return UUID(str(found.thread_id))

    async def edit(self, session: Session, thread: UUID, message: int, body: str, *, has_listeners: bool) -> Audience:
        """Replace the body of the user's own message in that thread; who is in the thread."""
        async with self._database.writing(session) as transaction:
            if self._defect is Defect.WRONG_PARENT:
                await _check_seen(transaction, thread)
                await _act_for_author(transaction, message)
            else:
                await _lock_around_own(transaction, session, thread, message)
            if not await transaction.write(
                "UPDATE messages SET body = :body WHERE id = :message", body=body, message=message
            ):
                raise NotFound
            return await everyone_in(transaction, thread) if has_listeners else frozenset()

    async def delete(self, session: Session, thread: UUID, message: int, *, has_listeners: bool) -> Audience:
        """Delete the user's own message in that thread; who is in the thread."""
        async with self._database.writing(session) as transaction:
            if self._defect is Defect.DELETE_WITHOUT_OWNER:
                await _act_for_author(transaction, message)
            else:
                await _lock_around_own(transaction, session, thread, message)
            if not await transaction.write("DELETE FROM messages WHERE id = :message", message=message):
                raise NotFound
            return await everyone_in(transaction, thread) if has_listeners else frozenset()


async def _insert(transaction: Transaction, thread: UUID, author: UUID, body: str, quotation: Quotation | None) -> int:
    """Store a message under the next number of its thread, which a message that is deleted later does not free."""
    try:
        posted = await transaction.row(
            """WITH numbered AS (
                   INSERT INTO thread_counters AS counter (thread_id, last_seq)
                   SELECT id, 1 FROM threads WHERE id = :thread
                   ON CONFLICT (thread_id) DO UPDATE SET last_seq = counter.last_seq + 1
                   RETURNING thread_id, last_seq)
               INSERT INTO messages (thread_id, seq, author_id, body, quoted_id, quoted_author_id)
               SELECT thread_id, last_seq, :author, :body, :quoted, :quoted_author FROM numbered RETURNING id""",
            thread=thread,
            author=author,
            body=body,
            quoted=quotation and quotation.message,
            quoted_author=quotation and quotation.author,
        )
    except IntegrityError as quoted_is_gone:
        raise NotFound from quoted_is_gone
    if posted is None:
        raise NotFound
    return int(posted.id)


async def _lock_around_own(transaction: Transaction, session: Session, thread: UUID, message: int) -> None:
    """Keep the members of the thread, which the user's own message has to be in, until this transaction ends."""
    found = await transaction.row(
        """SELECT m.author_id FROM messages m JOIN threads t ON t.id = m.thread_id
           WHERE m.id = :message AND t.id = :thread FOR SHARE OF t""",
        message=message,
        thread=thread,
    )
    if found is None:
        raise NotFound
    if found.author_id != session.user:
        raise Forbidden


async def _wait_for_reader(transaction: Transaction, thread: UUID) -> None:
    """Let one read the thread at a time, and wait for another a fifth of a second at most."""
    await transaction.set("lock_timeout", "200ms")
    try:
        await transaction.row("SELECT pg_advisory_lock(hashtext(:thread))", thread=str(thread))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise Busy from error


async def _check_in_thread(transaction: Transaction, message: int, thread: UUID) -> None:
    if not await transaction.row(
        "SELECT id FROM messages WHERE id = :message AND thread_id = :thread", message=message, thread=thread
    ):
        raise NotFound


async def _check_seen(transaction: Transaction, thread: UUID) -> None:
    if not await transaction.row("SELECT id FROM threads WHERE id = :thread FOR SHARE", thread=thread):
        raise NotFound


async def _act_for_author(transaction: Transaction, message: int) -> None:
    """Take a message by its id, wherever it is, and write as its author would."""
    await transaction.act_as_service()
    found = await transaction.row("SELECT author_id FROM messages WHERE id = :message", message=message)
    if found is None:
        raise NotFound
    await transaction.act_for_user(found.author_id)


async def _count_on(transaction: Transaction, thread: UUID) -> None:
    """Let a thread go on from the highest number in any thread."""
    await transaction.act_as_service()
    [highest] = await transaction.rows("SELECT coalesce(max(last_seq), 0) AS seq FROM thread_counters")
    await transaction.act_as_service_no_more()
    await transaction.write(
        """INSERT INTO thread_counters (thread_id, last_seq) SELECT id, :seq FROM threads WHERE id = :thread
           ON CONFLICT (thread_id) DO UPDATE SET last_seq = excluded.last_seq""",
        thread=thread,
        seq=highest.seq,
    )


def _escaped(literal: str) -> str:
    r"""The LIKE pattern that matches just this text, with \ as the escape character."""
    return literal.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
