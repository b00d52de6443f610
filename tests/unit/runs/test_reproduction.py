"""How often a program has to be run before its silence means anything."""

import pytest

from isofuzz.cases.case import HitRate
from isofuzz.runs.reproduction import MOST_TRIES, tries_for


@pytest.mark.parametrize(
    ("seen", "runs", "tries"), [(1, 1, 1), (8, 8, 1), (7, 8, 2), (1, 2, 5), (3, 10, 9), (1, 10, 29), (1, 30, 30)]
)
def test_so_many_clean_runs_are_no_luck(seen: int, runs: int, tries: int) -> None:
    assert tries_for(HitRate(seen, runs)) == tries


@pytest.mark.parametrize("runs", range(2, 11))
def test_silence_in_all_of_them_has_a_chance_of_five_percent_at_most(runs: int) -> None:
    for seen in range(1, runs):
        tries = tries_for(HitRate(seen, runs))
        silence = 1 - seen / runs
        assert silence**tries <= 0.05 or tries == MOST_TRIES
        assert silence ** (tries - 1) > 0.05


def test_what_was_never_seen_again_is_tried_as_often_as_anything() -> None:
    assert tries_for(HitRate(0, 8)) == MOST_TRIES
