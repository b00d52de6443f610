"""Existence: whoever never had access to a thing is answered as if there were no such thing.

Judged are probes: three calls of one user, one directly after the other, that are the same but for one argument. That
is a thing which certainly exists and which possibly never was the user's, between two things that never existed. These
say also what differs from answer to answer in any case.

No probe is judged in which the answers may differ for another reason. What was made up has to be like the thing in all
but its identifier, and no identifier may be that of something else too.
"""

from collections import Counter, deque
from dataclasses import dataclass

from isofuzz.history.entries import Completion, Entry, Invocation, Outcome
from isofuzz.history.model import Model
from isofuzz.history.world import BEGINNING, Thing, may_have_used, surely_uses
from isofuzz.oracles.answers import answers_alike
from isofuzz.oracles.issued import Issued
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.probes import hiding, probed_between
from isofuzz.program.steps import Call


@dataclass(frozen=True)
class _Answer:
    """A call with which nothing overlapped, and when and how it was answered."""

    asked: int
    invocation: Invocation
    answered: int
    completion: Completion

    @property
    def call(self) -> Call:
        return Call(self.invocation.step, self.invocation.operation, self.invocation.arguments)


class Existence:
    """The oracle, fed entry by entry after the model and what was issued.

    `alike` counts the probes that were answered alike, for each operation and parameter, and `told` the others.
    """

    def __init__(self, model: Model, issued: Issued) -> None:
        self._model = model
        self._issued = issued
        self._asking: tuple[int, Invocation] | None = None
        self._answers: deque[_Answer] = deque(maxlen=3)
        self.alike: Counter[tuple[str, str]] = Counter()
        self.told: Counter[tuple[str, str]] = Counter()

    def feed(self, at: int, entry: Entry) -> list[Violation]:
        """What the system told about what exists, if this entry ends a probe."""
        if isinstance(entry, Invocation):
            alone = len(self._model.in_flight) == 1
            self._asking = (at, entry) if alone else None
        elif isinstance(entry, Completion):
            if self._asking is None:
                self._answers.clear()  # something overlapped
                return []
            self._answers.append(_Answer(*self._asking, at, entry))
            return self._probe(*self._answers) if len(self._answers) == 3 else []
        return []

    def _probe(self, before: _Answer, about: _Answer, after: _Answer) -> list[Violation]:
        name = probed_between(before.call, about.call, after.call)
        thing = self._hidden(before, about, after, name) if name else None
        if name is None or thing is None:
            return []
        match _alike(before, about, after, name):
            case True:
                self.alike[about.invocation.operation, name] += 1
            case False:
                self.told[about.invocation.operation, name] += 1
                if about.completion.seen:
                    return []  # it shows a text: whether that may be is another oracle's, and says it better
                return [self._violation(before, about, thing)]
        return []

    def _hidden(self, before: _Answer, about: _Answer, after: _Answer, name: str) -> Thing | None:
        """What the probe is about, if it has to be hidden and everything else is the same."""
        deed = self._model.deeds[about.invocation.step]
        parameter = next((each for each in hiding(deed.vocabulary, deed.operation) if each.name == name), None)
        [thing] = deed.arguments[name]
        if parameter is None or thing is None or deed.user is None:
            return None
        if self._issued.first(parameter.type) is not thing:
            return None  # what was made up is like the first of its class, in all but its identifier
        meant = ((before, None), (about, thing), (after, None))
        if not all(self._issued.means(parameter.type, _ids(answer, name), each) for answer, each in meant):
            return None
        if may_have_used(deed.user, thing, BEGINNING, after.answered):
            return None
        return thing if surely_uses(None, thing, before.asked, after.answered) else None

    def _violation(self, before: _Answer, about: _Answer, thing: Thing) -> Violation:
        user = self._model.deeds[about.invocation.step].user
        assert user
        return Violation(
            oracle=Oracle.EXISTENCE,
            breach=Breach.TOLD,
            at=about.answered,
            user=user.ref,
            boundary=thing.spec.name,
            observer=about.invocation.operation,
            step=about.invocation.step,
            text=about.completion.text,
            other=before.completion.text,
            instead=before.invocation.step,
        )


def _ids(answer: _Answer, name: str) -> tuple[str, ...]:
    return answer.invocation.ids.get(name, ())


def _alike(before: _Answer, about: _Answer, after: _Answer, name: str) -> bool | None:
    """Was the one in the middle answered as the others were? None if that cannot be said."""
    outcomes = [answer.completion.outcome for answer in (before, about, after)]
    if Outcome.INFO in outcomes or outcomes[0] is not outcomes[2]:
        return None
    if outcomes[1] is not outcomes[0]:
        return False
    texts = [answer.completion.text for answer in (before, about, after)]
    ids = {each for answer in (before, about, after) for each in _ids(answer, name)}
    return answers_alike(texts[0], texts[1], texts[2], ids)
