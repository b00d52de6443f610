"""Acts in the order of their invocation, kept so that a question about a period looks only at the acts around it.

A thread may be shared and closed to the same user a thousand times. To ask each time about all of it would make a
history of twice the length take four times as long to judge.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Container, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import overload

from isofuzz.history.acts import NEVER, Act

_invoked = attrgetter("invoked")

_NONE: list[Act] = []
_NO_TIMES: list[int] = []
"""Shared by all logs and never added to: most stay nearly empty, and there are several for each thing."""


class Log(Sequence[Act]):
    """Acts that all do the same to the same thing. Questions leave out the acts that are `apart`."""

    __slots__ = ("_acts", "_certain", "_endless", "_open", "_possible", "_reach")

    def __init__(self, acts: Iterable[Act] = ()) -> None:
        self._acts = _NONE
        self._open = _NONE
        self._possible = _NONE
        """What may have happened, and if, then by a known time; `_reach` is the latest such time up to each."""
        self._reach: list[int] = _NO_TIMES
        self._endless = _NONE
        """What may have happened or may still happen."""
        self._certain = _NONE
        for act in acts:
            self.append(act)

    def append(self, act: Act) -> None:
        """Add an act that was invoked no earlier than the last one; the same once more changes nothing."""
        if not self._acts or self._acts[-1] is not act:
            self._acts = _with(act, self._acts)
            self._open = _with(act, self._open)

    @overload
    def __getitem__(self, index: int) -> Act: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Act]: ...
    def __getitem__(self, index: int | slice) -> Act | Sequence[Act]:
        return self._acts[index]

    def __len__(self) -> int:
        return len(self._acts)

    def __iter__(self) -> Iterator[Act]:
        return iter(self._acts)

    def __contains__(self, act: object) -> bool:
        if not self._acts or not isinstance(act, Act):
            return False
        place = bisect_left(self._acts, act.invoked, key=_invoked)
        return place < len(self._acts) and self._acts[place] is act

    def reaching(self, since: int, until: int = NEVER, apart: Container[Act] = ()) -> bool:
        """May one that was invoked by `until` have happened at time `since` or later?"""
        if not self._acts:
            return False
        self._sort_in()
        return self._may_happen(since, until, apart) or any(
            act.invoked <= until and act.possible and act not in apart for act in self._open
        )

    def settled_reaching(self, since: int, apart: Container[Act] = ()) -> bool:
        """As `reaching`, of what has completed: nothing can change this answer any more."""
        self._sort_in()
        return self._may_happen(since, NEVER, apart)

    def last_certain(self, before: int, apart: Container[Act] = ()) -> Act | None:
        """The one that was invoked last, of those that certainly happened before this time."""
        self._sort_in()
        for place in range(bisect_left(self._certain, before, key=_invoked) - 1, -1, -1):
            act = self._certain[place]
            if act.completed < before and act not in apart:
                return act
        return None

    def first_certain(self, after: int, apart: Container[Act] = ()) -> int:
        """When one that was invoked after this time has certainly happened; NEVER if none has."""
        self._sort_in()
        first = NEVER
        for place in range(bisect_right(self._certain, after, key=_invoked), len(self._certain)):
            act = self._certain[place]
            if act.invoked > first:
                break
            if act not in apart:
                first = min(first, act.completed)
        return first

    def span(self, until: int, apart: Container[Act] = ()) -> tuple[int, int] | None:
        """From when until when those invoked by `until` may have happened, the first of them and the last."""
        self._sort_in()
        of_each = (self._possible, self._endless, [act for act in self._open if act.possible])
        firsts = [next((act.invoked for act in acts if act not in apart), NEVER) for acts in of_each]
        if (first := min(firsts)) > until:
            return None
        if min(firsts[1:]) <= until:
            return first, NEVER
        last = first
        for place in range(bisect_right(self._possible, until, key=_invoked) - 1, -1, -1):
            if self._reach[place] <= last:
                break
            if self._possible[place] not in apart:
                last = max(last, self._possible[place].completed)
        return first, last

    def only(self, until: int, apart: Container[Act] = ()) -> Act | None:
        """The one that may have happened, of those invoked by `until`; None if there are several or none."""
        self._sort_in()
        found: Act | None = None
        for acts in (self._possible, self._endless, self._open):
            for act in acts:
                if act.invoked > until:
                    break
                if act.possible and act not in apart:
                    if found:
                        return None
                    found = act
        return found

    def any_possible(self) -> bool:
        """May one of them have happened?"""
        return self.reaching(0)

    def any_certain(self) -> bool:
        """Has one of them certainly happened?"""
        self._sort_in()
        return bool(self._certain)

    def _may_happen(self, since: int, until: int, apart: Container[Act]) -> bool:
        for act in self._endless:
            if act.invoked > until:
                break
            if act not in apart:
                return True
        for place in range(bisect_right(self._possible, until, key=_invoked) - 1, -1, -1):
            if self._reach[place] < since:
                break
            if self._possible[place].completed >= since and self._possible[place] not in apart:
                return True
        return False

    def _sort_in(self) -> None:
        """Give those that have completed meanwhile their place."""
        if not self._open:
            return
        completed = [act for act in self._open if act.outcome is not None]
        if not completed:
            return
        self._open = [act for act in self._open if act.outcome is None] or _NONE
        for act in completed:
            if not act.possible:
                continue
            if act.latest == NEVER:
                self._endless = _with(act, self._endless)
                continue
            self._insert(act)
            if act.certain:
                self._certain = _with(act, self._certain)

    def _insert(self, act: Act) -> None:
        self._possible = _with(act, self._possible)
        if self._reach is _NO_TIMES:
            self._reach = []
        place = bisect_left(self._possible, act.invoked, key=_invoked)
        self._reach.insert(place, act.completed)
        for each in range(place, len(self._possible)):
            before = self._reach[each - 1] if each else -1
            self._reach[each] = max(before, self._possible[each].completed)


def _with(act: Act, acts: list[Act]) -> list[Act]:
    """The list, with the act where it belongs by its invocation."""
    if not acts:
        return [act]
    insort(acts, act, key=_invoked)
    return acts
