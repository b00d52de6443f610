"""Which connections wait for a lock: asked of Postgres, for a statement that takes its time tells nothing.

"Not blocked" is never a verdict: a statement that has not been begun is not blocked either. "Blocked" is one, once the
waiter's own search for a deadlock has run: it cannot become a victim any more unless another one joins the ring.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

_SETTLED = "3 ms"
"""How long a waiter has waited whose search for a deadlock has run: it runs after `deadlock_timeout`, which is 1 ms."""

_QUESTION = f"""
    SELECT pid, pg_blocking_pids(pid) AS by,
           coalesce((SELECT bool_and(waitstart < clock_timestamp() - interval '{_SETTLED}')
                     FROM pg_locks WHERE pg_locks.pid = asked.pid AND NOT granted), false) AS settled
    FROM unnest($1::int[]) AS asked (pid)"""  # noqa: S608 - it holds nothing that anybody else writes


class Asks(Protocol):
    """A connection that is no part of the system: it asks the server how the others are."""

    async def fetch(self, query: str, *arguments: Any) -> Any:
        """The rows of the answer."""


@dataclass(frozen=True)
class Waits:
    """What Postgres says of some connections, by their server processes.

    `blocked` wait for others of the system, for sure until one of these moves; `foreign` for somebody whom nobody here
    controls.
    """

    blocked: Mapping[int, tuple[int, ...]]
    foreign: Collection[int]


async def ask(connection: Asks, asked: Collection[int], ours: Collection[int]) -> Waits:
    """Who of these waits for a lock; `ours` are the server processes of all the system's connections."""
    rows = await connection.fetch(_QUESTION, list(asked))
    by = {row["pid"]: tuple(row["by"]) for row in rows if row["by"]}
    settled = {row["pid"] for row in rows if row["settled"]}
    foreign = {pid for pid, others in by.items() if not set(others) <= set(ours)}
    blocked = {pid: by[pid] for pid in by.keys() & settled - foreign if not _in_a_ring(pid, by)}
    return Waits(blocked, foreign)


def _in_a_ring(pid: int, by: Mapping[int, tuple[int, ...]]) -> bool:
    """Does it wait for itself, if only through others? Then the server will soon end one of them."""
    seen: set[int] = set()
    ahead = list(by[pid])
    while ahead:
        other = ahead.pop()
        if other == pid:
            return True
        if other not in seen:
            seen.add(other)
            ahead += by.get(other, ())
    return False
