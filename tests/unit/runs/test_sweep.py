"""The sweep is the same in every run; many sessions only add to its end."""

# mypy: disable-error-code="empty-body"
# Signatures are all that is read of an operation here.

from dataclasses import replace

import pytest

from isofuzz.program.faults import FaultKind
from isofuzz.program.probes import hiding, probed_between
from isofuzz.program.steps import Burst, Program
from isofuzz.program.vocabulary import Effect
from isofuzz.runs.draft import Exercise
from isofuzz.runs.sweep import LEAST_SECONDS, least_seconds, sweep
from isofuzz.target.base import Target, operation
from isofuzz.target.signatures import Signatures, read_signatures
from isofuzz.target.things import Name, Secret, Session, User

SESSIONS = 10


@pytest.fixture(scope="module")
def usual(signatures: Signatures) -> list[Exercise]:
    return list(sweep(signatures))


@pytest.fixture(scope="module")
def crowded(signatures: Signatures) -> list[Exercise]:
    return list(sweep(signatures, SESSIONS))


def wide(program: Program) -> list[Burst]:
    """The bursts with a step of each session."""
    return [burst for burst in program.bursts if len(burst.calls) == SESSIONS]


def test_it_is_the_same_every_time(signatures: Signatures, usual: list[Exercise]) -> None:
    assert list(sweep(signatures)) == usual


def test_what_comes_without_sessions_comes_first_and_unchanged(
    signatures: Signatures, usual: list[Exercise], crowded: list[Exercise]
) -> None:
    assert crowded[: len(usual)] == usual
    assert [exercise.purpose for exercise in crowded[len(usual) :]] == [
        f"{operation.name} by 10 sessions at the same time" for operation in signatures.vocabulary.operations
    ]


def test_each_operation_is_done_by_all_at_once_three_times(signatures: Signatures, crowded: list[Exercise]) -> None:
    together = [exercise for exercise in crowded if "10 sessions" in exercise.purpose]
    for exercise, done in zip(together, signatures.vocabulary.operations, strict=True):
        actor = signatures.vocabulary.actor(done)
        bursts = wide(exercise.program)
        shuts_out = any(parameter.effect is Effect.AUDIENCE for parameter in done.parameters)
        times = 1 if shuts_out else 3  # where one shuts the others out, these have nothing left to do it with
        assert [{call.operation for call in burst.calls} for burst in bursts] == [{done.name}] * times
        for burst in bursts:
            told_apart = actor.name if actor else "name"
            assert len({call.arguments[told_apart] for call in burst.calls}) == SESSIONS


def test_each_uses_what_is_their_own(signatures: Signatures, crowded: list[Exercise]) -> None:
    [program] = [exercise.program for exercise in crowded if exercise.purpose.startswith("post by 10")]
    rooms = {call.number: call.arguments["me"] for call in program.calls if call.operation == "open_thread"}
    for call in (call for burst in wide(program) for call in burst.calls):
        room = call.arguments["room"]
        assert rooms[room.step] == call.arguments["me"]  # type: ignore[union-attr]  # a room that the program made


def test_what_two_write_at_once_is_read_before_they_write_again(usual: list[Exercise]) -> None:
    [program] = [each.program for each in usual if each.purpose == "set_about by two users at the same time"]
    turns = []
    for index, burst in enumerate(program.bursts):
        if len(burst.calls) > 1:
            turns.append(burst.schedule and str(burst.schedule))
            [one], [other] = (after.calls for after in program.bursts[index + 1 : index + 3])
            assert {one.operation, other.operation} == {"read_about"}
            assert one.arguments["me"] != other.arguments["me"]
    assert turns == ["01", "001", "0001", "00001", "000001", "0" + "1" * 39, None]


def test_each_of_two_gives_up_after_each_of_the_first_moves(usual: list[Exercise]) -> None:
    [program] = [each.program for each in usual if each.purpose.startswith("post by two") and each.program.faults]
    given_up = [burst for burst in program.bursts if burst.faults]
    assert [str(burst.schedule) for burst in given_up] == ["02", "002", "0002", "00002", "000002"]


def test_the_system_is_restarted_in_the_middle_of_writes_if_the_target_says_how(
    signatures: Signatures, usual: list[Exercise]
) -> None:
    [program] = [each.program for each in usual if "restarts" in each.purpose]
    assert [str(burst.schedule) for burst in program.bursts if burst.faults] == ["01", "001", "0001"]
    assert {fault.kind for fault in program.faults} == {FaultKind.RESTART}
    silent = replace(signatures, vocabulary=replace(signatures.vocabulary, restarts=False))
    assert not any("restarts" in each.purpose for each in sweep(silent))


def test_whatever_can_be_asked_about_what_must_be_hidden_is_asked_once(
    signatures: Signatures, usual: list[Exercise]
) -> None:
    vocabulary = signatures.vocabulary
    asked = [
        (calls[1].operation, name)
        for exercise in usual
        if exercise.purpose.startswith("what exists is hidden")
        for calls in zip(exercise.program.calls, exercise.program.calls[1:], exercise.program.calls[2:], strict=False)
        if (name := probed_between(*calls))
    ]
    hidden = [(each.name, parameter.name) for each in vocabulary.operations for parameter in hiding(vocabulary, each)]
    assert sorted(asked) == sorted(hidden)


class Text(Secret):
    pass


class Who(User):
    id: str


class Me(Session):
    token: str


class Lone(Target):
    @operation
    async def sign_up(self, name: Name) -> tuple[Who, Me]: ...

    @operation
    async def note(self, me: Me, text: Text) -> None: ...

    @operation
    async def rename(self, who: Who) -> None:
        """Somebody else than a session does it."""


def test_what_no_session_can_do_has_no_program() -> None:
    purposes = {exercise.purpose for exercise in sweep(read_signatures(Lone), 3)}
    assert {purpose for purpose in purposes if "3 sessions" in purpose} == {
        "sign_up by 3 sessions at the same time",
        "note by 3 sessions at the same time",
    }


@pytest.mark.parametrize(("sessions", "times"), [(None, 1), (2, 1), (10, 1), (25, 2.5), (64, 6.4)])
def test_more_sessions_get_more_time(sessions: int | None, times: float) -> None:
    assert least_seconds(sessions) == LEAST_SECONDS * times
