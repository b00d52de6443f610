"""Services to test with: an opened run, and a second cluster to stand for a server that somebody gives."""

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest
from valkey.asyncio import Valkey

from isofuzz.services import Services, open_services
from isofuzz.services.folders import run_folder
from isofuzz.services.postgres.binaries import find_postgres
from isofuzz.services.postgres.cluster import Cluster, running_cluster
from isofuzz.services.postgres.connecting import connected
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz.services.server_user import ServerUser, server_user
from isofuzz.services.valkey.connecting import valkey_connected
from isofuzz.services.valkey.server import running_valkey
from isofuzz.services.valkey.url import ValkeyUrl


@pytest.fixture
async def services() -> AsyncIterator[Services]:
    async with open_services() as opened:
        yield opened


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A server that is not the run's own."""
    user = server_user()
    with run_folder(owner=user.owner) as folder, running_cluster(find_postgres(user), folder) as running:
        yield running


class GivenServer:
    """A server as a team would give it: reached by a URL with a password, in which databases and users are made."""

    def __init__(self, cluster: Cluster) -> None:
        self.superuser_url = cluster.superuser_url.with_database("postgres")

    async def execute(self, statement: str, database: str = "postgres") -> None:
        async with connected(self.superuser_url.with_database(database)) as connection:
            await connection.execute(statement)

    async def names(self) -> set[str]:
        """All databases and roles of the server."""
        async with connected(self.superuser_url) as connection:
            rows = await connection.fetch("SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles")
        return {name for (name,) in rows}

    async def database(self, attributes: str = "SUPERUSER") -> DatabaseUrl:
        """A new database and the URL of a new user, of those attributes, who owns it."""
        name = f"team{secrets.token_hex(4)}"
        await self.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'hunter2' {attributes}")
        await self.execute(f"CREATE DATABASE {name} OWNER {name}")
        return replace(self.superuser_url, user=name, password="hunter2", database=name)


@pytest.fixture
def given(cluster: Cluster) -> GivenServer:
    return GivenServer(cluster)


@pytest.fixture
async def owner(services: Services) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the role that owns the run's database."""
    connection = await asyncpg.connect(services.database_url)
    try:
        yield connection
    finally:
        connection.terminate()


class GivenValkey:
    """A server as a team would give it: on a port, with a password, keys in some of its databases."""

    def __init__(self, url: ValkeyUrl, client: Valkey) -> None:
        self._url = url
        self.client = client

    def url(self, database: int) -> ValkeyUrl:
        return replace(self._url, database=database)

    async def keys(self, database: int) -> set[bytes]:
        async with valkey_connected(self.url(database)) as (client, _):
            return set(await client.keys())

    async def put(self, database: int, *keys: str) -> None:
        async with valkey_connected(self.url(database)) as (client, _):
            for key in keys:
                await client.set(key, "value")


@asynccontextmanager
async def a_given_valkey() -> AsyncIterator[GivenValkey]:
    with run_folder() as folder:
        async with running_valkey(folder, ServerUser("me", os.geteuid(), os.getegid())) as (url, client, _):
            yield GivenValkey(url, client)


@pytest.fixture
async def given_valkey() -> AsyncIterator[GivenValkey]:
    async with a_given_valkey() as given:
        yield given


@pytest.fixture
async def other_valkey() -> AsyncIterator[GivenValkey]:
    async with a_given_valkey() as given:
        yield given
