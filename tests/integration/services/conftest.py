"""Services to test with: an opened run, and a second cluster to stand for a server that somebody gives."""

import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import asyncpg
import pytest

from isofuzz.services import Services, open_services
from isofuzz.services.binaries import find_postgres
from isofuzz.services.cluster import Cluster, running_cluster
from isofuzz.services.connecting import connected
from isofuzz.services.database_url import DatabaseUrl
from isofuzz.services.folders import run_folder
from isofuzz.services.server_user import server_user


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
