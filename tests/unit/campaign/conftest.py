"""A state of a campaign in a folder, and results to enter in it."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from isofuzz.campaign.orders import Assignment, Discovery, Order, Result, Task
from isofuzz.campaign.state import State, opened
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.accepting import AcceptList
from isofuzz.runs.profiles import PROFILES
from isofuzz.services.sources import Sources

ASSIGNMENT = Assignment(
    target="chat",
    defect=None,
    only=frozenset(Oracle),
    sessions=None,
    gated=True,
    profile=PROFILES["nightly"],
    accept=AcceptList(),
    sources=Sources(),
    seed="seed",
)

Entered = Callable[..., int]


def order(number: int, task: Task = Task.SEARCH, part: str = "") -> Order:
    return Order(number, task, ASSIGNMENT, seconds=1, programs=1, part=part)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with opened(tmp_path) as state:
        yield state


@pytest.fixture
def entered(state: State) -> Entered:
    """Enter a result in a night, in which so many programs covered each of these; how much of that is new."""

    def enter(
        night: int, number: int, covered: dict[str, int], programs: int = 10, task: Task = Task.SEARCH, part: str = ""
    ) -> int:
        tallies = Counter({("programs", "[]"): programs, ("operations", "[]"): 5 * programs})
        discoveries = tuple(Discovery(frozenset({key}), f"program of {key}") for key in covered)
        result = Result(number, "worker", tallies, Counter(covered), discoveries)
        return state.enter(night, order(number, task, part), result, at=float(number))

    return enter
