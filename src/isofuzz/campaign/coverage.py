"""What a campaign has covered, and how likely the next program is to show something new.

Covered are *behaviours* (an operation, whose thing it named, how it was answered) and *meetings* (a statement of one
operation, and right after it one of another operation that overlapped it).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2s

from isofuzz.history.entries import Completion, Entry, Invocation, Move, Moved
from isofuzz.runs.exercised import Reached

_LONGEST = 70
"""Characters of a statement that a person needs to know it again; what follows is told apart by a digest."""

_VARYING = re.compile(r"'(?:[^']|'')*'|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|(?<!\$)\b\d+\b")
"""What differs between two executions of the same statement: texts, identifiers, numbers. `$1` is none of these."""


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


@dataclass(frozen=True)
class Outlook:
    """What `programs` drawn programs say of the next: `covered` was seen at all, `once` in exactly one of them."""

    programs: int
    covered: int
    once: int

    @property
    def chance(self) -> float | None:
        """How likely the next program is to show something that none did, at the most; None if nothing was drawn.

        This is the estimate of Good and Turing (Good 1953), for fuzzing by Böhme (STADS, 2018): what was seen in one
        program alone, by programs. A program shows many things, so this is how many new ones to expect, which bounds
        the chance of any.
        """
        return min(1.0, self.once / self.programs) if self.programs else None

    def __str__(self) -> str:
        if self.chance is None:
            return "No program was drawn, so nothing can be said of the next."
        if not self.once:
            chance = f"less than 1 in {self.programs}"
        elif self.chance > 0.5:
            chance = "anything up to certainty"
        else:
            chance = f"at most 1 in {round(1 / self.chance)}"
        return (
            f"The chance that the next program shows something new is estimated to be {chance} "
            f"({self.once} of {self.covered} were seen in one of {self.programs} programs only). "
            f"That supposes that programs go on being drawn as they were, each without regard to the others, and says "
            f"nothing of what no drawn program can show."
        )
