"""A violation in plain words: who saw what of whom, by what, across which boundary, and what made that possible."""

from collections.abc import Sequence

from isofuzz.history.acts import Act
from isofuzz.history.entries import Entry, Invocation, Outcome
from isofuzz.history.world import Thing
from isofuzz.oracles.entitled import entitled
from isofuzz.oracles.exhibits import probed, steps_of_probe, steps_of_row
from isofuzz.oracles.meeting import meeting
from isofuzz.oracles.mishap import mishap
from isofuzz.oracles.naming import Names, by, cast
from isofuzz.oracles.origin import Origin
from isofuzz.oracles.reasons import Reason
from isofuzz.oracles.scene import Scene
from isofuzz.oracles.violation import Breach, Violation
from isofuzz.program.steps import Program, references_in
from isofuzz.program.vocabulary import Vocabulary

_STORED = {
    Breach.INTRUDED: "A text is stored that should not be",
    Breach.MISFILED: "A text is stored as if it were another's",
    Breach.LOST: "A text that has to be stored is gone",
}


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
    scene, names = Scene(history, violation, vocabulary), Names(cast(program, vocabulary))
    happening, reason = _Happening(scene, names, origin).sentence(), Reason(scene, names).sentence()
    how = mishap(history, violation.at), meeting(history, violation.at)
    return " ".join(_capital(sentence) for sentence in (happening, reason, entitled(scene, names), *how) if sentence)


def steps_involved(history: Sequence[Entry], violation: Violation, vocabulary: Vocabulary) -> tuple[int, ...]:
    """The steps that the story of a violation needs, in order.

    These are the write and the observation, what made the things that they speak of, and what gave, took or ended the
    observer's right to what was seen.
    """
    scene = Scene(history, violation, vocabulary)
    invocations = {entry.step: entry for entry in history if isinstance(entry, Invocation)}
    involved = {violation.user.step, violation.step, violation.written_by, violation.socket and violation.socket.step}
    involved |= {act.step for act in scene.acts_on_the_right()}
    involved |= steps_of_probe(history, violation) | steps_of_row(scene.model, history, violation)
    involved |= {thing.ref.step for thing in scene.subscriptions()}
    pending = [step for step in involved if step is not None]
    steps: set[int] = set()
    while pending:
        step = pending.pop()
        if step not in steps and step in invocations:
            steps.add(step)
            pending += [ref.step for ref in references_in(invocations[step].arguments)]
    return tuple(sorted(steps))


class _Happening:
    """What happened in this scene."""

    def __init__(self, scene: Scene, names: Names, origin: Origin | None) -> None:
        self._scene, self._names = scene, names
        self._model, self._violation = scene.model, scene.violation
        self._canary, self._observer = scene.canary, scene.observer
        self._origin = origin

    def sentence(self) -> str:
        """The first sentence of the paragraph: who saw, or lacked, what."""
        observer = "" if self._violation.breach in _STORED else self._names.user(self._observer)
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
        return self._names.owned(thing) if thing else f"a {self._violation.boundary}"

    def _both(self) -> str:
        """The two observations of a comparison, side by side."""
        violation = self._violation
        with_all, without = violation.text or "nothing", violation.other or "nothing"
        return f"{self._observation()} showed {with_all}, and without {self._left_out()} it showed {without}"

    def _left_out(self) -> str:
        """The steps that were not done, those of one user together."""
        acts: dict[Thing | None, list[Act]] = {}
        for step in self._violation.without:
            deed = self._model.deeds[step]
            acts.setdefault(deed.user, []).append(deed.act)
        return " and ".join(self._steps_of(user, theirs) for user, theirs in acts.items())

    def _steps_of(self, user: Thing | None, acts: Sequence[Act]) -> str:
        whose = self._names.user(user) if user else "the operator"
        if len(acts) == 1:
            return f"step {acts[0].step} ({by(acts[0])} by {whose})"
        *others, last = (f"{act.step} ({by(act)})" for act in acts)
        return f"steps {', '.join(others)} and {last} by {whose}"

    def _lacking(self) -> str:
        if self._violation.socket:
            subscriptions = self._scene.subscriptions()
            asked = f"subscribed in step {subscriptions[0].ref.step}" if subscriptions else "subscribed"
            return f"{self._observation()}, {asked}, had not brought {self._text()} when a barrier had passed"
        return f"{self._observation()} did not return {self._text()}"

    def _observation(self) -> str:
        violation = self._violation
        if violation.socket:
            return f"{self._names.socket(violation.socket)} (opened in step {violation.socket.step})"
        return f"step {violation.step} `{violation.observer}` by {self._names.user(self._observer)}"

    def _text(self) -> str:
        canary = self._canary
        if canary is None:
            return self._text_of_before()
        author = self._names.user(canary.author) if canary.author else "the operator"
        written = f"the {canary.spec.name} that {author} wrote in step {canary.written.step}"
        return f"{written} (`{canary.written.operation}`) into {self._names.place(canary.home)}"

    def _text_of_before(self) -> str:
        origin = self._origin
        if origin is None:
            return "a text of an earlier program"
        written = f"the {origin.secret} that step {origin.step} (`{origin.operation}`)"
        return f"{written} of earlier program {origin.program} wrote"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
