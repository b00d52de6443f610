"""What programs have covered.

That are *behaviours* (an operation, whose thing it named, how it was answered) and *meetings* (a statement of one
operation, and right after it one of another operation that overlapped it).
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2s

from isofuzz.history.entries import Completion, Entry, Invocation, Move, Moved
from isofuzz.runs.exercised import Exercised, Reached

_LONGEST = 70
"""Characters of a statement that a person needs to know it again; what follows is told apart by a digest."""

_VARYING = re.compile(r"'(?:[^']|'')*'|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|(?<!\$)\b\d+\b")
"""What differs between two executions of the same statement: texts, identifiers, numbers. `$1` is none of these."""


@dataclass(frozen=True)
class Point:
    """After so many seconds and programs, so many different things were covered."""

    seconds: float
    programs: int
    covered: int


class Coverage:
    """What the programs covered that were counted: `programs` is how many of them, by what they covered."""

    def __init__(self) -> None:
        self.programs: Counter[str] = Counter()
        self._reached: Counter[Reached] = Counter()

    def add(self, history: Iterable[Entry], exercised: Exercised) -> set[str]:
        """Add the program with this history, which was counted last; what it covered."""
        reached = exercised.reached
        covered = {behaviour(each) for each, count in reached.items() if count > self._reached[each]}
        covered |= meetings(history)
        self._reached = Counter(reached)
        self.programs.update(covered)
        return covered


def behaviour(reached: Reached) -> str:
    """How what was reached is written."""
    return " ".join(filter(None, (reached.operation, reached.relation, str(reached.outcome))))


def meetings(history: Iterable[Entry]) -> set[str]:
    """The pairs of statements of different operations of which one came right after the other, as texts."""
    operations: dict[int, str] = {}
    under_way: set[int] = set()
    overlapping: set[tuple[int, int]] = set()
    found: set[str] = set()
    last: tuple[int, str] | None = None
    for entry in history:
        match entry:
            case Invocation(step):
                operations[step] = entry.operation
                overlapping |= {pair for other in under_way for pair in ((step, other), (other, step))}
                under_way.add(step)
            case Completion(step):
                under_way.discard(step)
            case Moved(step, move=Move.STATEMENT):
                statement = f"{operations.get(step, '?')}: {shape(entry.text)}"
                if last and (last[0], step) in overlapping:
                    found.add(f"{last[1]} > {statement}")
                last = step, statement
    return found


def shape(statement: str) -> str:
    """The statement without what differs from one execution to the next, no longer than a person reads."""
    plain = _VARYING.sub("?", " ".join(statement.split()))
    if len(plain) <= _LONGEST:
        return plain
    return f"{plain[:_LONGEST]}…{blake2s(plain.encode(errors='replace'), digest_size=3).hexdigest()}"
