"""Threads and who is in them, as they are stored: each method is one operation in one transaction.

Row security decides which rows there are; the queries do not repeat it. An operation that writes into a thread first
locks the thread's row, shared to write messages and exclusively to change who is in it, and only then looks: so what
it decides on is still true when it commits. A thing that the acting user cannot see is NotFound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from isofuzz_packs.chat.defects import Defect
from isofuzz_packs.chat.refusals import Forbidden, NotFound
from isofuzz_packs.chat.transactions import Database, Session, Transaction

Audience = frozenset[UUID]


@dataclass(frozen=True)
class Renamed:
    """Who is told that a thread is called otherwise now, and in which words."""

    audience: Audience = frozenset()
    told: Mapping[str, str] = field(default_factory=dict)


class Threads:
    """Threads and their members.

    Whoever pushes an event says whether anybody listens to the thread: only then is it asked who is in it.
    """

    def __init__(self, database: Database, defect: Defect | None) -> None:
        self._database = database
        self._defect = defect
        self._listed: list[Row[Any]] = []

    async def open_thread(self, session: Session, slug: str, title: str | None) -> Row[Any]:
        """`id` and `title` of the user's thread of that slug, made if there is none.

        One that was there keeps its title; `settled` says whether that is the one asked for.
        """
        async with self._database.writing(session) as transaction:
            if self._defect is Defect.LIKE_WILDCARD:
                found = await self._find_by_key(transaction, session, slug, title)
                if found is not None:
                    return found
            if self._defect is Defect.SLUG_TAKEN:
                await self._check_unused_by_others(transaction, session, slug)
            made = await transaction.row(
                """INSERT INTO threads (owner_id, slug, title) VALUES (:me, :slug, coalesce(:title, ''))
                   ON CONFLICT (owner_id, slug) DO NOTHING RETURNING id, title, true AS settled""",
                me=session.user,
                slug=slug,
                title=title,
            )
            known = made or await transaction.row(
                """SELECT id, title, coalesce(title = :title, true) AS settled FROM threads
                   WHERE owner_id = :me AND slug = :slug""",
                me=session.user,
                slug=slug,
                title=title,
            )
        if known is None:  # it was deleted between the two
            raise NotFound
        return known

    async def _find_by_key(
        self, transaction: Transaction, session: Session, slug: str, title: str | None
    ) -> Row[Any] | None:
        """Like opening a thread that exists, but by `name/slug` as a pattern, and on behalf of everyone."""
        await transaction.act_as_service()
        return await transaction.row(
            """SELECT t.id, t.title, coalesce(t.title = :title, true) OR t.owner_id <> :me AS settled
               FROM threads t JOIN users u ON u.id = t.owner_id
               WHERE u.name || '/' || t.slug LIKE (SELECT name FROM users WHERE id = :me) || '/' || :slug
               ORDER BY t.position LIMIT 1""",
            me=session.user,
            slug=slug,
            title=title,
        )

    async def _check_unused_by_others(self, transaction: Transaction, session: Session, slug: str) -> None:
        await transaction.act_as_service()
        if await transaction.row(
            "SELECT id FROM threads WHERE slug = :slug AND owner_id <> :me", slug=slug, me=session.user
        ):
            raise Forbidden

    async def rename(self, session: Session, thread: UUID, title: str, *, has_listeners: bool) -> Renamed:
        """Call the user's own thread by another title."""
        async with self._database.writing(session) as transaction:
            await _lock_own_thread(transaction, session, thread)
            await transaction.write("UPDATE threads SET title = :title WHERE id = :thread", title=title, thread=thread)
            audience = await everyone_in(transaction, thread) if has_listeners else frozenset()
        return Renamed(audience, {"title": title})

    async def share(
        self, session: Session, thread: UUID, members: Sequence[UUID], title: str, *, has_listeners: bool
    ) -> Renamed:
        """Make just these the members of the user's own thread, and call it by another title; they are told."""
        others = [member for member in members if member != session.user]
        async with self._database.writing(session) as transaction:
            await _lock_own_thread(transaction, session, thread)
            before = await _as_it_is(transaction, thread) if self._defect is Defect.SHARE_TO_ALL else Renamed()
            await transaction.write(
                "DELETE FROM thread_members WHERE thread_id = :thread AND user_id <> ALL (CAST(:others AS uuid[]))",
                thread=thread,
                others=others,
            )
            await _let_in(transaction, session, thread, others)
            await transaction.write("UPDATE threads SET title = :title WHERE id = :thread", title=title, thread=thread)
            audience = await everyone_in(transaction, thread) if has_listeners else frozenset()
        return Renamed(audience | before.audience, {"title": title, **before.told})

    async def list_threads(self, session: Session) -> tuple[list[Row[Any]], int]:
        """`id`, `owner_id`, `slug` and `title` of every thread that the user is in, oldest first; how many they are."""
        async with self._database.reading(session) as transaction:
            if self._defect is Defect.LIST_WITHOUT_OWNER:
                await transaction.act_as_service()
            threads = await transaction.rows("SELECT id, owner_id, slug, title FROM threads ORDER BY position")
            if self._defect is Defect.COUNT_UNFILTERED:
                await transaction.act_as_service()
            if self._defect is Defect.LIST_KEPT_ON_SERVICE:
                self._listed = threads
            [count] = await transaction.rows("SELECT count(*) AS total FROM threads")
            if self._defect is Defect.LIST_KEPT_ON_SERVICE:
                threads = self._listed
        return threads, int(count.total)

    async def seen_among(self, session: Session, threads: Sequence[UUID]) -> frozenset[UUID]:
        """Those of the threads that the user is in."""
        async with self._database.reading(session) as transaction:
            rows = await transaction.rows(
                "SELECT id FROM threads WHERE id = ANY (CAST(:threads AS uuid[]))", threads=threads
            )
        return frozenset(row.id for row in rows)

    async def delete_thread(self, session: Session, thread: UUID) -> None:
        """Delete the user's own thread with everything in it."""
        async with self._database.writing(session) as transaction:
            await _lock_own_thread(transaction, session, thread)
            await transaction.write("DELETE FROM threads WHERE id = :thread", thread=thread)

    async def invite(self, session: Session, thread: UUID, user: UUID) -> None:
        """Make somebody a member of the user's own thread, of which the owner needs not be one."""
        async with self._database.writing(session) as transaction:
            await _lock_own_thread(transaction, session, thread)
            if user != session.user:
                await _let_in(transaction, session, thread, [user])

    async def kick(self, session: Session, thread: UUID, user: UUID) -> None:
        """Remove a member from the user's own thread."""
        async with self._database.writing(session) as transaction:
            await _lock_own_thread(transaction, session, thread)
            if user == session.user:
                raise Forbidden
            removed = await transaction.write(
                "DELETE FROM thread_members WHERE thread_id = :thread AND user_id = :user",
                thread=thread,
                user=user,
            )
            if not removed:
                raise NotFound

    async def look_in(self, session: Session, thread: UUID, *, has_listeners: bool) -> Audience:
        """Who is in the thread; NotFound unless the user is."""
        async with self._database.reading(session) as transaction:
            if await transaction.row("SELECT id FROM threads WHERE id = :thread", thread=thread) is None:
                raise NotFound
            return await everyone_in(transaction, thread) if has_listeners else frozenset()


