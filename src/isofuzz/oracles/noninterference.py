"""Noninterference: a user observes the same, whether or not others do what is none of that user's business.

The definition is Goguen and Meseguer's (1982), by *purging*: a program is run, and run again without the operations on
threads to which the user was entitled at no time (see `strangers`). Whatever differs for the user is interference. It
sees what carries no canary: counts, existence, order, and events without a text.

What differs between runs of the same program is noise, and is masked. So are identifiers, by the things that they
stand for, and what looks like times and random values (see `sameness`). Where an operation ended unexpectedly, or
where others were answered differently, which may show for good reasons, nothing is known from there on.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from functools import cached_property

from isofuzz.history.entries import Completion, Entry, Invocation, Outcome
from isofuzz.history.model import Model
from isofuzz.history.world import Thing
from isofuzz.oracles.crossing import FRAME
from isofuzz.oracles.observations import (
    ALL,
    Observation,
    Place,
    Spot,
    differences,
    first_spot,
    observed,
    viewpoint,
)
from isofuzz.oracles.violation import Breach, Oracle, Violation

_EXCERPT = 240
"""Characters of either observation that a violation shows."""


class Interference:
    """What a user observed differently in the purged histories, in which the steps `left_out` were not done.

    `model` knows the first of the complete histories. The more histories there are of either program, the less is
    left of what differs by chance; there are two complete ones at least.
    """

    def __init__(
        self,
        model: Model,
        user: Thing,
        left_out: Set[int],
        complete: Sequence[Sequence[Entry]],
        purged: Sequence[Sequence[Entry]],
    ) -> None:
        self._model = model
        self._user = user
        self._left_out = left_out
        self._history = complete[0]
        self._where = viewpoint(model, user)
        until = self._unknown_from([_outcomes(history) for history in (*complete, *purged)])
        self._mine, *self._repeated = [observed(history, self._where, until) for history in complete]
        self._theirs, *self._theirs_repeated = [observed(history, self._where, until) for history in purged]

    @property
    def compared(self) -> frozenset[int]:
        """The steps of the user whose answers could be compared."""
        return frozenset(
            step for step in self._where.steps if step in self._mine.places and step in self._theirs.places
        )

    @cached_property
    def violations(self) -> list[Violation]:
        """One for each place at which something differs, in the order in which they show."""
        return sorted(self._violations(), key=lambda violation: violation.at)

    def _unknown_from(self, outcomes: Sequence[dict[int, Outcome]]) -> int | None:
        """The first step after which a difference may have another reason than what was left out."""
        for step, deed in self._model.deeds.items():
            ended = {each.get(step) for each in outcomes}
            if step not in self._left_out and (
                Outcome.INFO in ended or (step not in self._where.steps and len(ended) > 1)
            ):
                return deed.act.step
        return None

    def _violations(self) -> Iterator[Violation]:
        begun = min((at for at, step in _invocations(self._history) if step in self._left_out), default=None)
        noise = self._noise()
        for place, spots in differences(self._mine, self._theirs).items():
            clear = {spot for spot in spots if not _is_noise(spot, noise[place])}
            if clear and begun is not None:
                spot = first_spot(place, self._mine, self._theirs, clear)
                violation = self._violation(place, spot)
                if violation.at > begun:
                    yield violation

    def _noise(self) -> defaultdict[Place, set[Spot]]:
        noise: defaultdict[Place, set[Spot]] = defaultdict(set)
        for once, again in ((self._mine, self._repeated), (self._theirs, self._theirs_repeated)):
            for each in again:
                for place, spots in differences(once, each).items():
                    noise[place] |= spots
        return noise

    def _violation(self, place: Place, spot: Spot) -> Violation:
        step = place if isinstance(place, int) else None
        mine, theirs = (each.places.get(place, ()) for each in (self._mine, self._theirs))
        text, other = _side_by_side(mine, theirs, spot)
        return Violation(
            oracle=Oracle.NONINTERFERENCE,
            breach=Breach.INTERFERED,
            at=mine[spot.number].at if spot.number < len(mine) else _last_answer(self._history),
            user=self._user.ref,
            boundary="",
            observer=FRAME if step is None else self._model.deeds[step].operation.name,
            step=step,
            socket=None if isinstance(place, int) else place,
            text=text,
            other=other,
            without=tuple(sorted(self._left_out)),
        )


def _is_noise(spot: Spot, noise: Set[Spot]) -> bool:
    return bool({spot, Spot(spot.number, ALL), Spot(ALL, ALL)} & noise)


def _outcomes(history: Sequence[Entry]) -> dict[int, Outcome]:
    return {entry.step: entry.outcome for entry in history if isinstance(entry, Completion)}


def _invocations(history: Sequence[Entry]) -> list[tuple[int, int]]:
    return [(at, entry.step) for at, entry in enumerate(history) if isinstance(entry, Invocation)]


def _last_answer(history: Sequence[Entry]) -> int:
    """When the program was over, as far as its steps go."""
    return max((at for at, entry in enumerate(history) if isinstance(entry, Completion)), default=0)


def _side_by_side(mine: Sequence[Observation], theirs: Sequence[Observation], spot: Spot) -> tuple[str, str]:
    """Excerpts of both around the spot, with how the operation ended, if that differs."""
    one, other = (each[spot.number] if spot.number < len(each) else None for each in (mine, theirs))
    ended = one is not None and other is not None and one.outcome is not other.outcome
    return _excerpt(one, spot, ended=ended), _excerpt(other, spot, ended=ended)


def _excerpt(observation: Observation | None, spot: Spot, *, ended: bool) -> str:
    if observation is None:
        return ""
    text = observation.around(spot.word, _EXCERPT)
    return ": ".join(filter(None, (observation.outcome, text))) if ended else text
