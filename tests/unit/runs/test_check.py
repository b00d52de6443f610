"""What a check concludes from its parts, and which programs it executes twice."""

from typing import Any

import pytest

from isofuzz.runs.check import Checked, Compared, Swept, answer_of, representative
from isofuzz.runs.exercised import Exercised
from isofuzz.runs.sabotage import Answer, Attempt
from isofuzz.runs.sweep import sweep
from isofuzz.target.signatures import Signatures

PASS, FAIL, NOTHING = (Attempt(answer.value, answer) for answer in Answer)
SWEPT = Swept(Exercised(), (), ())
SAME = Compared(5, 50, 4, 20, (), None)


def a_check(**parts: Any) -> Checked:
    fields: dict[str, Any] = {"swept": SWEPT, "compared": SAME, "replies": (PASS,), "frames": (PASS,)} | parts
    return Checked(target="chat", services="Postgres 18", seconds=1, **fields)


@pytest.mark.parametrize(
    ("attempts", "answer"),
    [
        ((), Answer.NOT_APPLICABLE),
        ((NOTHING, NOTHING), Answer.NOT_APPLICABLE),
        ((NOTHING, PASS), Answer.PASS),
        ((PASS, NOTHING, FAIL), Answer.FAIL),
    ],
)
def test_the_worst_that_applies_is_the_answer(attempts: tuple[Attempt, ...], answer: Answer) -> None:
    assert answer_of(attempts) is answer


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"frames": ()},
        {"replies": (NOTHING,)},
        {"compared": Compared(5, 50, 4, 20, (), "what is not controlled")},
    ],
)
def test_able(parts: dict[str, Any]) -> None:
    assert (a_check(**parts).able, a_check(**parts).exit_code) == (True, 0)


@pytest.mark.parametrize(
    "parts",
    [
        {"swept": Swept(Exercised(), ("something",), ())},
        {"swept": Swept(Exercised(), (), (object(),))},  # type: ignore[arg-type]  # any finding will do
        {"compared": Compared(5, 50, 4, 20, ("somewhere",), None)},
        {"replies": (PASS, FAIL)},
        {"frames": (FAIL,)},
        {"replies": (), "frames": ()},
        {"replies": (NOTHING,), "frames": (NOTHING,)},
    ],
)
def test_not_able(parts: dict[str, Any]) -> None:
    assert (a_check(**parts).able, a_check(**parts).exit_code) == (False, 3)


def test_the_programs_that_are_executed_twice_do_all_that_can_be_done(signatures: Signatures) -> None:
    exercises = list(sweep(signatures))
    serial, overlapping = representative(exercises, ["history"])
    done = {call.operation for each in serial for call in each.program.calls}
    assert done == {operation.name for operation in signatures.vocabulary.operations}
    assert len(serial) < len(exercises) / 10
    assert not any(each.program.overlaps for each in serial)
    assert overlapping
    assert overlapping.program.overlaps
    assert any("back again" in each.purpose for each in serial), "rights are taken away in one of them"


def test_without_overlap_there_is_no_program_with_it(signatures: Signatures) -> None:
    serial = [each for each in sweep(signatures) if not each.program.overlaps]
    assert representative(serial, ())[1] is None
    assert representative([], ()) == ([], None)
