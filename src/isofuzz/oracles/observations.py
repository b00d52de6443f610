"""What one user observed in a history, and where that differs from what they observed in another.

What is compared with what: see `wording`; when two words say the same: see `sameness`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, TypeAlias

from isofuzz.history.entries import Barrier, Closed, Completion, Delivery, Entry, Invocation, Outcome, Skipped
from isofuzz.history.model import Model
from isofuzz.history.world import Thing
from isofuzz.oracles.events import kind_of_event
from isofuzz.oracles.sameness import Sameness
from isofuzz.oracles.wording import Path, Wording, differing, wording, words
from isofuzz.program.steps import Ref
from isofuzz.program.vocabulary import Kind


class Events(NamedTuple):
    """What is pushed to a socket: the events of one kind, or all if no kind is given."""

    socket: Ref
    kind: str = ""


Place: TypeAlias = int | Events
"""Where a user observes: in the answer to a step of theirs, or in events on a socket of theirs."""

Spot: TypeAlias = Path
"""A part of what was observed at a place: the number of the event, 0 for an answer, and the way within it.

The empty one is all that was observed there.
"""


@dataclass(frozen=True)
class Viewpoint:
    """Where one user observes something in a program: `steps` are theirs, and so are the `sockets`."""

    steps: frozenset[int]
    sockets: frozenset[Ref]


@dataclass(frozen=True)
class Observation:
    """One answer or event: when it came, what it said, and how the operation had ended, if it was one."""

    at: int
    text: str
    outcome: Outcome | None = None

    @cached_property
    def wording(self) -> list[Wording]:
        """What is compared."""
        return wording(self.text)


@dataclass(frozen=True)
class Observed:
    """All that one user observed in one history, and how the identifiers of things were written in it.

    On the `drained` sockets everything has arrived that was ever sent to them.
    """

    places: Mapping[Place, Sequence[Observation]]
    ids: Mapping[object, tuple[str, ...]]
    drained: frozenset[Ref]

    def kind_by_kind(self, sockets: Set[Ref]) -> "Observed":
        """The same, with each kind of event on these sockets in a place of its own.

        So one event more is no difference in all that follow it, and what is wrong with one kind hides no other. That
        takes sockets on which everything has arrived: else the place of an event among others says what is missing.
        """
        places: defaultdict[Place, list[Observation]] = defaultdict(list)
        for place, observations in self.places.items():
            if isinstance(place, Events) and place.socket in sockets:
                for event in observations:
                    places[Events(place.socket, kind_of_event(event.text))].append(event)
            else:
                places[place] += observations
        return replace(self, places=places)

    def kinds(self, socket: Ref) -> list[str]:
        """The kinds of the events on a socket, in the order in which they came."""
        places = [place for place in self.places if isinstance(place, Events) and place.socket == socket]
        return [kind for _, kind in sorted((event.at, place.kind) for place in places for event in self.places[place])]


def viewpoint(model: Model, user: Thing) -> Viewpoint:
    """Where the user observes something. What the operator did, other than to sign them in, they do not see."""
    steps = {
        step
        for step, deed in model.deeds.items()
        if deed.user is user and deed.operation.compare and (not deed.acted_for_operator or deed.made(Kind.SESSION))
    }
    sockets = {ref for ref, thing in model.things.items() if thing.kind is Kind.SOCKET and thing.owner is user}
    return Viewpoint(frozenset(steps), frozenset(sockets))


def observed(history: Sequence[Entry], where: Viewpoint, until: int | None = None) -> Observed:
    """What a user observed there in this history, before the step of number `until` began."""
    places: defaultdict[Place, list[Observation]] = defaultdict(list)
    ids: dict[object, tuple[str, ...]] = {}
    arrivals = _Arrivals()
    for at, entry in enumerate(history):
        arrivals.feed(at, entry)
        match entry:
            case Invocation() | Skipped() if entry.step == until:
                break
            case Invocation():
                ids |= {(entry.step, name): _in_words(parts) for name, parts in entry.ids.items()}
            case Completion():
                ids |= {(entry.step, output): _in_words(parts) for output, parts in entry.ids.items()}
                if entry.step in where.steps:
                    places[entry.step].append(Observation(at, entry.text, entry.outcome))
            case Delivery() if not entry.reply and entry.socket in where.sockets:
                places[Events(entry.socket)].append(Observation(at, entry.text))
    return Observed(places, ids, frozenset(filter(arrivals.is_over, where.sockets)))


class _Arrivals:
    """Which sockets have got all that was sent to them, as far as barriers tell."""

    def __init__(self) -> None:
        self._answered = 0
        self._due: dict[Ref, int] = {}
        self._passed: dict[Ref, int] = {}

    def feed(self, at: int, entry: Entry) -> None:
        """Take the next entry of the history."""
        match entry:
            case Completion():
                self._answered = at
            case Closed():
                self._due.setdefault(entry.socket, self._answered)  # what comes after will never arrive
            case Barrier() if entry.orders:
                self._passed[entry.socket] = entry.since

    def is_over(self, socket: Ref) -> bool:
        """Did a barrier pass after the last step that could send something to this socket?"""
        return self._passed.get(socket, 0) > self._due.get(socket, self._answered)


Differences: TypeAlias = Mapping[Place, frozenset[Spot]]


def differences(one: Observed, other: Observed) -> Differences:
    """Where the two differ. Steps that were not done in both are left out; what did not arrive may only be late."""
    same = Sameness(one.ids, other.ids)
    found: dict[Place, frozenset[Spot]] = {}
    for place in one.places.keys() | other.places.keys():
        mine, theirs = one.places.get(place, ()), other.places.get(place, ())
        spots = set(_spots(mine, theirs, same))
        if len(mine) != len(theirs) and isinstance(place, Events) and place.socket in one.drained & other.drained:
            spots.add(())
        if spots:
            found[place] = frozenset(spots)
    for place in _out_of_order(one, other):
        found[place] = found.get(place, frozenset()) | {()}
    return found


def _out_of_order(one: Observed, other: Observed) -> Iterator[Events]:
    """The kinds of events that came in another order, where as many of each kind came."""
    for socket in one.drained & other.drained:
        mine, theirs = one.kinds(socket), other.kinds(socket)
        if Counter(mine) == Counter(theirs):
            yield from (Events(socket, kind) for kind, instead in zip(mine, theirs, strict=True) if kind != instead)


def _spots(mine: Sequence[Observation], theirs: Sequence[Observation], same: Sameness) -> Iterator[Spot]:
    for number, (first, second) in enumerate(zip(mine, theirs, strict=False)):
        if first.outcome is not second.outcome:
            yield (number,)
        else:
            yield from differing(first.wording, second.wording, same, (number,))


def _in_words(parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for part in parts for word in words(part))
