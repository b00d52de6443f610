"""What is guessed to be enough for a finding, before anything is searched for."""

from collections.abc import Sequence
from dataclasses import replace

from isofuzz.cases.case import Case
from isofuzz.history.entries import Completion, Entry, Invocation, Outcome
from isofuzz.oracles.origin import Origin
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import Call, Literal, Program, Ref, SecretText
from isofuzz.runs.guessing import earlier_guesses, guesses
from isofuzz.target.signatures import Signatures

CALLS = (
    Call(1, "sign_in", {"name": Literal("ada")}),
    Call(2, "sign_in", {"name": Literal("bob")}),
    Call(3, "connect", {"me": Ref(2, 1)}),
    Call(4, "open_thread", {"me": Ref(1, 1), "slug": Literal("a"), "title": SecretText("{canary}")}),
    Call(5, "post", {"me": Ref(1, 1), "room": Ref(4), "body": SecretText("{canary}")}),
    Call(6, "open_thread", {"me": Ref(2, 1), "slug": Literal("b"), "title": SecretText("{canary}")}),
    Call(7, "subscribe", {"me": Ref(2, 1), "sock": Ref(3), "room": Ref(6)}),
    Call(8, "list_threads", {"me": Ref(2, 1)}),
)


def guessed(signatures: Signatures, violation: Violation, calls: Sequence[Call] = CALLS) -> list[list[int]]:
    """The numbers of the steps in each guess."""
    history: list[Entry] = []
    serials = iter(range(1, 9))
    for call in calls:
        canaries = {name: next(serials) for name, value in call.arguments.items() if isinstance(value, SecretText)}
        history += [Invocation.of(call, canaries), Completion(call.number, Outcome.OK)]
    guessed = guesses(Program.serial(*calls), history, violation, signatures.vocabulary)
    return [[call.number for call in program.calls] for program in guessed]


INVITED = (
    *CALLS[:2],
    Call(3, "open_thread", {"me": Ref(1, 1), "slug": Literal("a"), "title": SecretText("{canary}")}),
    Call(4, "open_thread", {"me": Ref(1, 1), "slug": Literal("b"), "title": SecretText("{canary}")}),
    Call(5, "invite", {"me": Ref(1, 1), "room": Ref(3), "member": Ref(2)}),
    Call(6, "list_threads", {"me": Ref(1, 1)}),
    Call(7, "history", {"me": Ref(2, 1), "room": Ref(4)}),
)


def interfered(*, step: int | None = None, socket: Ref | None = None, without: tuple[int, ...]) -> Violation:
    observer = "frame" if step is None else "list_threads"
    return Violation(
        Oracle.NONINTERFERENCE, Breach.INTERFERED, 15, Ref(2), "", observer, step=step, socket=socket, without=without
    )


def test_of_a_text_the_steps_of_its_story(signatures: Signatures) -> None:
    seen = Violation(
        Oracle.CROSSING, Breach.FOREIGN, 15, Ref(2), "Room", "list_threads", "post", "Body", 8, 5, serial=2
    )
    assert guessed(signatures, seen) == [[1, 2, 4, 5, 8]]


def test_of_a_text_then_what_gave_and_took_rights_elsewhere_too(signatures: Signatures) -> None:
    seen = Violation(
        Oracle.CROSSING, Breach.FOREIGN, 13, Ref(2), "Room", "history", "open_thread", "Title", 7, 4, serial=2
    )
    assert guessed(signatures, seen, INVITED) == [[1, 2, 4, 7], [1, 2, 3, 4, 5, 7]]


def test_of_an_answer_it_and_one_step_that_was_left_out_then_more_of_the_others(
    signatures: Signatures,
) -> None:
    assert guessed(signatures, interfered(step=8, without=(4, 5))) == [
        [1, 2, 4, 5, 8],
        [1, 2, 4, 8],
        *([[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 6, 7, 8]] * 2),
    ]


def test_of_an_event_its_socket_and_what_was_done_with_that(signatures: Signatures) -> None:
    assert guessed(signatures, interfered(socket=Ref(3), without=(4, 5))) == [
        [1, 2, 3, 4, 5, 6, 7],
        [1, 2, 3, 4, 6, 7],
        *([[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 6, 7, 8]] * 2),
    ]


def test_every_guess_is_smaller_or_as_large_as_the_program(signatures: Signatures) -> None:
    numbers = [call.number for call in CALLS]
    for guess in guessed(signatures, interfered(step=8, without=(4, 5))):
        assert set(guess) <= set(numbers)
        assert guess == sorted(guess)


def test_of_an_earlier_program_what_the_text_took_then_all_that_its_author_did(signatures: Signatures) -> None:
    violation = Violation(Oracle.CROSSING, Breach.FOREIGN, 3, Ref(1), "program", "list_threads", serial=-1)
    earlier = (Program.serial(*CALLS[:1]), Program.serial(*CALLS))
    case = Case("t:T", None, violation, "", earlier[0], (), found="", services="", earlier=earlier)
    written = replace(case, origin=Origin(2, 5, "post", "Body"))
    programs = list(earlier_guesses(written, signatures.vocabulary))
    assert [[call.number for call in program.calls] for program in programs] == [[1, 4, 5], [1, 4, 5]]
    assert list(earlier_guesses(case, signatures.vocabulary)) == []
