"""What a reset between two programs costs on the reference chat's schema.

The last line printed is a JSON object: `reset_ms`, the median milliseconds of a reset, and `select_ratio`, how many
times a `SELECT 1` on the same connection that is.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from isofuzz.services import open_services
from isofuzz.services.postgres import reset
from isofuzz.services.postgres.cluster import SUPERUSER
from isofuzz.services.postgres.connecting import connected
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz_packs.chat.backing import prepare

_PROGRAMS = 400
_WRITE = """
    WITH u AS (INSERT INTO users (name) SELECT 'user ' || n FROM generate_series(1, 10) n RETURNING id),
         s AS (INSERT INTO sessions SELECT gen_random_uuid()::text, id FROM u),
         t AS (INSERT INTO threads (owner_id, slug, title) SELECT id, 'slug', 'title' FROM u RETURNING id, owner_id),
         m AS (INSERT INTO thread_members SELECT t.id, u.id, t.owner_id
               FROM t JOIN u ON u.id = (SELECT x.id FROM u x WHERE x.id <> t.owner_id LIMIT 1))
    INSERT INTO messages (thread_id, author_id, body) SELECT id, owner_id, 'body' FROM t
"""


async def _timed(action: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await action()
    return (time.perf_counter() - began) * 1000


async def measure() -> tuple[list[float], list[float]]:
    """Milliseconds of each reset, and of each `SELECT 1` on the same connection."""
    resets, selects = [], []
    async with open_services() as services:
        _ = await prepare(services)
        superuser = replace(DatabaseUrl.parse(services.database_url), user=SUPERUSER, password=None)
        async with (
            connected(superuser) as writer,
            connected(superuser, **reset.SETTINGS, **reset.REPLICA) as connection,
        ):
            resetting = reset.Reset(connection, replica=True)
            await resetting.baseline()
            for _ in range(_PROGRAMS):
                await writer.execute(_WRITE)
                resets.append(await _timed(resetting.restore))
                selects.append(await _timed(lambda: connection.fetchval("SELECT 1")))
    return resets, selects


def main() -> None:
    """Print a table of the measured times and, last, the JSON object."""
    resets, selects = asyncio.run(measure())
    print(f"{'milliseconds':<14}{'median':>8}{'p95':>8}{'max':>8}")
    for name, times in (("reset", resets), ("SELECT 1", selects)):
        p95 = statistics.quantiles(times, n=20)[-1]
        print(f"{name:<14}{statistics.median(times):>8.3f}{p95:>8.3f}{max(times):>8.3f}")
    median = statistics.median(resets)
    ratio = median / statistics.median(selects)
    print(json.dumps({"reset_ms": round(median, 3), "select_ratio": round(ratio, 2)}))


if __name__ == "__main__":
    main()
