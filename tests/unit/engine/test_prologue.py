"""A program begins with users who have what the operations need, one of them let into another's thread."""

from dataclasses import replace

import pytest

from isofuzz.engine.composer import Composer
from isofuzz.engine.plan import Plan
from isofuzz.engine.prologue import coming_back, crowd, prologue
from isofuzz.program.steps import Call, Literal, Ref
from isofuzz.program.vocabulary import Kind
from isofuzz.target.signatures import Signatures


def opening(signatures: Signatures, *names: str, share: bool = True, **options: tuple[Kind, ...]) -> list[Call]:
    users = [Plan(signatures, name=name) for name in names]
    return list(prologue(Composer(signatures.vocabulary), users, share=share, **options))


def outline(calls: list[Call]) -> list[tuple[str, object]]:
    """Operation and actor of each step."""
    return [(call.operation, call.arguments.get("me")) for call in calls]


ADA, BEN = Ref(0, 1), Ref(1, 1)


def test_each_user_signs_in_under_their_own_name(signatures: Signatures) -> None:
    calls = opening(signatures, "ada", "ben")
    assert [call.arguments["name"] for call in calls if call.operation == "sign_in"] == [
        Literal("ada"),
        Literal("ben"),
    ]


def test_each_user_gets_one_of_everything(signatures: Signatures) -> None:
    equipped = ["open_thread", "post", "subscribe"]
    calls = outline(opening(signatures, "ada", "ben", share=False))
    assert calls[2:] == [(name, ADA) for name in equipped] + [(name, BEN) for name in equipped]


def test_the_first_user_shares_with_the_second_who_subscribes_to_what_is_shared(signatures: Signatures) -> None:
    calls = opening(signatures, "ada", "ben")
    room = next(Ref(call.number) for call in calls if call.operation == "open_thread")
    invite, subscribe = calls[-2:]
    assert invite.operation == "invite"
    assert invite.arguments == {"me": ADA, "room": room, "member": Ref(1, 0)}
    assert subscribe.operation == "subscribe"
    assert subscribe.arguments == {"me": BEN, "line": Ref(1, 2), "room": room}


def test_further_users_are_strangers(signatures: Signatures) -> None:
    calls = opening(signatures, "ada", "ben", "cleo")
    shared = next(Ref(call.number) for call in calls if call.operation == "open_thread")
    of_cleo = [call for call in calls if call.arguments.get("me") == Ref(2, 1)]
    assert of_cleo
    assert all(shared not in call.references() for call in of_cleo)


@pytest.mark.parametrize("names", [("ada",), ("ada", "ben")])
def test_nobody_shares_when_alone_or_when_told_not_to(signatures: Signatures, names: tuple[str, ...]) -> None:
    calls = opening(signatures, *names, share=len(names) == 1)
    assert "invite" not in [call.operation for call in calls]


def test_who_has_the_same_name_as_another_lacks_nothing_that_the_other_has(signatures: Signatures) -> None:
    calls = opening(signatures, "ada", "ada")
    assert [name for name, _ in outline(calls)].count("open_thread") == 1


def test_only_the_equipment_that_is_asked_for(signatures: Signatures) -> None:
    assert outline(opening(signatures, "ada", "ben", share=False, equipment=())) == [
        ("sign_in", None),
        ("sign_in", None),
    ]
    threads = opening(signatures, "ada", share=False, equipment=(Kind.THREAD,))
    assert [call.operation for call in threads] == ["sign_in", "open_thread"]


def came_back(composer: Composer, signatures: Signatures) -> list[tuple[str, object, object]]:
    """Operation, actor and socket of each step by which everybody comes back."""
    calls = coming_back(composer, Plan(signatures))
    return [(call.operation, call.arguments["me"], call.arguments.get("line")) for call in calls]


def test_who_lost_all_connections_resumes_each_and_subscribes_again(signatures: Signatures) -> None:
    composer = Composer(signatures.vocabulary)
    begun = list(prologue(composer, [Plan(signatures, name=name) for name in ("ada", "ben")]))
    connect = composer.compose(signatures.vocabulary.operation("connect"), Plan(signatures), session=BEN)
    assert connect
    place = len(begun) + 1
    assert came_back(composer, signatures) == [
        ("resume", ADA, Ref(0, 2)),
        ("subscribe", ADA, Ref(place)),
        ("resume", BEN, Ref(1, 2)),
        ("resume", BEN, Ref(connect.number)),
        ("subscribe", BEN, Ref(place + 3)),
    ]
    assert came_back(composer, signatures)[0] == ("resume", ADA, Ref(place))


def test_where_nothing_can_be_resumed_another_is_opened(signatures: Signatures) -> None:
    vocabulary = signatures.vocabulary
    others = tuple(operation for operation in vocabulary.operations if operation.name != "resume")
    composer = Composer(replace(vocabulary, operations=others))
    begun = list(prologue(composer, [Plan(signatures, name="ada")]))
    assert came_back(composer, signatures) == [("connect", ADA, None), ("subscribe", ADA, Ref(len(begun)))]


class TestAgain:
    """Once more in a program under way: only what has come to lack."""

    def again(self, signatures: Signatures, *ended: str) -> list[str]:
        composer = Composer(signatures.vocabulary)
        users = [Plan(signatures, name=name) for name in ("ada", "ben")]
        list(prologue(composer, users, share=False))
        for name in ended:
            for session in composer.sessions():
                composer.compose(signatures.vocabulary.operation(name), users[0], session=session.ref)
        return [call.operation for call in prologue(composer, users, share=False)]

    def test_nothing_is_done_where_nothing_lacks(self, signatures: Signatures) -> None:
        assert self.again(signatures) == []

    def test_what_was_deleted_is_made_anew(self, signatures: Signatures) -> None:
        assert self.again(signatures, "delete_message") == ["post", "post"]

    def test_who_was_logged_out_signs_in_anew(self, signatures: Signatures) -> None:
        assert self.again(signatures, "log_out") == ["sign_in", "sign_in"]


class TestCrowd:
    def test_it_begins_with_the_names_that_there_are_each_once(self) -> None:
        assert crowd(["b", "a", "b"], 4) == ["b", "a", "user1", "user2"]

    def test_it_is_no_larger_than_was_asked(self) -> None:
        assert crowd(["a", "b", "c"], 2) == ["a", "b"]

    def test_all_names_differ_even_from_those_that_look_made_up(self) -> None:
        names = crowd(["user2", "user64"], 64)
        assert len(set(names)) == len(names) == 64
