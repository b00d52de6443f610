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


@pytest.mark.parametrize(
    ("hazards", "unjudged", "lenient", "strict"),
    [
        (0, 0, Verdict.ISOLATED, Verdict.ISOLATED),
        (1, 0, Verdict.ISOLATED, Verdict.LEAKED),
        (0, 1, Verdict.ISOLATED, Verdict.INCONCLUSIVE),
        (1, 1, Verdict.ISOLATED, Verdict.LEAKED),
    ],
)
def test_hazards_count_only_in_a_strict_run(hazards: int, unjudged: int, lenient: Verdict, strict: Verdict) -> None:
    assert conclude(leaks=0, unchecked=0, hazards=hazards, unjudged=unjudged) is lenient
    assert conclude(leaks=0, unchecked=0, hazards=hazards, unjudged=unjudged, strict=True) is strict


def test_a_hazard_of_a_strict_run_outranks_what_was_not_checked_as_a_leak_does() -> None:
    assert conclude(leaks=0, unchecked=1, hazards=1, strict=True) is Verdict.LEAKED
    assert conclude(leaks=0, unchecked=1, hazards=1) is Verdict.INCONCLUSIVE


def test_an_error_exits_with_two() -> None:
    assert Verdict.ERROR.exit_code == 2
