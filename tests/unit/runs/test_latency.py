"""Percentiles from buckets are those of the durations themselves, but for 1 %."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isofuzz.runs.latency import Latency, in_words

SECONDS = st.floats(min_value=1e-7, max_value=4000)


def of(seconds: list[float]) -> Latency:
    latency = Latency()
    for each in seconds:
        latency.add(each)
    return latency


def nearest_rank_ms(seconds: list[float], percent: int) -> float:
    return sorted(seconds)[math.ceil(len(seconds) * percent / 100) - 1] * 1000


@given(st.lists(SECONDS, min_size=1), st.integers(1, 100))
def test_a_percentile_is_at_most_one_percent_below_the_nearest_rank_and_never_above(
    seconds: list[float], percent: int
) -> None:
    exact = nearest_rank_ms(seconds, percent)
    rounding = 1e-9
    assert exact * (1 - rounding) / 1.01 <= of(seconds).percentile_ms(percent) <= exact * (1 + rounding)


@given(st.lists(SECONDS))
def test_count_and_longest_are_exact(seconds: list[float]) -> None:
    latency = of(seconds)
    assert latency.count == len(seconds)
    assert latency.max_ms == max((each * 1000 for each in seconds), default=0)


@given(st.lists(SECONDS, min_size=1))
def test_the_order_does_not_matter(seconds: list[float]) -> None:
    assert of(seconds) == of(seconds[::-1])


def test_a_hundred_thousand_durations_take_no_more_space_than_a_few_thousand() -> None:
    latency = of([0.000001 * 1.0002**number for number in range(100_000)])
    assert len(latency.buckets) < 2500
    assert latency.count == 100_000


def test_one_in_twenty_is_beyond_the_95th_percentile() -> None:
    latency = of([0.001] * 19 + [5])
    assert latency.percentile_ms(95) == pytest.approx(1, rel=0.01)
    assert latency.max_ms == 5000


def test_of_nothing_there_is_nothing() -> None:
    assert Latency().percentile_ms(95) == 0


def test_a_clock_that_did_not_move_counts_too() -> None:
    assert of([0.0]).count == 1
    assert of([0.0]).percentile_ms(50) == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (0.0042, "0.00"),
        (0.42, "0.42"),
        (9.994, "9.99"),
        (12.34, "12.3"),
        (99.94, "99.9"),
        (130.4, "130"),
        (9999, "9999"),
    ],
)
def test_in_words_it_has_as_many_digits_as_fit_a_table(milliseconds: float, words: str) -> None:
    assert in_words(milliseconds) == words
