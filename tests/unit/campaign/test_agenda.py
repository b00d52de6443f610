"""What is done next, and how often it is tried."""

import pytest
from tests.unit.campaign.conftest import ASSIGNMENT

from isofuzz.campaign.agenda import Agenda
from isofuzz.campaign.orders import Order, Task


@pytest.fixture
def agenda() -> Agenda:
    return Agenda(first=7, assignment=ASSIGNMENT, folder=None, order_seconds=15, part_seconds=100, for_programs=150)


def all_parts(agenda: Agenda, *, shrinks: bool = True) -> list[Order]:
    parts = []
    while part := agenda.next_part({}, shrinks=shrinks):
        parts.append(part)
    return parts


def test_what_is_known_comes_first_then_what_is_fixed_and_what_was_found_before_both(agenda: Agenda) -> None:
    agenda.add_replays([("known", "case")])
    agenda.add_sweep([(0, 5), (5, 10)], {"0-5"})
    agenda.add_shrink("found", "case")
    parts = all_parts(agenda)
    assert [(each.task, each.part) for each in parts] == [
        (Task.SHRINK, "found"),
        (Task.REPLAY, "known"),
        (Task.SWEEP, "5-10"),
    ]
    assert [each.number for each in parts] == [7, 8, 9]


def test_a_shrink_waits_if_enough_are_under_way_and_is_not_told_to_pass_itself_over(agenda: Agenda) -> None:
    agenda.add_shrink("found", "case")
    assert agenda.next_part({}, shrinks=False) is None
    part = agenda.next_part({"found": "search", "other": "read"}, shrinks=True)
    assert part
    assert part.known == {"other": "read"}
    assert part.seconds == 100 + ASSIGNMENT.profile.shrink_seconds


def test_programs_are_promised_once(agenda: Agenda) -> None:
    first, second = agenda.next_search({}, None, ()), agenda.next_search({}, None, ())
    assert first
    assert second
    assert (first.programs, second.programs, agenda.next_search({}, None, ())) == (100, 50, None)
    agenda.credit(3)
    third = agenda.next_search({}, 4.0, ("program",))
    assert third
    assert (third.programs, third.seconds, third.corpus) == (3, 4.0, ("program",))
    assert agenda.next_search({}, 0.0, ()) is None


def test_a_part_over_which_workers_are_lost_is_given_up(agenda: Agenda) -> None:
    agenda.add_sweep([(0, 5)], set())
    for _ in range(3):
        [part] = all_parts(agenda)
        agenda.again(part)
    assert all_parts(agenda) == []
    assert agenda.dropped == ["sweep 0-5 was given up: 3 workers were lost over it"]


def test_a_search_over_which_one_is_lost_is_promised_again(agenda: Agenda) -> None:
    search = agenda.next_search({}, None, ())
    assert search
    agenda.again(search)
    assert all_parts(agenda) == []
    assert agenda.next_search({}, None, ()) is not None


def test_a_sweep_for_which_there_is_no_time(agenda: Agenda) -> None:
    agenda.add_sweep([(0, 5), (5, 10)], set())
    agenda.cut_sweep()
    agenda.cut_sweep()
    assert all_parts(agenda) == []
    assert agenda.dropped == ["the sweep was cut short, 2 parts before its end: its time was up"]
