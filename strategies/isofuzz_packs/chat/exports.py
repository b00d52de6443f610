"""What a user takes along: everything that they may read, collected thread by thread."""

from typing import Any

from sqlalchemy import Row

from isofuzz_packs.chat.defects import Defect
from isofuzz_packs.chat.transactions import Database, Session


class Exports:
    """Exports of messages."""

    def __init__(self, database: Database, defect: Defect | None) -> None:
        self._database = database
        self._defect = defect
        self._shared: list[Row[Any]] = []

    async def messages(self, session: Session) -> list[Row[Any]]:
        """`id`, `thread_id` and `body` of every message in all the user's threads, each after those before it."""
        if self._defect is Defect.EXPORT_TABLE_KEPT:
            return await self._collected_in_a_table(session)
        collected = self._shared if self._defect is Defect.EXPORT_BUFFER_SHARED else []
        collected.clear()
        async with self._database.reading(session) as transaction:
            for thread in await transaction.rows("SELECT id FROM threads ORDER BY position"):
                collected += await transaction.rows(
                    "SELECT id, thread_id, body FROM messages WHERE thread_id = :thread ORDER BY seq", thread=thread.id
                )
        return list(collected)

    async def _collected_in_a_table(self, session: Session) -> list[Row[Any]]:
        """Collect them in a temporary table, which is there for as long as the connection."""
        async with self._database.writing(session) as transaction:
            await transaction.write(
                "CREATE TEMPORARY TABLE IF NOT EXISTS exported (id bigint, thread_id uuid, body text)"
            )
            await transaction.write("INSERT INTO exported SELECT id, thread_id, body FROM messages")
            return await transaction.rows("SELECT id, thread_id, body FROM exported ORDER BY id")
