"""What one user observes with and without the others is compared, and noise is none of it.

Always the same is done: ada and bob sign up, bob connects, ada makes a room and posts there, bob makes one, looks at
what is his, and ada looks at what is hers. For bob, what ada does in her room is left out.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from isofuzz.history.entries import Barrier, Completion, Delivery, History, Outcome
from isofuzz.history.model import Model
from isofuzz.oracles.noninterference import Interference
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import Ref

if TYPE_CHECKING:
    from tests.unit.conftest import Story

ADA, BOB, SOCK, ADAS, BOBS = Ref(1), Ref(2), Ref(3), Ref(4), Ref(6)
STRANGE = frozenset({4, 5})
LOOK, BOBS_ROOM, HISTORY, ADA_LOOKS = 7, 6, 8, 9


class Telling:
    """Tells what is done, once with and once without the strange steps."""

    def __init__(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        bob.does("connect")
        ada.does("post", room=ada.does("new_room").made())
        room = bob.does("new_room").made()
        bob.does("overview")
        bob.does("history", room=room)
        ada.does("overview")
        self._story = story

    def model(self, history: History) -> Model:
        model = Model(self._story.vocabulary)
        for at, entry in enumerate(history):
            model.feed(at, entry)
        return model

    def run(
        self,
        answers: Mapping[int, str] | None = None,
        *,
        events: Mapping[int, Sequence[str]] | None = None,
        ended: Mapping[int, Outcome] | None = None,
        ids: Mapping[int, str] | None = None,
        without: frozenset[int] = frozenset(),
        orders: bool = True,
    ) -> History:
        """One run: what was answered to which step, what was pushed to bob after which, and how each step ended."""
        history: History = []
        for entry in self._story.history:
            if getattr(entry, "step", None) in without:
                continue
            if isinstance(entry, Completion):
                step = entry.step
                made = {0: (ids[step],)} if ids and step in ids else {}
                outcome = (ended or {}).get(step, Outcome.OK)
                history.append(replace(entry, text=(answers or {}).get(step, ""), ids=made, outcome=outcome))
                history += [Delivery(SOCK, text=text) for text in (events or {}).get(step, ())]
                history.append(Barrier(SOCK, len(history), orders))
            else:
                history.append(entry)
        return history

    def alone(self, answers: Mapping[int, str] | None = None, **how: Mapping[int, object] | bool) -> History:
        return self.run(answers, without=STRANGE, **how)  # type: ignore[arg-type]  # as for `run`

    def interference(self, complete: Sequence[History], purged: Sequence[History]) -> Interference:
        model = self.model(complete[0])
        return Interference(model, model.things[BOB], STRANGE, complete, purged)

    def differences(self, complete: Sequence[History], purged: Sequence[History]) -> list[str]:
        return [shown(violation) for violation in self.interference(complete, purged).violations]


def shown(violation: Violation) -> str:
    return f"{violation.observer}: {violation.text or 'nothing'} | {violation.other or 'nothing'}"


@pytest.fixture
def telling(story: "Story") -> Telling:
    return Telling(story)


def test_what_is_the_same_is_no_interference(telling: Telling) -> None:
    answers = {LOOK: '{"rooms": [6]}', HISTORY: "[]"}
    assert telling.differences([telling.run(answers)] * 2, [telling.alone(answers)]) == []


def test_a_count_of_everybodys_rooms_is(telling: Telling) -> None:
    complete, purged = telling.run({LOOK: '{"rooms": 2}'}), telling.alone({LOOK: '{"rooms": 1}'})
    [violation] = telling.interference([complete] * 2, [purged]).violations
    assert violation == Violation(
        oracle=Oracle.NONINTERFERENCE,
        breach=Breach.INTERFERED,
        at=next(at for at, entry in enumerate(complete) if isinstance(entry, Completion) and entry.step == LOOK),
        user=BOB,
        boundary="",
        observer="overview",
        step=LOOK,
        text='{"rooms": 2}',
        other='{"rooms": 1}',
        without=(4, 5),
    )
    assert violation.fingerprint == "noninterference:interfered:overview"


def test_an_event_without_a_text_is(telling: Telling) -> None:
    complete, purged = telling.run(events={5: ["somebody types"]}), telling.alone()
    [violation] = telling.interference([complete] * 2, [purged]).violations
    assert (violation.socket, violation.step, violation.observer) == (SOCK, None, "frame")
    assert (violation.text, violation.other) == ("somebody types", "")
    assert complete[violation.at] == Delivery(SOCK, text="somebody types")


def event(kind: str) -> str:
    return json.dumps({"event": kind})


def test_each_kind_of_event_is_a_finding_of_its_own(telling: Telling) -> None:
    joined, deleted, posted = map(event, ("joined", "deleted", "posted"))
    complete = telling.run(events={5: [joined, deleted], 7: [posted]})
    purged = telling.alone(events={7: [posted]})
    violations = telling.interference([complete] * 2, [purged]).violations
    assert [(each.kind, each.text, each.other) for each in violations] == [
        ("joined", joined, ""),
        ("deleted", deleted, ""),
    ]
    assert violations[0].fingerprint == "noninterference:interfered:frame:joined"


def test_where_events_may_be_late_the_first_difference_says_of_which_kind(telling: Telling) -> None:
    joined, posted = map(event, ("joined", "posted"))
    complete = telling.run(events={5: [joined], 7: [posted]}, orders=False)
    purged = telling.alone(events={7: [posted]}, orders=False)
    [violation] = telling.interference([complete] * 2, [purged]).violations
    assert (violation.kind, violation.text, violation.other) == ("joined", joined, posted)


def test_another_order_of_events_is(telling: Telling) -> None:
    joined, posted = map(event, ("joined", "posted"))
    complete, purged = telling.run(events={7: [joined, posted]}), telling.alone(events={7: [posted, joined]})
    first, second = telling.interference([complete] * 2, [purged]).violations
    assert (first.text, first.other) == (second.text, second.other) == ("joined, posted", "posted, joined")


def test_so_is_an_event_that_others_keep_from_coming(telling: Telling) -> None:
    complete, purged = telling.run(events={6: ["made"]}), telling.alone(events={6: ["made"], 7: ["looked"]})
    [violation] = telling.interference([complete] * 2, [purged]).violations
    assert (violation.text, violation.other) == ("", "looked")
    assert violation.at < len(complete)


def test_an_event_that_may_only_be_late_is_not(telling: Telling) -> None:
    complete, purged = telling.run(events={8: ["last"]}, orders=False), telling.alone(orders=False)
    assert telling.differences([complete] * 2, [purged]) == []


def test_another_refusal_is(telling: Telling) -> None:
    refused = {HISTORY: Outcome.REFUSED}
    complete, purged = (
        telling.run({HISTORY: "403 not yours"}, ended=refused),
        telling.alone({HISTORY: "404 not found"}, ended=refused),
    )
    assert telling.differences([complete] * 2, [purged]) == ["history: 403 not yours | 404 not found"]


def test_a_refusal_instead_of_an_answer_is_told_with_how_it_ended(telling: Telling) -> None:
    """A key that is unique over all users, for instance."""
    complete = telling.run({BOBS_ROOM: "taken"}, ended={BOBS_ROOM: Outcome.REFUSED})
    purged = telling.alone({BOBS_ROOM: "made"})
    assert telling.differences([complete] * 2, [purged]) == ["new_room: refused: taken | ok: made"]


def test_the_order_of_a_list_is(telling: Telling) -> None:
    complete, purged = telling.run({LOOK: '["x", "y"]'}), telling.alone({LOOK: '["y", "x"]'})
    assert telling.differences([complete] * 2, [purged]) == ['overview: ["x", "y"] | ["y", "x"]']


def test_all_that_differs_is_told_in_the_order_in_which_it_showed(telling: Telling) -> None:
    complete = telling.run({LOOK: "2", HISTORY: "5"}, events={6: ["2 rooms"]})
    purged = telling.alone({LOOK: "1", HISTORY: "4"}, events={6: ["1 rooms"]})
    assert telling.differences([complete] * 2, [purged]) == [
        "frame: 2 rooms | 1 rooms",
        "overview: 2 | 1",
        "history: 5 | 4",
    ]


def test_what_others_observe_is_their_business(telling: Telling) -> None:
    assert telling.differences([telling.run({ADA_LOOKS: "1"})] * 2, [telling.alone({ADA_LOOKS: "0"})]) == []


def test_what_differs_before_anything_was_left_out_has_another_reason(telling: Telling) -> None:
    assert telling.differences([telling.run({2: "bob 1"})] * 2, [telling.alone({2: "bob 0"})]) == []


def test_identifiers_stand_for_their_things(telling: Telling) -> None:
    answers, others = {LOOK: "room:31 31.json"}, {LOOK: "room:9 9.json"}
    complete, purged = telling.run(answers, ids={4: "30", 6: "31"}), telling.alone(others, ids={6: "9"})
    assert telling.differences([complete] * 2, [purged]) == []


def test_a_strangers_identifier_stands_for_nothing_of_the_users(telling: Telling) -> None:
    answers, others = {LOOK: "newest 30"}, {LOOK: "newest 9"}
    complete, purged = telling.run(answers, ids={4: "30", 6: "31"}), telling.alone(others, ids={6: "9"})
    assert telling.differences([complete] * 2, [purged]) == ["overview: newest 30 | newest 9"]


class TestNoise:
    def test_what_differs_between_two_runs_of_the_same_is_masked(self, telling: Telling) -> None:
        complete = [telling.run({LOOK: f"in {ms} ms"}) for ms in (3, 4)]
        assert telling.differences(complete, [telling.alone({LOOK: "in 2 ms"})]) == []

    def test_and_only_that_word(self, telling: Telling) -> None:
        complete = [telling.run({LOOK: f"2 rooms in {ms} ms"}) for ms in (3, 4)]
        purged = [telling.alone({LOOK: "1 rooms in 2 ms"})]
        assert telling.differences(complete, purged) == ["overview: 2 rooms in 3 ms | 1 rooms in 2 ms"]

    def test_noise_of_the_purged_program_counts_too(self, telling: Telling) -> None:
        purged = [telling.alone({LOOK: f"in {ms} ms"}) for ms in (2, 4)]
        assert telling.differences([telling.run({LOOK: "in 3 ms"})] * 2, purged) == []

    def test_noise_that_shows_late_counts(self, telling: Telling) -> None:
        complete = [telling.run({LOOK: text}) for text in ("a b", "a b", "a b", "b a")]
        assert telling.differences(complete, [telling.alone({LOOK: "b a"})] * 3) == []
        assert telling.differences(complete[:3], [telling.alone({LOOK: "b a"})] * 3)

    def test_a_list_of_another_length_makes_the_whole_answer_noise(self, telling: Telling) -> None:
        complete = [telling.run({LOOK: text}) for text in ("[1]", "[1, 2]")]
        assert telling.differences(complete, [telling.alone({LOOK: "[7]"})]) == []

    def test_a_word_that_is_noise_hides_no_list_of_another_length(self, telling: Telling) -> None:
        complete = [telling.run({LOOK: text}) for text in ("[1, 2]", "[1, 3]")]
        assert telling.differences(complete, [telling.alone({LOOK: "[1]"})]) == ["overview: [1, 2] | [1]"]

    def test_events_of_which_there_are_sometimes_more_are_noise(self, telling: Telling) -> None:
        complete = [telling.run(events={8: beats}) for beats in (["beat"], [])]
        assert telling.differences(complete, [telling.alone(events={8: ["beat"] * 3})]) == []

    def test_an_event_that_is_noise_hides_no_other(self, telling: Telling) -> None:
        complete = [telling.run(events={6: [text, "2"]}) for text in ("load 5", "load 6")]
        assert telling.differences(complete, [telling.alone(events={6: ["load 4", "1"]})]) == ["frame: 2 | 1"]

    def test_a_noisy_answer_hides_no_other(self, telling: Telling) -> None:
        complete = [telling.run({LOOK: text, HISTORY: "2"}) for text in ("a", "b")]
        assert telling.differences(complete, [telling.alone({LOOK: "c", HISTORY: "1"})]) == ["history: 2 | 1"]


class TestUnknown:
    """From where something unexpected happened, a difference may have another reason."""

    @pytest.mark.parametrize("step", [BOBS_ROOM, LOOK])
    def test_after_a_step_that_ended_unexpectedly_in_any_run(self, telling: Telling, step: int) -> None:
        lost = {step: Outcome.INFO}
        complete, purged = {HISTORY: "[2]", LOOK: "2"}, {HISTORY: "[1]", LOOK: "1"}
        runs = [telling.run(complete), telling.run(complete), telling.alone(purged)]
        again = [
            telling.run(complete, ended=lost),
            telling.run(complete, ended=lost),
            telling.alone(purged, ended=lost),
        ]
        assert telling.differences(runs[:2], runs[2:])
        for index in range(3):
            mixed = [*runs[:index], again[index], *runs[index + 1 :]]
            assert telling.differences(mixed[:2], mixed[2:]) == []

    def test_not_before_it(self, telling: Telling) -> None:
        lost = {HISTORY: Outcome.INFO}
        complete, purged = telling.run({LOOK: "2"}, ended=lost), telling.alone({LOOK: "1"}, ended=lost)
        assert telling.differences([complete] * 2, [purged]) == ["overview: 2 | 1"]

    def test_not_for_a_step_that_was_left_out(self, telling: Telling) -> None:
        complete = telling.run({LOOK: "2"}, ended={5: Outcome.INFO})
        assert telling.differences([complete] * 2, [telling.alone({LOOK: "1"})]) == ["overview: 2 | 1"]

    def test_after_others_were_answered_differently(self, story: "Story") -> None:
        """A limit on how much one may do is their own: what they then cannot do with the user may well be missing."""
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        shared = bob.does("new_room").made()
        bob.does("invite", room=shared, member=ada)
        own = ada.does("new_room")
        post = ada.is_refused("post", room=shared)
        read = bob.does("history", room=shared)
        without = frozenset({own.step})

        def told(answer: str, outcome: Outcome, left_out: frozenset[int]) -> History:
            changes = {post.step: outcome}
            return [
                replace(
                    entry,
                    outcome=changes.get(entry.step, entry.outcome),
                    text=answer if entry.step == read.step else "",
                )
                if isinstance(entry, Completion)
                else entry
                for entry in story.history
                if getattr(entry, "step", None) not in left_out
            ]

        model = story.model
        complete = told("[]", Outcome.REFUSED, frozenset())
        limited = Interference(
            model, model.things[bob.user], without, [complete] * 2, [told("[1]", Outcome.OK, without)]
        )
        assert limited.violations == []
        assert read.step not in limited.compared
        equal = Interference(
            model, model.things[bob.user], without, [complete] * 2, [told("[1]", Outcome.REFUSED, without)]
        )
        assert [shown(violation) for violation in equal.violations] == ["history: [] | [1]"]

    def test_what_is_left_out_of_a_run_says_nothing(self, telling: Telling) -> None:
        short = [entry for entry in telling.alone({LOOK: "1"}) if getattr(entry, "step", None) != LOOK]
        assert telling.differences([telling.run({LOOK: "2"})] * 2, [short]) == []

    def test_what_was_compared_is_counted(self, telling: Telling) -> None:
        complete, purged = telling.run(), telling.alone()
        assert telling.interference([complete] * 2, [purged]).compared == {2, 3, 6, 7, 8}
        lost = telling.alone(ended={LOOK: Outcome.INFO})
        assert telling.interference([complete] * 2, [lost]).compared == {2, 3, 6}


def test_what_need_not_be_the_same_is_not_compared(story: "Story") -> None:
    telling = Telling(story)
    operations = tuple(
        replace(operation, compare=operation.name != "overview") for operation in story.vocabulary.operations
    )
    story.vocabulary = replace(story.vocabulary, operations=operations)
    complete, purged = telling.run({LOOK: "2", HISTORY: "5"}), telling.alone({LOOK: "1", HISTORY: "4"})
    assert telling.differences([complete] * 2, [purged]) == ["history: 5 | 4"]


def test_what_it_did_may_be_seen_once_it_was_answered_differently(story: "Story") -> None:
    telling = Telling(story)
    operations = tuple(
        replace(operation, compare=operation.name != "new_room") for operation in story.vocabulary.operations
    )
    story.vocabulary = replace(story.vocabulary, operations=operations)
    complete = telling.run({LOOK: "none"}, ended={BOBS_ROOM: Outcome.REFUSED})
    assert telling.differences([complete] * 2, [telling.alone({LOOK: "one"})]) == []


def test_a_long_observation_is_shown_where_it_differs(telling: Telling) -> None:
    long = " ".join(f"word{number}" for number in range(500))
    complete, purged = telling.run({LOOK: f"{long} 2 {long}"}), telling.alone({LOOK: f"{long} 1 {long}"})
    [violation] = telling.interference([complete] * 2, [purged]).violations
    assert " 2 " in violation.text
    assert " 1 " in violation.other
    assert len(violation.text) <= 242
