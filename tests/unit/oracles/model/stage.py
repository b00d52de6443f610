"""Calls the service in memory as isofuzz calls a real one, and writes the history."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.unit.oracles.model.state import Account, Frame, Line, No, Space, Text

from isofuzz.history.entries import Closed, Completion, Delivery, Entry, Invocation, Outcome, Row, Storage
from isofuzz.program.steps import Argument, Literal, NeverIssued, Ref, Several
from isofuzz.program.vocabulary import Draw, Kind, Vocabulary

if TYPE_CHECKING:
    import random

    from tests.unit.oracles.model.service import Service

    from isofuzz.program.steps import Call

Ended = tuple[Outcome, Any]
"""How a call ended, and what its value or error is."""

_FAR = 9000
"""Numbers from here on are never issued."""


class Stage:
    """The canary that a step writes has the number of the step. `noise` is what differs from run to run."""

    def __init__(self, vocabulary: Vocabulary, service: Service, noise: random.Random) -> None:
        self.vocabulary = vocabulary
        self.service = service
        self.noise = noise
        self.history: list[Entry] = []
        self.calls: list[Call] = []
        self.made: dict[Ref, Any] = {}
        self.classes: dict[str, list[Ref]] = {}
        self.ids: dict[Ref | NeverIssued, str] = {}
        self._requests: Counter[object] = Counter()
        self._shut: set[Ref] = set()

    # -- calls

    def invoke(self, call: Call) -> None:
        operation = self.vocabulary.operation(call.operation)
        canaries = {parameter.name: call.number for parameter in operation.drawn(Draw.SECRET)}
        ids = {name: (written,) for name, written in self._written(call).items()}
        self.history.append(Invocation.of(call, canaries, ids))

    def _written(self, call: Call) -> dict[str, str]:
        """The numbers of what it names."""
        written = {name: self._number(argument) for name, argument in call.arguments.items()}
        return {name: number for name, number in written.items() if number}

    def _number(self, argument: Argument) -> str | None:
        if isinstance(argument, NeverIssued):
            return self.never_issued(argument)
        return self.ids.get(argument) if isinstance(argument, Ref) else None

    def never_issued(self, item: NeverIssued) -> str:
        return str(_FAR + item.variant)

    def perform(self, call: Call) -> Ended:
        """The instant of an operation."""
        values = {name: self._value(argument, call) for name, argument in call.arguments.items()}
        me = values.get("me")
        if me and not (me.alive and me.account.alive):
            return Outcome.REFUSED, No("401 who are you?")
        try:
            return Outcome.OK, getattr(self.service, call.operation)(**values)
        except No as no:
            return Outcome.REFUSED, no

    def _value(self, argument: Argument, call: Call) -> Any:
        match argument:
            case Ref():
                return self.made[argument]
            case Literal():
                return argument.value
            case Several():
                return [self.made.get(item) if isinstance(item, Ref) else None for item in argument.items]
            case NeverIssued():
                return None
        return call.number

    def complete(self, call: Call, ended: Ended) -> None:
        outcome, value = ended
        operation = self.vocabulary.operation(call.operation)
        ids: dict[int, tuple[str, ...]] = {}
        if outcome is Outcome.OK:
            values = value if isinstance(value, tuple) else (value,)
            for output, name in enumerate(operation.creates):
                ref = Ref(call.number, output)
                self.made[ref] = values[output]
                self.classes.setdefault(name, []).append(ref)
                if self.vocabulary.thing(name).issued:
                    self.ids[ref] = values[output].number
                    ids[output] = (self.ids[ref],)
        seen = tuple(map(_body, value)) if operation.shows and outcome is Outcome.OK else ()
        self.history.append(Completion(call.number, outcome, seen, self._answer(call, value, ids), ids))

    def _answer(self, call: Call, value: Any, ids: dict[int, tuple[str, ...]]) -> str:
        told = [str(value)] if isinstance(value, No) else [f"number {written}" for [written] in ids.values()]
        if isinstance(value, list):
            told += [f"{len(value)} texts", *map(self.tell, value)]
        told += [value] if isinstance(value, str) else []
        actor = self.vocabulary.actor(self.vocabulary.operation(call.operation))
        me = call.arguments.get(actor.name) if actor else None
        self._requests[me] += 1
        choice, noise = self.service.choice, self.noise
        if choice("answers say what was asked for"):
            told += [f"asked for {written}" for written in self._written(call).values()]
        if choice("answers are numbered"):
            told.append(f"your request {self._requests[me]}")
        if choice("answers tell the time"):
            told.append(f"2031-05-06T07:08:{noise.random():09.6f} took {noise.random() * 1000:.5f} ms")
        if choice("answers have random values"):
            told.append(f"trace {uuid.UUID(int=noise.getrandbits(128))}")
        return "; ".join(filter(None, [*told, self.service.remark()]))

    def tell(self, text: Text | int) -> str:
        if isinstance(text, int):
            return f"text{text}"
        return f"Message {text.number} text{text.body}" if text.number else f"text{text.body}"

    # -- what is pushed, and what is stored

    def lines(self) -> list[tuple[Ref, Line]]:
        return [(ref, self.made[ref]) for ref in self.classes.get("Sock", ())]

    def arrive(self, ref: Ref, frame: Frame) -> None:
        told = " ".join([frame.about, *(f"text{body}" for body in frame.bodies)])
        self.history.append(Delivery(ref, frame.bodies, told))

    def note_closed(self) -> None:
        for ref, line in self.lines():
            if not line.open and not line.queue and ref not in self._shut:
                self._shut.add(ref)
                self.history.append(Closed(ref))

    def look_into_storage(self) -> None:
        choice = self.service.choice
        rows = [
            Row(
                row.bodies,
                threads=self._with_number(Kind.THREAD, row.space) if choice("rows name their room") else None,
                owners=self._with_number(Kind.USER, row.account) if choice("rows name their owner") else None,
            )
            for row in self.service.stored()
        ]
        self.history.append(Storage(tuple(rows)))

    def _with_number(self, kind: Kind, thing: Space | Account | None) -> tuple[Ref, ...] | None:
        if thing is None:
            return None
        kinds = {spec.name for spec in self.vocabulary.things if spec.kind is kind}
        refs = (ref for name in kinds for ref in self.classes.get(name, ()))
        return tuple(sorted(ref for ref in refs if self.ids.get(ref) == thing.number))


def _body(text: Text | int) -> int:
    return text if isinstance(text, int) else text.body
