"""A case survives its file; a file that is no whole case says what is wrong with it, and where."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isofuzz.cases.case import Case, HitRate
from isofuzz.cases.codec import from_json, to_json
from isofuzz.errors import CaseUnreadable
from isofuzz.generators import KEYS, NAMES, QUERIES, TEMPLATES
from isofuzz.history.entries import (
    Barrier,
    Closed,
    Completion,
    Delivery,
    Entry,
    Invocation,
    Move,
    Moved,
    Outcome,
    Pooled,
    Row,
    Skipped,
    Storage,
    Struck,
)
from isofuzz.oracles.origin import Origin
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.faults import FaultKind
from isofuzz.program.prune import scheduled
from isofuzz.program.schedule import MOST_OPTIONS, Schedule
from isofuzz.program.steps import (
    Argument,
    Burst,
    Call,
    Fault,
    Json,
    Literal,
    NeverIssued,
    Program,
    Ref,
    SecretText,
    Several,
)

names = st.sampled_from(["sign_in", "open_thread", "a_b"])
anything = st.text() | st.sampled_from([*NAMES, *KEYS, *QUERIES])
numbers = st.integers(0, 99)
refs = st.builds(Ref, numbers, st.integers(0, 3))
serials = st.lists(numbers, max_size=3).map(tuple)
identifiers = st.lists(anything, max_size=2).map(tuple)
some_refs = st.none() | st.lists(refs, max_size=2).map(tuple)
json_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | anything,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def arguments_after(known: list[int]) -> st.SearchStrategy[dict[str, Argument]]:
    """Arguments that refer to nothing but these steps."""
    things: st.SearchStrategy[Any] = st.builds(NeverIssued, names, st.integers(0, 2))
    if known:
        things |= st.builds(Ref, st.sampled_from(known), st.integers(0, 3))
    texts = st.sampled_from(TEMPLATES) | st.text().map(lambda text: text.replace("{canary}", "") + "{canary}")
    argument = (
        things
        | st.builds(SecretText, texts)
        | st.builds(Literal, json_values)
        | st.builds(Several, st.lists(things, max_size=3).map(tuple))
    )
    return st.dictionaries(names, argument, max_size=3)


schedules = st.lists(st.integers(0, MOST_OPTIONS - 1), max_size=4).map(Schedule.of)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    bursts: list[Burst] = []
    known: list[int] = []
    for size in draw(st.lists(st.integers(1, 2), min_size=1, max_size=2)):
        calls = []
        for _ in range(size):
            number = draw(st.integers(0, 999).filter(lambda number: number not in known))
            calls.append(Call(number, draw(names), draw(arguments_after(known))))
            known.append(number)
        hit = st.builds(Ref, st.sampled_from(known), st.integers(0, 3))
        ordinal = st.just(1000 + len(bursts))
        faults = draw(st.lists(st.builds(Fault, ordinal, st.sampled_from(FaultKind), hit), max_size=1))
        bursts.append(Burst(tuple(calls), draw(st.none() | schedules), tuple(faults)))
    return Program(tuple(bursts))


entries: st.SearchStrategy[Entry] = st.one_of(
    st.builds(
        Invocation,
        numbers,
        names,
        arguments_after([1, 2]),
        st.dictionaries(names, numbers, max_size=2),
        st.dictionaries(names, identifiers, max_size=2),
    ),
    st.builds(
        Completion,
        numbers,
        st.sampled_from(Outcome),
        serials,
        anything,
        st.dictionaries(numbers, identifiers, max_size=2),
    ),
    st.builds(Delivery, refs, serials, anything, st.booleans()),
    st.builds(Closed, refs),
    st.builds(Barrier, refs, numbers, st.booleans()),
    st.builds(Skipped, numbers, names),
    st.builds(Storage, st.lists(st.builds(Row, serials, anything, some_refs, some_refs), max_size=2).map(tuple)),
    st.builds(Pooled, names, st.dictionaries(names, anything, max_size=2)),
    st.builds(Struck, numbers, st.sampled_from(FaultKind), refs),
    st.builds(Moved, numbers, st.sampled_from(Move), anything, serials, st.none() | numbers),
)
histories = st.lists(entries, max_size=2).map(tuple)
violations = st.builds(
    Violation,
    oracle=st.sampled_from(Oracle),
    breach=st.sampled_from(Breach),
    at=numbers,
    user=refs,
    boundary=names,
    observer=names,
    writer=names,
    secret=names,
    step=st.none() | numbers,
    written_by=st.none() | numbers,
    socket=st.none() | refs,
    serial=st.none() | numbers,
    text=anything,
    other=anything,
    without=serials,
    instead=st.none() | numbers,
    kind=names,
)
some_programs = st.lists(programs(), max_size=2).map(tuple)


@st.composite
def origins(draw: st.DrawFn, earlier: tuple[Program, ...]) -> Origin | None:
    if not earlier or draw(st.booleans()):
        return None
    number = draw(st.integers(1, len(earlier)))
    step = draw(st.sampled_from(earlier[number - 1].calls)).number
    return Origin(number, step, draw(names), draw(names))


def cases_with(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Case]:
    """Cases of which these fields are drawn, and the others are plain."""
    plain: dict[str, st.SearchStrategy[Any]] = {
        "target": st.just("chat"),
        "defect": st.none(),
        "violation": st.just(Violation(Oracle.CROSSING, Breach.FOREIGN, 3, Ref(1), "Room", "search")),
        "explanation": st.just(""),
        "program": st.just(Program.serial(Call(1, "sign_in"))),
        "history": st.just(()),
        "found": st.just("2026-01-02T03:04:05+00:00"),
        "services": st.just(""),
    }
    return st.builds(Case, **{**plain, **parts})


cases = st.one_of(
    cases_with(
        target=anything,
        defect=st.none() | names,
        violation=violations,
        explanation=anything,
        services=anything,
        versions=st.dictionaries(names, names),
        steps_found=numbers,
        hit_rate=st.integers(1, 30).flatmap(lambda runs: st.builds(HitRate, st.integers(0, runs), st.just(runs))),
        shrunk=st.none() | st.booleans(),
        cold=st.none() | st.booleans(),
    ),
    cases_with(program=programs()),
    some_programs.flatmap(lambda earlier: cases_with(earlier=st.just(earlier), origin=origins(earlier))),
    cases_with(history=histories, counterpart=histories),
)


@settings(max_examples=50)
@given(cases)
def test_what_is_written_is_what_is_read(case: Case) -> None:
    assert from_json(to_json(case), "here") == case


@settings(max_examples=50)
@given(cases)
def test_writing_twice_gives_the_same_text(case: Case) -> None:
    text = to_json(case)
    assert to_json(from_json(text, "here")) == text


def test_a_text_that_utf_8_cannot_carry_is_written_and_read(case: Case) -> None:
    """A system may answer with half of a surrogate pair; the finding must not be lost for it."""
    strange = replace(case, violation=replace(case.violation, text="a\ud800b"))
    text = to_json(strange)
    assert text.encode()
    assert from_json(text, "here") == strange


def test_the_fields_have_a_fixed_order(case: Case) -> None:
    assert list(json.loads(to_json(case))) == [
        "format",
        "version",
        "fingerprint",
        "target",
        "defect",
        "explanation",
        "earlier",
        "origin",
        "program",
        "violation",
        "found",
        "found_by",
        "steps_found",
        "hit_rate",
        "shrunk",
        "cold",
        "services",
        "versions",
        "history",
        "counterpart",
    ]


def test_the_order_does_not_depend_on_where_the_versions_came_from(case: Case) -> None:
    backwards = dict(reversed(list(case.versions.items())))
    assert to_json(replace(case, versions=backwards)) == to_json(case)


def test_a_file_says_what_it_is(case: Case) -> None:
    document = json.loads(to_json(case))
    assert (document["format"], document["version"]) == ("isofuzz-case", 4)
    assert document["fingerprint"] == "crossing:foreign:Room:list_threads:open_thread:Title"


def test_texts_are_readable_and_hold_no_control_character(case: Case) -> None:
    text = to_json(replace(case, explanation="straße שלום"))
    assert "straße שלום" in text
    assert "<b>$(rm -rf /)" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)


Spoil = Callable[[dict[str, Any]], object]


def unreadable(case: Case, spoil: Spoil) -> str:
    """What reading the case says after its file was edited."""
    document = json.loads(to_json(case))
    spoil(document)
    return unreadable_text(json.dumps(document))


def unreadable_text(text: str) -> str:
    with pytest.raises(CaseUnreadable) as refused:
        from_json(text, "kept/case.json")
    return str(refused.value)


class TestFormat:
    @pytest.mark.parametrize("text", ["", "{", "no JSON", '{"format": "isofuzz-case", "version": 1, "progr'])
    def test_a_text_that_is_no_json(self, text: str) -> None:
        message = unreadable_text(text)
        assert message.startswith("kept/case.json is no complete JSON (")
        assert message.endswith("; restore it or delete it")

    def test_a_case_that_was_cut_anywhere(self, case: Case) -> None:
        text = to_json(case).rstrip()
        for length in range(0, len(text), 97):
            assert "is no complete JSON" in unreadable_text(text[:length])

    @pytest.mark.parametrize("text", ["[]", "1", "null", '"isofuzz-case"', "{}", '{"format": "isofuzz-summary"}'])
    def test_another_json(self, text: str) -> None:
        expected = "kept/case.json is not an isofuzz case: its field `format` is not 'isofuzz-case'"
        assert unreadable_text(text) == expected

    @pytest.mark.parametrize("version", [0, 5, "1", 1.5, True, [1], None])
    def test_another_version(self, case: Case, version: object) -> None:
        message = unreadable(case, lambda document: document.update(version=version))
        assert f"is a case of version {version!r}; this isofuzz reads versions up to 4" in message

    def test_nesting_without_end(self) -> None:
        assert "is no complete JSON" in unreadable_text("[" * 200_000)


REQUIRED = [
    "violation",
    "program",
    "history",
    "hit_rate",
    "target",
    "defect",
    "explanation",
    "found",
    "services",
    "versions",
    "steps_found",
    "cold",
]


class TestEdited:
    @pytest.mark.parametrize("name", REQUIRED)
    def test_a_field_that_is_missing(self, case: Case, name: str) -> None:
        message = unreadable(case, lambda document: document.pop(name))
        assert message == f"kept/case.json: {name} lacks '{name}'; the file was edited or cut"

    @pytest.mark.parametrize("name", [name for name in REQUIRED if name not in ("defect", "cold")])
    def test_a_field_that_is_null(self, case: Case, name: str) -> None:
        message = unreadable(case, lambda document: document.update({name: None}))
        assert message.startswith(f"kept/case.json: {name} cannot be read (")
        assert message.endswith("); the file was edited")

    @pytest.mark.parametrize("name", REQUIRED)
    def test_a_field_of_another_kind(self, case: Case, name: str) -> None:
        value = [["a"]]
        assert f"kept/case.json: {name} " in unreadable(case, lambda document: document.update({name: value}))

    @pytest.mark.parametrize("name", ["oracle", "breach", "at", "user", "boundary", "observer", "text", "serial"])
    def test_a_violation_without_one_of_its_fields(self, case: Case, name: str) -> None:
        message = unreadable(case, lambda document: document["violation"].pop(name))
        assert message == f"kept/case.json: violation lacks '{name}'; the file was edited or cut"

    @pytest.mark.parametrize(
        ("name", "value"), [("oracle", "taste"), ("breach", "odd"), ("user", [1]), ("text", 1), ("serial", "a")]
    )
    def test_a_violation_with_a_field_that_says_nothing(self, case: Case, name: str, value: object) -> None:
        message = unreadable(case, lambda document: document["violation"].update({name: value}))
        assert message.startswith("kept/case.json: violation cannot be read (")

    @pytest.mark.parametrize("spoil", [{"fingerprint": "crossing:odd"}, {"fingerprint": None}, {"fingerprint": 1}])
    def test_a_fingerprint_that_is_not_that_of_the_violation(self, case: Case, spoil: dict[str, Any]) -> None:
        message = unreadable(case, lambda document: document.update(spoil))
        assert message == (
            f"kept/case.json: its fingerprint is {spoil['fingerprint']!r}, but its violation has {case.fingerprint!r}; "
            "the file was edited"
        )

    def test_an_older_version_may_have_called_it_otherwise(self, case: Case) -> None:
        document = {**json.loads(to_json(case)), "version": 3, "fingerprint": "as it was called then"}
        assert from_json(json.dumps(document), "kept/case.json") == case

    @pytest.mark.parametrize("name", ["step", "operation", "arguments"])
    def test_a_step_without_one_of_its_fields(self, case: Case, name: str) -> None:
        message = unreadable(case, lambda document: document["program"][1][0].pop(name))
        assert message == f"kept/case.json: program lacks '{name}'; the file was edited or cut"

    def test_a_reference_to_a_step_that_is_not_there(self, case: Case) -> None:
        message = unreadable(case, lambda document: document["program"].pop(0))
        assert "program cannot be read (step 2 refers to step 0, which does not come before it)" in message

    def test_a_reference_to_a_later_step(self, case: Case) -> None:
        message = unreadable(case, lambda document: document["program"].reverse())
        assert "which does not come before it" in message

    def test_a_reference_within_a_sequence_to_a_step_that_is_not_there(self, case: Case) -> None:
        message = unreadable(
            case, lambda document: document["program"][3][0]["arguments"]["members"]["several"][0].update(ref=[77, 0])
        )
        assert "step 4 refers to step 77" in message

    def test_two_steps_of_one_number(self, case: Case) -> None:
        message = unreadable(case, lambda document: document["program"].append(document["program"][-1]))
        assert "program cannot be read (two steps have the number 5)" in message

    @pytest.mark.parametrize("program", [[], [[]], [[], []]])
    def test_a_program_without_a_step(self, case: Case, program: object) -> None:
        message = unreadable(case, lambda document: document.update(program=program))
        assert "program cannot be read (it has no step)" in message

    @pytest.mark.parametrize(
        ("argument", "problem"),
        [
            ({"made_of": "wood"}, "an argument is none of the known forms"),
            ({"secret": "no slot"}, "a secret text needs {canary} once"),
            ({"secret": "{canary}{canary}"}, "a secret text needs {canary} once"),
            ({"several": [{"literal": 1}]}, "a sequence holds something that is no thing"),
            ({"ref": [0]}, "not enough values"),
            ({"ref": ["a", 0]}, "invalid literal for int"),
            ({"ref": [float("inf"), 0]}, "cannot convert float infinity to integer"),
            ({"never_issued": 1, "variant": 0}, "1 is no text"),
        ],
    )
    def test_an_argument_that_says_nothing(self, case: Case, argument: object, problem: str) -> None:
        message = unreadable(case, lambda document: document["program"][1][0]["arguments"].update({"title": argument}))
        assert message.startswith("kept/case.json: program cannot be read (")
        assert problem in message

    @pytest.mark.parametrize(
        ("entry", "problem"),
        [
            ({"entry": "applause"}, "there is no entry 'applause'"),
            ({}, "lacks 'entry'"),
            ({"entry": "closed"}, "lacks 'socket'"),
            ({"entry": "storage", "rows": [{"seen": [], "text": "", "threads": None}]}, "lacks 'owners'"),
            ({"entry": "storage", "rows": [{"seen": [], "text": 1, "threads": None, "owners": None}]}, "1 is no text"),
            ({"entry": "pooled", "connection": "1", "state": {"role": None}}, "None is no text"),
            ({"entry": "skipped", "step": 1, "operation": ["a"]}, "is no text"),
            ({"entry": "completion", "step": 1, "outcome": "fine", "seen": [], "text": ""}, "'fine' is not a valid"),
        ],
    )
    def test_an_entry_that_says_nothing(self, case: Case, entry: object, problem: str) -> None:
        message = unreadable(case, lambda document: document["history"].append(entry))
        assert message.startswith("kept/case.json: history ")
        assert problem in message

    @pytest.mark.parametrize("runs", [[1, 0], [3, 2], [-1, 2]])
    def test_a_hit_rate_that_no_runs_have(self, case: Case, runs: list[int]) -> None:
        message = unreadable(case, lambda document: document.update(hit_rate=runs))
        assert message.startswith("kept/case.json: hit_rate cannot be read (")


class TestVersions:
    def test_a_file_of_version_1_knew_nothing_of_other_programs(self, case: Case) -> None:
        document = json.loads(to_json(case))
        document["version"] = 1
        for newer in ("earlier", "origin", "counterpart"):
            del document[newer]
        for newer in ("other", "without", "instead", "kind"):
            del document["violation"][newer]
        for entry in document["history"]:
            entry.pop("ids", None)
        assert from_json(json.dumps(document), "here") == case

    def test_a_file_of_version_2_knew_no_schedules(self, case: Case) -> None:
        document = json.loads(to_json(case))
        document["version"] = 2
        assert from_json(json.dumps(document), "here") == case

    def test_a_file_of_version_3_does_not_say_whether_it_was_shrunk(self, case: Case) -> None:
        document = json.loads(to_json(replace(case, shrunk=True)))
        document["version"] = 3
        del document["shrunk"]
        assert from_json(json.dumps(document), "here") == replace(case, shrunk=None)


class TestSchedules:
    @pytest.fixture
    def case(self, case: Case) -> Case:
        return replace(case, program=scheduled(case.program, 0, Schedule.of([0, 2, 0, 1])))

    def test_a_burst_of_steps_that_take_turns_says_how(self, case: Case) -> None:
        [burst, *others] = json.loads(to_json(case))["program"]
        assert burst["schedule"] == "0201"
        assert [step["step"] for step in burst["steps"]] == [0, 1]
        assert all(isinstance(other, list) for other in others)

    @pytest.mark.parametrize("schedule", ["0A", 12])
    def test_a_schedule_that_is_none(self, case: Case, schedule: object) -> None:
        message = unreadable(case, lambda document: document["program"][0].update(schedule=schedule))
        assert message.startswith("kept/case.json: program cannot be read (")

    def test_what_goes_wrong_is_read_as_it_was_written(self, case: Case) -> None:
        [first, *others] = case.program.bursts
        struck = replace(case, program=Program((replace(first, faults=(CANCELLED,)), *others)))
        assert json.loads(to_json(struck))["program"][0]["faults"] == [{"step": 9, "fault": "cancel", "of": [0, 0]}]
        assert from_json(to_json(struck), "here") == struck

    @pytest.mark.parametrize(
        ("fault", "problem"),
        [
            ({"step": 9, "fault": "cancel", "of": [7, 0]}, "fault 9 is of step 7, which is not there"),
            ({"step": 1, "fault": "cancel", "of": [0, 0]}, "a fault and another step have the same number"),
            ({"step": 9, "fault": "sulk", "of": [0, 0]}, "'sulk' is not a valid FaultKind"),
        ],
    )
    def test_a_fault_that_is_none(self, case: Case, fault: dict[str, Any], problem: str) -> None:
        message = unreadable(case, lambda document: document["program"][0]["faults"].append(fault))
        assert message == f"kept/case.json: program cannot be read ({problem}); the file was edited"

    def test_steps_that_take_turns_without_a_schedule(self, case: Case) -> None:
        message = unreadable(case, lambda document: document["program"][0].pop("schedule"))
        assert message == "kept/case.json: program lacks 'schedule'; the file was edited or cut"


CANCELLED = Fault(9, FaultKind.CANCEL, Ref(0))
EARLIER = Program.serial(Call(1, "sign_in", {"name": Literal("ada")}), Call(3, "post", {"me": Ref(1)}))


class TestEarlier:
    @pytest.fixture
    def case(self, case: Case) -> Case:
        return replace(case, earlier=(EARLIER,), origin=Origin(1, 3, "post", "Body"))

    def test_it_is_read_as_it_was_written(self, case: Case) -> None:
        assert from_json(to_json(case), "here") == case

    @pytest.mark.parametrize(
        ("spoil", "problem"),
        [
            (lambda earlier: earlier.append([]), "it has no step"),
            (lambda earlier: earlier[0].pop(0), "step 3 refers to step 1, which does not come before it"),
            (lambda earlier: earlier[0][0][0].pop("operation"), "lacks 'operation'"),
            (lambda earlier: earlier.append(None), "is not iterable"),
        ],
    )
    def test_an_earlier_program_that_is_none(self, case: Case, spoil: Callable[[Any], object], problem: str) -> None:
        message = unreadable(case, lambda document: spoil(document["earlier"]))
        assert message.startswith("kept/case.json: earlier ")
        assert problem in message

    @pytest.mark.parametrize(
        ("origin", "problem"),
        [
            ({"program": 2}, "there is no step 3 of an earlier program 2"),
            ({"program": 0}, "there is no step 3 of an earlier program 0"),
            ({"step": 2}, "there is no step 2 of an earlier program 1"),
            ({"secret": None}, "None is no text"),
        ],
    )
    def test_an_origin_that_is_not_there(self, case: Case, origin: dict[str, Any], problem: str) -> None:
        message = unreadable(case, lambda document: document["origin"].update(origin))
        assert message == f"kept/case.json: origin cannot be read ({problem}); the file was edited"

    def test_a_case_that_was_cut_anywhere(self, case: Case) -> None:
        text = to_json(case).rstrip()
        for length in range(0, len(text), 97):
            assert "is no complete JSON" in unreadable_text(text[:length])
