"""Probes: the same call made back to back about something that exists and about something that never did.

A system that hides what exists answers both alike. The call about what exists stands between two about what never
did: whatever changes for good meanwhile, a clock say, or how often one may still ask, then differs between these two.
"""

from collections.abc import Iterator
from dataclasses import replace

from isofuzz.program.steps import Argument, Call, NeverIssued, Ref
from isofuzz.program.vocabulary import GUARDED, Draw, Effect, Operation, Parameter, Vocabulary


def hiding(vocabulary: Vocabulary, operation: Operation) -> Iterator[Parameter]:
    """The parameters in which a user can ask about what never existed, and may not be told whether something does."""
    for parameter in operation.drawn(Draw.THING):
        spec = vocabulary.thing(parameter.type)
        guarded = spec.kind in GUARDED and parameter.effect is not Effect.OWN
        if guarded and spec.issued and spec.hidden and not parameter.several and vocabulary.actor(operation):
            yield parameter


def probe(call: Call, parameter: Parameter, thing: Ref) -> tuple[Call, Call, Call]:
    """The call about the thing, between two about what never existed; numbered on from the number that it has."""

    def naming(argument: Argument, place: int) -> Call:
        return replace(call, number=call.number + place, arguments={**call.arguments, parameter.name: argument})

    never = [NeverIssued(parameter.type, variant) for variant in range(2)]
    return naming(never[0], 0), naming(thing, 1), naming(never[1], 2)


def probed_between(before: Call, call: Call, after: Call) -> str | None:
    """The parameter in which the call names a thing, where two otherwise equal ones name what never existed."""
    name = probed_by(before, call)
    if name is None or not isinstance(call.arguments[name], Ref):
        return None
    return name if probed_by(call, after) == name == probed_by(before, after) else None


def names_unissued(call: Call) -> bool:
    """Does the step name something that was never issued?"""
    return any(isinstance(argument, NeverIssued) for argument in call.arguments.values())


def are_probes(first: Call, second: Call) -> bool:
    """Are the two steps one call, but for a single argument that was never issued in at least one of them?"""
    return probed_by(first, second) is not None


def probed_by(first: Call, second: Call) -> str | None:
    """The parameter in which two otherwise equal calls differ, if one of them names there what was never issued."""
    if first.operation != second.operation:
        return None
    differing = [name for name, argument in first.arguments.items() if argument != second.arguments.get(name)]
    if len(differing) != 1:
        return None
    [name] = differing
    pair = (first.arguments[name], second.arguments.get(name))
    return name if all(map(_is_thing, pair)) and any(isinstance(each, NeverIssued) for each in pair) else None


def _is_thing(argument: Argument | None) -> bool:
    return isinstance(argument, Ref | NeverIssued)
