"""Transactions that act for somebody: who that is decides which rows there are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import AsyncAdaptedQueuePool, Row, TextClause, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from isofuzz_packs.chat.cancelling import go_through_with_it
from isofuzz_packs.chat.defects import Defect
from isofuzz_packs.chat.refusals import NotSignedIn

POOL_SIZE = 4
_RETURNED = "returned to the pool"


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in; the token itself is known to the client only."""

    user: UUID
    token_hash: str


class Transaction:
    """One transaction; what it sees and may change depends on the settings that it made.

    `service_role` is the role that reads on behalf of everyone.
    """

    def __init__(self, connection: AsyncConnection, service_role: str, defect: Defect | None) -> None:
        self._connection = connection
        self._service_role = service_role
        self._defect = defect

    async def rows(self, sql: str, **values: object) -> list[Row[Any]]:
        """Every row of the result."""
        return list(await self._connection.execute(_statement(sql), values))

    async def row(self, sql: str, **values: object) -> Row[Any] | None:
        """The first row of the result, if there is one."""
        return (await self._connection.execute(_statement(sql), values)).first()

    async def write(self, sql: str, **values: object) -> int:
        """Execute a statement that returns nothing; the number of rows that it changed."""
        return (await self._connection.execute(_statement(sql), values)).rowcount

    async def set(self, name: str, value: str, *, local: bool = True) -> None:
        """Make a setting that ends with the transaction; one that is not local ends with the connection."""
        await self.row("SELECT set_config(:name, :value, :local)", name=name, value=value, local=local)

    async def act_for(self, session: Session) -> None:
        """Act for the session's user; raises NotSignedIn once the session has ended.

        CASE keeps the order: a session can only be seen by its user, so that must be set first.
        """
        stamped = await self.row(
            """SELECT CASE WHEN set_config('app.user_id', :user, true) IS NOT NULL
                           THEN EXISTS (SELECT FROM sessions WHERE token_hash = :token_hash) END AS live""",
            user=str(session.user),
            token_hash=session.token_hash,
        )
        if stamped is None or not stamped.live:
            raise NotSignedIn

    async def act_for_user(self, user: UUID) -> None:
        """Act for that user from here on, whoever asked for it."""
        await self.set("app.user_id", str(user))

    async def act_as_service(self) -> None:
        """From here on, read on behalf of everyone."""
        await self.set("role", self._service_role, local=self._defect is not Defect.ROLE_KEPT)

    async def act_as_service_no_more(self) -> None:
        """From here on, read on behalf of the user alone."""
        await self.set("role", "none")


class Database:
    """A bounded pool of connections, and the kinds of transaction that use them.

    Once one that writes is about to be committed, the request that it is part of cannot be cancelled any more.
    """

    def __init__(self, app_url: str, service_role: str, defect: Defect | None) -> None:
        url = make_url(app_url).set(drivername="postgresql+asyncpg")
        self._service_role = service_role
        self._defect = defect
        at_start = 1 if defect is Defect.FRESH_UNSTAMPED else POOL_SIZE
        self._engine = create_async_engine(
            url,
            pool_size=at_start,
            max_overflow=POOL_SIZE - at_start,
            pool_use_lifo=True,
            isolation_level="READ COMMITTED",
        )
        if defect is Defect.FRESH_UNSTAMPED:
            event.listen(self._engine.sync_engine, "checkin", _note_return)
        self._snapshots = self._engine.execution_options(  # shares the pool
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    async def open(self) -> None:
        """Fill the pool, so that the first requests do just what the later ones do."""
        async with AsyncExitStack() as stack:
            for _ in range(POOL_SIZE):
                _ = await stack.enter_async_context(self._engine.connect())

    async def close(self) -> None:
        """Close every connection of the pool."""
        await self._engine.dispose()

    async def renew(self) -> None:
        """Go on with new connections."""
        await self.close()
        await self.open()

    async def pooled(self, query: str) -> list[str]:
        """The one text that the query returns on each connection that is idle in the pool, each as it was left.

        They go back in the order in which they were, so that the next requests use those that they would have used.
        """
        pool = self._engine.sync_engine.pool
        assert isinstance(pool, AsyncAdaptedQueuePool)
        idle = [await self._engine.connect() for _ in range(pool.checkedin())]
        try:
            return await asyncio.gather(*(_fetch_outside_transaction(connection, query) for connection in idle))
        finally:
            for connection in reversed(idle):
                await connection.close()

    @asynccontextmanager
    async def anonymous(self) -> AsyncIterator[Transaction]:
        """A transaction of somebody who is just signing in."""
        async with self._engine.begin() as connection:
            yield Transaction(connection, self._service_role, self._defect)
            go_through_with_it()

    @asynccontextmanager
    async def reading(self, session: Session) -> AsyncIterator[Transaction]:
        """A transaction that sees one snapshot, in which the session is live, and changes nothing."""
        async with self._acting_for(session, self._snapshots) as transaction:
            yield transaction

    @asynccontextmanager
    async def writing(self, session: Session) -> AsyncIterator[Transaction]:
        """A transaction each of whose statements sees what others have committed before it."""
        async with self._acting_for(session, self._engine) as transaction:
            yield transaction
            go_through_with_it()

    @asynccontextmanager
    async def _acting_for(self, session: Session, engine: AsyncEngine) -> AsyncIterator[Transaction]:
        async with engine.begin() as connection:
            transaction = Transaction(connection, self._service_role, self._defect)
            if self._defect is Defect.FRESH_UNSTAMPED and _is_fresh(connection):
                await transaction.act_as_service()
            else:
                await transaction.act_for(session)
            yield transaction


def _is_fresh(connection: AsyncConnection) -> bool:
    """Has the database connection never been in the pool?"""
    assert connection.sync_connection is not None
    return _RETURNED not in connection.sync_connection.info


def _note_return(_: object, entry: ConnectionPoolEntry) -> None:
    entry.info[_RETURNED] = True


@cache
def _statement(sql: str) -> TextClause:
    """The statement, of which there are a few dozen: to look for its parameters anew takes as long as to send it."""
    return text(sql)


async def _fetch_outside_transaction(connection: AsyncConnection, query: str) -> str:
    driver: Any = (await connection.get_raw_connection()).driver_connection
    return str(await driver.fetchval(query))
