"""Two histories of one program are the same but for what a system numbers anew; else the first difference is named."""

from dataclasses import replace
from itertools import count
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isofuzz.engine.evidence import excerpt
from isofuzz.history.entries import (
    Barrier,
    Closed,
    Completion,
    Delivery,
    Entry,
    History,
    Invocation,
    Outcome,
    Skipped,
)
from isofuzz.history.sameness import Difference, first_difference, overlapping_steps
from isofuzz.program.canary import Mint
from isofuzz.program.steps import Ref

LINE, OTHER_LINE = Ref(0, 2), Ref(1, 2)
MINTED = count()


def did(
    step: int, operation: str = "do", *, writes: tuple[int, ...] = (), outcome: Outcome = Outcome.OK, **seen: Any
) -> History:
    """One step, invoked and completed."""
    canaries = {f"text{serial}": serial for serial in writes}
    return [Invocation(step, operation, {}, canaries), Completion(step, outcome, **seen)]


def canary() -> str:
    """The canary of another run: serials go on."""
    return Mint("abc123").mint(next(MINTED))


def event(*seen: int, text: str = "", on: Ref = LINE, reply: bool = False) -> Entry:
    return Delivery(on, seen, text, reply=reply)


SERIAL: History = [
    *did(0, "sign_in"),
    *did(1, "post", writes=(0,)),
    *did(2, "post", writes=(1,)),
    event(0, text="one"),
    event(1, text="two"),
    *did(3, "history", seen=(0, 1), text="one two"),
    Barrier(LINE, 8, orders=True),
]


def changed(history: History, at: int, **fields: Any) -> History:
    """The history with one entry changed."""
    return [replace(entry, **fields) if index == at else entry for index, entry in enumerate(history)]


def where(first: History, second: History) -> str | None:
    difference = first_difference(first, second)
    return difference.where if difference else None


class TestSteps:
    def test_the_same_history_is_the_same(self) -> None:
        assert first_difference(SERIAL, list(SERIAL)) is None
        assert first_difference([], []) is None

    def test_another_outcome(self) -> None:
        second = changed(SERIAL, 3, outcome=Outcome.REFUSED, text="not today")
        assert first_difference(SERIAL, second) == Difference(
            "step 1 (post)", "it succeeded", "it was refused: not today", controlled=True
        )

    def test_another_text_is_named_by_who_wrote_it(self) -> None:
        difference = first_difference(SERIAL, changed(SERIAL, 9, seen=(1, -7)))
        assert str(difference) == (
            "step 3 (history): the first time it succeeded, with the text of step 1, then of step 2: one two; "
            "the second time it succeeded, with the text of step 2, then of an earlier program: one two"
        )

    def test_another_order_of_texts(self) -> None:
        assert where(SERIAL, changed(SERIAL, 9, seen=(1, 0))) == "step 3 (history)"

    def test_other_words(self) -> None:
        assert where(SERIAL, changed(SERIAL, 9, text="one, two")) == "step 3 (history)"

    def test_a_step_that_was_skipped(self) -> None:
        second: History = [*SERIAL[:4], Skipped(2, "post"), *SERIAL[6:]]
        difference = first_difference(SERIAL, second)
        assert difference
        assert (difference.where, difference.second) == (
            "step 2 (post)",
            "it was skipped, for what it takes was not made",
        )
        assert where(second, list(second)) is None

    def test_a_step_that_never_ended_or_is_not_there(self) -> None:
        unfinished = [*did(0), Invocation(1, "post", {})]
        assert first_difference(unfinished, list(unfinished)) is None
        assert where(unfinished, [*did(0), *did(1, "post")]) == "step 1 (post)"
        assert where(did(0), [*did(0), *did(1, "post")]) == "step 1 (post)"

    def test_another_operation_is_a_difference(self) -> None:
        assert where(did(0, "post"), did(0, "read")) == "step 0 (post)"

    def test_the_earliest_is_named(self) -> None:
        second = changed(changed(SERIAL, 9, seen=()), 3, outcome=Outcome.INFO)
        assert where(SERIAL, second) == where(second, SERIAL) == "step 1 (post)"


