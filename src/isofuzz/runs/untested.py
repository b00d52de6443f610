"""Why an execution that showed nothing says nothing."""

from isofuzz.engine.interpreter import Execution
from isofuzz.history.entries import Completion, Outcome
from isofuzz.program.steps import Program


def why_unfinished(program: Program, execution: Execution, of: str = "") -> str | None:
    """Why this clean execution of the program says nothing, however its steps took turns.

    A step of it was skipped or ended unexpectedly. `of` tells its steps from those of others.
    """
    outcomes = {entry.step: entry.outcome for entry in execution.history if isinstance(entry, Completion)}
    hit = {fault.of.step for fault in program.faults}
    hit.update(call.number for burst in program.bursts if burst.restarts for call in burst.calls)
    for call in program.calls:
        step = f"step {call.number}{of} ({call.operation})"
        if call.number not in outcomes:
            return f"{step} could not be executed: what it refers to was not created"
        if outcomes[call.number] is Outcome.INFO and call.number not in hit:
            return f"{step} ended unexpectedly, so a clean run says nothing"
    return None
