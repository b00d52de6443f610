"""Are two histories of one program the same? Compared is what a program controls, not what the system numbers anew.

Of each step: whether it was executed, how it ended, which texts it showed in which order, and the excerpt of that. Of
each socket: its events and its replies, each in their order. Of steps that took turns: who moved when, to do what, and
who waited for a lock. Not compared is when a frame arrived between the steps, for nothing orders that.

Identifiers, times and random values differ from run to run. A history does not say which words of an excerpt are such,
so every word with a digit in it counts as one: a whole word, so an id 4 has nothing to do with a 404.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from isofuzz.history.entries import Barrier, Completion, Delivery, History, Invocation, Moved, Outcome, Skipped, Struck
from isofuzz.program.canary import MARK
from isofuzz.program.steps import Ref

_TOKEN = re.compile(r"[\w+-]+(?:[.:][\w+-]+)*|[^\s\w]")
_CANARY = re.compile(MARK, re.IGNORECASE)
_CUT = "…"
_SCRAPS = 2
"""What is left of a token that was cut is at most so many tokens: `12:` of `12:30`."""
_LONG = 16
"""A random value of this length may well have no digit; words of this length that differ seldom are equally long."""


@dataclass(frozen=True)
class Difference:
    """Where two histories of one program first differ, and what was there `first` and `second`, in words.

    `controlled`: everything before it ran one after the other. If not, overlapping steps may have met in another order.
    """

    where: str
    first: str
    second: str
    controlled: bool

    def __str__(self) -> str:
        return f"{self.where}: the first time {self.first}; the second time {self.second}"


def first_difference(first: History, second: History) -> Difference | None:
    """Where two histories of the same program first differ; None if they are the same."""
    one, two = _Told(first), _Told(second)
    found = chain(_moves_that_differ(one, two), _steps_that_differ(one, two), _sockets_that_differ(one, two))
    earliest = min(found, key=lambda each: each[0], default=None)
    if earliest is None:
        return None
    at, where, was, became = earliest
    return Difference(where, was, became, controlled=at < min(one.uncontrolled_from, two.uncontrolled_from))


def overlapping_steps(history: History) -> frozenset[int]:
    """The steps during which another was under way, and that took no turns: nobody controls which comes first."""
    took_turns = {entry.step for entry in history if isinstance(entry, Moved)}
    under_way: set[int] = set()
    overlapping: set[int] = set()
    for entry in history:
        if isinstance(entry, Invocation):
            under_way.add(entry.step)
            if len(under_way) > 1:
                overlapping |= under_way
        elif isinstance(entry, Completion):
            under_way.discard(entry.step)
    return frozenset(overlapping - took_turns)


_Found = tuple[int, str, str, str]
"""The time of a difference, where it is, and what was there in either history."""


class _Told:
    """A history taken apart: each step, and what came on each socket, with the times of the entries."""

    def __init__(self, history: History) -> None:
        self.length = len(history)
        self.steps: dict[int, str] = {}
        self.ends: dict[int, tuple[int, Completion | Skipped]] = {}
        self.writers: dict[int, int] = {}
        self.frames: defaultdict[tuple[Ref, bool], list[tuple[int, Delivery]]] = defaultdict(list)
        self.ordered: dict[Ref, int] = {}
        self.moves: list[tuple[int, Moved | Struck]] = []
        overlapping = overlapping_steps(history)
        self.uncontrolled_from = self.length
        for at, entry in enumerate(history):
            match entry:
                case Invocation():
                    self.steps[entry.step] = entry.operation
                    self.writers |= dict.fromkeys(entry.canaries.values(), entry.step)
                    if entry.step in overlapping:
                        self.uncontrolled_from = min(self.uncontrolled_from, at)
                case Skipped():
                    self.steps[entry.step] = entry.operation
                    self.ends[entry.step] = at, entry
                case Completion():
                    self.ends[entry.step] = at, entry
                case Delivery():
                    self.frames[entry.socket, entry.reply].append((at, entry))
                case Moved() | Struck():
                    self.moves.append((at, entry))
                case Barrier() if entry.orders:
                    self.ordered[entry.socket] = at

    def end_of(self, step: int) -> tuple[int, Completion | Skipped | None]:
        """How the step ended, and when; None if it did not, or is not there."""
        return self.ends.get(step, (self.length, None))

    def all_came(self, socket: Ref) -> bool:
        """Was there a barrier after the last event on this socket, one that orders the system's fan-out?

        If not, an event that is missing at the end may only be late.
        """
        last = max((at for at, _ in self.frames[socket, False]), default=-1)
        return self.ordered.get(socket, -1) > last

    def texts(self, serials: Sequence[int]) -> str:
        """The canaries in words."""
        return ", then of ".join(
            f"step {self.writers[serial]}" if serial in self.writers else "an earlier program" for serial in serials
        )


def _moves_that_differ(one: _Told, two: _Told) -> Iterator[_Found]:
    for number, (first, second) in enumerate(zip_longest(one.moves, two.moves), start=1):
        if not (first and second and _same_move(first[1], second[1])):
            at = min(move[0] for move in (first, second) if move)
            yield at, f"move {number} of steps that overlap", _move(first), _move(second)
            return


def _same_move(first: Moved | Struck, second: Moved | Struck) -> bool:
    if isinstance(first, Struck) or isinstance(second, Struck):
        return first == second
    alike = (first.step, first.move, first.blocked) == (second.step, second.move, second.blocked)
    return alike and _same_text(first.text, second.text)


def _move(move: tuple[int, Moved | Struck] | None) -> str:
    if move is None:
        return "there was none"
    moved = move[1]
    if isinstance(moved, Struck):
        return f"a fault, {moved.kind}, at step {moved.of.step}"
    mover = f"step {moved.step}" if moved.connection is None else f"connection {moved.connection}"
    doing = f"{moved.move} of {mover}" + (f" ({moved.text})" if moved.text else "")
    return doing + (f" while {', '.join(map(str, moved.blocked))} waited for a lock" if moved.blocked else "")


def _steps_that_differ(one: _Told, two: _Told) -> Iterator[_Found]:
    for step in one.steps | two.steps:
        (at, first), (other, second) = one.end_of(step), two.end_of(step)
        if not _same_end(first, second) or one.steps.get(step) != two.steps.get(step):
            where = f"step {step} ({one.steps.get(step) or two.steps[step]})"
            yield min(at, other), where, _ending(one, first), _ending(two, second)


def _same_end(first: Completion | Skipped | None, second: Completion | Skipped | None) -> bool:
    if isinstance(first, Completion) and isinstance(second, Completion):
        return (first.outcome, first.seen) == (second.outcome, second.seen) and _same_text(first.text, second.text)
    return type(first) is type(second)


def _ending(told: _Told, end: Completion | Skipped | None) -> str:
    match end:
        case None:
            return "it never ended"
        case Skipped():
            return "it was skipped, for what it takes was not made"
        case Completion():
            texts = f", with the text of {told.texts(end.seen)}" if end.seen else ""
            excerpt = f": {end.text}" if end.text else ""
            return f"{_OUTCOMES[end.outcome]}{texts}{excerpt}"


_OUTCOMES = {Outcome.OK: "it succeeded", Outcome.REFUSED: "it was refused", Outcome.INFO: "it ended unexpectedly"}


def _sockets_that_differ(one: _Told, two: _Told) -> Iterator[_Found]:
    for socket, reply in sorted({*one.frames, *two.frames}):
        frames = zip_longest(one.frames[socket, reply], two.frames[socket, reply], fillvalue=None)
        for number, (first, second) in enumerate(frames, start=1):
            if first and second:
                if _same_frame(first[1], second[1]):
                    continue
            elif not reply and not (one if first is None else two).all_came(socket):
                break
            at = min(frame[0] for frame in (first, second) if frame)
            kind = "reply" if reply else "event"
            where = f"{kind} {number} on the socket that step {socket.step} opened"
            yield at, where, _frame(one, first), _frame(two, second)
            break


def _same_frame(first: Delivery, second: Delivery) -> bool:
    return first.seen == second.seen and _same_text(first.text, second.text)


def _frame(told: _Told, frame: tuple[int, Delivery] | None) -> str:
    if frame is None:
        return "there was none"
    _, delivery = frame
    return f"with the text of {told.texts(delivery.seen)}: {delivery.text}" if delivery.seen else delivery.text


# -- excerpts


def _same_text(first: str, second: str) -> bool:
    """Do two excerpts say the same, whatever the ids in them? Both are read from the first canary outwards.

    For an excerpt is cut at a length before and after that, so where it begins and ends depends on the ids.
    """
    (before, after), (other_before, other_after) = _halves(first), _halves(second)
    cut_before = first.startswith(_CUT) or second.startswith(_CUT)
    cut_after = first.endswith(_CUT) or second.endswith(_CUT)
    return _same_tokens(reversed(before), reversed(other_before), cut=cut_before) and _same_tokens(
        after, other_after, cut=cut_after
    )


def _halves(text: str) -> tuple[list[str], list[str]]:
    canary = _CANARY.search(text)
    place = canary.start() if canary else 0
    before, after = _TOKEN.findall(text[:place].removeprefix(_CUT)), _TOKEN.findall(text[place:].removesuffix(_CUT))
    return before[_SCRAPS * text.startswith(_CUT) :], after[: -_SCRAPS if text.endswith(_CUT) else None]


def _same_tokens(first: Iterable[str], second: Iterable[str], *, cut: bool) -> bool:
    mine, theirs = list(first), list(second)
    return (cut or len(mine) == len(theirs)) and all(map(_same_token, mine, theirs))


def _same_token(first: str, second: str) -> bool:
    numbered = [any(character.isdigit() for character in token) for token in (first, second)]
    random_looking = len(first) == len(second) >= _LONG and any(numbered)
    return first == second or all(numbered) or random_looking
