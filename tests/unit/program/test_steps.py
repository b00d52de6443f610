"""Programs are values: symbolic, comparable, and counted in steps."""

from dataclasses import replace

import pytest

from isofuzz.program.faults import FaultKind
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import (
    CANARY_SLOT,
    Argument,
    Burst,
    Call,
    Fault,
    Literal,
    NeverIssued,
    Program,
    Ref,
    SecretText,
    Several,
    references_in,
)


@pytest.mark.parametrize("template", ["", "no slot", CANARY_SLOT * 2])
def test_a_secret_text_has_one_slot(template: str) -> None:
    with pytest.raises(ValueError, match=r"needs \{canary\} once"):
        SecretText(template)


def test_a_call_refers_to_the_things_in_its_arguments() -> None:
    arguments: dict[str, Argument] = {
        "me": Ref(1, 1),
        "name": Literal("a"),
        "room": NeverIssued("Room"),
        "members": Several((Ref(2), NeverIssued("Who"), Ref(3))),
        "body": SecretText(CANARY_SLOT),
    }
    assert list(Call(4, "x", arguments).references()) == [Ref(1, 1), Ref(2), Ref(3)]
    assert list(references_in(arguments)) == [Ref(1, 1), Ref(2), Ref(3)]


def test_a_serial_program_has_one_step_in_each_burst() -> None:
    one, two = Call(1, "a"), Call(2, "b")
    program = Program.serial(one, two)
    assert program == Program((Burst((one,)), Burst((two,))))
    assert program.calls == (one, two)
    assert len(program) == 2


def test_references_come_in_the_order_of_their_steps() -> None:
    assert sorted([Ref(2), Ref(1, 1), Ref(1)]) == [Ref(1), Ref(1, 1), Ref(2)]


def test_a_program_overlaps_if_one_of_its_bursts_does_and_without_a_schedule_that_is_left_to_chance() -> None:
    one, two, fault = Call(1, "a"), Call(2, "b"), Fault(3, FaultKind.CANCEL, Ref(1))
    alone = Program.serial(one, two)
    assert (alone.overlaps, alone.is_left_to_chance) == (False, False)
    for burst in (Burst((one, two)), Burst((one,), faults=(fault,))):
        overlapping = Program((Burst((one,)), burst))
        assert (overlapping.overlaps, overlapping.is_left_to_chance) == (True, True)
        decided = Program((Burst((one,)), replace(burst, schedule=Schedule())))
        assert (decided.overlaps, decided.is_left_to_chance) == (True, False)


@pytest.mark.parametrize("kind", FaultKind)
def test_only_one_fault_restarts_the_system(kind: FaultKind) -> None:
    assert Burst((Call(1, "a"),), faults=(Fault(2, kind, Ref(1)),)).restarts == (kind == "restart")
