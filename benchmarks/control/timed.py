"""How long it takes until all is known to be at rest, beside a bare round trip to the same server."""

import statistics
import time
from collections.abc import Sequence

import psycopg

from benchmarks.control.contended import Contended
from benchmarks.control.stage import drawn_program, stage
from isofuzz.engine.schedulers import RandomWalk


class _Timed:
    """Decides by a random walk, and notes how many seconds went by after each decision until the next one was due."""

    name = "the benchmark"

    def __init__(self, seed: int, seconds: list[float]) -> None:
        self._walk = RandomWalk(seed)
        self._seconds = seconds
        self._decided: float | None = None

    def choose(self, place: int, movers: Sequence[int]) -> int:
        """What the random walk decides."""
        if self._decided is not None:
            self._seconds.append(time.perf_counter() - self._decided)
        self._decided = time.perf_counter()
        return self._walk.choose(place, movers)


async def settle_times(steps: int) -> tuple[list[float], list[float]]:
    """Seconds from decisions to rest, so many at least, and of round trips, one program's worth of either in turn."""
    settles: list[float] = []
    round_trips: list[float] = []
    async with stage(Contended) as on:
        with psycopg.connect(str(on.postgres.address), autocommit=True) as connection:
            seed = 0
            while len(settles) < steps:
                await drawn_program(on, seed, lambda drawn: _Timed(drawn, settles))
                while len(round_trips) < len(settles):
                    began = time.perf_counter()
                    connection.execute("SELECT 1")
                    round_trips.append(time.perf_counter() - began)
                seed += 1
    return settles, round_trips


def median_ms(seconds: list[float]) -> float:
    """The median in milliseconds."""
    return round(statistics.median(seconds) * 1000, 2)
