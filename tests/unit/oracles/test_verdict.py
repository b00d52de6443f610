"""A leak outranks everything; green means checked."""

import pytest

from isofuzz.oracles.verdict import Verdict, conclude


@pytest.mark.parametrize(
    ("leaks", "unchecked", "verdict", "exit_code"),
    [
        (0, 0, Verdict.ISOLATED, 0),
        (0, 1, Verdict.INCONCLUSIVE, 3),
        (1, 0, Verdict.LEAKED, 1),
        (1, 1, Verdict.LEAKED, 1),
    ],
)
def test_the_verdict_and_its_exit_code(leaks: int, unchecked: int, verdict: Verdict, exit_code: int) -> None:
    assert conclude(leaks=leaks, unchecked=unchecked) is verdict
    assert verdict.exit_code == exit_code


def test_an_error_exits_with_two() -> None:
    assert Verdict.ERROR.exit_code == 2
