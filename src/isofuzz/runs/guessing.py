"""What may well be enough to show a finding, before anything is searched for: a guess that holds saves the search."""

from collections.abc import Collection, Iterator, Sequence

from isofuzz.cases.case import Case
from isofuzz.history.entries import Entry
from isofuzz.history.model import model_of
from isofuzz.oracles.explanation import steps_involved
from isofuzz.oracles.violation import Oracle, Violation
from isofuzz.program.prune import only
from isofuzz.program.steps import Argument, Call, Program
from isofuzz.program.vocabulary import Effect, Vocabulary


def guesses(
    program: Program, history: Sequence[Entry], violation: Violation, vocabulary: Vocabulary
) -> Iterator[Program]:
    """Smaller programs that may well show the violation too, the smallest first."""
    if violation.oracle is not Oracle.NONINTERFERENCE:
        involved = set(steps_involved(history, violation, vocabulary))
        yield only(program, involved)
        for also in (_beside(program, involved), _about_rights(program, vocabulary)):
            if more := set(also) - involved:
                yield only(program, more | involved)
    else:
        yield from _guesses_of_interference(program, history, violation, vocabulary)


def _guesses_of_interference(
    program: Program, history: Sequence[Entry], violation: Violation, vocabulary: Vocabulary
) -> Iterator[Program]:
    """What it took to observe it and one step of those that were left out; then with more of what else was done.

    Of several steps of one operation the last has to do: they would all show it, or none.
    """
    deeds = model_of(history[: violation.at], vocabulary).deeds  # what had been done when it showed, in order
    place = violation.step if violation.socket is None else violation.socket.step
    observing = set() if place is None else {place}
    observing |= {step for step, deed in deeds.items() if violation.socket in deed.references}
    own = {step for step, deed in deeds.items() if deed.user and deed.user.ref == violation.user}
    writing = {
        deeds[step].operation.name: step for step in violation.without if step in deeds and deeds[step].operation.writes
    }
    for also in (observing, observing | own, observing | deeds.keys() - set(violation.without)):
        for step in sorted(writing.values(), reverse=True):
            yield only(program, {*also, step})


def _about_rights(program: Program, vocabulary: Vocabulary) -> Iterator[int]:
    """The steps that give, take or end anything: a right may be remembered where it is none."""
    for call in program.calls:
        effects = {parameter.effect for parameter in vocabulary.operation(call.operation).parameters}
        if effects - {None, Effect.OWN}:
            yield call.number


def _beside(program: Program, involved: Collection[int]) -> Iterator[int]:
    """The steps that overlapped these, and the last of all that overlapped: a race may be seen once it is over."""
    wide = [burst for burst in program.bursts if len(burst.numbers) > 1]
    for burst in wide:
        if burst is wide[-1] or not set(involved).isdisjoint(burst.numbers):
            yield from burst.numbers


def earlier_guesses(case: Case, vocabulary: Vocabulary) -> Iterator[Program]:
    """Of the earlier program that wrote what shows: no more than it took to write it, then all that its author did."""
    if case.origin is None:
        return
    program, step = case.earlier[case.origin.program - 1], case.origin.step
    yield only(program, {step})

    def actor(call: Call) -> Argument | None:
        parameter = vocabulary.actor(vocabulary.operation(call.operation))
        return call.arguments[parameter.name] if parameter else None

    author = next(actor(call) for call in program.calls if call.number == step)
    yield only(program, {call.number for call in program.calls if actor(call) == author})
