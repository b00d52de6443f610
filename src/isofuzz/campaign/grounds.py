"""The Postgres that all workers of one machine share: one cluster, on which each has a database of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

from isofuzz.errors import ServicesUnavailable
from isofuzz.services.choosing import Choosing, Origin
from isofuzz.services.compose.running import POSTGRES
from isofuzz.services.folders import run_folder
from isofuzz.services.postgres.adoption import adopt
from isofuzz.services.postgres.binaries import find_postgres
from isofuzz.services.postgres.cluster import running_cluster
from isofuzz.services.postgres.connecting import connected, quoted
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz.services.server_user import server_user
from isofuzz.services.sources import Sources

_DATABASE = "isofuzz_campaign"
"""Holds nothing but the marker, and who works beside it."""


class Grounds:
    """Where the workers' databases come from: `sources` are those for them, and change when a server had to be started
    anew."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._given = sources
        self._stack = ExitStack()

    def open(self) -> None:
        """Start a cluster, if none was given and none runs; raises ServicesUnavailable and UsageError."""
        if Choosing(self._given).choose(POSTGRES).origin is not Origin.EMBEDDED:
            return
        user = server_user()
        folder = self._stack.enter_context(run_folder(owner=user.owner))
        cluster = self._stack.enter_context(running_cluster(find_postgres(user), folder))
        url = cluster.superuser_url.with_database(_DATABASE)
        asyncio.run(_made(cluster.superuser_url, url))
        self.sources = replace(self._given, database_url=str(url), lent=True)

    def revive(self) -> bool:
        """Start another cluster if ours no longer answers; was that necessary?"""
        if not self.sources.lent or asyncio.run(_answers(str(self.sources.database_url))):
            return False
        self.close()
        self.open()
        return True

    def close(self) -> None:
        """Stop the cluster, if one was started."""
        self._stack.close()


@contextmanager
def opened(sources: Sources) -> Iterator[Grounds]:
    """Grounds for workers of this machine, cleared at the end."""
    grounds = Grounds(sources)
    try:
        grounds.open()
        yield grounds
    finally:
        grounds.close()


async def _made(server: DatabaseUrl, url: DatabaseUrl) -> None:
    async with connected(server) as connection:
        await connection.execute(f"CREATE DATABASE {quoted(url.database)}")
    await adopt(str(url), url.database)


async def _answers(url: str) -> bool:
    with suppress(ServicesUnavailable, OSError):
        async with connected(DatabaseUrl.parse(url)) as connection:
            return bool(await connection.fetchval("SELECT true"))
    return False
