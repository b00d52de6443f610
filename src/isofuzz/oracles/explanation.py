"""A violation in plain words: who saw what of whom, by what, across which boundary, and what made that possible.

Users are called by letters in the order in which they appear in the program, in every report alike.
"""

from collections.abc import Mapping, Sequence

from isofuzz.history.acts import Act, Standing
from isofuzz.history.entries import Completion, Entry, Invocation, Outcome
from isofuzz.history.model import Model
from isofuzz.history.world import Canary, Thing
from isofuzz.oracles.exhibits import probed, row_of, steps_of_probe, steps_of_row
from isofuzz.oracles.origin import Origin
from isofuzz.oracles.rights import in_order, is_public, what_gave, what_took
from isofuzz.oracles.violation import Breach, Violation
from isofuzz.program.steps import Program, Ref, references_in
from isofuzz.program.vocabulary import GUARDED, Kind, Vocabulary

_STORED = {
    Breach.INTRUDED: "A text is stored that should not be",
    Breach.MISFILED: "A text is stored as if it were another's",
    Breach.LOST: "A text that has to be stored is gone",
}
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def cast(program: Program, vocabulary: Vocabulary) -> Mapping[Ref, str]:
    """What to call each user ("A"), session ("A/1") and socket ("A socket 1") of a program.

    Two sign-ups of the same user have the same letter. Sessions and sockets of the operator's own have no name.
    """
    letters: dict[Thing, str] = {}
    counts: dict[tuple[Thing, Kind], int] = {}
    names: dict[Ref, str] = {}
    for ref, thing in _as_if_all_went_well(program, vocabulary).things.items():
        user = thing.owner
        if user is None or thing.kind not in (Kind.USER, Kind.SESSION, Kind.SOCKET):
            continue
        letter = letters.setdefault(user, _letter(len(letters)))
        number = counts[user, thing.kind] = counts.get((user, thing.kind), 0) + 1
        names[ref] = {Kind.SESSION: f"{letter}/{number}", Kind.SOCKET: f"{letter} socket {number}"}.get(
            thing.kind, letter
        )
    return names


def explain(
    program: Program,
    history: Sequence[Entry],
    violation: Violation,
    vocabulary: Vocabulary,
    origin: Origin | None = None,
) -> str:
    """One paragraph on a violation that the oracles found in this history of the program.

    `origin` says where a text was written that is of an earlier program, as far as that is known.
    """
    return _Explanation(program, history, violation, vocabulary, origin).paragraph()


def steps_involved(history: Sequence[Entry], violation: Violation, vocabulary: Vocabulary) -> tuple[int, ...]:
    """The steps that the story of a violation needs, in order.

    These are the write and the observation, what made the things that they speak of, and what gave, took or ended the
    observer's right to what was seen.
    """
    model = _model_of(history, vocabulary)
    invocations = {entry.step: entry for entry in history if isinstance(entry, Invocation)}
    involved = {violation.user.step, violation.step, violation.written_by, violation.socket and violation.socket.step}
    involved |= {act.step for act in _acts_on_the_right(model, violation)}
    involved |= steps_of_probe(history, violation) | steps_of_row(model, history, violation)
    involved |= {thing.ref.step for thing in _subscriptions(model, violation)}
    pending = [step for step in involved if step is not None]
    steps: set[int] = set()
    while pending:
        step = pending.pop()
        if step not in steps and step in invocations:
            steps.add(step)
            pending += [ref.step for ref in references_in(invocations[step].arguments)]
    return tuple(sorted(steps))


