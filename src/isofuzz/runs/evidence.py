"""From an execution that showed a violation to what its case says of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from isofuzz.engine.interpreter import Execution
from isofuzz.engine.system import Past
from isofuzz.history.entries import Invocation
from isofuzz.oracles.explanation import explain
from isofuzz.oracles.origin import Origin
from isofuzz.oracles.violation import Violation
from isofuzz.program.steps import Program

MOST_EARLIER = 10
"""Earlier programs that a case begins with. Of more, the one that wrote what shows, and the latest."""


def evidence(execution: Execution, violation: Violation, earlier: Sequence[Program]) -> dict[str, Any]:
    """The fields of a case that say what happened, after these earlier programs."""
    vocabulary = execution.system.signatures.vocabulary
    origin = _origin(execution, violation, earlier)
    return {
        "violation": violation,
        "explanation": explain(execution.program, execution.history, violation, vocabulary, origin),
        "program": execution.program,
        "history": tuple(execution.history),
        "counterpart": tuple(execution.counterpart),
        "earlier": tuple(earlier),
        "origin": origin,
    }


def earlier_programs(execution: Execution, violation: Violation) -> tuple[Program, ...]:
    """The programs from the one that wrote what shows to the one before this; none if this one wrote it."""
    writing = _writing(execution, violation)
    if writing is None:
        return ()
    first, *others = writing.before[writing.place :]
    return tuple(past.program for past in (first, *others[-(MOST_EARLIER - 1) :]))


@dataclass(frozen=True)
class _Writing:
    """An earlier program wrote a canary, in this parameter; `place` is where it stands among all `before`."""

    before: Sequence[Past]
    place: int
    invocation: Invocation
    parameter: str


def _writing(execution: Execution, violation: Violation) -> _Writing | None:
    """Where what shows was written, if not in this program, as far as the system remembers."""
    if violation.serial is None or violation.serial >= 0:
        return None
    number = execution.first_canary + violation.serial
    before = list(takewhile(lambda past: past.history is not execution.history, execution.system.past))
    for place, past in enumerate(before):
        if invocation := past.writer_of(number):
            names = {serial: name for name, serial in invocation.canaries.items()}
            return _Writing(before, place, invocation, names[number - past.first_canary])
    return None


def _origin(execution: Execution, violation: Violation, earlier: Sequence[Program]) -> Origin | None:
    writing = _writing(execution, violation)
    if writing is None or not earlier:
        return None
    written = writing.invocation
    operation = execution.system.signatures.vocabulary.operation(written.operation)
    secret = next(each.type for each in operation.parameters if each.name == writing.parameter)
    # Of too many programs the case has the latest, and before them the one that wrote it.
    program = max(1, writing.place - (len(writing.before) - len(earlier)) + 1)
    return Origin(program, written.step, written.operation, secret)
