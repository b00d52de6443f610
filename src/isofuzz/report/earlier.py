"""The programs that ran before the one that shows what they left behind."""

from collections.abc import Iterator
from dataclasses import replace

from rich.text import Text

from isofuzz.cases.case import Case
from isofuzz.history.entries import Invocation
from isofuzz.program.steps import Program, SecretText
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.timeline import timeline


def earlier_lines(case: Case, vocabulary: Vocabulary, width: int) -> Iterator[Text]:
    """A picture of each earlier program under its number, and what follows them; nothing if there is none."""
    for number, program in enumerate(case.earlier, start=1):
        yield Text(f"earlier program {number}, from reset", style="bold")
        yield from timeline(_as_case(case, number, program, vocabulary), vocabulary, width)
        yield Text()
    if case.earlier:
        yield Text("then, from reset", style="bold")


def _as_case(case: Case, number: int, program: Program, vocabulary: Vocabulary) -> Case:
    """The case as if the earlier program were its own: what its steps came to is not known, only what they are."""
    origin = case.origin if case.origin and case.origin.program == number else None
    shown, others = case.violation.serial, iter(range(len(program)))
    history = []
    for call in program.calls:
        operation = vocabulary.operation(call.operation)
        canaries = {}
        for parameter in operation.parameters:
            if isinstance(call.arguments.get(parameter.name), SecretText):
                wrote = origin and (origin.step, origin.secret) == (call.number, parameter.type)
                canaries[parameter.name] = shown if wrote and shown is not None else next(others)
        history.append(Invocation.of(call, canaries))
    violation = replace(case.violation, at=-1, written_by=origin.step if origin else None)
    return replace(case, program=program, history=tuple(history), violation=violation)
