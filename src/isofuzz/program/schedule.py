"""Schedules: who moves next while steps overlap, as a value that can be drawn, recorded, shrunk and printed."""

import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_DIGITS = string.digits + string.ascii_lowercase

MOST_OPTIONS = len(_DIGITS)
"""Of more than so many options the others wait until they come up."""

_MOVES = 5
"""After how many moves of the first step at the most the other one is begun."""


@dataclass(frozen=True)
class Schedule:
    """Decisions in their order: 0 = who moved last goes on if they can, else the oldest; k = the k-th of the others.

    Beyond its end every decision is 0, so a schedule of nothing but zeros is the empty one: steps in their order, each
    to its end.
    """

    decisions: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not all(0 <= decision < MOST_OPTIONS for decision in self.decisions):
            raise ValueError(f"a decision is a number from 0 to {MOST_OPTIONS - 1}: {self.decisions}")

    @classmethod
    def of(cls, decisions: Iterable[int]) -> "Schedule":
        """The shortest schedule that decides so."""
        taken = tuple(decisions)
        last = max((place for place, decision in enumerate(taken, start=1) if decision), default=0)
        return cls(taken[:last])

    @classmethod
    def parse(cls, text: str) -> "Schedule":
        """The schedule that is written so; raises ValueError."""
        if not set(text) <= set(_DIGITS):
            raise ValueError(f"a schedule is written with digits and small letters: {text!r}")
        return cls.of(_DIGITS.index(digit) for digit in text)

    def __str__(self) -> str:
        """One character for each decision; the zeros at the end go without saying."""
        return "".join(_DIGITS[decision] for decision in self.decisions)

    def __getitem__(self, place: int) -> int:
        return self.decisions[place] if place < len(self.decisions) else 0

    @property
    def switches(self) -> int:
        """How often somebody else moves although whoever moved last could go on, or others were there longer."""
        return sum(1 for decision in self.decisions if decision)

    def without_switch(self, place: int) -> "Schedule":
        """The schedule that goes on at this decision instead of switching."""
        return Schedule.of(0 if each == place else decision for each, decision in enumerate(self.decisions))


_MOVES_OF_BOTH = 40
"""So many moves two steps make together at the most, roughly."""

ALTERNATING = Schedule.of([0] + [1] * (_MOVES_OF_BOTH - 1))
"""Of two steps each makes one move at a time, so each is in the middle of the other."""


def single_switches() -> Iterator[Schedule]:
    """The second step is begun after each of the first moves, and over before the first goes on.

    Most races that are known need no more (Musuvathi and Qadeer, Iterative context bounding, 2007).
    """
    for moves in range(1, _MOVES + 1):
        yield Schedule.of([0] * moves + [1])


def plain_turns() -> Iterator[Schedule]:
    """The plainest ways in which two steps overlap: the second ends first, or only begins first, or they alternate."""
    yield from single_switches()
    for moves in range(1, _MOVES + 1):
        yield Schedule.of([0] * moves + [1, 1])
    yield ALTERNATING


def plain_orders() -> Iterator[Schedule]:
    """The plain turns and one step after the other, begun by either of two steps."""
    for begins in (0, 1):
        yield Schedule.of([begins])
        yield from (Schedule.of([begins, *turns.decisions[1:]]) for turns in plain_turns())


def turns_of_any(options: int) -> Iterator[Schedule]:
    """As `plain_turns`, where up to so many steps and faults overlap: any of them comes in between."""
    yield from plain_turns()
    for other in range(2, options):
        for moves in range(1, _MOVES + 1):
            yield Schedule.of([0] * moves + [other])
