"""Visibility: a read shows what it promises.

What an `All` read returns lies between what was certainly there and what was possibly there; with nothing
overlapping the two bounds meet. A `Some` read stays below the upper bound, and so does a `News` read, which has a lower
bound of its own. Whoever is entitled to a read is not refused; but a system may refuse to tell news where there is
nothing new, and may have forgotten who was signed in before it was restarted. What was never the reader's at all is the
crossing oracle's to report.
"""

from collections.abc import Collection, Iterator, Sequence
from operator import attrgetter

from isofuzz.history.acts import Standing
from isofuzz.history.deeds import Deed
from isofuzz.history.entries import Completion, Entry, Outcome
from isofuzz.history.model import Model
from isofuzz.history.world import BEGINNING, Canary, Thing, may_be_shown, may_see, must_see
from isofuzz.oracles.crossing import boundary_of
from isofuzz.oracles.news import News
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.vocabulary import Draw, Kind, Shows


class Visibility:
    """The oracle, fed entry by entry after the model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._news = News(model)

    def feed(self, at: int, entry: Entry) -> list[Violation]:
        """What is wrong with the read that this entry completes, if it does."""
        if not isinstance(entry, Completion):
            return []
        deed = self._model.deeds[entry.step]
        if deed.user is None or deed.operation.shows is None or deed.acted_for_operator:
            return []
        news = self._not_told(deed, at, entry)
        entitled = deed.act.standing is Standing.CERTAIN
        if entry.outcome is Outcome.OK:
            missing = self._missing(deed, at, entry.seen) if entitled else []
            lack = [self._violation(deed, at, entry, Breach.MISSING, canary) for canary in missing]
            return [*self._surplus(deed, at, entry), *lack, *news]
        if entry.outcome is Outcome.REFUSED and entitled and self._denied(deed, at):
            return [self._violation(deed, at, entry, Breach.DENIED, None)]
        return []

    def lacks(self, at: int, step: int, outcome: Outcome, seen: Collection[int]) -> bool:
        """Would the read of this step, were it to end now and so, be denied or lack anything that it had to show?"""
        deed = self._model.deeds[step]
        if deed.user is None or deed.operation.shows is None or deed.acted_for_operator or outcome is Outcome.INFO:
            return False
        if self._model.standing_of(deed, at) is not Standing.CERTAIN:
            return False
        if outcome is Outcome.REFUSED:
            return self._denied(deed, at)
        if deed.operation.shows is Shows.NEWS:
            return not _selects(deed) and self._news.lacks(deed, at, seen)
        return bool(self._missing(deed, at, seen))

    def _surplus(self, deed: Deed, at: int, entry: Completion) -> Iterator[Violation]:
        """What is shown although it certainly was not there to be shown."""
        assert deed.user
        scopes = deed.spanned()
        for serial in entry.seen:
            canary = self._model.canaries.get(serial)
            if canary is None or canary.spec.name != deed.operation.shown:
                continue
            if not may_see(deed.user, canary, at):
                continue
            if scopes and not any(canary.home.lies_in(scope) for scope in scopes):
                yield self._violation(deed, at, entry, Breach.MISPLACED, canary)
            elif not self._possible(deed.user, canary, _shown_since(deed), at):
                yield self._violation(deed, at, entry, Breach.STALE, canary)

    def _possible(self, user: Thing, canary: Canary, since: int, until: int) -> bool:
        if user is canary.author and not canary.written.possible:
            return True  # a refused write's own author learns nothing from it
        kept = any(thing.spec.keeps_past for thing in canary.home.lineage())
        return may_be_shown(user, canary, BEGINNING if kept else since, until)

    def _missing(self, deed: Deed, at: int, seen: Collection[int]) -> list[Canary]:
        """What is not shown, to one who is entitled, although it certainly was there."""
        if deed.operation.shows is not Shows.ALL or _selects(deed):
            return []
        scopes: Sequence[Thing | None] = deed.spanned() or [None]
        if any(other.changes(scope) for other in self._model.overlapping(deed) for scope in scopes):
            return []  # pages that shift while they are read may skip what stayed
        if any(self._model.may_change_yet(scope) for scope in scopes):
            return []  # and a write that nobody has heard of again may happen meanwhile
        assert deed.user
        assert deed.operation.shown
        shown, kind = set(seen), deed.operation.shown
        texts = (text for scope in scopes for text in self._model.texts(deed.user, scope, kind))
        unseen = dict.fromkeys(text for text in texts if text.serial not in shown)
        missing = [text for text in unseen if must_see(deed.user, text, deed.act.invoked, at)]
        return sorted(missing, key=attrgetter("serial"))

    def _not_told(self, deed: Deed, at: int, entry: Completion) -> list[Violation]:
        """What came since the last call and is not shown."""
        if deed.operation.shows is not Shows.NEWS or _selects(deed):
            return []
        missing = dict.fromkeys(self._news.missing(deed, at, entry))
        return [self._violation(deed, at, entry, Breach.MISSING, canary) for canary in missing]

    def _denied(self, deed: Deed, at: int) -> bool:
        """Was one who is entitled refused although there is nothing to refuse?"""
        values = deed.operation.drawn(Draw.VALUE)  # which a system may find invalid
        if deed.operation.writes or values or _selects(deed) or self._model.may_be_forgotten(deed):
            return False
        if deed.operation.shows is not Shows.NEWS:
            return True
        return self._news.lacks(deed, at, ()) and not self._news.is_asked_twice(deed)

    def _violation(self, deed: Deed, at: int, entry: Completion, breach: Breach, canary: Canary | None) -> Violation:
        assert deed.user
        scope = next(iter(deed.spanned()), None)
        return Violation(
            oracle=Oracle.VISIBILITY,
            breach=breach,
            at=at,
            user=deed.user.ref,
            boundary=boundary_of(canary) if canary else (scope.spec.name if scope else "user"),
            observer=deed.operation.name,
            writer=canary.written.operation if canary else "",
            secret=deed.operation.shown or "",
            step=entry.step,
            written_by=canary.written.step if canary else None,
            serial=canary.serial if canary else None,
            text=entry.text,
        )


def _shown_since(deed: Deed) -> int:
    """From when on a text may have been there to be shown: news are told as they were when they came."""
    return BEGINNING if deed.operation.shows is Shows.NEWS else deed.act.invoked


def _selects(deed: Deed) -> bool:
    """May an argument stand for a part of the scope, or for something that is not there: a key, a query, a user?"""
    operation, vocabulary = deed.operation, deed.vocabulary
    drawn = any(operation.drawn(draw) for draw in (Draw.NAME, Draw.KEY, Draw.QUERY))
    others = [parameter for parameter in operation.parameters if parameter != vocabulary.actor(operation)]
    return drawn or any(vocabulary.kind_of(parameter) in _SELECTING for parameter in others)


_SELECTING = (Kind.USER, Kind.SESSION, Kind.SOCKET, Kind.SUBSCRIPTION)
