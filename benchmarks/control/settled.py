"""Is all at rest when isofuzz says so? An onlooker looks before each move, in ways that isofuzz does not use.

Nothing of this process runs while it looks. It gives everybody else some time, and then whatever can be read on any
socket, or is about to be called, or a server process that neither waits for its client nor for a lock, was not at rest.
"""

import selectors
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from benchmarks.control.contended import Contended
from benchmarks.control.stage import Stage, drawn_program, stage
from isofuzz.engine.control import Control
from isofuzz.engine.schedulers import RandomWalk, Scheduler

_PAUSE = 0.002
"""Seconds that others get to betray that they are still moving."""

_NOT_WAITING_FOR_THE_CLIENT = """
    SELECT pid, coalesce(wait_event, 'working'), coalesce(wait_event_type = 'Lock', false) FROM pg_stat_activity
    WHERE pid = ANY(%s) AND wait_event IS DISTINCT FROM 'ClientRead'"""


@dataclass
class Counts:
    """`steps` that were looked at before the next move, of which so many were `misdetected`; `reasons` say how.

    `verdicts`: server processes that were seen waiting for a lock, or said to; of these, `wrong_verdicts` are only
    either.
    """

    steps: int = 0
    misdetected: int = 0
    verdicts: int = 0
    wrong_verdicts: int = 0
    reasons: list[str] = field(default_factory=list)


class Onlooker:
    """Looks at one system whether it is at rest, through a connection and a driver of its own."""

    def __init__(self, control: Control, connection: "psycopg.Connection[tuple[int, str, bool]]") -> None:
        self.counts = Counts()
        self._control = control
        self._connection = connection

    def look(self) -> None:
        """Look; it takes a moment in which nothing of this process runs."""
        gate, loop = self._control.gate, self._control.loop
        unrest = []
        if called := len(loop._ready):  # type: ignore[attr-defined]  # there is no other way to see what would be called
            unrest.append(f"{called} callbacks are ready")
        time.sleep(_PAUSE)
        with selectors.DefaultSelector() as look:
            for key in loop._idle.get_map().values():
                look.register(key.fd, key.events)
            unrest += [f"descriptor {key.fd} is ready" for key, _ in look.select(0)]
        pids = [connection.pid for connection in gate.connections]
        rows = self._connection.execute(_NOT_WAITING_FOR_THE_CLIENT, [pids]).fetchall()
        unrest += [f"process {pid} is at {doing}" for pid, doing, waits in rows if not waits]
        self._compare({pid for pid, _, waits in rows if waits})
        self.counts.steps += 1
        self.counts.misdetected += bool(unrest)
        self.counts.reasons += unrest

    def _compare(self, wait: set[int]) -> None:
        said = {connection.pid for connection in self._control.settling.blocked}
        self.counts.verdicts += len(wait | said)
        self.counts.wrong_verdicts += len(wait ^ said)


class _Watched:
    """Has an onlooker look before each decision of the scheduler's."""

    name = "the benchmark"

    def __init__(self, onlooker: Onlooker, scheduler: Scheduler) -> None:
        self._onlooker = onlooker
        self._scheduler = scheduler

    def choose(self, place: int, movers: Sequence[int]) -> int:
        """What the scheduler decides."""
        self._onlooker.look()
        return self._scheduler.choose(place, movers)


@contextmanager
def onlooking(on: Stage) -> Iterator[Onlooker]:
    """Somebody who can look whether this system is at rest."""
    with psycopg.connect(str(on.postgres.address), autocommit=True) as connection:
        yield Onlooker(on.control, connection)


async def look_on(steps: int, seed: int = 0) -> Counts:
    """Execute programs that are drawn until the onlooker has looked so often."""
    async with stage(Contended) as on:
        with onlooking(on) as onlooker:
            while onlooker.counts.steps < steps:
                await drawn_program(on, seed, lambda drawn: _Watched(onlooker, RandomWalk(drawn)))
                seed += 1
    return onlooker.counts
