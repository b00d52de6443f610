"""Whoever never had access to a thing is answered as if there were no such thing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from isofuzz.history.entries import Barrier, Completion, Invocation, Outcome
from isofuzz.oracles.explanation import explain, steps_involved
from isofuzz.oracles.judge import Judge
from isofuzz.program.steps import NeverIssued

if TYPE_CHECKING:
    from tests.unit.conftest import Op, Person, Story

    from isofuzz.program.steps import Ref

OK, REFUSED, INFO = Outcome.OK, Outcome.REFUSED, Outcome.INFO


@pytest.fixture
def ada(story: Story) -> Person:
    return story.sign_up("ada")


@pytest.fixture
def bob(story: Story) -> Person:
    return story.sign_up("bob")


@pytest.fixture
def room(ada: Person, bob: Person) -> Ref:
    """Ada's room, with which bob has nothing to do."""
    return makes(ada, "new_room", "r1")


def makes(person: Person, operation: str, written: str, **arguments: Any) -> Ref:
    op = person.does(operation, **arguments)
    history = person.story.history
    assert isinstance(history[-1], Completion)
    history[-1] = replace(history[-1], ids={0: (written,)})
    return op.made()


def starts(person: Person, operation: str, ids: dict[str, tuple[str, ...]], **arguments: Any) -> Op:
    op = person.starts(operation, **arguments)
    history = person.story.history
    assert isinstance(history[-1], Invocation)
    history[-1] = replace(history[-1], ids=ids)
    return op


def answered(person: Person, op: Op, answer: str, outcome: Outcome = REFUSED) -> None:
    person.story.history.append(Completion(op.step, outcome, (), answer))


def probes(
    person: Person,
    operation: str,
    thing: Ref,
    answers: tuple[str, str, str],
    outcomes: tuple[Outcome, Outcome, Outcome] = (REFUSED, REFUSED, REFUSED),
    *,
    ids: tuple[str, str, str] = ("r1000", "r1", "r1001"),
    parameter: str = "room",
    **others: Any,
) -> None:
    """Asks about what never existed, about the thing, and about what never existed."""
    kind = person.story.model.things[thing].spec.name
    about = (NeverIssued(kind, 0), thing, NeverIssued(kind, 1))
    for argument, written, answer, outcome in zip(about, ids, answers, outcomes, strict=True):
        op = starts(person, operation, {parameter: (written,)}, **{parameter: argument}, **others)
        answered(person, op, answer, outcome)


def alike(story: Story) -> int:
    judge = Judge(story.vocabulary)
    assert [violation for entry in story.history for violation in judge.feed(entry)] == []
    return judge.existence.alike.total()


NOT_FOUND = "Refused: not found"
FORBIDDEN = "Refused: forbidden"
TELLS = (NOT_FOUND, FORBIDDEN, NOT_FOUND)


