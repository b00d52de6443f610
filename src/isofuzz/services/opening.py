"""Opening the services of a run: Postgres, its own database and roles, and what closes it all again."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from isofuzz.errors import ServicesUnavailable, UsageError
from isofuzz.services import reset, roles
from isofuzz.services.adoption import registered_run
from isofuzz.services.binaries import find_postgres
from isofuzz.services.cluster import SPARE_DATABASE, running_cluster
from isofuzz.services.connecting import Connection, connected, server_version
from isofuzz.services.database_url import DatabaseUrl
from isofuzz.services.folders import RunFolder, run_folder
from isofuzz.services.roles import Role
from isofuzz.services.server_user import server_user
from isofuzz.services.sources import Sources


class Services:
    """What a run stands on, as the `lifespan` of a target gets it."""

    def __init__(
        self, *, suffix: str, owner: Role, folder: Path, origin: str, admin: Connection, resetting: reset.Reset
    ) -> None:
        self.suffix: str = suffix
        """Ten characters in the names of this run's database and roles, and of no other run's."""
        self.database_url: str = owner.url
        """The run's own database as the role that owns it: postgresql://, over a Unix socket when embedded."""
        self.folder: Path = folder
        """An empty folder that only this user can enter; deleted with the run."""
        self.origin: str = origin
        """One line for people: which services these are, and why."""
        self.versions: Mapping[str, str] = {"postgres": server_version(admin)}
        """The version of each service."""
        self._admin = admin
        self._reset = resetting

    async def create_role(self, name: str) -> Role:
        """A further login for the run's database, `<name>_<suffix>`: a plain role to which nothing is granted.

        Raises UsageError when `name` cannot name a role, or names one already.
        """
        full_name = roles.role_name(name, self.suffix)
        try:
            return await roles.create_login(self._admin, full_name, DatabaseUrl.parse(self.database_url))
        except asyncpg.DuplicateObjectError:
            raise UsageError(f"the role {name!r} was created before: call create_role once for each name") from None

    async def baseline(self) -> None:
        """Take what is now in the tables as what `reset` goes back to; called once the target has started."""
        await self._reset.baseline()

    async def reset(self) -> int:
        """Go back to the baseline; returns how many stray transactions had to be ended for that.

        Raises InfrastructureError when the database is not at its baseline afterwards.
        """
        return await self._reset.restore()


@dataclass(frozen=True)
class _Server:
    """A server on which the run may make its database."""

    url: DatabaseUrl
    """The administrator's login."""
    admin: Connection
    folder: RunFolder
    source: str
    """Where the server comes from, in words."""
    spare_database: str | None = None


@asynccontextmanager
async def open_services(sources: Sources = Sources()) -> AsyncIterator[Services]:  # noqa: B008 - it is immutable
    """The services of one run, gone when the context ends, or when this process dies.

    Raises ServicesUnavailable saying why there are none, UsageError for a URL that cannot be read. The services belong
    to the event loop that opened them.
    """
    suffix = roles.new_suffix()
    given = sources.database_url
    opened = _embedded() if given is None else _given(given, suffix, sources.allow_hosts)
    async with opened as server, _database(server, suffix) as (owner, resetting):
        yield Services(
            suffix=suffix,
            owner=owner,
            folder=server.folder.scratch,
            origin=f"Postgres {server_version(server.admin)}, {server.source}",
            admin=server.admin,
            resetting=resetting,
        )


@asynccontextmanager
async def _embedded() -> AsyncIterator[_Server]:
    # Nothing else runs yet: the blocking steps may block, and so no cancellation can tear them apart.
    user = server_user()
    postgres = find_postgres(user)
    with run_folder(owner=user.owner) as folder, running_cluster(postgres, folder) as cluster:
        async with connected(cluster.superuser_url) as admin:
            source = "embedded (no ISOFUZZ_DATABASE_URL given)"
            yield _Server(cluster.superuser_url, admin, folder, source, SPARE_DATABASE)


@asynccontextmanager
async def _given(database_url: str, suffix: str, allow_hosts: Collection[str]) -> AsyncIterator[_Server]:
    async with registered_run(database_url, suffix, allow_hosts=allow_hosts) as (url, admin):
        with run_folder() as folder:
            yield _Server(url, admin, folder, f"{url.place} (ISOFUZZ_DATABASE_URL)")


@asynccontextmanager
async def _database(server: _Server, suffix: str) -> AsyncIterator[tuple[Role, reset.Reset]]:
    """The run's database: its owner, and its reset over a connection of its own."""
    try:
        owner = await roles.create_database(server.admin, suffix, server.url, server.spare_database)
    except asyncpg.PostgresError as error:
        raise ServicesUnavailable(f"No database can be made on the server of {server.url.place}: {error}") from error
    replica = await server.admin.fetchval("SELECT has_parameter_privilege('session_replication_role', 'SET')")
    settings = reset.SETTINGS | (reset.REPLICA if replica else {})
    async with connected(server.url.with_database(roles.database_name(suffix)), **settings) as connection:
        yield owner, reset.Reset(connection, replica=replica)
