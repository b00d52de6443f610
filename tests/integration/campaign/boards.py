"""Small systems for workers to fail over: each goes wrong once, in whichever worker comes first."""

import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

from tests.integration.runs.systems import Board, Open, Room, Text, Visit

from isofuzz import All, Query, Services, Some, operation

MARKER = "ISOFUZZ_TEST_MARKER"
"""The variable that names a file which is there once it has gone wrong."""


def first_time() -> bool:
    """Is this the first process that asks?"""
    try:
        Path(os.environ[MARKER]).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


class Deadly(Board):
    """Reading kills whoever reads first."""

    @operation
    async def read(self, visit: Visit, room: Room) -> All[Text]:
        if self.notes.get(room.id) and first_time():
            os.kill(os.getpid(), signal.SIGKILL)
        return await super().read(visit, room)


class Hanging(Board):
    """The first search never ends, and nothing else does meanwhile."""

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        while first_time() or getattr(self, "hangs", False):
            self.hangs = True
            time.sleep(1)  # noqa: ASYNC251 - that it keeps the whole process waiting is the point
        return await super().search(visit, text)


class Greedy(Board):
    """The first search takes more and more memory."""

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        if first_time():
            self.taken = [bytearray(os.urandom(2**20) * 64) for _ in range(40)]
            time.sleep(60)  # noqa: ASYNC251 - it is killed meanwhile
        return await super().search(visit, text)


class Mended(Open):
    """Leaks as long as the marker is not there."""

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        if os.path.exists(os.environ[MARKER]):  # noqa: ASYNC240, PTH110 - a file system in memory waits for nothing
            return await super(Open, self).search(visit, text)
        return await super().search(visit, text)


class Kept(Board):
    """Keeps its notes in Postgres as well, and so notices when that dies."""

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        import asyncpg

        self.connection = await asyncpg.connect(services.database_url)
        await self.connection.execute("CREATE TABLE notes (body text)")
        yield
        self.connection.terminate()


class NeverUp(Board):
    """Its system does not start."""

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        raise RuntimeError("no configuration")
        yield
