"""Whoever is told of a change may cause another, and is then told again, but not within itself."""

import pytest

from isofuzz.gate.ledger import Ledger


def test_a_change_while_a_change_is_told() -> None:
    ledger: Ledger[object] = Ledger()
    depth = told = 0

    def on_change() -> None:
        nonlocal depth, told
        assert depth == 0
        depth += 1
        told += 1
        if told < 5000:
            ledger.changed()
        depth -= 1

    ledger.on_change = on_change
    ledger.changed()
    assert told == 5000


def test_who_is_told_and_fails_is_told_the_next_time() -> None:
    ledger: Ledger[object] = Ledger()
    told = 0

    def on_change() -> None:
        nonlocal told
        told += 1
        raise ZeroDivisionError

    ledger.on_change = on_change
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            ledger.changed()
    assert told == 2


def test_a_problem_says_where_it_came_from() -> None:
    ledger: Ledger[object] = Ledger()
    ledger.fail("no server")
    try:
        raise ValueError("why")  # noqa: TRY301 - so that it has a traceback
    except ValueError as problem:
        ledger.fail("the gate failed", problem)
    assert ledger.problems[0] == "no server"
    assert ledger.problems[1].startswith("the gate failed\nTraceback")
    assert ledger.problems[1].endswith("ValueError: why")
