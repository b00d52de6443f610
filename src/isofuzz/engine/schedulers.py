"""Schedulers: who moves next while steps overlap, decided by what was drawn; and what was decided before, once more."""

import random
from collections.abc import Sequence
from typing import Protocol

from isofuzz.program.schedule import Schedule

_MOVES_OF_ONE = 5
"""So many moves an operation makes, roughly: among so many PCT chooses where to change its mind."""


CHANCE = "chance"
"""What decides where no scheduler does."""


class Scheduler(Protocol):
    """Decides who moves next."""

    @property
    def name(self) -> str:
        """What people call it."""

    def choose(self, place: int, movers: Sequence[int]) -> int:
        """Which of the options is taken at decision number `place`; `movers` are the steps that they belong to.

        The first option is that of whoever moved last, if they can go on, and else the one that is there longest.
        """


class Given:
    """Decides as a schedule says, as long as that fits.

    It does not fit from the first decision on for which there were not as many options as the schedule knew; from there
    on nobody switches any more.
    """

    name = "a given schedule"

    def __init__(self, schedule: Schedule) -> None:
        self._unfit_from: int | None = None
        self._schedule = schedule

    def unfit_from(self, moves: int) -> int | None:
        """From which decision on it did not fit, now that all was done in so many moves; None if it did.

        One that switches later than anybody moves does not fit either: the switch that it is about never came.
        """
        if self._unfit_from is None and moves < len(self._schedule.decisions):
            return moves
        return self._unfit_from

    def choose(self, place: int, movers: Sequence[int]) -> int:
        """What the schedule decides here."""
        decision = self._schedule[place]
        if self._unfit_from is None and decision >= len(movers):
            self._unfit_from = place
        return 0 if self._unfit_from is not None else decision


class RandomWalk:
    """Takes any option, each as likely as the other."""

    name = "a random walk"

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the draws of Hypothesis, spread out

    def choose(self, place: int, movers: Sequence[int]) -> int:
        """Any of them."""
        return self._random.randrange(len(movers))


class Alternating:
    """Lets whoever has not moved for longest move: what happens to steps that are started at once, and reproducible.

    They begin in an order that is drawn.
    """

    name = "alternation"

    def __init__(self, seed: int, steps: Sequence[int]) -> None:
        order = random.Random(seed).sample(steps, len(steps))  # noqa: S311 - the draws of Hypothesis, spread out
        self._moved = {step: place - len(steps) for place, step in enumerate(order)}

    def choose(self, place: int, movers: Sequence[int]) -> int:
        """The first option of the step that has not moved for longest."""
        rested = min(movers, key=lambda step: self._moved.get(step, 0))
        self._moved[rested] = place
        return movers.index(rested)


class Pct:
    """Lets the step of the highest priority move, and changes priorities at few places.

    Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte 2010): a race that takes `depth`
    orders to show is found with a chance that does not fall with the number of ways to interleave everything.
    """

    def __init__(self, seed: int, depth: int, steps: Sequence[int]) -> None:
        self.name = f"PCT of depth {depth}"
        self._random = random.Random(seed)  # noqa: S311 - the draws of Hypothesis, spread out
        order = self._random.sample(range(len(steps)), len(steps))
        self._priorities = {step: depth + place for step, place in zip(steps, order, strict=True)}
        moves = range(1, _MOVES_OF_ONE * len(steps))
        self._changes = dict(zip(self._random.sample(moves, min(depth - 1, len(moves))), range(depth), strict=False))

    def choose(self, place: int, movers: Sequence[int]) -> int:
        """The first option of the step of the highest priority."""
        best = max(movers, key=self._priority)
        if place in self._changes:
            self._priorities[best] = self._changes[place]
            best = max(movers, key=self._priority)
        return movers.index(best)

    def _priority(self, step: int) -> int:
        return self._priorities.get(step, -1)


def scheduler(seed: int, steps: Sequence[int]) -> Scheduler | None:
    """One of the portfolio: no single one is best for every race. None: the steps start at once, and nobody decides.

    PCT of depth 1 is no part of it: it has one step follow the other.
    """
    kind, seed = seed % 8, seed // 8
    if kind == 0:
        return None
    if kind <= 2:
        return Alternating(seed, steps)
    if kind <= 5:
        return RandomWalk(seed)
    return Pct(seed, kind - 4, steps)
