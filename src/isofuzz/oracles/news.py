"""News: what came since the last call is in this one, or in what another call of the same user has shown meanwhile.

Whether a system remembers for each session or for each user what it has told is not known. So two calls of one session
are compared, and every session of the user may have been told in between. What waits to be told may be forgotten when
the system is restarted.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from isofuzz.history.acts import Act
from isofuzz.history.deeds import Deed
from isofuzz.history.entries import Completion, Outcome
from isofuzz.history.model import Model
from isofuzz.history.world import Canary, Thing, must_see, surely_hears


@dataclass
class _Told:
    """What one user was told by one operation.

    `lost`: a call ended that may take what is new at any time, and nobody sees what. `disturbed`: when the last call
    ended during which something was written where it looked: it may have skipped what it counts as told.
    """

    shown: set[int] = field(default_factory=set)
    lost: bool = False
    disturbed: int = -1


class News:
    """Knows what was told; fed with each completion of an operation that shows news, after the model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._told: defaultdict[tuple[Thing, str], _Told] = defaultdict(_Told)
        self._last: dict[Hashable, Act] = {}

    def missing(self, deed: Deed, at: int, entry: Completion) -> list[Canary]:
        """What this call had to show and did not, nor had any before."""
        assert deed.user
        told = self._told[deed.user, deed.operation.name]
        told.lost |= entry.outcome is Outcome.INFO
        if entry.outcome is not Outcome.OK:
            return []
        told.shown.update(entry.seen)
        if self._is_disturbed(deed):
            told.disturbed = at
        last = self._last_like(deed)
        if not deed.act.certain:
            return []
        self._last[_call(deed)] = deed.act
        if last is None or told.lost or told.disturbed == at or self._is_asked_elsewhere(deed):
            return []
        new = self._new(deed, max(last.completed, told.disturbed), told.shown)
        return [text for text in new if self._had_to_be_told(deed.user, text, at)]

    def lacks(self, deed: Deed, at: int, seen: Collection[int]) -> bool:
        """Would this call, were it to end now and show no more than this, lack anything that it had to show?"""
        assert deed.user
        told, last = self._told[deed.user, deed.operation.name], self._last_like(deed)
        if last is None or told.lost or self._is_disturbed(deed) or self._is_asked_elsewhere(deed):
            return False
        new = self._new(deed, max(last.completed, told.disturbed), told.shown.union(seen))
        return any(self._had_to_be_told(deed.user, text, at) for text in new)

    def is_asked_twice(self, deed: Deed) -> bool:
        """Did another call of the same user overlap this one? A system may refuse one and have the other one told."""
        return any(_asks_the_same(deed, other) for other in self._model.overlapping(deed))

    def _last_like(self, deed: Deed) -> Act | None:
        """The last call like this one, unless the system was restarted since it began."""
        last = self._last.get(_call(deed))
        return last if last and last.invoked > self._model.restarted else None

    def _new(self, deed: Deed, since: int, shown: Collection[int]) -> Iterator[Canary]:
        """What others certainly wrote between `since` and this call, and the user was not shown."""
        assert deed.user
        assert deed.operation.shown
        for scope in _scopes(deed):
            for text in self._model.texts(deed.user, scope, deed.operation.shown, since=since):
                is_new = text.written.certain and text.written.completed < deed.act.invoked
                if is_new and text.author is not deed.user and text.serial not in shown:
                    yield text

    def _had_to_be_told(self, user: Thing, text: Canary, at: int) -> bool:
        """Was the user entitled without a break since before it was written, and is it still there?"""
        written = text.written
        return surely_hears(user, text, written.invoked, at) and must_see(user, text, written.completed + 1, at)

    def _is_disturbed(self, deed: Deed) -> bool:
        """Was something written, while it looked, where it looked?"""
        return any(other.changes(scope) for other in self._model.overlapping(deed) for scope in _scopes(deed))

    def _is_asked_elsewhere(self, deed: Deed) -> bool:
        """Does another call of the same user still run, which may be told instead?"""
        running = self._model.in_flight.values()
        return any(other is not deed and _asks_the_same(deed, other) for other in running)


def _call(deed: Deed) -> Hashable:
    """What two calls have in common of which the later one shows what came since the earlier one."""
    return (deed.operation.name, deed.session, repr(deed.literals), *map(tuple, deed.arguments.values()))


def _asks_the_same(deed: Deed, other: Deed) -> bool:
    return other.user is deed.user and other.operation is deed.operation


def _scopes(deed: Deed) -> Sequence[Thing | None]:
    return deed.spanned() or [None]
