"""The swim lanes of a case: a column for each session, time from top to bottom, and where everything stands in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from isofuzz.cases.case import Case
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.storyline import Mark, Row, storyline


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
    """An event on its way, in one row, from the lane of who caused it to that of who got it."""

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
    ends = {row.step: place for place, row in enumerate(story.rows) if row.text.startswith("←")}
    necessary = _necessary(case)
    items = tuple(
        Item(
            shape=_shape(row),
            lane=row.column,
            row=place,
            until=ends.get(row.step, place) if row.text.startswith("→") else place,
            label=row.text[2:] + row.ending if row.text[:1] in "→←⇠·↯▤" else row.text + row.ending,
            detail=row.seen,
            step=row.step,
            mark=row.mark,
            necessary=row.step in necessary,
        )
        for place, row in enumerate(story.rows)
    )
    return Lanes(story.headings, len(story.rows), items, tuple(_arrows(story.rows)))


def _shape(row: Row) -> Shape:
    if row.move:
        return Shape.TICK
    return {"→": Shape.BAR, "←": Shape.END, "⇠": Shape.PUSH}.get(row.text[:1], Shape.OTHER)


def _necessary(case: Case) -> set[int]:
    """The steps of which it is known that it takes them."""
    if case.shrunk:
        return set(case.program.numbers)
    violation = case.violation
    return {step for step in (violation.step, violation.written_by, violation.instead) if step is not None}


def _arrows(rows: tuple[Row, ...]) -> Iterator[Arrow]:
    lane_of = {row.step: row.column for row in reversed(rows) if row.step is not None}
    for place, row in enumerate(rows):
        sender = lane_of.get(row.sent_by) if row.sent_by is not None else None
        if sender is not None and sender != row.column:
            yield Arrow(place, sender, row.column, row.mark is Mark.BREACH)