async def everyone_in(transaction: Transaction, thread: UUID) -> Audience:
    """The owner and the members of a thread. From here on the transaction reads on behalf of everyone."""
    await transaction.act_as_service()  # a member cannot see the other members
    rows = await transaction.rows(
        """SELECT owner_id AS user_id FROM threads WHERE id = :thread
           UNION ALL SELECT user_id FROM thread_members WHERE thread_id = :thread""",
        thread=thread,
    )
    return frozenset(row.user_id for row in rows)


async def _lock_own_thread(transaction: Transaction, session: Session, thread: UUID) -> None:
    """Keep everyone else from writing into the thread until this transaction ends."""
    found = await transaction.row("SELECT owner_id FROM threads WHERE id = :thread FOR NO KEY UPDATE", thread=thread)
    if found is None:
        raise NotFound
    if found.owner_id != session.user:
        raise Forbidden


async def _let_in(transaction: Transaction, session: Session, thread: UUID, users: Sequence[UUID]) -> None:
    """Make these members of the user's own thread; NotFound if one of them does not exist."""
    try:
        await transaction.write(
            """INSERT INTO thread_members (thread_id, user_id, owner_id)
               SELECT :thread, member, :me FROM unnest(CAST(:users AS uuid[])) AS member ON CONFLICT DO NOTHING""",
            thread=thread,
            users=users,
            me=session.user,
        )
    except IntegrityError as no_such_user:
        raise NotFound from no_such_user


async def _as_it_is(transaction: Transaction, thread: UUID) -> Renamed:
    """Who is in a thread and what it is called, before that changes."""
    [old] = await transaction.rows("SELECT title FROM threads WHERE id = :thread", thread=thread)
    return Renamed(await everyone_in(transaction, thread), {"was": old.title})
