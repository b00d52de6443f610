"""Where two histories differ for one user: word by word, and never because of how things are called."""

from collections.abc import Mapping

import pytest

from isofuzz.history.entries import Barrier, Closed, Completion, Delivery, Entry, Invocation, Outcome, Skipped
from isofuzz.oracles.observations import (
    Differences,
    Events,
    Observation,
    Observed,
    Viewpoint,
    differences,
    observed,
)
from isofuzz.program.steps import Ref

SOCK = Ref(1)
WHERE = Viewpoint(frozenset({2, 3}), frozenset({SOCK}))

Ids = Mapping[int, tuple[str, ...]]


def step(
    number: int, text: str = "", *, outcome: Outcome = Outcome.OK, ids: Ids | None = None, named: tuple[str, ...] = ()
) -> list[Entry]:
    arguments = {"room": named} if named else {}
    return [
        Invocation(number, "look", {}, ids=arguments),
        Completion(number, outcome, text=text, ids=ids or {}),
    ]


def pushed(*texts: str, socket: Ref = SOCK, reply: bool = False) -> list[Entry]:
    return [Delivery(socket, text=text, reply=reply) for text in texts]


def settled(history: list[Entry], *, orders: bool = True) -> list[Entry]:
    """The history, with a barrier at its end."""
    return [*history, Barrier(SOCK, len(history), orders)]


def between(one: list[Entry], other: list[Entry]) -> Differences:
    return differences(observed(one, WHERE), observed(other, WHERE))


def differs(one: str, other: str) -> bool:
    """Does the answer to one step?"""
    return bool(between(step(2, one), step(2, other)))


class TestWhatIsObserved:
    def test_only_what_is_seen_from_there(self) -> None:
        history = [*step(2, "mine"), *step(4, "not mine"), *pushed("an event"), *pushed("not mine", socket=Ref(9))]
        assert dict(observed(history, WHERE).places) == {
            2: [Observation(1, "mine", Outcome.OK)],
            Events(SOCK): [Observation(4, "an event")],
        }

    def test_what_somebody_asked_for_on_a_socket_is_no_event(self) -> None:
        assert not observed(pushed("a reply", reply=True), WHERE).places

    def test_nothing_from_the_step_on_that_is_the_end(self) -> None:
        history = [*step(2, "one"), *pushed("an event"), *step(3, "two"), *pushed("another")]
        seen = observed(history, WHERE, 3)
        assert [[each.text for each in place] for place in seen.places.values()] == [["one"], ["an event"]]
        skipped: list[Entry] = [*step(2, "one"), Skipped(3, "look"), *step(4, "two"), *pushed("another")]
        assert list(observed(skipped, WHERE, 3).places) == [2]

    @pytest.mark.parametrize(
        ("identifier", "written"), [(("a/b",), ("a", "/", "b")), (("7", "x y"), ("7", "x", "y")), (("4.5",), ("4.5",))]
    )
    def test_an_identifier_is_cut_like_the_text(self, identifier: tuple[str, ...], written: tuple[str, ...]) -> None:
        assert observed(step(2, ids={0: identifier}), WHERE).ids == {(2, 0): written}


class TestAnswers:
    @pytest.mark.parametrize(
        "text", ["", "nothing", '{"rooms": [1, 2], "at": "9:05"}', "◇4 and ◇12", "404 · not found"]
    )
    def test_equal_texts_do_not_differ(self, text: str) -> None:
        assert not differs(text, text)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ('{"threads": 2}', '{"threads": 1}'),
            ("404 no such room", "403 not your room"),
            ("[4, 7]", "[7, 4]"),
            ("◇4", "◇6"),
            ("[1, 2, 3]", "[1, 2]"),
            ("yes", ""),
            ("typing…", "typing!"),
        ],
    )
    def test_others_do(self, one: str, other: str) -> None:
        assert differs(one, other)
        assert differs(other, one)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("at 2026-11-22 21:41:32.5+01", "at 2026-11-22 21:41:33.25+01"),
            ('{"at": "2026-11-22T21:41:32Z"}', '{"at": "2026-11-22T21:41:33.000001Z"}'),
            ('{"at": 1795383692}', '{"at": 1795383694.5}'),
            ("request 0b5c7a1e-8f7f-4a5c-9b57-0d9f3f6f2b11", "request f2b9d6a0-1111-4c5e-8a8a-7d1f00000001"),
        ],
    )
    def test_times_and_random_values_do_not(self, one: str, other: str) -> None:
        assert not differs(one, other)

    def test_another_outcome_is_a_difference_whatever_was_said(self) -> None:
        assert between(step(2, "no"), step(2, "no", outcome=Outcome.REFUSED)) == {2: {(0,)}}

    def test_a_step_that_was_not_done_in_one_is_unknown(self) -> None:
        assert between([*step(2, "4"), *step(3, "5")], step(2, "4")) == {}


