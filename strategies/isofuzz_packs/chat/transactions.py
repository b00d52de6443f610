"""Transactions that act for somebody: who that is decides which rows there are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import AsyncAdaptedQueuePool, Row, TextClause, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from isofuzz_packs.chat.refusals import NotSignedIn

POOL_SIZE = 4


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in; the token itself is known to the client only."""

    user: UUID
    token_hash: str


class Transaction:
    """One transaction; what it sees and may change depends on the settings that it made."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def rows(self, sql: str, **values: object) -> list[Row[Any]]:
        """Every row of the result."""
        return list(await self._connection.execute(_statement(sql), values))

    async def row(self, sql: str, **values: object) -> Row[Any] | None:
        """The first row of the result, if there is one."""
        return (await self._connection.execute(_statement(sql), values)).first()

    async def write(self, sql: str, **values: object) -> int:
        """Execute a statement that returns nothing; the number of rows that it changed."""
        return (await self._connection.execute(_statement(sql), values)).rowcount

    async def set(self, name: str, value: str) -> None:
        """Make a setting that ends with the transaction."""
        await self.row("SELECT set_config(:name, :value, true)", name=name, value=value)

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
        await self.set("app.service", "on")

    async def act_as_service_no_more(self) -> None:
        """From here on, read on behalf of the user alone."""
        await self.set("app.service", "off")


class Database:
    """A bounded pool of connections, and the kinds of transaction that use them."""

    def __init__(self, app_url: str) -> None:
        url = make_url(app_url).set(drivername="postgresql+asyncpg")
        self._engine = create_async_engine(url, pool_size=POOL_SIZE, max_overflow=0, isolation_level="READ COMMITTED")
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

    async def pooled(self, query: str) -> list[str]:
        """The one text that the query returns on each connection that is idle in the pool, each as it was left.

        They go back in the order in which they came, so that the next requests use those that they would have used.
        """
        pool = self._engine.sync_engine.pool
        assert isinstance(pool, AsyncAdaptedQueuePool)
        idle = [await self._engine.connect() for _ in range(pool.checkedin())]
        try:
            return await asyncio.gather(*(_fetch_outside_transaction(connection, query) for connection in idle))
        finally:
            for connection in idle:
                await connection.close()

    @asynccontextmanager
    async def anonymous(self) -> AsyncIterator[Transaction]:
        """A transaction of somebody who is just signing in."""
        async with self._engine.begin() as connection:
            yield Transaction(connection)

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

    @asynccontextmanager
    async def _acting_for(self, session: Session, engine: AsyncEngine) -> AsyncIterator[Transaction]:
        async with engine.begin() as connection:
            transaction = Transaction(connection)
            await transaction.act_for(session)
            yield transaction


@cache
def _statement(sql: str) -> TextClause:
    """The statement, of which there are a few dozen: to look for its parameters anew takes as long as to send it."""
    return text(sql)


async def _fetch_outside_transaction(connection: AsyncConnection, query: str) -> str:
    driver: Any = (await connection.get_raw_connection()).driver_connection
    return str(await driver.fetchval(query))
