"""Probes: the same call made back to back with something that exists and with something that never did.

A system that hides what exists answers both alike.
"""

from isofuzz.program.steps import Argument, Call, NeverIssued, Ref


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