class TestFrames:
    def test_when_a_frame_arrives_between_the_steps_does_not_matter(self) -> None:
        early, late = [*did(0), event(1), *did(1)], [*did(0), *did(1), event(1)]
        assert first_difference(early, late) is None

    def test_sockets_do_not_wait_for_one_another(self) -> None:
        first = [event(1), event(2, on=OTHER_LINE)]
        assert first_difference(first, first[::-1]) is None

    def test_replies_and_events_do_not_wait_for_one_another(self) -> None:
        first = [event(1), event(2, reply=True)]
        assert first_difference(first, first[::-1]) is None

    @pytest.mark.parametrize("reply", [False, True])
    def test_the_order_on_one_socket_matters(self, reply: bool) -> None:
        first = [*did(0, writes=(1, 2)), event(1, reply=reply), event(2, reply=reply)]
        difference = first_difference(first, [*first[:2], first[3], first[2]])
        assert difference
        kind = "reply" if reply else "event"
        assert difference.where == f"{kind} 1 on the socket that step 0 opened"

    def test_an_event_without_a_text_is_told_as_it_came(self) -> None:
        difference = first_difference([event(text="hello")], [event(text="good day")])
        assert difference
        assert (difference.first, difference.second) == ("hello", "good day")

    def test_an_event_that_is_missing_after_a_barrier(self) -> None:
        difference = first_difference(SERIAL, [*SERIAL[:7], *SERIAL[8:]])
        assert difference
        assert (difference.where, difference.first, difference.second) == (
            "event 2 on the socket that step 0 opened",
            "with the text of step 2: two",
            "there was none",
        )

    @pytest.mark.parametrize("end", [[], [Barrier(LINE, 0, orders=False)], [Barrier(OTHER_LINE, 0, orders=True)]])
    def test_an_event_that_may_only_be_late(self, end: History) -> None:
        first, second = [event(1), event(2), *end], [event(1), *end]
        assert first_difference(first, second) is first_difference(second, first) is None

    def test_a_reply_is_never_late(self) -> None:
        assert where([event(1, reply=True)], []) == "reply 1 on the socket that step 0 opened"

    def test_when_the_end_of_a_connection_is_noticed_does_not_matter(self) -> None:
        assert first_difference([*SERIAL, Closed(LINE)], SERIAL) is None


class TestControl:
    OVERLAPPING: ClassVar[History] = [
        *did(0, "sign_in"),
        Invocation(1, "read", {}),
        Invocation(2, "read", {}),
        Completion(2, Outcome.OK),
        Completion(1, Outcome.OK),
        *did(3, "post"),
    ]

    def test_steps_that_overlap(self) -> None:
        assert overlapping_steps(self.OVERLAPPING) == {1, 2}
        assert overlapping_steps(SERIAL) == set()
        assert overlapping_steps([Invocation(1, "read", {}), Skipped(2, "read"), *did(3)]) == {1, 3}

    def test_which_of_them_ends_first_does_not_matter(self) -> None:
        history = self.OVERLAPPING
        assert first_difference(history, [*history[:4], history[5], history[4], *history[6:]]) is None

    @pytest.mark.parametrize(("at", "controlled"), [(1, True), (4, False), (7, False)])
    def test_only_what_comes_before_is_controlled(self, at: int, controlled: bool) -> None:
        difference = first_difference(self.OVERLAPPING, changed(self.OVERLAPPING, at, outcome=Outcome.INFO))
        assert difference
        assert difference.controlled is controlled


SAME = [
    ("note 4", "note 12"),
    ('{"id": 4, "at": "2026-11-22T18:09:18.123+00:00"}', '{"id": 12, "at": "2026-11-22T18:09:19+00:00"}'),
    ('{"id": "1c8f-22", "took": 0.25}', '{"id": "9a00-f1", "took": 12.5e-3}'),
    ("/rooms/4/notes/7", "/rooms/12/notes/19"),
    ("token a-1_b2c3d4e5f6g7h8", "token aXbYcZdEfGhIjKlMn8"),
    ("token abcdefghijklmnopqrst", "token abcdefghij0mnopqrstu"),
    ("4", "5"),
]
OTHER = [
    ("not found", "forbidden"),
    ("not found", "found"),
    ("note 4", "note"),
    ("note 4", "note four"),
    ('{"id": 4}', '{"id": null}'),
    ('{"id": 4}', '{"key": 4}'),
    ("[4]", "[4, 5]"),
    ("TimeoutError: 4", "ConnectionError: 4"),
    ("ConnectionRefusedError", "ConnectionAbortedError"),
]


