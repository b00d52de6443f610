"""Where everything stands in the swim lanes of kept cases."""

from isofuzz.cases.case import Case
from isofuzz.oracles.violation import Breach
from isofuzz.report.page.lanes import Lanes, Shape, lanes
from isofuzz.report.storyline import Mark
from isofuzz.target.signatures import read_signatures
from isofuzz_packs.chat import Chat

VOCABULARY = read_signatures(Chat).vocabulary


def lanes_of(case: Case) -> Lanes:
    return lanes(case, VOCABULARY)


def test_every_row_is_told_once_in_a_lane_that_is_there(kept_cases: list[Case]) -> None:
    for story in map(lanes_of, kept_cases):
        assert [item.row for item in story.items] == list(range(story.rows))
        assert {item.lane for item in story.items} == set(range(len(story.headings)))
        assert all(item.row <= item.until < story.rows for item in story.items)
        assert sum(item.mark is Mark.BREACH for item in story.items) == 1


def test_a_bar_reaches_down_to_its_end(kept_cases: list[Case]) -> None:
    overlapping = [case for case in kept_cases if case.program.overlaps]
    assert overlapping
    for story in map(lanes_of, overlapping):
        for item in story.items:
            if item.shape is Shape.BAR and item.until > item.row:
                end = story.items[item.until]
                assert (end.shape, end.step, end.lane) == (Shape.END, item.step, item.lane)
        assert any(item.until > item.row for item in story.items)
        assert any(item.shape is Shape.TICK and item.detail for item in story.items)


def test_an_event_comes_from_whoever_caused_it(kept_cases: list[Case]) -> None:
    arrows = [(story, arrow) for story in map(lanes_of, kept_cases) for arrow in story.arrows]
    assert arrows
    for story, arrow in arrows:
        assert arrow.of != arrow.to
        assert story.items[arrow.row].lane == arrow.to
        assert story.items[arrow.row].shape is Shape.PUSH or arrow.crossing
        assert arrow.crossing == (story.items[arrow.row].mark is Mark.BREACH)


def test_what_crossed_comes_from_whoever_wrote_it(kept_cases: list[Case]) -> None:
    crossed = [case for case in kept_cases if case.violation.breach is Breach.FOREIGN and not case.earlier]
    assert {case.violation.socket is None for case in crossed} == {True, False}, "in a reply, and pushed"
    for case in crossed:
        story = lanes_of(case)
        (writer,) = {item.lane for item in story.items if item.step == case.violation.written_by}
        (breach,) = (item for item in story.items if item.mark is Mark.BREACH)
        assert (breach.row, writer, breach.lane) in {(each.row, each.of, each.to) for each in story.arrows}


def test_what_was_not_seen_comes_from_nowhere(kept_cases: list[Case]) -> None:
    lacking = [case for case in kept_cases if case.violation.breach.is_lack]
    assert lacking
    for case in lacking:
        assert not any(arrow.crossing for arrow in lanes_of(case).arrows)


def test_what_is_necessary_is_what_was_tried_away(kept_cases: list[Case]) -> None:
    for case in kept_cases:
        steps = {item.step for item in lanes_of(case).items if item.necessary}
        if case.shrunk:
            assert steps == {item.step for item in lanes_of(case).items if item.step is not None}
        else:
            assert steps <= {case.violation.step, case.violation.written_by, case.violation.instead}
