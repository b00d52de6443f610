"""Programs like others: spliced, with a step inserted, with steps that overlap, with other turns.

What a target asks of whoever calls it stays kept: nothing is put in the place of what has to be the actor's own, and
what takes one call at a time gets no second one.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from isofuzz.program.prune import up_to
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Argument, Burst, Call, Fault, NeverIssued, Program, Ref, Several
from isofuzz.program.vocabulary import GUARDED, Effect, Vocabulary
from isofuzz.target.signatures import Signatures

_MOST_STEPS = 80
"""Longer programs cost more than they show."""

_MOST_TOGETHER = 4
_DECISIONS = 16
"""Decisions of a schedule that are drawn; after these nobody switches any more."""


def varied(corpus: Sequence[Program], signatures: Signatures, seed: str, seconds: float) -> Iterator[Program]:
    """Programs like those of the corpus, until the seconds are over; the same ones for the same seed."""
    draw, vocabulary = random.Random(seed), signatures.vocabulary  # noqa: S311 - it decides what is tried, no more
    until = time.monotonic() + seconds
    ways: Sequence[Callable[[], Program]] = (
        lambda: spliced(draw.choice(corpus), draw.choice(corpus), draw),
        lambda: inserted(draw.choice(corpus), vocabulary, draw),
        lambda: overlapped(draw.choice(corpus), vocabulary, draw),
        lambda: rescheduled(draw.choice(corpus), draw),
    )
    while time.monotonic() < until:
        yield draw.choice(ways)()


def spliced(first: Program, second: Program, draw: random.Random) -> Program:
    """How one program begins, and after it how the other does."""
    head = up_to(first, draw.choice(first.calls).number)
    tail = up_to(second, draw.choice(second.calls).number)
    if len(head) + len(tail) > _MOST_STEPS:
        return head
    return Program(head.bursts + _renumbered(tail, 1 + max(head.numbers)).bursts)


def inserted(program: Program, vocabulary: Vocabulary, draw: random.Random) -> Program:
    """The program with one of its steps done once more later, perhaps with another thing of the same class."""
    if len(program) >= _MOST_STEPS:
        return program
    index = draw.randrange(len(program.bursts))
    call = draw.choice(program.bursts[index].calls)
    place = draw.randint(index + 1, len(program.bursts))
    before = Program(program.bursts[:place])
    again = Burst((_elsewhere(replace(call, number=1 + max(program.numbers)), before, vocabulary, draw),))
    return Program((*before.bursts, again, *program.bursts[place:]))


def overlapped(program: Program, vocabulary: Vocabulary, draw: random.Random) -> Program:
    """The program with two bursts that followed each other made one, if they can be."""
    if len(program.bursts) < 2:
        return program
    index = draw.randrange(len(program.bursts) - 1)
    first, second = program.bursts[index : index + 2]
    if not _can_overlap(first, second, program, vocabulary):
        return program
    together = Burst(first.calls + second.calls, _turns(draw), first.faults + second.faults)
    return Program((*program.bursts[:index], together, *program.bursts[index + 2 :]))


def rescheduled(program: Program, draw: random.Random) -> Program:
    """The program with other turns in one burst of those that overlap; as it is if none does."""
    overlapping = [index for index, burst in enumerate(program.bursts) if burst.overlaps]
    if not overlapping:
        return program
    index = draw.choice(overlapping)
    bursts = list(program.bursts)
    bursts[index] = replace(bursts[index], schedule=_turns(draw))
    return Program(tuple(bursts))


def _turns(draw: random.Random) -> Schedule:
    return Schedule.of(draw.choice((0, 0, 1, 1, 2, 3)) for _ in range(draw.randint(1, _DECISIONS)))


def _can_overlap(first: Burst, second: Burst, program: Program, vocabulary: Vocabulary) -> bool:
    if len(first.calls) + len(second.calls) > _MOST_TOGETHER:
        return False
    made = {call.number for call in first.calls}
    taken = {ref for call in first.calls for ref in call.references()}
    wanted = {ref for call in second.calls for ref in call.references()}
    if any(ref.step in made for ref in wanted):
        return False
    return not any(
        vocabulary.thing(name).exclusive for ref, name in _things(program, vocabulary) if ref in taken & wanted
    )


def _elsewhere(call: Call, before: Program, vocabulary: Vocabulary, draw: random.Random) -> Call:
    """The step, every other time about another thing of the class, where the system has to bear that."""
    able = [
        parameter
        for parameter in vocabulary.operation(call.operation).parameters
        if vocabulary.kind_of(parameter) in GUARDED and parameter.effect is not Effect.OWN and not parameter.several
    ]
    if not able or draw.random() < 0.5:
        return call
    parameter = draw.choice(able)
    others = [ref for ref, name in _things(before, vocabulary) if name == parameter.type]
    return replace(call, arguments={**call.arguments, parameter.name: draw.choice(others)}) if others else call


def _things(program: Program, vocabulary: Vocabulary) -> Iterator[tuple[Ref, str]]:
    """What the program makes, with its class."""
    for call in program.calls:
        for output, name in enumerate(vocabulary.operation(call.operation).creates):
            yield Ref(call.number, output), name


def _renumbered(program: Program, first: int) -> Program:
    """The same with numbers from `first` on."""
    numbers = {number: first + place for place, number in enumerate(program.numbers)}

    def ref(old: Ref) -> Ref:
        return Ref(numbers[old.step], old.output)

    def item(old: Ref | NeverIssued) -> Ref | NeverIssued:
        return ref(old) if isinstance(old, Ref) else old

    def argument(old: Argument) -> Argument:
        match old:
            case Ref():
                return ref(old)
            case Several(items):
                return Several(tuple(map(item, items)))
        return old

    def call(old: Call) -> Call:
        return Call(numbers[old.number], old.operation, {name: argument(each) for name, each in old.arguments.items()})

    bursts = (
        replace(
            burst,
            calls=tuple(map(call, burst.calls)),
            faults=tuple(Fault(numbers[fault.number], fault.kind, ref(fault.of)) for fault in burst.faults),
        )
        for burst in program.bursts
    )
    return Program(tuple(bursts))
