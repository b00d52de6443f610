"""When a clean trial of a case says nothing."""

from types import SimpleNamespace
from typing import Any

import pytest

from isofuzz.cases.case import Case
from isofuzz.history.entries import Completion, Entry, Outcome, Skipped
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import Call, Literal, Program, Ref
from isofuzz.runs.replay import why_untested

SIGN_IN = Call(1, "sign_in", {"name": Literal("ada")})
LOOK = Call(2, "list_threads", {"me": Ref(1, 1)})
CASE = Case(
    target="chat",
    defect=None,
    violation=Violation(Oracle.CROSSING, Breach.FOREIGN, 3, Ref(1), "program", "list_threads", serial=-1),
    explanation="",
    program=Program.serial(SIGN_IN, LOOK),
    history=(),
    found="",
    services="",
    earlier=(Program.serial(SIGN_IN), Program.serial(SIGN_IN, LOOK)),
)
DONE = [Completion(1, Outcome.OK), Completion(2, Outcome.REFUSED)]


@pytest.mark.parametrize(
    ("histories", "reason"),
    [
        ((DONE[:1], DONE, DONE), None),
        (
            (DONE[:1], DONE, [*DONE[:1], Skipped(2, "list_threads")]),
            "step 2 (list_threads) could not be executed: what it refers to was not created",
        ),
        (
            (DONE[:1], DONE[:1], DONE),
            "step 2 of earlier program 2 (list_threads) could not be executed: what it refers to was not created",
        ),
        (
            ([Completion(1, Outcome.INFO)], DONE, DONE),
            "step 1 of earlier program 1 (sign_in) ended unexpectedly, so a clean run says nothing",
        ),
    ],
)
def test_a_step_that_did_not_come_to_its_end(histories: tuple[list[Entry], ...], reason: str | None) -> None:
    executions: Any = [SimpleNamespace(history=history, diverged=[]) for history in histories]
    assert why_untested(CASE, executions) == reason


def test_steps_that_could_not_take_turns_as_they_did() -> None:
    executions: Any = [SimpleNamespace(history=DONE, diverged=[]) for _ in range(3)]
    executions[2].diverged.append("the schedule 01 of steps 1 and 2 no longer fits from its decision 2 on")
    assert why_untested(CASE, executions) == "the schedule 01 of steps 1 and 2 no longer fits from its decision 2 on"
