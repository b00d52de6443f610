"""What one user observed in a history, word by word, and where that differs from what they observed in another.

Two words are the same if they are equal, if they are the identifiers that one and the same thing has in the two
histories, or if both look as if they came from a clock or from chance.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import NamedTuple, TypeAlias

from isofuzz.history.entries import Completion, Delivery, Entry, Invocation, Outcome
from isofuzz.history.model import Model
from isofuzz.history.world import Thing
from isofuzz.program.steps import Ref
from isofuzz.program.vocabulary import Kind

_WORD = re.compile(r"[\w+-]+(?:[.:][\w+-]+)*|[^\s\w]")  # with what joins it to others, as in a time or an address
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d\S*|\d\d?:\d\d(?::\d\d)?\S*|1\d{9}(?:\d{3}){0,3}(?:\.\d+)?")
_LONG = 16
"""A random value of this length may well have no digit; words of this length that differ seldom are equally long."""

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
    """All that one user observed in one history, and how the identifiers of things were written in it."""

    places: Mapping[Place, Sequence[Observation]]
    ids: Mapping[object, tuple[str, ...]]


def viewpoint(model: Model, user: Thing) -> Viewpoint:
    """Where the user observes something. What the operator did, other than to sign them in, they do not see."""
    steps = {
        step
        for step, deed in model.deeds.items()
        if deed.user is user and deed.operation.compare and (not deed.acted_for_operator or deed.made(Kind.SESSION))
    }
    sockets = {ref for ref, thing in model.things.items() if thing.kind is Kind.SOCKET and thing.owner is user}
    return Viewpoint(frozenset(steps), frozenset(sockets))


def observed(history: Sequence[Entry], where: Viewpoint) -> Observed:
    """What a user observed there in this history."""
    places: defaultdict[Place, list[Observation]] = defaultdict(list)
    ids: dict[object, tuple[str, ...]] = {}
    for at, entry in enumerate(history):
        match entry:
            case Invocation():
                ids |= {(entry.step, name): _in_words(parts) for name, parts in entry.ids.items()}
            case Completion():
                ids |= {(entry.step, output): _in_words(parts) for output, parts in entry.ids.items()}
                if entry.step in where.steps:
                    places[entry.step].append(Observation(at, entry.text, entry.outcome))
            case Delivery() if not entry.reply and entry.socket in where.sockets:
                places[entry.socket].append(Observation(at, entry.text))
    return Observed(places, ids)


Differences: TypeAlias = Mapping[Place, frozenset[Spot]]


def differences(one: Observed, other: Observed) -> Differences:
    """Where the two differ. Steps that were not done in both, or ended unexpectedly in one, are left out: unknown."""
    same = _renamed(one.ids, other.ids)
    found: dict[Place, frozenset[Spot]] = {}
    for place in one.places.keys() | other.places.keys():
        mine, theirs = one.places.get(place, ()), other.places.get(place, ())
        if isinstance(place, int) and not _comparable(mine, theirs):
            continue
        if spots := frozenset(_spots(mine, theirs, same)):
            found[place] = spots
    return found


def _renamed(one: Mapping[object, tuple[str, ...]], other: Mapping[object, tuple[str, ...]]) -> set[tuple[str, str]]:
    """How the identifiers of the same things are written in either history."""
    return {
        pair
        for key in one.keys() & other.keys()
        if len(one[key]) == len(other[key])
        for pair in zip(one[key], other[key], strict=True)
    }


def _comparable(mine: Sequence[Observation], theirs: Sequence[Observation]) -> bool:
    return bool(mine and theirs) and not any(each.outcome is Outcome.INFO for each in (*mine, *theirs))


def _spots(
    mine: Sequence[Observation], theirs: Sequence[Observation], same: Collection[tuple[str, str]]
) -> Iterator[Spot]:
    if len(mine) != len(theirs):
        yield Spot(ALL, ALL)
    for number, (first, second) in enumerate(zip(mine, theirs, strict=False)):
        if first.outcome is not second.outcome or len(first.words) != len(second.words):
            yield Spot(number, ALL)
        else:
            pairs = enumerate(zip(first.words, second.words, strict=True))
            yield from (Spot(number, word) for word, pair in pairs if not _same(pair, same))


def first_spot(mine: Sequence[Observation], theirs: Sequence[Observation], spots: Collection[Spot]) -> Spot:
    """The first of these spots; of a whole that differs, where it begins to."""
    number, word = min(spots)
    if number == ALL:
        texts = zip_longest([each.text for each in mine], [each.text for each in theirs])
        number = next(index for index, (first, second) in enumerate(texts) if first != second)
    if word == ALL:
        words = zip_longest(*(each[number].words if number < len(each) else () for each in (mine, theirs)))
        word = next((index for index, (first, second) in enumerate(words) if first != second), 0)
    return Spot(number, word)


def _same(pair: tuple[str, str], same: Collection[tuple[str, str]]) -> bool:
    first, second = pair
    return first == second or pair in same or (_looks_random(first, second) and _looks_random(second, first))


def _looks_random(word: str, like: str) -> bool:
    long = len(word) == len(like) >= _LONG and any(character.isdigit() for character in word)
    return long or any(form.fullmatch(word) for form in (_UUID, _TIME))


def _in_words(parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for part in parts for word in _WORD.findall(part))
