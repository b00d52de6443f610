"""What is made of what Postgres says of connections that may wait for locks."""

from collections.abc import Collection
from typing import Any

import pytest

from isofuzz.gate.locks import Waits, ask

OURS = (1, 2, 3, 4)


class Says:
    """A server that says who waits for whom; of `fresh` waiters the search for a deadlock has not run."""

    def __init__(self, by: dict[int, list[int]], fresh: Collection[int] = ()) -> None:
        self._by = by
        self._fresh = fresh

    async def fetch(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        (asked,) = arguments
        return [
            {"pid": pid, "by": self._by.get(pid, []), "settled": pid in self._by and pid not in self._fresh}
            for pid in asked
        ]


@pytest.mark.parametrize(
    ("by", "fresh", "blocked", "foreign"),
    [
        ({}, (), set(), set()),
        ({1: [2]}, (), {1}, set()),
        ({1: [2]}, (1,), set(), set()),
        ({1: [2], 3: [1, 2]}, (), {1, 3}, set()),
        ({1: [9]}, (), set(), {1}),
        ({1: [2, 9]}, (), set(), {1}),
        ({1: [0]}, (), set(), {1}),
        ({1: [9]}, (1,), set(), {1}),
        ({1: [2], 2: [9]}, (), {1}, {2}),
        ({1: [2], 2: [1]}, (), set(), set()),
        ({1: [2], 2: [3], 3: [1], 4: [1]}, (), {4}, set()),
    ],
    ids=[
        "nobody waits",
        "one waits",
        "its search for a deadlock has not run",
        "one waits for several",
        "for somebody outside",
        "for somebody outside, too",
        "for a prepared transaction, which has no process",
        "for somebody outside, since just now",
        "for one who waits for somebody outside",
        "a ring is about to be broken",
        "so is a larger one, and somebody waits for one of its",
    ],
)
async def test_who_waits(
    by: dict[int, list[int]], fresh: Collection[int], blocked: set[int], foreign: set[int]
) -> None:
    waits = await ask(Says(by, fresh), OURS, OURS)
    assert (set(waits.blocked), set(waits.foreign)) == (blocked, foreign)
    assert waits == Waits({pid: tuple(by[pid]) for pid in blocked}, foreign)


async def test_only_who_is_asked_about_is_told() -> None:
    waits = await ask(Says({1: [2], 3: [2]}), [1], OURS)
    assert set(waits.blocked) == {1}