class _Explanation:
    def __init__(
        self,
        program: Program,
        history: Sequence[Entry],
        violation: Violation,
        vocabulary: Vocabulary,
        origin: Origin | None,
    ) -> None:
        self._names = cast(program, vocabulary)
        self._model = _model_of(history, vocabulary)
        self._violation = violation
        self._origin = origin
        self._row = row_of(history, violation)
        self._canary = _canary(self._model, violation)
        self._observer = self._model.things[violation.user]
        self._introduced: set[Thing] = set()

    def paragraph(self) -> str:
        sentences = (self._what_happened(), self._why_it_is_wrong())
        return " ".join(_capital(sentence) for sentence in sentences)

    # -- what happened

    def _what_happened(self) -> str:
        observer = "" if self._violation.breach in _STORED else self._user(self._observer)
        match self._violation.breach:
            case Breach.FOREIGN:
                return f"{observer} saw text that was not theirs to see: {self._showing()}."
            case Breach.STALE:
                return f"{observer} still saw text that was gone for them: {self._showing()}."
            case Breach.MISPLACED:
                return f"{observer} saw text of one place in another: {self._showing()}."
            case Breach.ECHOED:
                return f"{observer} got their own event back: {self._showing()}."
            case Breach.MISSING:
                return f"{observer} did not see text that was theirs to see: {self._lacking()}."
            case Breach.UNDELIVERED:
                return f"{observer} was not sent an event that they had subscribed to: {self._lacking()}."
            case Breach.DENIED:
                return f"{observer} was refused what is theirs to read: {self._observation()} was refused."
            case Breach.REPEATED:
                return f"{observer} got an event twice: {self._showing()} once more."
            case Breach.REORDERED:
                return f"{observer} got an event too late: {self._showing()} after a text that was written later."
            case Breach.REPLAYED:
                return f"{observer} got an event that they had missed: {self._showing()}."
            case Breach.INTRUDED | Breach.MISFILED | Breach.LOST:
                return f"{_STORED[self._violation.breach]}: {self._text()}."
            case Breach.TOLD:
                return f"{observer} was told that {self._probed()} exists: {self._answers()}."
            case Breach.INTERFERED:
                return f"{observer} saw what others did where they had no access: {self._both()}."

    def _showing(self) -> str:
        return f"{self._observation()} {'brought' if self._violation.socket else 'returned'} {self._text()}"

    def _answers(self) -> str:
        """The two answers to a probe, one after the other."""
        violation = self._violation
        assert violation.step is not None
        assert violation.instead is not None
        return (
            f"step {violation.step} `{violation.observer}` was {self._answered(violation.step, violation.text)}, and "
            f"step {violation.instead}, the same about a {violation.boundary} that never existed, was "
            f"{self._answered(violation.instead, violation.other)}"
        )

    def _answered(self, step: int, text: str) -> str:
        word = "done" if self._model.deeds[step].act.outcome is Outcome.OK else "refused"
        return f"{word} with `{text}`" if text else word

    def _probed(self) -> str:
        """What the user asked about and was told of."""
        thing = probed(self._model, self._violation)
        return self._owned(thing) if thing else f"a {self._violation.boundary}"

    def _both(self) -> str:
        """The two observations of a comparison, side by side."""
        violation = self._violation
        with_all, without = violation.text or "nothing", violation.other or "nothing"
        return f"{self._observation()} showed {with_all}, and without {self._left_out()} it showed {without}"

    def _left_out(self) -> str:
        """The steps that were not done, those of one user together."""
        by: dict[Thing | None, list[Act]] = {}
        for step in self._violation.without:
            deed = self._model.deeds[step]
            by.setdefault(deed.user, []).append(deed.act)
        return " and ".join(self._steps_of(user, acts) for user, acts in by.items())

    def _steps_of(self, user: Thing | None, acts: Sequence[Act]) -> str:
        whose = self._user(user) if user else "the operator"
        if len(acts) == 1:
            return f"step {acts[0].step} ({_by(acts[0])} by {whose})"
        *others, last = (f"{act.step} ({_by(act)})" for act in acts)
        return f"steps {', '.join(others)} and {last} by {whose}"

    def _lacking(self) -> str:
        if self._violation.socket:
            subscriptions = _subscriptions(self._model, self._violation)
            asked = f"subscribed in step {subscriptions[0].ref.step}" if subscriptions else "subscribed"
            return f"{self._observation()}, {asked}, had not brought {self._text()} when a barrier had passed"
        return f"{self._observation()} did not return {self._text()}"

    def _observation(self) -> str:
        violation = self._violation
        if violation.socket:
            return f"{self._names.get(violation.socket, 'their socket')} (opened in step {violation.socket.step})"
        return f"step {violation.step} `{violation.observer}` by {self._user(self._observer)}"

    def _text(self) -> str:
        canary = self._canary
        if canary is None:
            return self._text_of_before()
        author = self._user(canary.author) if canary.author else "the operator"
        written = f"the {canary.spec.name} that {author} wrote in step {canary.written.step}"
        return f"{written} (`{canary.written.operation}`) into {self._place(canary.home)}"

    def _text_of_before(self) -> str:
        origin = self._origin
        if origin is None:
            return "a text of an earlier program"
        written = f"the {origin.secret} that step {origin.step} (`{origin.operation}`)"
        return f"{written} of earlier program {origin.program} wrote"

    def _place(self, home: Thing) -> str:
        if home.kind is Kind.USER:
            return f"{self._short(home)}'s own space"
        if home.kind is Kind.RECORD and home.container:
            return self._place(home.container)
        return self._owned(home)

    def _owned(self, thing: Thing) -> str:
        owner = f"{self._short(thing.owner)}'s" if thing.owner else "the operator's"
        return f"{owner} {thing.spec.name} (step {thing.ref.step})"

    # -- why it is wrong

    def _why_it_is_wrong(self) -> str:
        observer = self._short(self._observer)
        canary = self._canary
        match self._violation.breach:
            case Breach.FOREIGN:
                return self._why_foreign(observer, canary)
            case Breach.STALE:
                assert canary
                return self._why_gone(observer, canary)
            case Breach.MISPLACED:
                return f"{observer} may see it there, but asked for something else: {self._asked_for()}."
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
        return " and ".join(dict.fromkeys(self._place(thing) for thing in touched if thing.kind in GUARDED))

    def _says_of_itself(self) -> str:
        """To which thread and to whom the row belongs, as it says."""
        assert self._row
        of = []
        if self._row.threads is not None:
            threads = [self._place(self._model.things[ref]) for ref in self._row.threads]
            of.append(f"to {' or '.join(threads) or 'a thread that no step made'}")
        if self._row.owners is not None:
            owners = dict.fromkeys(self._user(self._model.things[ref]) for ref in self._row.owners)
            of.append(f"to {' or '.join(owners) or 'a user whom no step made'}")
        return " and ".join(of)

    def _attempts(self) -> str:
        """Who tried to, and had to change nothing."""
        assert self._canary
        ends = (*self._canary.ends, *self._canary.home.ended_by())
        tried = [act for act in in_order(ends) if not act.possible]
        return "".join(f", but step {act.step} ({_by(act)}) tried" for act in tried[:1])

    def _why_intruded(self) -> str:
        if self._canary is None:
            return "Nothing of an earlier program may be there after a reset."
        if self._canary.written.outcome is Outcome.REFUSED:
            return f"Step {self._canary.written.step} was refused, so it has to change nothing."
        author = self._short(self._canary.author) if self._canary.author else "whoever wrote it"
        return f"{author} had no right to write there, so step {self._canary.written.step} has to change nothing."

    def _why_foreign(self, observer: str, canary: Canary | None) -> str:
        if canary is None:
            return "Nothing of an earlier program may show after a reset."
        if canary.written.outcome is Outcome.REFUSED:
            return f"Step {canary.written.step} was refused, so nobody may see what it would have written."
        if canary.written.standing is Standing.NONE:
            author = self._short(canary.author) if canary.author else "whoever wrote it"
            return f"{author} had no right to write there, so it is nobody else's to see."
        if canary.spec.private:
            return f"A {canary.spec.name} is for its author alone."
        if canary.home.kind is Kind.USER:
            return "What is in a user's own space is for that user alone."
        return self._why_gone(observer, canary)

    def _why_gone(self, observer: str, canary: Canary) -> str:
        """The right was never given, came too late, or was taken; or the text was gone."""
        place = next((t.spec.name for t in canary.home.lineage() if t.kind is Kind.THREAD), canary.home.spec.name)
        given = [act for act in what_gave(canary.home, self._observer) if act.possible]
        before = [act for act in given if act.invoked < self._violation.at]
        if not given and not is_public(canary.home):
            return f"{observer} was never given access to that {place}."
        if not before and given:
            return f"{observer} was given access to that {place} only later, in step {given[0].step} ({_by(given[0])})."
        ended = [act for act in (*canary.ends, *canary.home.ended_by()) if _happened_before(act, self._violation.at)]
        taken = [act for act in what_took(canary.home, self._observer) if _happened_before(act, self._violation.at)]
        if taken and any(act.invoked < taken[-1].invoked for act in before) and taken[-1] not in ended:
            return f"{observer} had lost access to that {place} in step {taken[-1].step} ({_by(taken[-1])})."
        if ended:
            gone = min(ended, key=lambda act: act.invoked)
            how = "replaced" if gone in canary.ends else "deleted"
            late = [act for act in before if act.invoked >= gone.invoked]
            if late and len(late) == len(before):
                return (
                    f"It had been {how} in step {gone.step} ({_by(gone)}), "
                    f"and {observer} was given access to that {place} only in step {late[0].step} ({_by(late[0])})."
                )
            return f"It had been {how} in step {gone.step} ({_by(gone)})."
        return f"Under no order of the steps had {observer} access to that {place} while it was there."

    def _why_theirs(self, observer: str) -> str:
        if self._canary and self._canary.author is self._observer:
            return f"It is {observer}'s own text, and nothing had replaced or deleted it."
        thing = _about(self._model, self._violation)
        given = [act for act in what_gave(thing, self._observer) if act.certain] if thing else []
        if not given:
            return f"{observer} was entitled to it all the time."
        deed = self._model.deeds[given[-1].step]
        how = "made it" if deed.user is self._observer else "was given access"
        return f"{observer} {how} in step {given[-1].step} ({_by(given[-1])}) and never lost it."

    def _asked_for(self) -> str:
        if self._violation.socket:
            scopes = [s.scope for s in _subscriptions(self._model, self._violation) if s.scope]
            return " and ".join(self._place(scope) for scope in scopes)
        assert self._violation.step is not None
        scope = self._model.deeds[self._violation.step].innermost()
        return self._place(scope) if scope else "something else"

    # -- names

    def _user(self, user: Thing) -> str:
        """`user B`, with the name that it signed up under where it is first spoken of."""
        letter = self._short(user)
        if user in self._introduced or not user.label:
            return f"user {letter}"
        self._introduced.add(user)
        return f"user {letter} (named {user.label!r})"

    def _short(self, user: Thing) -> str:
        return self._names.get(user.ref, "?")


