"""The worked example of the explanation comes out as it says."""

from types import ModuleType

from isofuzz.history.entries import Completion, Entry, Invocation, Outcome
from isofuzz.oracles.judge import judge
from isofuzz.program.steps import Call, Literal, Ref, SecretText
from isofuzz.target.signatures import read_signatures

A, B, B_THEMSELF, ROOM = Ref(0, 1), Ref(1, 1), Ref(1, 0), Ref(2)
MESSAGE = 0


def before() -> list[Entry]:
    """A has a room with a message in it, and B is a member."""
    calls = [
        Call(0, "sign_up", {"name": Literal("a")}),
        Call(1, "sign_up", {"name": Literal("b")}),
        Call(2, "new_room", {"me": A}),
        Call(3, "post", {"me": A, "room": ROOM, "text": SecretText("{canary}")}),
        Call(4, "invite", {"me": A, "room": ROOM, "person": B_THEMSELF}),
    ]
    return [
        entry
        for call in calls
        for entry in (
            Invocation.of(call, {"text": MESSAGE} if call.operation == "post" else {}),
            Completion(call.number, Outcome.OK),
        )
    ]


REMOVE = Invocation.of(Call(5, "remove", {"me": A, "room": ROOM, "person": B_THEMSELF}), {})
READ = Invocation.of(Call(6, "read", {"me": B, "room": ROOM}), {})
READ_AGAIN = Invocation.of(Call(7, "read", {"me": B, "room": ROOM}), {})
REMOVED = Completion(5, Outcome.OK)


def test_while_the_removal_is_under_way_the_message_may_show_or_not(target: ModuleType) -> None:
    vocabulary = read_signatures(target.Chat).vocabulary
    for answer in (Completion(6, Outcome.OK, (MESSAGE,)), Completion(6, Outcome.REFUSED)):
        assert judge(vocabulary, [*before(), REMOVE, READ, answer, REMOVED]) == []


def test_afterwards_it_is_stale(target: ModuleType) -> None:
    vocabulary = read_signatures(target.Chat).vocabulary
    seen, again = Completion(6, Outcome.OK, (MESSAGE,)), Completion(7, Outcome.OK, (MESSAGE,))
    found = judge(vocabulary, [*before(), REMOVE, READ, seen, REMOVED, READ_AGAIN, again])

    assert [(violation.oracle, violation.breach, violation.step) for violation in found] == [("visibility", "stale", 7)]
