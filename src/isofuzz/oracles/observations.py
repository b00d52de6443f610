"""What one user observed in a history, word by word, and where that differs from what they observed in another.

When two words say the same: see `sameness`.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import NamedTuple, TypeAlias

from isofuzz.history.entries import Barrier, Closed, Completion, Delivery, Entry, Invocation, Outcome, Skipped
from isofuzz.history.model import Model
from isofuzz.history.world import Thing
from isofuzz.oracles.sameness import Sameness
from isofuzz.program.steps import Ref
from isofuzz.program.vocabulary import Kind

_WORD = re.compile(r"[\w+-]+(?:[.:][\w+-]+)*|[^\s\w]")  # with what joins it to others, as in a time or an address

Place: TypeAlias = int | Ref
"""Where a user observes: in the answer to a step of theirs, or on a socket of theirs."""


@dataclass(frozen=True)
class Viewpoint:
    """Where one user observes something in a program: `steps` are theirs, and so are the `sockets`."""

    steps: frozenset[int]
    sockets: frozenset[Ref]


class Spot(NamedTuple):
    """One word of the answer, or of one of the events, at a place."""

    number: int
    word: int


ALL = -1
"""As the number of an event: all events of a socket. As that of a word: the whole of an answer or event."""


@dataclass(frozen=True)
class Observation:
    """One answer or event: when it came, what it said, and how the operation had ended, if it was one."""

    at: int
    text: str
    outcome: Outcome | None = None

    @cached_property
    def words(self) -> list[str]:
        """What is compared."""
        return _WORD.findall(self.text)

    def around(self, word: int, length: int) -> str:
        """An excerpt of at most so many characters in which the word is."""
        starts = [match.start() for match in _WORD.finditer(self.text)]
        place = starts[word] if 0 <= word < len(starts) else 0
        start = max(0, min(place - length // 2, len(self.text) - length))
        cut = self.text[start : start + length]
        return ("…" if start else "") + cut + ("…" if start + length < len(self.text) else "")


@dataclass(frozen=True)
class Observed:
    """All that one user observed in one history, and how the identifiers of things were written in it.

    On the `drained` sockets everything has arrived that was ever sent to them.
    """

    places: Mapping[Place, Sequence[Observation]]
    ids: Mapping[object, tuple[str, ...]]
    drained: frozenset[Ref]


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
                places[entry.socket].append(Observation(at, entry.text))
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
        if len(mine) != len(theirs) and place in one.drained and place in other.drained:
            spots.add(Spot(ALL, ALL))
        if spots:
            found[place] = frozenset(spots)
    return found


def _spots(mine: Sequence[Observation], theirs: Sequence[Observation], same: Sameness) -> Iterator[Spot]:
    for number, (first, second) in enumerate(zip(mine, theirs, strict=False)):
        if first.outcome is not second.outcome or len(first.words) != len(second.words):
            yield Spot(number, ALL)
        else:
            pairs = enumerate(zip(first.words, second.words, strict=True))
            yield from (Spot(number, word) for word, pair in pairs if not same(*pair))


def first_spot(place: Place, one: Observed, other: Observed, spots: Collection[Spot]) -> Spot:
    """The first of these spots at the place; of a whole that differs, where it begins to."""
    mine, theirs = one.places.get(place, ()), other.places.get(place, ())
    number = min((spot.number for spot in spots if spot.number != ALL), default=min(len(mine), len(theirs)))
    words = [spot.word for spot in spots if spot.number == number and spot.word != ALL]
    if words:
        return Spot(number, min(words))
    same = Sameness(one.ids, other.ids)
    pairs = zip_longest(*(each[number].words if number < len(each) else () for each in (mine, theirs)), fillvalue="")
    return Spot(number, next((index for index, pair in enumerate(pairs) if not same(*pair)), 0))


def _in_words(parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for part in parts for word in _WORD.findall(part))