def _as_if_all_went_well(program: Program, vocabulary: Vocabulary) -> Model:
    """The model of a serial run in which every step succeeds: it knows who makes what."""
    entries: list[Entry] = []
    for call in program.calls:
        entries += (Invocation.of(call, {}), Completion(call.number, Outcome.OK))
    return _model_of(entries, vocabulary)


def _model_of(history: Sequence[Entry], vocabulary: Vocabulary) -> Model:
    model = Model(vocabulary)
    for at, entry in enumerate(history):
        model.feed(at, entry)
    return model


def _canary(model: Model, violation: Violation) -> Canary | None:
    return None if violation.serial is None else model.canaries.get(violation.serial)


def _about(model: Model, violation: Violation) -> Thing | None:
    """Where the text lives, else what the refused read or the probe was about."""
    canary = _canary(model, violation)
    if canary or violation.step is None:
        return canary.home if canary else None
    if violation.breach is Breach.TOLD:
        return probed(model, violation)
    return model.deeds[violation.step].innermost()


def _subscriptions(model: Model, violation: Violation) -> list[Thing]:
    """What was subscribed to, for this kind of text, on the socket where it was or was not seen."""
    line = model.things[violation.socket].stream if violation.socket else None
    return [
        subscription
        for subscription in model.subscriptions
        if subscription.socket
        and subscription.socket.stream is line
        and subscription.spec.pushes == violation.secret
        and subscription.births[0].invoked < violation.at
    ]


def _acts_on_the_right(model: Model, violation: Violation) -> list[Act]:
    """What gave or took the observer's right before the observation, or ended what was seen."""
    thing, canary = _about(model, violation), _canary(model, violation)
    if thing is None:
        return []
    user = model.things[violation.user]
    acts = [*what_gave(thing, user), *what_took(thing, user), *thing.ended_by(), *(canary.ends if canary else ())]
    return [act for act in acts if act.possible and act.invoked < violation.at]


def _happened_before(act: Act, at: int) -> bool:
    return act.certain and act.completed < at


def _letter(number: int) -> str:
    """A to Z, then AA, AB and so on."""
    more, last = divmod(number, len(_ALPHABET))
    return (_letter(more - 1) if more else "") + _ALPHABET[last]


def _by(act: Act) -> str:
    return f"`{act.operation}`"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
