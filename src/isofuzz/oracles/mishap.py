"""What had gone wrong on purpose before a violation showed, and what others did next."""

from collections.abc import Sequence

from isofuzz.history.entries import Entry, Moved, Struck
from isofuzz.oracles.meeting import quoted, step_names, what_they_did
from isofuzz.program.faults import FaultKind

_WENT_WRONG = {
    FaultKind.CANCEL: "{} was given up",
    FaultKind.DROP_BEFORE: "the database connection of {} was lost before its next statement",
    FaultKind.DROP_AFTER: "the database connection of {} was lost after its next statement",
    FaultKind.TERMINATE: "the database connection of {} was ended by the server",
    FaultKind.HOLD_REPLY: "the reply to the next statement of {} came late",
    FaultKind.ABORT: "{} was lost",
    FaultKind.HALF_CLOSE: "{} sent nothing more",
    FaultKind.RESTART: "the system was restarted in the middle of {}",
}


_AT_ONCE = (FaultKind.CANCEL, FaultKind.TERMINATE, FaultKind.RESTART)
"""What does not wait for another statement of the step."""


def mishap(history: Sequence[Entry], at: int) -> str:
    """A sentence on the last fault before this time, or nothing where nothing went wrong."""
    faults = [(place, entry) for place, entry in enumerate(history[:at]) if isinstance(entry, Struck)]
    if not faults:
        return ""
    place, fault = faults[-1]
    named = step_names(history)
    whose = f"the socket of step {fault.of.step}" if fault.kind.is_of_a_socket else named(fault.of.step)
    before = [entry for entry in history[:place] if isinstance(entry, Moved) and entry.step == fault.of.step]
    last = next((entry for entry in reversed(before) if entry.text), None)
    after = f" after {quoted(last)}" if last and fault.kind in _AT_ONCE else ""
    moves = [entry for entry in history[place:at] if isinstance(entry, Moved) and entry.step != fault.of.step]
    then = f", and then {what_they_did(moves, named)}" if moves else ""
    return f"{_WENT_WRONG[fault.kind].format(whose)}{after}{then}."
