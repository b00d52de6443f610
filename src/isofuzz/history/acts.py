"""Operations as intervals of time, and what can and must have been so under every order of overlapping ones.

All effects of an operation happen at one instant between its invocation and its return. Nothing here knows that
instant, so each question has two answers: *possibly* (under some order) and *certainly* (under every order). The
intervals are those of linearizability (Herlihy and Wing 1990); an operation that may or may not have happened stays
open for ever, as in Jepsen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from isofuzz.history.entries import Outcome

NEVER = 1 << 62
"""Later than every time in a history: the completion of an operation that is still open."""


class Standing(IntEnum):
    """Was the actor entitled to all that the operation touches? Only then does it change anything."""

    NONE = 0
    POSSIBLE = 1
    CERTAIN = 2


@dataclass(eq=False)
class Act:
    """One call of an operation: when it was invoked and completed, and how."""

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


@dataclass(frozen=True)
class Right:
    """One way in which one user came to be entitled to something: `given` by an act, or `invited` to take it."""

    given: Act
    invited: bool = False


@dataclass(frozen=True)
class Claim:
    """What decides whether one user may see one thing or canary.

    It came to be through any of `born` and ends with any of `ends`; the user holds it through any of `rights` until
    any of `revokes`. `always`: no right is needed, because it is public or the user's own; `doubtful`: it is the
    system's choice whether such a right counts, so nothing is certain.
    """

    born: Sequence[Act]
    ends: Sequence[Act]
    rights: Sequence[Right] = ()
    revokes: Sequence[Act] = ()
    always: bool = False
    doubtful: bool = False

    def possibly(self, since: int, until: int) -> bool:
        """Under some order there is an instant from `since` to `until` at which it lived and the user was entitled."""
        births = [act for act in self.born if act.possible and act.invoked <= until]
        if not births:
            return False
        start = max(since, min(act.invoked for act in births))
        if self.always:
            return not any(_ended(end, births, start) for end in self.ends)
        return any(self._possible_through(right.given, births, start, until) for right in self.rights)

    def certainly(self, since: int, until: int) -> bool:
        """Under every order it lived and the user was entitled to it, during all of `since` to `until`."""
        if self.doubtful or not any(act.certain and act.completed < since for act in self.born):
            return False
        if any(end.possible and end.invoked <= until and not self._outlived(end, since) for end in self.ends):
            return False
        return self.always or any(
            right.given.certain
            and not right.invited
            and right.given.completed < since
            and not any(_may_undo(revoke, right.given, until) for revoke in self.revokes)
            for right in self.rights
        )

    def unending(self) -> "Claim":
        """The same claim if nothing ever ended."""
        return replace(self, ends=(), revokes=[act for act in self.revokes if act not in self.ends])

    def _possible_through(self, given: Act, births: Sequence[Act], start: int, until: int) -> bool:
        if not given.possible or given.invoked > until:
            return False
        start = max(start, given.invoked)
        if any(_ended(end, births, start, given) for end in self.ends):
            return False
        return not any(_revoked(revoke, given, births, start) for revoke in self.revokes)

    def _outlived(self, end: Act, since: int) -> bool:
        """Was it made once more after this end, and before `since`, under every order?"""
        return any(act.certain and act.completed < since and end.surely_before(act) for act in self.born)


def _ended(end: Act, births: Sequence[Act], start: int, given: Act | None = None) -> bool:
    """Was it gone before `start` under every order? What ends in the very act that gives the right also is."""
    follows = all(act.surely_before(end) for act in births)
    return end.certain and follows and (end is given or end.latest < start)


def _revoked(revoke: Act, given: Act, births: Sequence[Act], start: int) -> bool:
    """Was the right gone before `start` under every order? In the very act that made the thing it also is."""
    in_birth = all(act is revoke for act in births)
    return revoke.certain and given.surely_before(revoke) and (in_birth or revoke.latest < start)


def _may_undo(revoke: Act, given: Act, until: int) -> bool:
    return revoke.possible and revoke.invoked <= until and not revoke.surely_before(given)
