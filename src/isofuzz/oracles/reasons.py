"""Why a violation is one: what made it wrong to show this, to lack it, to store it or to answer so."""

from isofuzz.history.acts import Act, Standing
from isofuzz.history.entries import Outcome
from isofuzz.history.world import Canary
from isofuzz.oracles.exhibits import row_of
from isofuzz.oracles.naming import Names, by
from isofuzz.oracles.rights import in_order, is_public, what_gave, what_took
from isofuzz.oracles.scene import Scene
from isofuzz.oracles.violation import Breach
from isofuzz.program.vocabulary import GUARDED, Kind


class Reason:
    """Why that in this scene is wrong."""

    def __init__(self, scene: Scene, names: Names) -> None:
        self._scene, self._names = scene, names
        self._model, self._violation = scene.model, scene.violation
        self._canary, self._observer = scene.canary, scene.observer

    def sentence(self) -> str:
        """A sentence to follow the one on what happened."""
        observer = self._names.short(self._observer)
        canary = self._canary
        match self._violation.breach:
            case Breach.FOREIGN:
                return self._why_foreign(observer, canary)
            case Breach.STALE:
                assert canary
                return self._why_gone(observer, canary)
            case Breach.MISPLACED:
                return self._why_misplaced(observer)
            case Breach.ECHOED:
                return "The target says that authors do not get their own events."
            case Breach.REPEATED:
                return "The target says that every event comes once."
            case Breach.REORDERED:
                return "The target says that events come in the order of their writes."
            case Breach.REPLAYED:
                return "The target says that what was missed does not come later."
            case Breach.INTRUDED:
                return self._why_intruded()
            case Breach.MISFILED:
                return f"The row says that it belongs {self._says_of_itself()}."
            case Breach.LOST:
                return f"Nobody who had the right to it has replaced or deleted it{self._attempts()}."
            case Breach.TOLD:
                return f"{observer} was never given access to it, so both answers have to be the same."
            case Breach.INTERFERED:
                return f"{observer} was never given access to {self._strange()}, so that may make no difference."
            case Breach.MISSING | Breach.DENIED | Breach.UNDELIVERED:
                return self._why_theirs(observer)

    def _strange(self) -> str:
        """Where the others did what is left out of a comparison."""
        deeds = [self._model.deeds[step] for step in self._violation.without]
        touched = [thing for deed in deeds for thing in (*deed.created, *deed.things(*GUARDED))]
        return " and ".join(dict.fromkeys(self._names.place(thing) for thing in touched if thing.kind in GUARDED))

    def _says_of_itself(self) -> str:
        """To which thread and to whom the row belongs, as it says."""
        row = row_of(self._scene.history, self._violation)
        assert row
        of = []
        if row.threads is not None:
            threads = dict.fromkeys(self._names.place(self._model.things[ref]) for ref in row.threads)
            of.append(f"to {' or '.join(threads) or 'a thread that no step made'}")
        if row.owners is not None:
            owners = dict.fromkeys(self._names.user(self._model.things[ref]) for ref in row.owners)
            of.append(f"to {' or '.join(owners) or 'a user whom no step made'}")
        return " and ".join(of)

    def _attempts(self) -> str:
        """Who tried to, and had to change nothing."""
        assert self._canary
        ends = (*self._canary.ends, *self._canary.home.ended_by())
        tried = [act for act in in_order(ends) if not act.possible]
        return "".join(f", but step {act.step} ({by(act)}) tried" for act in tried[:1])

    def _why_intruded(self) -> str:
        if self._canary is None:
            return "Nothing of an earlier program may be there after a reset."
        if self._canary.written.outcome is Outcome.REFUSED:
            return f"Step {self._canary.written.step} was refused, so it has to change nothing."
        author = self._names.short(self._canary.author) if self._canary.author else "whoever wrote it"
        return f"{author} had no right to write there, so step {self._canary.written.step} has to change nothing."

    def _why_foreign(self, observer: str, canary: Canary | None) -> str:
        if canary is None:
            return "Nothing of an earlier program may show after a reset."
        if canary.written.outcome is Outcome.REFUSED:
            return f"Step {canary.written.step} was refused, so nobody may see what it would have written."
        if canary.written.standing is Standing.NONE:
            author = self._names.short(canary.author) if canary.author else "whoever wrote it"
            return f"{author} had no right to write there, so it is nobody else's to see."
        if canary.spec.private:
            return f"A {canary.spec.name} is for its author alone."
        if canary.home.kind is Kind.USER:
            return "What is in a user's own space is for that user alone."
        return self._why_gone(observer, canary)

    def _why_misplaced(self, observer: str) -> str:
        """Whoever asked for something else may see it: by a right, or for having written it without one."""
        canary = self._canary
        assert canary
        if canary.author is self._observer and canary.written.standing is Standing.NONE:
            return f"{observer} had no right to write there, and asked for something else: {self._asked_for()}."
        return f"{observer} may see it there, but asked for something else: {self._asked_for()}."

    def _why_gone(self, observer: str, canary: Canary) -> str:
        """The right was never given, came too late, or was taken; or the text was gone."""
        thread = next((thing for thing in canary.home.lineage() if thing.kind is Kind.THREAD), canary.home)
        place = thread.spec.name
        given = [act for act in what_gave(canary.home, self._observer) if act.possible]
        before = [act for act in given if act.invoked < self._violation.at]
        if not given and not is_public(canary.home):
            return f"{observer} was never given access to that {place}."
        if not before and given:
            return f"{observer} was given access to that {place} only later, in step {given[0].step} ({by(given[0])})."
        ended = [act for act in (*canary.ends, *canary.home.ended_by()) if _happened_before(act, self._violation.at)]
        taken = [act for act in what_took(canary.home, self._observer) if _happened_before(act, self._violation.at)]
        if taken and any(act.invoked < taken[-1].invoked for act in before) and taken[-1] not in ended:
            return f"{observer} had lost access to that {place} in step {taken[-1].step} ({by(taken[-1])})."
        if ended:
            gone = min(ended, key=lambda act: act.invoked)
            how = "replaced" if gone in canary.ends else "deleted"
            late = [act for act in before if act.invoked >= gone.invoked]
            if late and len(late) == len(before):
                return (
                    f"It had been {how} in step {gone.step} ({by(gone)}), "
                    f"and {observer} was given access to that {place} only in step {late[0].step} ({by(late[0])})."
                )
            return f"It had been {how} in step {gone.step} ({by(gone)})."
        write = canary.written
        if write in what_took(thread, self._observer) and any(act.invoked < write.invoked for act in before):
            return f"Step {write.step} ({by(write)}), which wrote it, took {observer}'s access to that {place} away."
        return f"Under no order of the steps had {observer} access to that {place} while it was there."

    def _why_theirs(self, observer: str) -> str:
        if self._canary and self._canary.author is self._observer:
            return f"It is {observer}'s own text, and nothing had replaced or deleted it."
        thing = self._scene.about()
        given = [act for act in what_gave(thing, self._observer) if act.certain] if thing else []
        if not given:
            return f"{observer} was entitled to it all the time."
        deed = self._model.deeds[given[-1].step]
        how = "made it" if deed.user is self._observer else "was given access"
        return f"{observer} {how} in step {given[-1].step} ({by(given[-1])}) and never lost it."

    def _asked_for(self) -> str:
        if self._violation.socket:
            scopes = [s.scope for s in self._scene.subscriptions() if s.scope]
            return " and ".join(self._names.place(scope) for scope in scopes)
        assert self._violation.step is not None
        scope = self._model.deeds[self._violation.step].innermost()
        return self._names.place(scope) if scope else "something else"


def _happened_before(act: Act, at: int) -> bool:
    return act.certain and act.completed < at
