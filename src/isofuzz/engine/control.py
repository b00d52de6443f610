"""What it takes to control who moves while steps overlap: gates before its services, the loop, and its being at rest.

A system is gated if it has a Postgres and the run is on a loop that isofuzz controls.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from isofuzz.engine.valkey_doors import ValkeyDoors
from isofuzz.errors import InfrastructureError
from isofuzz.gate.freezing import Freezer
from isofuzz.gate.gates import Connection, Gates
from isofuzz.gate.loop import ControlledLoop
from isofuzz.gate.processes import Outside
from isofuzz.gate.proxy import Gate
from isofuzz.gate.settling import Settling
from isofuzz.gate.uncontrolled import Uncontrolled
from isofuzz.gate.upstream import Upstream
from isofuzz.services.opening import Door, Services
from isofuzz.services.postgres.for_run import RunPostgres

_PORT = 5432  # only a part of the socket's name: nothing listens on a port

_MS_TO_END = 5000
_BYPASSED = (
    "what is said on connections of a synchronous driver: it kept isofuzz's own loop waiting, and passed the gate by"
)

_LIMIT = 10.0
"""Seconds within which a move has to come to rest."""


@dataclass(frozen=True)
class Control:
    """The means of control over one system."""

    loop: ControlledLoop
    gate: Gates
    settling: Settling
    uncontrolled: Uncontrolled
    postgres: RunPostgres
    outside: Outside
    database: Gate
    """The one of the gates that is before Postgres."""

    async def ask_each(self, query: str) -> list[str]:
        """The one text that the query returns on each of the system's idle database connections, as it was left."""
        answers = [await connection.ask(query) for connection in self.database.connections]
        return [text for text in answers if text is not None]

    def note_unknown(self, connection: Connection) -> None:
        """Nothing says for which step this connection works; note it if that may keep it from being controlled."""
        pid = connection.client_pid
        if pid == os.getpid():
            if self.loop.has_threads:
                self.uncontrolled.note("a statement of a thread: nothing says when a thread of this process moves")
        elif pid is not None and not self.outside.includes(pid):
            self.uncontrolled.note("a statement of a process that isofuzz did not start, and cannot look at")

    def check(self) -> None:
        """Note what passes the gates by.

        Raises InfrastructureError if something went wrong at a gate: what happened since says nothing.
        """
        if self.gate.bypassed:
            self.uncontrolled.always(_BYPASSED)
        if self.gate.faults:
            raise InfrastructureError(f"The gate before the system's services failed: {self.gate.faults[0]}")

    async def terminate(self, pid: int) -> None:
        """Have the server end a connection, and return once it has."""
        await self.postgres.admin.execute("SELECT pg_terminate_backend($1, $2)", pid, _MS_TO_END)


@asynccontextmanager
async def controlled(services: Services) -> AsyncIterator[Control | None]:
    """Put a gate between the system that is about to start and its database, and its Valkey once it asks for one.

    Raises UsageError for a server that is spoken to with TLS only.
    """
    loop = asyncio.get_running_loop()
    postgres = services.postgres
    if postgres is None or not isinstance(loop, ControlledLoop):
        yield None
        return
    uncontrolled = Uncontrolled()
    address = postgres.address
    gate = Gate(Upstream.at(address.host, address.port, sslmode=address.options.get("sslmode")))
    gates = Gates(gate)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(gate.close)
        await gate.listen_unix(services.door_folder / f".s.PGSQL.{_PORT}")
        services.lead_through(Door(str(services.door_folder), _PORT))
        services.lead_valkey_through(ValkeyDoors(services.door_folder, gates, uncontrolled, stack))
        if not await postgres.find_deadlocks_at_once():
            uncontrolled.always("who has to give way in a deadlock: the administrator is no superuser")
        freezer = Freezer(can=postgres.is_ours)
        outside = Outside(
            lambda: services.system_pids,
            servers=lambda: _servers(services, gate if postgres.is_ours else None),
            sockets=loop.open_sockets,
            uncontrolled=uncontrolled,
        )
        settling = Settling(
            loop, gates, postgres.monitor, freezer, uncontrolled=uncontrolled, limit=_LIMIT, outside=outside
        )
        yield Control(loop, gates, settling, uncontrolled, postgres, outside, gate)


def _servers(services: Services, gate: Gate | None) -> list[int]:
    """The processes of the run's own servers that speak with the system.

    Who is notified, or subscribes, is owed nothing, so whether something is on its way to them is seen only there.
    """
    backends = [connection.pid for connection in gate.connections if connection.pid] if gate else []
    return backends + ([services.valkey_pid] if services.valkey_pid else [])
