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
from isofuzz.oracles.events import kind_of_event
from isofuzz.oracles.observations import (
    Events,
    Observation,
    Place,
    Spot,
    differences,
    observed,
    viewpoint,
)
from isofuzz.oracles.sameness import Sameness
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.oracles.wording import beginning, excerpt

_EXCERPT = 240
"""Characters of either observation that a violation shows."""


class Interference:
    """What a user observed differently in the purged histories, in which the steps `left_out` were not done.

    `model` knows the first of the complete histories. The more histories there are of either program, the less is
    left of what differs by chance.
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
        everything = [observed(history, self._where, until) for history in (*complete, *purged)]
        drained = frozenset.intersection(*(each.drained for each in everything))
        everything = [each.kind_by_kind(drained) for each in everything]
        self._mine, *self._repeated = everything[: len(complete)]
        self._theirs, *self._theirs_repeated = everything[len(complete) :]

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
            dropped = None in ended  # it names what has no identifier, so nobody could try it without the others
            differs = step not in self._where.steps and len(ended) > 1
            if step not in self._left_out and (Outcome.INFO in ended or dropped or differs):
                return deed.act.step
        return None

    def _violations(self) -> Iterator[Violation]:
        begun = min((at for at, step in _invocations(self._history) if step in self._left_out), default=None)
        noise = self._noise()
        for place, spots in differences(self._mine, self._theirs).items():
            clear = {spot for spot in spots if not _is_noise(spot, noise[place])}
            if clear and begun is not None:
                violation = self._violation(place, min(clear, key=_reading_order))
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
        number = spot[0] if spot else min(len(mine), len(theirs))
        one, other = (each[number] if number < len(each) else None for each in (mine, theirs))
        text, without = self._side_by_side(one, other, spot)
        if isinstance(place, Events) and not spot and len(mine) == len(theirs):
            text, without = (", ".join(each.kinds(place.socket)) for each in (self._mine, self._theirs))
        return Violation(
            oracle=Oracle.NONINTERFERENCE,
            breach=Breach.INTERFERED,
            at=one.at if one else _last_answer(self._history),
            user=self._user.ref,
            boundary="",
            observer=FRAME if step is None else self._model.deeds[step].operation.name,
            step=step,
            socket=place.socket if isinstance(place, Events) else None,
            kind=_kind(place, one or other),
            text=text,
            other=without,
            without=tuple(sorted(self._left_out)),
        )

    def _side_by_side(self, one: Observation | None, other: Observation | None, spot: Spot) -> tuple[str, str]:
        """Excerpts of both around the spot, with how the operation ended, if that differs."""
        if one is None or other is None:
            return _whole(one), _whole(other)
        same = Sameness(self._mine.ids, self._theirs.ids)
        start, other_start = beginning(one.wording, other.wording, same, spot[1:])
        text, without = excerpt(one.text, start, _EXCERPT), excerpt(other.text, other_start, _EXCERPT)
        if one.outcome is other.outcome:
            return text, without
        return f"{one.outcome}: {text}", f"{other.outcome}: {without}"


def _kind(place: Place, event: Observation | None) -> str:
    if isinstance(place, int):
        return ""
    return place.kind or (kind_of_event(event.text) if event else "")


def _whole(observation: Observation | None) -> str:
    return excerpt(observation.text, 0, _EXCERPT) if observation else ""


def _reading_order(spot: Spot) -> tuple[bool, Spot]:
    """One event after the other; that there are more or fewer of them shows at the end."""
    return not spot, spot


def _is_noise(spot: Spot, noise: Set[Spot]) -> bool:
    """Is it, or what it is a part of, different in every run?"""
    return any(spot[:length] in noise for length in range(len(spot) + 1))


def _outcomes(history: Sequence[Entry]) -> dict[int, Outcome]:
    return {entry.step: entry.outcome for entry in history if isinstance(entry, Completion)}


def _invocations(history: Sequence[Entry]) -> list[tuple[int, int]]:
    return [(at, entry.step) for at, entry in enumerate(history) if isinstance(entry, Invocation)]


def _last_answer(history: Sequence[Entry]) -> int:
    """When the program was over, as far as its steps go."""
    return max((at for at, entry in enumerate(history) if isinstance(entry, Completion)), default=0)
