"""Opening the services of a run, each from where it is to come, and what closes them all again."""

import os
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg

from isofuzz.errors import InfrastructureError, UsageError
from isofuzz.oracles.posture import Posture
from isofuzz.services.choosing import Choosing, Origin, switched_off
from isofuzz.services.compose.running import POSTGRES
from isofuzz.services.folders import RunFolder, run_folder
from isofuzz.services.postgres import roles
from isofuzz.services.postgres.connecting import Connection
from isofuzz.services.postgres.for_run import RunPostgres, run_postgres
from isofuzz.services.postgres.posture import read_posture
from isofuzz.services.postgres.roles import Role
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz.services.processes.readiness import Ready
from isofuzz.services.processes.running import Order, Process, Processes, running_processes
from isofuzz.services.server_user import ServerUser, server_user
from isofuzz.services.sources import Sources
from isofuzz.services.valkey.for_run import RunValkey, ValkeyDoor


@dataclass(frozen=True)
class Door:
    """What stands before a database: the folder of its Unix socket, or a host of this machine, and the port."""

    host: str
    port: int


class Services:
    """What a run stands on, as the `lifespan` of a target gets it."""

    def __init__(
        self,
        *,
        suffix: str,
        folder: RunFolder,
        postgres: RunPostgres | None,
        valkey: RunValkey,
        processes: Processes,
    ) -> None:
        self.suffix: str = suffix
        """Ten characters in the names of this run's database and roles, and of no other run's."""
        self.folder: Path = folder.scratch
        """An empty folder that only this user can enter; deleted with the run."""
        self.door_folder: Path = folder.path / "gate"
        """Where a door may be made: its socket's path is no longer than that of the server's."""
        self._postgres = postgres
        self._valkey = valkey
        self._processes = processes
        self._door: Door | None = None

    @property
    def database_url(self) -> str:
        """The run's own database as the role that owns it: postgresql://, over a Unix socket when embedded.

        Raises UsageError in a run without Postgres.
        """
        return self._through_the_door(self._required_postgres.owner).url

    @property
    def postgres(self) -> RunPostgres | None:
        """The run's Postgres; None if it has none."""
        return self._postgres

    def lead_through(self, door: Door) -> None:
        """From now on, have the system connect to its database through this door."""
        self._door = door

    def lead_valkey_through(self, door: ValkeyDoor) -> None:
        """Have the system connect to its Valkey through the door that `door` makes once the system asks for it."""
        self._valkey.door = door

    def _through_the_door(self, role: Role) -> Role:
        if self._door is None:
            return role
        # What it says of TLS is for the server: nothing is encrypted on the way to the door.
        url = replace(DatabaseUrl.parse(role.url), host=self._door.host, port=self._door.port, options={})
        return replace(role, url=str(url))

    @property
    def origin(self) -> str:
        """One line for people: which services these are, and why; of Valkey only once the target has asked for it."""
        postgres = self._postgres.origin if self._postgres else "no Postgres (as asked for)"
        return f"{postgres}; {self._valkey.origin}" if self._valkey.origin else postgres

    @property
    def versions(self) -> Mapping[str, str]:
        """The version of each service."""
        postgres = {"postgres": self._postgres.version} if self._postgres else {}
        return postgres | self._valkey.versions

    @property
    def waited(self) -> float:
        """Seconds spent so far on waiting for other runs to let go of a service; a target need not answer for them."""
        return self._valkey.waited

    async def create_role(self, name: str, *, members: Collection[str] = ()) -> Role:
        """A further login for the run's database, `<name>_<suffix>`: a plain role to which nothing is granted.

        The roles named in `members` may take it on with SET ROLE, and have none of its rights until they do. Raises
        UsageError when `name` cannot name a role, or names one already.
        """
        full_name = roles.role_name(name, self.suffix)
        database = DatabaseUrl.parse(self._required_postgres.owner.url)
        try:
            role = await roles.create_login(self._required_postgres.admin, full_name, database)
        except asyncpg.DuplicateObjectError:
            raise UsageError(f"the role {name!r} was created before: call create_role once for each name") from None
        for member in members:
            await roles.let_act_as(self._required_postgres.admin, member, role)
        return self._through_the_door(role)

    async def valkey(self) -> str:
        """A redis:// URL of a Valkey database that the run alone fills, started or leased when first asked for.

        It is the same URL each time; unix:// when a Unix socket was given, and in a gated run when a server was given
        that asks for no password. Raises ServicesUnavailable saying why there
        is none, UsageError in a run without Valkey.
        """
        return await self._valkey.url()

    async def let_go_of_valkey(self) -> None:
        """Leave a Valkey that others use too to them, empty; `valkey` takes it again, and waits for them."""
        await self._valkey.let_go()

    async def process(
        self,
        program: str | Path,
        *arguments: str | Path,
        ready: Ready,
        within: float = 30,
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
    ) -> Process:
        """Start a process of the system under test and return when it is ready; it ends with the run.

        `{port}` in an argument, in a value of `env` and in `ready` is a free port of 127.0.0.1. Raises UsageError when
        it cannot be started as written, SystemDown when it ends or is not ready `within` seconds.
        """
        command = (str(program), *map(str, arguments))
        return await self._processes.start(Order(command, ready, within, dict(env or {}), Path(cwd) if cwd else None))

    @property
    def system_pids(self) -> list[int]:
        """The processes of the system that `process` started and that still run; not those that these have started."""
        return self._processes.pids

    @property
    def valkey_pid(self) -> int | None:
        """The process of the Valkey server, if that is the run's own and was asked for."""
        return self._valkey.pid

    def check_alive(self) -> None:
        """Raises SystemDown if a process has ended that nobody had stopped."""
        self._processes.check_alive()

    def last_output(self) -> str:
        """What the processes wrote last, in lines to append to a message; empty if there is nothing."""
        return self._processes.last_output()

    async def baseline(self) -> None:
        """Take what is now in the tables and in Valkey as what `reset` goes back to; called once the target is up."""
        if self._postgres:
            await self._postgres.resetting.baseline()
        await self._valkey.baseline()

    async def reset(self) -> int:
        """Go back to the baseline; returns how many stray transactions had to be ended for that.

        Raises InfrastructureError when the databases are not at their baseline afterwards.
        """
        ended = await self._postgres.resetting.restore() if self._postgres else 0
        await self._valkey.reset()
        return ended

    @property
    def observer(self) -> Connection:
        """A connection to the run's database that sees every row and changes none.

        Raises UsageError in a run without Postgres, InfrastructureError once the server has gone.
        """
        observer = self._required_postgres.observer
        if observer.is_closed():
            raise InfrastructureError("The run's database cannot be looked into any more: its server went away")
        return observer

    async def posture(self) -> Posture:
        """Whom the policies of the run's database bind, and what leads around them; empty in a run without Postgres.

        Roles are named without the run's suffix. Raises InfrastructureError if the database cannot be read.
        """
        if self._postgres is None:
            return Posture()
        own = self._postgres.own_backends
        return await read_posture(self.observer, own, lambda role: roles.plain_name(role, self.suffix))

    @property
    def _required_postgres(self) -> RunPostgres:
        if self._postgres is None:
            raise switched_off(POSTGRES)
        return self._postgres


@asynccontextmanager
async def open_services(sources: Sources = Sources()) -> AsyncIterator[Services]:  # noqa: B008 - it is immutable
    """The services of one run, gone when the context ends, or when this process dies.

    Raises ServicesUnavailable saying why there are none, UsageError for a URL that cannot be read. The services belong
    to the event loop that opened them.
    """
    suffix = roles.new_suffix()
    choosing = Choosing(sources)
    choice = choosing.choose(POSTGRES)
    # An embedded Postgres may have to run as another user, and must own the folder then.
    user = server_user() if choice.origin is Origin.EMBEDDED else _this_user()
    with run_folder(owner=user.owner) as folder:
        async with (
            run_postgres(choice, suffix, folder, user, sources.allow_hosts) as postgres,
            AsyncExitStack() as stack,
            running_processes(folder) as processes,
        ):
            valkey = RunValkey(choosing, suffix, folder, user, sources.allow_hosts, stack)
            yield Services(suffix=suffix, folder=folder, postgres=postgres, valkey=valkey, processes=processes)


def _this_user() -> ServerUser:
    return ServerUser(str(os.geteuid()), os.geteuid(), os.getegid())
