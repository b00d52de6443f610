"""Programs are values: symbolic, comparable, and counted in steps."""

import pytest

from isofuzz.program.steps import (
    CANARY_SLOT,
    Argument,
    Burst,
    Call,
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
