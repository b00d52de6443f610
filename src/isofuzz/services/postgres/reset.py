"""Back to the baseline before each program: what the target's start left in its tables, and nothing else."""

import asyncio

import asyncpg

from isofuzz.errors import InfrastructureError
from isofuzz.services.postgres import reset_sql
from isofuzz.services.postgres.connecting import Connection

SETTINGS = {
    # An error, instead of silence, should row security ever hide a row from the reset.
    "row_security": "off",
    # So that no lock that somebody holds makes it hang.
    "lock_timeout": "5s",
    "statement_timeout": "60s",
}
REPLICA = {"session_replication_role": "replica"}
"""For an administrator who may: neither triggers, foreign keys nor rules run. Set once for the whole connection,
because each change of it throws away every plan."""

_TRUNCATE_EVERY = 64
"""Deleting the rows of small tables is ten times faster than truncating them, but leaves dead rows behind."""

_PATIENCE = 0.05
"""Seconds that an open transaction gets to end by itself: a healthy system's own task may happen to be in one."""

_ATTEMPTS = 5
_RESTORE = "SELECT isofuzz.restore($1, $2)"


class Reset:
    """Takes the baseline of one database and restores it, over a connection that row security does not bind.

    `connection` must have been opened with `SETTINGS`, and with `REPLICA` if and only if `replica` is true.
    """

    def __init__(self, connection: Connection, *, replica: bool) -> None:
        self._connection = connection
        self._replica = replica
        self._kept: dict[int, int] | None = None
        self._resets = 0

    @property
    def connection(self) -> Connection:
        """The connection that it works over."""
        return self._connection

    async def baseline(self) -> None:
        """Take the rows that are now in the tables as what `restore` goes back to."""
        connection = self._connection
        async with connection.transaction():
            await connection.execute("DROP SCHEMA IF EXISTS isofuzz CASCADE; CREATE SCHEMA isofuzz")
            tables = [table for table in await reset_sql.user_relations(connection) if not table.is_view]
            self._kept = {table.oid: await reset_sql.keep_rows(connection, table) for table in tables}
            await self._write_function()

    async def restore(self) -> int:
        """Restore the baseline; returns how many stray transactions had to be ended for that.

        Sequences are not restarted: a cache in the system under test may survive as well, and must not meet an old
        number again. Raises InfrastructureError when the database is not at its baseline afterwards.
        """
        if self._kept is None:
            await self.baseline()
        try:
            return await self._restore()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            gone = ": its server went away" if self._connection.is_closed() else ""
            raise InfrastructureError(f"The database could not be reset between programs{gone}: {error}") from error

    async def _restore(self) -> int:
        self._resets += 1
        thorough = self._resets % _TRUNCATE_EVERY == 0
        alone, ended = True, 0
        for _ in range(_ATTEMPTS):
            match await self._connection.fetchval(_RESTORE, thorough, alone):
                case "done":
                    return ended
                case "busy":
                    ended += await self._end_strays()
                    alone = False  # what is open now began a moment ago and is not stray
                case "changed":
                    await self._write_function()
                case "dirty":
                    thorough = True  # a trigger that always runs may have written while rows were deleted
        raise InfrastructureError(
            f"After a reset there are still rows beyond the baseline in {await self._differing()}."
            " Something writes there although no program runs: end it in the target's quiesce()"
        )

    async def _end_strays(self) -> int:
        """End the connections that stay in one and the same transaction; returns how many."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + _PATIENCE
        stray = await self._open_transactions()
        while stray and loop.time() < give_up:
            await asyncio.sleep(0.002)
            stray &= await self._open_transactions()
        ended = 0
        for pid, began in stray:
            gone = await self._connection.fetchval(
                "SELECT pg_terminate_backend(pid, 5000)"
                f" {reset_sql.OPEN_TRANSACTIONS} AND pid = $1 AND xact_start = $2",
                pid,
                began,
            )
            if gone is False:
                raise InfrastructureError(
                    f"A connection that is in a transaction (server process {pid}) cannot be ended"
                )
            ended += gone is True
        return ended

    async def _open_transactions(self) -> set[tuple[int, object]]:
        rows = await self._connection.fetch(f"SELECT pid, xact_start {reset_sql.OPEN_TRANSACTIONS}")
        return {(pid, began) for pid, began in rows}

    async def _write_function(self) -> None:
        relations = await reset_sql.user_relations(self._connection)
        await self._connection.execute(reset_sql.restoring_function(relations, self._kept or {}, replica=self._replica))

    async def _differing(self) -> str:
        relations = await reset_sql.user_relations(self._connection)
        rows = await self._connection.fetch(reset_sql.differing(relations, self._kept or {}))
        return ", ".join(name for (name,) in rows)
