"""What it takes to control who moves while steps overlap: gates before its services, the loop, and its being at rest.

A system is gated if it has a Postgres and the run is on a loop that isofuzz controls.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from isofuzz.engine.valkey_doors import ValkeyDoors
from isofuzz.gate.freezing import Freezer
from isofuzz.gate.gates import Gates
from isofuzz.gate.loop import ControlledLoop
from isofuzz.gate.proxy import Gate
from isofuzz.gate.settling import Settling
from isofuzz.gate.uncontrolled import Uncontrolled
from isofuzz.gate.upstream import Upstream
from isofuzz.services.opening import Door, Services

_PORT = 5432  # only a part of the socket's name: nothing listens on a port

_LIMIT = 10.0
"""Seconds within which a move has to come to rest."""


@dataclass(frozen=True)
class Control:
    """The means of control over one system."""

    loop: ControlledLoop
    gate: Gates
    settling: Settling
    uncontrolled: Uncontrolled


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
        settling = Settling(loop, gates, postgres.monitor, freezer, uncontrolled=uncontrolled, limit=_LIMIT)
        yield Control(loop, gates, settling, uncontrolled)
