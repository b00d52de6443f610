"""Noninterference: a user observes the same, whether or not others do what is none of that user's business.

The definition is Goguen and Meseguer's (1982), by *purging*: a program is run, and run again without the operations on
threads to which the user was entitled at no time (see `strangers`). Whatever differs for the user is interference. It
sees what carries no canary: counts, existence, order, and events without a text.

What differs between runs of the same program is noise, and is masked. So are identifiers, by the things that they
stand for, and what looks like times and random values (see `observations`).
"""

from collections import defaultdict
from collections.abc import Sequence, Set

from isofuzz.history.entries import Completion, Entry, Invocation
from isofuzz.history.model import Model
from isofuzz.history.world import Thing
from isofuzz.oracles.crossing import FRAME
from isofuzz.oracles.observations import (
    ALL,
    Observation,
    Observed,
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


def interference(
    model: Model,
    user: Thing,
    left_out: Set[int],
    complete: Sequence[Sequence[Entry]],
    purged: Sequence[Sequence[Entry]],
) -> Violation | None:
    """What the user observed differently in the purged histories, in which the steps `left_out` were not done.

    `model` knows the first of the complete histories. The more histories there are of either program, the less is
    left of what differs by chance; there are two complete ones at least.
    """
    where = viewpoint(model, user)
    mine, *repeated = [observed(history, where) for history in complete]
    theirs, *theirs_repeated = [observed(history, where) for history in purged]
    noise = _noise(mine, repeated, theirs, theirs_repeated)
    begun = min((entry_at for entry_at, step in _invocations(complete[0]) if step in left_out), default=None)
    if begun is None:
        return None
    found: list[tuple[int, Place, Spot]] = []
    for place, spots in differences(mine, theirs).items():
        clear = {spot for spot in spots if not _is_noise(spot, noise[place])}
        if clear:
            seen = mine.places.get(place, ())
            spot = first_spot(seen, theirs.places.get(place, ()), clear)
            at = seen[spot.number].at if spot.number < len(seen) else _last_answer(complete[0])
            if at > begun:
                found.append((at, place, spot))
    if not found:
        return None
    at, place, spot = min(found, key=lambda each: each[0])
    return _violation(model, user, left_out, at, place, (mine, theirs), spot)


def _noise(
    mine: Observed, repeated: Sequence[Observed], theirs: Observed, theirs_repeated: Sequence[Observed]
) -> defaultdict[Place, set[Spot]]:
    noise: defaultdict[Place, set[Spot]] = defaultdict(set)
    for once, again in ((mine, repeated), (theirs, theirs_repeated)):
        for each in again:
            for place, spots in differences(once, each).items():
                noise[place] |= spots
    return noise


def _is_noise(spot: Spot, noise: Set[Spot]) -> bool:
    return bool({spot, Spot(spot.number, ALL), Spot(ALL, ALL)} & noise)


def _invocations(history: Sequence[Entry]) -> list[tuple[int, int]]:
    return [(at, entry.step) for at, entry in enumerate(history) if isinstance(entry, Invocation)]


def _last_answer(history: Sequence[Entry]) -> int:
    """When the program was over, as far as its steps go."""
    return max((at for at, entry in enumerate(history) if isinstance(entry, Completion)), default=0)


def _violation(
    model: Model, user: Thing, left_out: Set[int], at: int, place: Place, both: tuple[Observed, Observed], spot: Spot
) -> Violation:
    step = place if isinstance(place, int) else None
    socket = None if isinstance(place, int) else place
    mine, theirs = both
    text, other = _side_by_side(mine.places.get(place, ()), theirs.places.get(place, ()), spot)
    return Violation(
        oracle=Oracle.NONINTERFERENCE,
        breach=Breach.INTERFERED,
        at=at,
        user=user.ref,
        boundary="",
        observer=FRAME if step is None else model.deeds[step].operation.name,
        step=step,
        socket=socket,
        text=text,
        other=other,
        without=tuple(sorted(left_out)),
    )


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