class TestIdentifiers:
    def test_they_stand_for_their_things(self) -> None:
        one = [*step(2, "made 14", ids={0: ("14",)}), *step(3, "rooms/14.json room:14 14")]
        other = [*step(2, "made 7", ids={0: ("7",)}), *step(3, "rooms/7.json room:7 7")]
        assert between(one, other) == {}

    def test_another_thing_is_a_difference(self) -> None:
        one = [*step(2, "14", ids={0: ("14",), 1: ("20",)}), *step(3, "14")]
        other = [*step(2, "7", ids={0: ("7",), 1: ("30",)}), *step(3, "30")]
        assert between(one, other) == {3: {(0, 0)}}

    def test_a_count_beside_an_identifier_is_told_apart(self) -> None:
        """The identifier 4 is 9 in the other run; a count of 4 is not."""
        one = step(2, '{"id": 4, "count": 4}', ids={0: ("4",)})
        assert between(one, step(2, '{"id": 9, "count": 9}', ids={0: ("9",)})) == {}
        [spots] = between(one, step(2, '{"id": 9, "count": 3}', ids={0: ("9",)})).values()
        assert spots == {(0, 0, 1, 4)}

    def test_two_kinds_of_things_may_have_the_same_identifiers(self) -> None:
        one = [*step(2, "1 1 2", ids={0: ("1",), 1: ("1",), 2: ("2",)})]
        other = [*step(2, "5 8 9", ids={0: ("5",), 1: ("8",), 2: ("9",)})]
        assert between(one, other) == {}

    def test_what_was_never_issued_stands_for_what_is_gone(self) -> None:
        one = step(2, "no room 14", named=("14",), outcome=Outcome.REFUSED)
        other = step(2, "no room 999", named=("999",), outcome=Outcome.REFUSED)
        assert between(one, other) == {}

    def test_they_may_have_parts_and_punctuation(self) -> None:
        one = [*step(2, ids={0: ("a/4", "x")}), *step(3, "a/4 in x")]
        other = [*step(2, ids={0: ("b/5", "y")}), *step(3, "b/5 in y")]
        assert between(one, other) == {}

    def test_those_of_things_that_are_not_in_both_are_not_renamed(self) -> None:
        assert between(step(2, "4", ids={0: ("4",)}), step(2, "5", ids={1: ("5",)})) == {2: {(0, 0)}}


class TestEvents:
    def test_one_more_and_one_less_are_differences_once_all_have_arrived(self) -> None:
        one, other = settled([*step(4), *pushed("a", "b")]), settled([*step(4), *pushed("a")])
        assert between(one, other) == between(other, one) == {Events(SOCK): {()}}

    def test_until_then_what_is_missing_may_only_be_late(self) -> None:
        one = settled([*step(4), *pushed("a", "b")])
        for late in ([*settled([*step(4), *pushed("a")]), *step(5)], settled([*step(4), *pushed("a")], orders=False)):
            assert between(one, late) == between(late, one) == {}

    def test_what_arrived_is_compared_none_the_less(self) -> None:
        assert between([*step(4), *pushed("a", "b")], [*step(4), *pushed("a", "c", "d")]) == {Events(SOCK): {(1, 0)}}

    def test_what_was_sent_before_a_socket_was_closed_has_arrived(self) -> None:
        one = [*settled([*step(4), *pushed("a")]), Closed(SOCK), *step(5)]
        other = [*settled(step(4)), Closed(SOCK), *step(5)]
        assert between(one, other) == {Events(SOCK): {()}}
        assert between(one, [*step(4), Closed(SOCK), *step(5)]) == {}

    def test_a_socket_without_any_event_is_compared(self) -> None:
        assert between(settled(step(4)), settled([*step(4), *pushed("typing")])) == {Events(SOCK): {()}}


class TestKinds:
    """Where everything has arrived, each kind of event is compared by itself."""

    def between(self, one: list[Entry], other: list[Entry]) -> Differences:
        first, second = observed(settled(one), WHERE), observed(settled(other), WHERE)
        return differences(first.kind_by_kind({SOCK}), second.kind_by_kind({SOCK}))

    def test_one_more_of_a_kind_is_no_difference_in_the_others(self) -> None:
        one = pushed('{"event": "joined"}', '{"event": "posted", "n": 1}')
        assert self.between(one, pushed('{"event": "posted", "n": 1}')) == {Events(SOCK, "joined"): {()}}
        assert set(self.between(one, pushed('{"event": "posted", "n": 2}'))) == {
            Events(SOCK, "joined"),
            Events(SOCK, "posted"),
        }

    def test_another_order_is_a_difference(self) -> None:
        one = pushed('{"event": "joined"}', '{"event": "posted"}', '{"event": "left"}')
        other = pushed('{"event": "posted"}', '{"event": "joined"}', '{"event": "left"}')
        assert self.between(one, other) == {Events(SOCK, "joined"): {()}, Events(SOCK, "posted"): {()}}

    def test_on_other_sockets_they_are_compared_one_by_one(self) -> None:
        seen = observed(pushed('{"event": "joined"}', '{"event": "posted"}'), WHERE)
        assert seen.kind_by_kind(set()) == seen
        assert list(seen.places) == [Events(SOCK)]


def test_what_was_observed_and_nothing_else_is_compared() -> None:
    assert observed([], WHERE) == Observed({}, {}, frozenset())
    assert between([], []) == {}