class TestTold:
    def test_that_something_exists(self, story: Story, bob: Person, room: Ref) -> None:
        probes(bob, "history", room, TELLS)
        [violation] = story.violations
        assert violation.fingerprint == "existence:told:Room:history"
        assert (violation.user, violation.step, violation.instead) == (bob.user, 5, 4)
        assert (violation.text, violation.other) == (FORBIDDEN, NOT_FOUND)
        assert explain(story.program, story.history, violation, story.vocabulary) == (
            "User A (named 'bob') was told that B's Room (step 3) exists: step 5 `history` was refused with "
            "`Refused: forbidden`, and step 4, the same about a Room that never existed, was refused with "
            "`Refused: not found`. A was never given access to it, so both answers have to be the same."
        )
        assert steps_involved(story.history, violation, story.vocabulary) == (1, 2, 3, 4, 5, 6)

    def test_by_the_outcome_alone(self, story: Story, bob: Person, room: Ref) -> None:
        probes(bob, "history", room, ("", "", ""), (OK, REFUSED, OK))
        assert [violation.fingerprint for violation in story.violations] == ["existence:told:Room:history"]

    def test_by_what_an_accepted_call_returns(self, story: Story, bob: Person, room: Ref) -> None:
        probes(bob, "history", room, ("[]", '[{"title": "x"}]', "[]"), (OK, OK, OK))
        assert [violation.fingerprint for violation in story.violations] == ["existence:told:Room:history"]

    @pytest.mark.parametrize("codes", [("404", "403"), ("4404", "4403"), ("404", "409")])
    def test_by_a_code(self, story: Story, bob: Person, room: Ref, codes: tuple[str, str]) -> None:
        never, foreign = (f"HttpRefused: {code}" for code in codes)
        probes(bob, "history", room, (never, foreign, never))
        assert len(story.violations) == 1

    def test_by_a_write_and_of_a_record(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        message = makes(ada, "post", "7", room=room)
        own = makes(bob, "new_room", "r2")
        probes(bob, "edit", message, TELLS, ids=("1000", "7", "1001"), parameter="message")
        probes(bob, "read_message", message, TELLS, ids=("1000", "7", "1001"), parameter="message", room=own)
        assert [violation.fingerprint for violation in story.violations] == [
            "existence:told:Message:edit",
            "existence:told:Message:read_message",
        ]

    def test_beside_what_differs_in_any_case(self, story: Story, bob: Person, room: Ref) -> None:
        answers = ("not found, request 17 kxqp", "forbidden, request 18 mzvw", "not found, request 19 abxy")
        probes(bob, "history", room, answers)
        assert len(story.violations) == 1

    def test_in_the_part_of_a_long_answer_that_is_there(self, story: Story, bob: Person, room: Ref) -> None:
        probes(bob, "history", room, ("no such room a b c d…", "closed to you a b c d…", "no such room a b c d…"))
        assert len(story.violations) == 1

    def test_though_something_arrived_meanwhile(self, story: Story, bob: Person, room: Ref) -> None:
        sock = bob.does("connect").made()
        probes(bob, "history", room, TELLS)
        story.history.insert(-3, Barrier(sock, 1, orders=True))
        assert len(story.violations) == 1


class TestAlike:
    """Nothing is told by what differs for another reason."""

    @pytest.mark.parametrize(
        "answers",
        [
            (NOT_FOUND, NOT_FOUND, NOT_FOUND),
            ("no room r1000", "no room r1", "no room r1001"),
            ("no room R1000!", "no room R1!", "no room R1001!"),
            ("at 2026-01-01T10:00:00Z", "at 2026-01-01T10:00:00.25Z", "at 2026-01-01T10:00:00Z"),
            ("took 12", "took 9", "took 12"),
            ("took 412", "took 407", "took 412"),
            ("in 900 µs", "in 1.1 ms", "in 900 µs"),
            ("in 59 seconds", "in 1 minute 2 seconds", "in 59 seconds"),
            ('{"elapsed_ms": 404}', '{"elapsed_ms": 405}', '{"elapsed_ms": 404}'),
            ("node-1", "node-2", "node-1"),
            ("id 0b0cb3e8-8c4d-4c5b-8e53-6d1f0e0f7c11", "id 7d0cb3e8-8c4d-4c5b-8e53-6d1f0e0f7c12", "id 1"),
            ("request kxqp", "request mzvw", "request abxy"),
            ("a b x 1…", "a c x 2…", "a d y 3…"),
            ("not found and so forth…", "not found and so on or…", "not found and so forth…"),
        ],
    )
    def test_what_differs_anyway(self, story: Story, bob: Person, room: Ref, answers: tuple[str, str, str]) -> None:
        probes(bob, "history", room, answers)
        assert alike(story) == 1

    @pytest.mark.parametrize(
        "answers",
        [
            ("not found", "too many requests", "too many requests"),
            ("not found", "not found now", "too many requests, wait"),
            ("…cut before not found", "…cut before forbidden", "…cut before not found"),
        ],
    )
    def test_what_cannot_be_compared_is_neither(
        self, story: Story, bob: Person, room: Ref, answers: tuple[str, str, str]
    ) -> None:
        probes(bob, "history", room, answers)
        assert (alike(story), story.violations) == (0, [])

    @pytest.mark.parametrize(
        ("written", "answers"),
        [
            (("a", "b", "c"), ("a room a", "a room b", "a room c")),
            (("4", "404", "5"), ("404: no room 4", "404: no room 404", "404: no room 5")),
            (("a:b", "x:y", "c:d"), ('no "a:b"', 'no "x:y"', 'no "c:d"')),
            (("a/b", "x/y", "c/d"), ("GET /rooms/a%2Fb", "GET /rooms/x%2Fy", "GET /rooms/c%2Fd")),
            (('a"', "x", 'c"'), ('no \\"a\\"\\"', 'no \\"x\\"', 'no \\"c\\"\\"')),
        ],
    )
    def test_identifiers_as_the_system_writes_them(
        self,
        story: Story,
        ada: Person,
        bob: Person,
        written: tuple[str, str, str],
        answers: tuple[str, str, str],
    ) -> None:
        probes(bob, "history", makes(ada, "new_room", written[1]), answers, ids=written)
        assert alike(story) == 1

    def test_an_identifier_is_a_whole_word(self, story: Story, ada: Person, bob: Person) -> None:
        probes(bob, "history", makes(ada, "new_room", "4"), ("404", "403", "404"), ids=("10", "4", "11"))
        assert len(story.violations) == 1


class TestUnknown:
    """What could have another reason is no violation, and does not count as checked."""

    @pytest.mark.parametrize(
        "outcomes", [(REFUSED, INFO, REFUSED), (INFO, REFUSED, INFO), (REFUSED, OK, OK), (REFUSED, REFUSED, OK)]
    )
    def test_how_a_call_ended(
        self, story: Story, bob: Person, room: Ref, outcomes: tuple[Outcome, Outcome, Outcome]
    ) -> None:
        probes(bob, "history", room, TELLS, outcomes)
        assert alike(story) == 0

    def test_an_identifier_of_the_wrong_form(self, story: Story, bob: Person, room: Ref) -> None:
        probes(bob, "history", room, ("422 not a room id", "404 not found", "422 not a room id"))
        assert alike(story) == 0

    def test_of_what_one_has_access_to_or_had_or_may_have_had(
        self, story: Story, ada: Person, bob: Person, room: Ref
    ) -> None:
        ada.loses("invite", room=room, member=bob)
        probes(bob, "history", room, TELLS)
        ada.does("invite", room=room, member=bob)
        probes(bob, "history", room, (NOT_FOUND, "", NOT_FOUND), (REFUSED, OK, REFUSED))
        ada.does("kick", room=room, member=bob)
        probes(bob, "history", room, TELLS)
        assert alike(story) == 0

    def test_of_what_is_gone_or_may_be(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.loses("delete_room", room=room)
        probes(bob, "history", room, TELLS)
        ada.does("delete_room", room=room)
        probes(bob, "history", room, TELLS)
        assert alike(story) == 0

    def test_of_what_may_not_have_come_to_be(self, story: Story, ada: Person, bob: Person) -> None:
        made = ada.loses("new_room")
        probes(bob, "history", made.made(), TELLS)
        assert alike(story) == 0

    def test_with_something_else_between(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        for place in (1, 2):
            for number, argument in enumerate((NeverIssued("Room"), room, NeverIssued("Room", 1))):
                if number == place:
                    ada.does("overview")
                op = starts(bob, "history", {"room": (("r1000", "r1", "r1001")[number],)}, room=argument)
                answered(bob, op, TELLS[number])
        assert alike(story) == 0

    def test_with_something_else_at_the_same_time(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        other = ada.starts("overview")
        probes(bob, "history", room, TELLS)
        other.returns()
        assert alike(story) == 0

    def test_with_only_one_that_never_existed_or_the_same_twice(self, story: Story, bob: Person, room: Ref) -> None:
        for argument, written in ((NeverIssued("Room"), "r1000"), (room, "r1"), (NeverIssued("Room"), "r1000")):
            op = starts(bob, "history", {"room": (written,)}, room=argument)
            answered(bob, op, FORBIDDEN if argument == room else NOT_FOUND)
        assert alike(story) == 0

    def test_by_calls_that_differ_in_something_else(self, story: Story, bob: Person, room: Ref) -> None:
        asked = ((1, NeverIssued("Room"), "r9"), (2, room, "r1"), (1, NeverIssued("Room", 1), "r8"))
        for size, argument, written in asked:
            op = starts(bob, "page", {"room": (written,)}, room=argument, size=size)
            answered(bob, op, FORBIDDEN if argument == room else NOT_FOUND)
        assert alike(story) == 0

    def test_when_an_identifier_may_mean_something_else_too(
        self, story: Story, ada: Person, bob: Person, room: Ref
    ) -> None:
        message = makes(ada, "post", "1", room=room)
        own = makes(bob, "new_room", "r2")
        makes(bob, "post", "1", room=own)  # messages are numbered in each room anew
        probes(bob, "edit", message, TELLS, ids=("1000", "1", "1001"), parameter="message")
        assert alike(story) == 0

    def test_when_something_of_the_class_came_to_be_whose_identifier_is_not_known(
        self, story: Story, bob: Person, room: Ref
    ) -> None:
        bob.loses("new_room")
        probes(bob, "history", room, TELLS)
        assert alike(story) == 0

    def test_when_what_was_made_up_is_in_the_likeness_of_something_else(
        self, story: Story, ada: Person, bob: Person, room: Ref
    ) -> None:
        second = makes(ada, "new_room", "r2")
        probes(bob, "history", second, TELLS, ids=("r1000", "r2", "r1001"))
        assert alike(story) == 0

    def test_when_the_identifier_was_not_noted(self, story: Story, ada: Person, bob: Person) -> None:
        probes(bob, "history", ada.does("new_room").made(), TELLS)
        assert alike(story) == 0

    def test_of_users_whose_existence_is_no_secret(self, story: Story, ada: Person, bob: Person) -> None:
        probes(bob, "profile_of", ada.user, TELLS, ids=("u9", "u1", "u8"), parameter="who")
        assert alike(story) == 0
