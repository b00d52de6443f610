"""Serial programs on the service in memory: as they are, and without what is none of a user's business."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.unit.oracles.model.simulation import Choosing
from tests.unit.oracles.model.stage import Stage

from isofuzz.history.entries import Barrier, Entry, Skipped
from isofuzz.history.model import Model
from isofuzz.oracles.noninterference import Interference
from isofuzz.oracles.strangers import strangers_steps
from isofuzz.program.purge import purged
from isofuzz.program.steps import Call, Program
from isofuzz.program.vocabulary import Kind, Vocabulary

if TYPE_CHECKING:
    from tests.unit.oracles.model.service import Service

    from isofuzz.oracles.violation import Violation

_STEADY = {"searches find all": True, "resume what was resumed": False}
"""What would else be left to chance."""


class Compared(Choosing):
    """A random serial program, and the history of running it once."""

    def draw_program(self, steps: int, focus: tuple[str, ...]) -> Program:
        names = [*(operation.name for operation in self.vocabulary.operations), *focus * 10]
        for name in ("sign_up", "sign_up", "sign_up", "new_room", *self.chance.choices(names, k=steps)):
            if call := self.draw(name):
                _run(self, call)
        _come_to_rest(self)
        return Program.serial(*self.calls)


def _run(stage: Stage, call: Call) -> None:
    """One step, and all that comes of it."""
    stage.calls.append(call)
    stage.invoke(call)
    stage.complete(call, stage.perform(call))
    for ref, line in stage.lines():
        while line.queue:
            stage.arrive(ref, line.queue.popleft())
    stage.note_closed()


def _come_to_rest(stage: Stage) -> None:
    for ref, line in stage.lines():
        if line.open:
            stage.history.append(Barrier(ref, len(stage.history), orders=True))


def run(vocabulary: Vocabulary, service: Service, program: Program, noise: random.Random) -> list[Entry]:
    """The history of a serial program."""
    stage = Stage(vocabulary, service, noise)
    for call in program.calls:
        if all(ref in stage.made for ref in call.references()):
            _run(stage, call)
        else:
            stage.history.append(Skipped(call.number, call.operation))
    _come_to_rest(stage)
    return stage.history


def interferences(
    service: type[Service], vocabulary: Vocabulary, seed: int, steps: int, focus: tuple[str, ...] = ()
) -> list[Violation]:
    """What any user of a random program observes of what is none of their business; both are run twice."""
    chance = random.Random(seed)
    chosen = dict(_STEADY)
    drawn = Compared(vocabulary, service(chance, chosen), chance)
    program = drawn.draw_program(steps, focus)

    def again(program: Program) -> list[Entry]:
        return run(vocabulary, service(random.Random(seed), chosen), program, chance)

    complete = [drawn.history, again(program)]
    model = Model(vocabulary)
    for at, entry in enumerate(drawn.history):
        model.feed(at, entry)
    found: list[Violation] = []
    for user in dict.fromkeys(thing for thing in model.things.values() if thing.kind is Kind.USER):
        left_out = strangers_steps(program, model, user, len(drawn.history))
        if left_out:
            alone = purged(program, left_out, vocabulary)
            found += Interference(model, user, left_out, complete, [again(alone), again(alone)]).violations
    return found
