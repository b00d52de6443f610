"""The Postgres of one run: a server from where it was chosen, and on it the run's own database."""

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg

from isofuzz.errors import ServicesUnavailable
from isofuzz.services.choosing import Choice, Origin, none_can_be_had, not_usable
from isofuzz.services.folders import RunFolder
from isofuzz.services.postgres import reset, roles
from isofuzz.services.postgres.adoption import registered_run
from isofuzz.services.postgres.binaries import find_postgres
from isofuzz.services.postgres.cluster import SPARE_DATABASE, running_cluster
from isofuzz.services.postgres.connecting import Connection, connected, quoted, server_version
from isofuzz.services.postgres.roles import Role
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz.services.server_user import ServerUser

_LOOKING_ON = {
    "row_security": "off",  # an error, instead of silence, should row security hide a row
    "default_transaction_read_only": "on",
    "statement_timeout": "10s",
}


@dataclass(frozen=True)
class RunPostgres:
    """The run's own database on its server."""

    admin: Connection
    """The administrator's connection to the server."""
    owner: Role
    resetting: reset.Reset
    observer: Connection
    """A connection to the run's database that sees every row and changes none."""
    monitor: Connection
    """A connection that asks the server how the system's connections are, also while another one is asked."""
    address: DatabaseUrl
    """Where the server is, with the administrator's login."""
    is_ours: bool
    """Is the server the run's own, so that nobody else minds what is done with it?"""
    own_backends: tuple[int, ...]
    """The server processes of isofuzz's own connections to the run's database."""
    origin: str
    """One line for people: which Postgres this is, and why."""

    async def find_deadlocks_at_once(self) -> bool:
        """Have new connections to the run's database look for deadlocks as soon as they wait; False: we may not.

        Else the timer of whoever waited first decides who has to give way.
        """
        database = quoted(self.owner_database)
        try:
            await self.admin.execute(f"ALTER DATABASE {database} SET deadlock_timeout = '1ms'")
        except asyncpg.InsufficientPrivilegeError:
            return False
        return True

    @property
    def owner_database(self) -> str:
        """The name of the run's database."""
        return DatabaseUrl.parse(self.owner.url).database

    @property
    def version(self) -> str:
        """As people write it: 18.4."""
        return server_version(self.admin)


@dataclass(frozen=True)
class _Server:
    """A server on which the run may make its database."""

    url: DatabaseUrl
    """The administrator's login."""
    admin: Connection
    source: str
    """Where the server comes from, in words."""
    spare_database: str | None = None


@asynccontextmanager
async def run_postgres(
    choice: Choice, suffix: str, folder: RunFolder, user: ServerUser, allow_hosts: Collection[str]
) -> AsyncIterator[RunPostgres | None]:
    """The Postgres of the run `suffix`, None where it is switched off; raises ServicesUnavailable and UsageError."""
    if choice.origin is Origin.OFF:
        yield None
        return
    async with AsyncExitStack() as stack:
        if choice.origin is Origin.EMBEDDED:
            with none_can_be_had(choice):
                server = await stack.enter_async_context(_embedded(folder, user))
        else:
            with not_usable(choice):
                server = await stack.enter_async_context(_given(choice, suffix, allow_hosts))
        owner, resetting, observer, monitor = await stack.enter_async_context(_database(server, suffix))
        yield RunPostgres(
            admin=server.admin,
            owner=owner,
            resetting=resetting,
            observer=observer,
            monitor=monitor,
            address=server.url,
            is_ours=choice.origin in (Origin.EMBEDDED, Origin.LENT),
            own_backends=tuple(each.get_server_pid() for each in (resetting.connection, observer, monitor)),
            origin=f"Postgres {server_version(server.admin)}, {server.source} ({choice.why})",
        )


@asynccontextmanager
async def _embedded(folder: RunFolder, user: ServerUser) -> AsyncIterator[_Server]:
    # Nothing else runs yet: the blocking steps may block, and so no cancellation can tear them apart.
    with running_cluster(find_postgres(user), folder) as cluster:
        async with connected(cluster.superuser_url) as admin:
            yield _Server(cluster.superuser_url, admin, "embedded", SPARE_DATABASE)


@asynccontextmanager
async def _given(choice: Choice, suffix: str, allow_hosts: Collection[str]) -> AsyncIterator[_Server]:
    assert choice.url is not None, "it is not embedded"
    async with registered_run(choice.url, suffix, allow_hosts=allow_hosts) as (url, admin):
        source = "embedded" if choice.origin is Origin.LENT else choice.place or url.place
        yield _Server(url, admin, source)


@asynccontextmanager
async def _database(server: _Server, suffix: str) -> AsyncIterator[tuple[Role, reset.Reset, Connection, Connection]]:
    """The run's database: its owner, its reset, a connection that looks on, and one that asks how others are."""
    try:
        owner = await roles.create_database(server.admin, suffix, server.url, server.spare_database)
    except asyncpg.PostgresError as error:
        raise ServicesUnavailable(f"No database can be made on the server of {server.url.place}: {error}") from error
    replica = await server.admin.fetchval("SELECT has_parameter_privilege('session_replication_role', 'SET')")
    settings = reset.SETTINGS | (reset.REPLICA if replica else {})
    database = server.url.with_database(roles.database_name(suffix))
    async with (
        connected(database, **settings) as connection,
        connected(database, **_LOOKING_ON) as observer,
        connected(database, **_LOOKING_ON) as monitor,
    ):
        yield owner, reset.Reset(connection, replica=replica), observer, monitor
