"""A value becomes the plainest of its kind that still shows, in few tries, and never plainer than it may be."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from isofuzz.engine.simpler import simpler

Shows = Callable[[Any], bool]


def simplified(value: Any, plainest: Any, shows: Shows) -> tuple[Any, list[Any]]:
    """What it becomes, and all that was tried."""
    tried: list[Any] = []
    candidates = simpler(value, plainest)
    with suppress(StopIteration):
        candidate = next(candidates)
        while True:
            tried.append(candidate)
            if shown := shows(candidate):
                value = candidate
            candidate = candidates.send(shown)
    return value, tried


@pytest.mark.parametrize(
    ("value", "plainest", "shows", "least"),
    [
        (40122443723, 0, lambda value: value > 3, 4),
        (35, 1, lambda value: value > 3, 4),
        (-99123, 0, lambda value: value < -7, -8),
        (5, 0, lambda value: True, 0),
        (5, 0, lambda value: value == 5, 5),
        (40122443723, None, lambda value: value is not None and value > 3, 4),
        (40122443723, None, lambda value: value is not None, 0),
        (918.75, 0.0, lambda value: value > 900, 918.0),
        ("a long text", "", lambda value: len(value) > 2, "a l"),
        ("a long text", "", bool, "a"),
        ("a long text", "0", lambda value: value != "0", "a"),
        (["qq", "zz", "yy", "xx"], [], lambda value: "zz" in value, ["zz"]),
        ([1, 2, 3, 4], [0, 0], lambda value: 4 in value, [1, 4]),
        (True, False, lambda value: value, True),
        (True, False, lambda value: True, False),
        ({"a": 1}, {}, lambda value: bool(value), {"a": 1}),
        ({"a": 1}, {}, lambda value: True, {}),
        (None, None, lambda value: True, None),
    ],
)
def test_it_becomes_the_plainest_that_shows(value: Any, plainest: Any, shows: Shows, least: Any) -> None:
    became, tried = simplified(value, plainest, shows)
    assert (type(became), became) == (type(least), least)
    assert len(tried) < 45


def test_nothing_is_tried_that_is_plainer_than_it_may_be() -> None:
    for plainest in (3, 10):
        _, tried = simplified(1000, plainest, lambda value: value > 500)
        assert min(tried) == plainest
    _, tried = simplified([1, 2, 3, 4, 5], [0, 0], lambda value: 3 in value)
    assert min(map(len, tried)) == 2


def test_what_is_plain_is_left_as_it_is() -> None:
    assert simplified(0, 0, lambda value: True) == (0, [])
