"""The swim lanes of a case: a column for each session, time from top to bottom, and where everything stands in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from isofuzz.cases.case import Case
from isofuzz.oracles.violation import Violation
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.storyline import Happening, Mark, Row, storyline


class Shape(StrEnum):
    """What something in a lane looks like."""

    BAR = "bar"
    """An operation, from its invocation to its completion."""
    END = "end"
    """The completion of an operation during which something else happened."""
    TICK = "tick"
    """A move of an operation: a statement, mostly."""
    PUSH = "push"
    """An event that was pushed to a socket."""
    OTHER = "other"
    """A fault, or what was found at the end."""


@dataclass(frozen=True)
class Item:
    """One thing in a lane: `lane` and `row` count from 0, and it reaches down to the row `until`.

    `label` is what is read at a glance, `detail` what was seen. `necessary`: without this step nothing would leak.
    """

    shape: Shape
    lane: int
    row: int
    until: int
    label: str
    detail: str
    step: int | None
    mark: Mark
    necessary: bool


@dataclass(frozen=True)
class Arrow:
    """What is on its way, in one row: from the lane of who caused it to that of who got it.

    That is an event that is pushed to a socket, and, `crossing`, the text that somebody saw who must not.
    """

    row: int
    of: int
    to: int
    crossing: bool


@dataclass(frozen=True)
class Lanes:
    """The lanes of one case: their headings, what stands in them, and the arrows between them."""

    headings: tuple[str, ...]
    rows: int
    items: tuple[Item, ...]
    arrows: tuple[Arrow, ...]


def lanes(case: Case, vocabulary: Vocabulary) -> Lanes:
    """Where everything stands that the story of the case tells."""
    story = storyline(case, vocabulary)
    ends = {row.step: place for place, row in enumerate(story.rows) if row.happening is Happening.ENDED}
    necessary = _necessary(case)
    items = tuple(
        Item(
            shape=_SHAPES.get(row.happening, Shape.OTHER),
            lane=row.column,
            row=place,
            until=ends.get(row.step, place) if row.happening is Happening.BEGUN else place,
            label=row.words + row.ending,
            detail=row.seen,
            step=row.step,
            mark=row.mark,
            necessary=row.step in necessary,
        )
        for place, row in enumerate(story.rows)
    )
    return Lanes(story.headings, len(story.rows), items, tuple(_arrows(story.rows, case.violation)))


_SHAPES = {
    Happening.BEGUN: Shape.BAR,
    Happening.ENDED: Shape.END,
    Happening.MOVED: Shape.TICK,
    Happening.PUSHED: Shape.PUSH,
}


def _necessary(case: Case) -> set[int]:
    """The steps of which it is known that it takes them."""
    if case.shrunk:
        return set(case.program.numbers)
    violation = case.violation
    return {step for step in (violation.step, violation.written_by, violation.instead) if step is not None}


def _arrows(rows: tuple[Row, ...], violation: Violation) -> Iterator[Arrow]:
    lane_of = {row.step: row.column for row in reversed(rows) if row.step is not None}
    for place, row in enumerate(rows):
        crossing = violation.written_by if row.mark is Mark.BREACH and not violation.breach.is_lack else None
        for sender in dict.fromkeys(lane_of[step] for step in (crossing, *row.sent_by) if step in lane_of):
            if sender != row.column:
                yield Arrow(place, sender, row.column, crossing is not None and sender == lane_of.get(crossing))
