"""What the gate costs: the same statements through it and without it, in turns.

The last line printed is a JSON object of ratios of medians, each through the gate over direct: `select_ratio` of a
`SELECT 1` (the gate holds nothing), `operation_ratio` of an operation of five batches (likewise), `gated_ratio` of the
same operation when each batch that executes is parked and released at once.
"""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from isofuzz.gate.proxy import Gate
from isofuzz.gate.upstream import Upstream
from isofuzz.services import open_services
from isofuzz.services.postgres.connecting import Connection
from isofuzz.services.postgres.url import DatabaseUrl

_ROUNDS = 2000


async def _select(connection: Connection) -> None:
    await connection.fetchval("SELECT 1")


async def _operation(connection: Connection) -> None:
    async with connection.transaction():
        await connection.execute("INSERT INTO note (body) VALUES ($1)", "text")
        await connection.fetchval("SELECT body FROM note WHERE id = $1", 1)
        await connection.execute("UPDATE note SET body = $2 WHERE id = $1", 1, "other text")


async def _timed(action: Callable[[Connection], Awaitable[None]], connection: Connection) -> float:
    began = time.perf_counter()
    await action(connection)
    return (time.perf_counter() - began) * 1000


@asynccontextmanager
async def _gate(server: DatabaseUrl) -> AsyncIterator[tuple[Gate, DatabaseUrl]]:
    gate = Gate(Upstream.at(server.host, server.port))
    with TemporaryDirectory() as folder:
        await gate.listen_unix(Path(folder) / f".s.PGSQL.{server.port}")
        try:
            yield gate, replace(server, host=folder)
        finally:
            await gate.close()


async def measure() -> dict[str, tuple[list[float], list[float]]]:
    """Milliseconds of each action: direct, and through the gate."""
    async with open_services() as services:
        server = DatabaseUrl.parse(services.database_url)
        async with _gate(server) as (gate, url):
            direct = await asyncpg.connect(str(server))
            gated = await asyncpg.connect(str(url))
            await direct.execute("CREATE TABLE note (id serial PRIMARY KEY, body text)")

            released = 0

            def release() -> None:
                nonlocal released
                for connection in gate.connections:
                    if connection.parked:
                        released += 1
                        connection.release()

            gate.on_change = release
            times: dict[str, tuple[list[float], list[float]]] = {}
            for _ in range(_ROUNDS):
                for name, action, holding in (
                    ("select", _select, False),
                    ("operation", _operation, False),
                    ("gated", _operation, True),
                ):
                    gate.holding = holding
                    without, through = times.setdefault(name, ([], []))
                    without.append(await _timed(action, direct))
                    through.append(await _timed(action, gated))
            gate.holding = False
            await gated.close()
            await direct.close()
            assert not gate.problems, gate.problems
            assert released == 4 * _ROUNDS, "three statements and a commit are held"
            return times


def main() -> None:
    """Print a table of the measured times and, last, the JSON object."""
    ratios = {}
    print(f"{'median milliseconds':<22}{'direct':>8}{'gate':>8}")
    for name, (without, through) in asyncio.run(measure()).items():
        direct, gated = statistics.median(without), statistics.median(through)
        print(f"{name:<22}{direct:>8.3f}{gated:>8.3f}")
        ratios[f"{name}_ratio"] = round(gated / direct, 2)
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
