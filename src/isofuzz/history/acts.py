"""Operations as intervals of time, and what can and must have been so under every order of overlapping ones.

All effects of an operation happen at one instant between its invocation and its return. Nothing here knows that
instant, so each question has two answers: *possibly* (under some order) and *certainly* (under every order). The
intervals are those of linearizability (Herlihy and Wing 1990); an operation that may or may not have happened stays
open for ever, as in Jepsen.
"""

from dataclasses import dataclass
from enum import IntEnum

from isofuzz.history.entries import Outcome

NEVER = 1 << 62
"""Later than every time in a history: the completion of an operation that is still open."""


class Standing(IntEnum):
    """Was the actor entitled to all that the operation touches? Only then does it change anything."""

    NONE = 0
    POSSIBLE = 1
    CERTAIN = 2


@dataclass(eq=False, slots=True)
class Act:
    """One call of an operation: when it was invoked and completed, and how.

    Once there is an outcome, nothing of it changes any more.
    """

    step: int
    operation: str
    invoked: int
    completed: int = NEVER
    outcome: Outcome | None = None
    standing: Standing = Standing.POSSIBLE

    @property
    def possible(self) -> bool:
        """Its effects may have happened."""
        return self.outcome is not Outcome.REFUSED and self.standing is not Standing.NONE

    @property
    def certain(self) -> bool:
        """Its effects have happened, at some instant between invocation and completion."""
        return self.outcome is Outcome.OK and self.standing is Standing.CERTAIN

    @property
    def latest(self) -> int:
        """The last moment at which its effects can happen."""
        return self.completed if self.outcome is Outcome.OK else NEVER

    def surely_before(self, other: "Act") -> bool:
        """Its effects, if they happen, come before those of `other` under every order."""
        return self is not other and self.latest < other.invoked


@dataclass(frozen=True, slots=True)
class Right:
    """One way in which one user came to be entitled to something: `given` by an act, or `invited` to take it."""

    given: Act
    invited: bool = False