class TestTexts:
    """What an excerpt says, whatever the ids, times and random values in it."""

    @pytest.mark.parametrize(("first", "second"), SAME)
    def test_the_same(self, first: str, second: str) -> None:
        assert first_difference(did(0, text=first), did(0, text=second)) is None
        assert first_difference([event(text=first)], [event(text=second)]) is None

    @pytest.mark.parametrize(("first", "second"), OTHER)
    def test_another(self, first: str, second: str) -> None:
        assert where(did(0, text=first), did(0, text=second)) == "step 0 (do)"
        assert where(did(0, text=second), did(0, text=first)) == "step 0 (do)"

    def test_canaries_differ_from_run_to_run(self) -> None:
        first, second = (did(0, text=f"he wrote {canary()}!", seen=(0,)) for _ in range(2))
        assert first_difference(first, second) is None

    def test_what_is_cut_is_compared_as_far_as_it_goes(self) -> None:
        assert first_difference(did(0, text="one two three fo…"), did(0, text="one two three four five:…")) is None
        assert where(did(0, text="one two three fo…"), did(0, text="one other three fo…")) == "step 0 (do)"

    def test_a_token_that_is_cut_may_fall_into_two(self) -> None:
        first, second = (f"…{before} then {canary()}" for before in (":a: 1", " 219175 a:a: 2"))
        assert first_difference(did(0, text=first), did(0, text=second)) is None


words = st.text("abcxyz .:,'\"[]{}", max_size=12)
ids = st.integers(0, 10**6)


@st.composite
def renamed(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """What two runs show, as excerpts are made of it: words with ids between, each replaced everywhere by another."""
    numbers = draw(st.lists(ids, min_size=1, max_size=5, unique=True))
    others = draw(st.lists(ids, min_size=len(numbers), max_size=len(numbers), unique=True))
    rename = dict(zip(numbers, others, strict=True))
    told: tuple[list[str], list[str]] = ([], [])
    for _ in range(draw(st.integers(1, 4))):
        parts = draw(st.lists(st.tuples(words, st.sampled_from(numbers)), max_size=60))
        place = draw(st.none() | st.integers(0, len(parts)))
        for texts, names in zip(told, ({number: number for number in numbers}, rename), strict=True):
            pieces = [f"{word} {names[number]} " for word, number in parts]
            if place is not None:
                pieces.insert(place, f"{canary()} ")
            texts.append(excerpt(["".join(pieces)]))
    return told


class TestRenaming:
    @given(renamed())
    def test_ids_may_be_others_as_long_as_all_else_is_the_same(self, told: tuple[list[str], list[str]]) -> None:
        first, second = (
            [entry for step, text in enumerate(texts) for entry in (*did(step, text=text), event(text=text))]
            for texts in told
        )
        assert first_difference(first, second) is None

    @given(
        st.lists(st.tuples(st.sampled_from(Outcome), st.lists(st.integers(0, 9), unique=True)), min_size=1),
        st.data(),
    )
    def test_one_step_that_does_otherwise_is_found(
        self, steps: list[tuple[Outcome, list[int]]], data: st.DataObject
    ) -> None:
        history = [
            entry
            for step, (outcome, seen) in enumerate(steps)
            for entry in did(step, outcome=outcome, seen=tuple(seen))
        ]
        other = data.draw(st.integers(0, len(steps) - 1))
        outcome, seen = steps[other]
        fields = data.draw(
            st.sampled_from(
                [{"outcome": each} for each in Outcome if each is not outcome]
                + [{"seen": (*seen, 99)}, *([{"seen": tuple(seen[1:])}] if seen else [])]
            )
        )
        second = changed(history, 2 * other + 1, **fields)
        assert where(history, second) == where(second, history) == f"step {other} (do)"
