"""Two observations one above the other."""

from typing import Any

from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import NeverIssued
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.compared import compared_lines
from isofuzz.report.finding import story_lines
from isofuzz.report.storyline import Mark, storyline


def interfered(user: Any, text: str, other: str, *, without: tuple[int, ...] = (3,)) -> Violation:
    return Violation(
        *(Oracle.NONINTERFERENCE, Breach.INTERFERED, -1, user.user, "", "overview"),
        text=text,
        other=other,
        without=without,
    )


def lines(case: Any, width: int = 80) -> list[str]:
    return [line.plain for line in compared_lines(case, width)]


def test_of_a_comparison_what_was_seen_with_the_others_and_without(story: Any, case_of: Any) -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    bob.does("new_room")
    assert lines(case_of(violation=interfered(ada, '{"rooms": 2}', '{"rooms": 1}'))) == [
        'with     {"rooms": 2}',
        'without  {"rooms": 1}',
    ]
    assert lines(case_of(violation=interfered(ada, "an event", ""))) == ["with     an event", "without  nothing"]


def test_what_is_long_is_cut_alike_around_where_it_begins_to_differ(story: Any, case_of: Any) -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    bob.does("new_room")
    alike = "".join(f"{number:3}" for number in range(30))
    shown = lines(case_of(violation=interfered(ada, f"{alike}one{alike}", f"{alike}two{alike}")), 40)
    assert shown == ["with     …25 26 27 28 29one  0  1  2  3…", "without  …25 26 27 28 29two  0  1  2  3…"]
    assert shown[0].index("one") == shown[1].index("two")


def test_what_was_left_out_is_marked(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    bob.does("new_room")
    ada.does("overview")
    case = case_of(violation=interfered(ada, "2", "1"))
    assert [row.mark for row in storyline(case, vocabulary).rows] == [Mark.NONE, Mark.NONE, Mark.LEFT_OUT, Mark.NONE]
    told = [line.plain for line in story_lines(case, vocabulary, 100)]
    assert told[-3:] == [
        "◆ the text in question   ◇n the text of step n   ✗ what is wrong   ○ left out to compare",
        "with     2",
        "without  1",
    ]


def test_of_a_probe_both_answers(story: Any, case_of: Any) -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    for asked in (NeverIssued("Room"), room, NeverIssued("Room", 1)):
        bob.is_refused("history", room=asked)
    told = Violation(
        *(Oracle.EXISTENCE, Breach.TOLD, 9, bob.user, "Room", "history"),
        step=5,
        instead=4,
        text="403 forbidden",
        other="404 not found",
    )
    assert lines(case_of(violation=told)) == ["step 5  refused 403 forbidden", "step 4  refused 404 not found"]


def test_of_anything_else_nothing(story: Any, case_of: Any) -> None:
    story.sign_up("ada").does("overview", seen=[-1])
    assert lines(case_of()) == []
