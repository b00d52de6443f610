"""Schedules as values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isofuzz.program.schedule import MOST_OPTIONS, Schedule, plain_orders, plain_turns, single_switches

DECISIONS = st.lists(st.integers(0, MOST_OPTIONS - 1))


@given(DECISIONS)
def test_what_is_printed_is_read_back(decisions: list[int]) -> None:
    schedule = Schedule.of(decisions)
    assert Schedule.parse(str(schedule)) == schedule


@given(DECISIONS)
def test_zeros_at_the_end_go_without_saying(decisions: list[int]) -> None:
    assert Schedule.of([*decisions, 0, 0]) == Schedule.of(decisions)
    assert all(Schedule.of(decisions)[place] == decision for place, decision in enumerate(decisions))


def test_beyond_its_end_nobody_switches() -> None:
    assert Schedule.of([2])[7] == 0


def test_switches_are_counted() -> None:
    assert Schedule.of([0, 1, 0, 3]).switches == 2
    assert Schedule.of([0, 0]).switches == 0


def test_a_switch_can_be_left_out() -> None:
    assert str(Schedule.of([0, 1, 0, 3]).without_switch(3)) == "01"
    assert str(Schedule.of([0, 1, 0, 3]).without_switch(1)) == "0003"


def test_serial_is_the_empty_text() -> None:
    assert str(Schedule.of([0, 0, 0])) == ""


@pytest.mark.parametrize("text", ["0A", "1.2", " ", "é"])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="digits and small letters"):
        Schedule.parse(text)


def test_a_decision_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(ValueError, match="from 0 to 35"):
        Schedule.of([36])


def test_the_plainest_turns_have_the_fewest_switches_first() -> None:
    assert [str(schedule) for schedule in single_switches()] == ["01", "001", "0001", "00001", "000001"]
    switches = [schedule.switches for schedule in plain_turns()]
    assert switches == sorted(switches)
    assert str(list(plain_turns())[-1]) == "0" + "1" * 39


def test_plain_orders_are_the_plain_turns_and_one_after_the_other_begun_by_either() -> None:
    orders = [str(order) for order in plain_orders()]
    assert len(set(orders)) == len(orders) == 24
    assert orders[0] == ""
    assert orders[1:12] == [str(turns) for turns in plain_turns()]
    assert orders[12] == "1"
    assert [order[1:] for order in orders[13:]] == [order[1:] for order in orders[1:12]]
    assert all(order.startswith("1") for order in orders[12:])
