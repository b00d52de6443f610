"""What is to be done next: first what is known, then what is fixed, then what was found; and for the rest, search."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from isofuzz.campaign.orders import Assignment, Order, Task

_MOST_TRIES = 3
"""So often is a part of the work begun that workers die of."""

SEARCHED = 100
"""Programs of one search at the most: Hypothesis begins each with some small ones, a tenth of what it may draw."""


class Agenda:
    """Hands out the orders of one night, in an order that does not depend on who does them."""

    def __init__(
        self,
        *,
        first: int,
        assignment: Assignment,
        folder: str | None,
        order_seconds: float,
        part_seconds: float,
        for_programs: int | None,
    ) -> None:
        """`first` is the number of the first order; `for_programs` how many programs are still to be drawn."""
        self.assignment = assignment
        self.dropped: list[str] = []
        """Of what was to be done and could not, in words."""
        self._number = first
        self._folder = folder
        self._order_seconds = order_seconds
        self._part_seconds = part_seconds
        self._programs_left = for_programs
        self._parts: deque[Order] = deque()
        self._tries: Counter[tuple[Task, str]] = Counter()

    def add_replays(self, cases: Iterable[tuple[str, str]]) -> None:
        """Execute these cases, each after its fingerprint."""
        self._parts += [self._part(Task.REPLAY, part, case=case) for part, case in cases]

    def add_sweep(self, parts: Iterable[tuple[int, int]], done: frozenset[str] | set[str]) -> None:
        """Execute these parts of the sweep, unless that is done."""
        orders = (self._part(Task.SWEEP, f"{first}-{last}", exercises=(first, last)) for first, last in parts)
        self._parts += [order for order in orders if order.part not in done]

    def add_shrink(self, fingerprint: str, case: str) -> None:
        """Work on a finding, before anything else that is not begun."""
        self._parts.appendleft(self._part(Task.SHRINK, fingerprint, case=case))

    def cut_sweep(self) -> None:
        """There is no time left for what is left of the sweep."""
        cut = [order for order in self._parts if order.task is Task.SWEEP]
        for order in cut:
            self._parts.remove(order)
        if cut:
            self.dropped.append(f"the sweep was cut short, {len(cut)} parts before its end: its time was up")

    def again(self, order: Order) -> None:
        """Somebody died of the order, or could not do it: begin it once more, if that was not tried too often.

        A search is not begun again: the next one is as good.
        """
        if order.task is Task.SEARCH:
            self.credit(order.programs)
            return
        self._tries[order.task, order.part] += 1
        if self._tries[order.task, order.part] < _MOST_TRIES:
            self._parts.append(order)
        else:
            self.dropped.append(f"{order.task} {order.part} was given up: {_MOST_TRIES} workers were lost over it")

    def credit(self, programs: int) -> None:
        """So many programs were promised and not executed."""
        if self._programs_left is not None:
            self._programs_left += programs

    def next_part(self, known: Mapping[str, str], *, shrinks: bool) -> Order | None:
        """The next order that is no search; `shrinks`: it may be one to shrink a finding."""
        for order in self._parts:
            if shrinks or order.task is not Task.SHRINK:
                self._parts.remove(order)
                others = {fingerprint: observer for fingerprint, observer in known.items() if fingerprint != order.part}
                return self._numbered(replace(order, assignment=self.assignment, known=others))
        return None

    def next_search(self, known: Mapping[str, str], seconds: float | None, corpus: Sequence[str]) -> Order | None:
        """The next search, if so many seconds are left for it; None if there is nothing left to do."""
        programs = SEARCHED if self._programs_left is None else min(SEARCHED, self._programs_left)
        within = self._order_seconds if seconds is None else min(self._order_seconds, seconds)
        if programs <= 0 or within <= 0:
            return None
        if self._programs_left is not None:
            self._programs_left -= programs
        order = self._part(Task.SEARCH, "")
        return self._numbered(
            replace(order, seconds=within, programs=programs, known=dict(known), corpus=tuple(corpus))
        )

    def _part(self, task: Task, part: str, *, case: str | None = None, exercises: tuple[int, int] = (0, 0)) -> Order:
        return Order(
            number=0,
            task=task,
            assignment=self.assignment,
            seconds=self._part_seconds + self.assignment.profile.shrink_seconds * (task is Task.SHRINK),
            programs=0,
            exercises=exercises,
            case=case,
            folder=self._folder,
            part=part,
        )

    def _numbered(self, order: Order) -> Order:
        numbered = replace(order, number=self._number)
        self._number += 1
        return numbered
