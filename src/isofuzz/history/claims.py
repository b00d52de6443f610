"""What decides whether one user may see one thing or canary, and whether they must."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from isofuzz.history.acts import NEVER, Act, Right
from isofuzz.history.log import Log


class Acts(NamedTuple):
    """The acts of a log, without those that are `apart`."""

    log: Log
    apart: Container[Act] = ()


class Rights:
    """The ways in which one user came to be entitled to one thing."""

    __slots__ = ("_rights", "all", "full")

    def __init__(self, rights: Sequence[Right] = ()) -> None:
        self._rights: list[Right] = []
        self.all = Log()
        self.full = Log()
        """Those that are more than an invitation."""
        for right in rights:
            self.append(right)

    def append(self, right: Right) -> None:
        """Add one that was given no earlier than the last."""
        self._rights.append(right)
        self.all.append(right.given)
        if not right.invited:
            self.full.append(right.given)

    def __iter__(self) -> Iterator[Right]:
        return iter(self._rights)


@dataclass(frozen=True, slots=True)
class Claim:
    """What decides whether one user may see one thing or canary.

    It came to be through any of `born` and ends with any of `ends`; the user holds it through any of `rights` until
    any of `revokes`. `always`: no right is needed, because it is public or the user's own; `doubtful`: it is the
    system's choice whether such a right counts, so nothing is certain. Rights that are `apart` are left out.
    """

    born: Acts
    ends: Sequence[Acts]
    rights: Rights | None = None
    revokes: Sequence[Acts] = ()
    always: bool = False
    doubtful: bool = False
    apart: Container[Act] = ()

    def possibly(self, since: int, until: int) -> bool:
        """Under some order there is an instant from `since` to `until` at which it lived and the user was entitled."""
        births = self.born.log.span(until, self.born.apart)
        if births is None:
            return False
        first_birth, last_birth = births
        start = max(since, first_birth)
        over = min((log.first_certain(last_birth, apart) for log, apart in self.ends), default=NEVER)
        if over < start:
            return False
        if self.always or self.rights is None:
            return self.always
        return self._possible_right(self.rights, start, until, last_birth, over)

    def certainly(self, since: int, until: int) -> bool:
        """Under every order it lived and the user was entitled to it, during all of `since` to `until`."""
        birth = None if self.doubtful else self.born.log.last_certain(since, self.born.apart)
        if birth is None or any(log.reaching(birth.invoked, until, apart) for log, apart in self.ends):
            return False
        if self.always or self.rights is None:
            return self.always
        given = self.rights.full.last_certain(since, self.apart)
        return given is not None and not any(log.reaching(given.invoked, until, apart) for log, apart in self.revokes)

    def unending(self) -> "Claim":
        """The same claim if nothing ever ended."""
        revokes = [Acts(log, _AnyOf(apart, _OneOf(self.ends))) for log, apart in self.revokes]
        return Claim(self.born, (), self.rights, revokes, self.always, self.doubtful, self.apart)

    def _possible_right(self, rights: Rights, start: int, until: int, last_birth: int, over: int) -> bool:
        """Was a right given before it was all over, and not gone before `start` under every order?"""
        revoked = [act.invoked for log, apart in self.revokes if (act := log.last_certain(start, apart))]
        birth = self.born.log.only(until, self.born.apart)
        if birth and birth.certain and birth in _OneOf(self.revokes):
            revoked.append(birth.invoked)  # what made the thing took the right with it, so nobody had it first
        ended_with_it = _OneOf(self.ends, after=last_birth)
        return rights.all.reaching(max(revoked, default=0), min(over, until), _AnyOf(self.apart, ended_with_it))


class _OneOf:
    """The acts that any of these hold. `after`: only what has certainly happened, and was invoked after this time."""

    def __init__(self, held: Sequence[Acts], *, after: int | None = None) -> None:
        self._held = held
        self._after = after

    def __contains__(self, act: object) -> bool:
        return (
            isinstance(act, Act)
            and (self._after is None or (act.certain and act.invoked > self._after))
            and any(act in log and act not in apart for log, apart in self._held)
        )


class _AnyOf:
    """What is in one of several collections."""

    def __init__(self, *collections: Container[Act]) -> None:
        self._collections = collections

    def __contains__(self, act: object) -> bool:
        return any(act in collection for collection in self._collections)
