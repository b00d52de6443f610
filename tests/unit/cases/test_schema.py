"""The published schema says what case files are: of every version, and of whatever is written today."""

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no type information
from tests.unit.cases.test_codec import cases

from isofuzz.cases.case import Case
from isofuzz.cases.codec import READABLE, to_json
from isofuzz.cases.schema import schema_text
from isofuzz.cases.store import read_case
from isofuzz.history.entries import Move, Outcome
from isofuzz.oracles.violation import Breach, Oracle
from isofuzz.program.faults import FaultKind

SCHEMA = json.loads(schema_text())
VALID = Draft202012Validator(SCHEMA)
VERSIONS = sorted(Path(__file__).with_name("versions").iterdir())
"""One case of each version, as it was written then. They stay as they are for ever."""
KEPT = sorted((Path(__file__).parents[2] / "replay" / "cases").iterdir())

Edit = Callable[[dict[str, Any]], object]


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_there_is_a_case_of_each_version() -> None:
    assert [json.loads(path.read_text())["version"] for path in VERSIONS] == list(READABLE)


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_case_of_each_version_is_still_read_and_still_the_same_bug(path: Path) -> None:
    assert read_case(path).fingerprint == json.loads(path.read_text())["fingerprint"]


@pytest.mark.parametrize("path", [*VERSIONS, *KEPT], ids=lambda path: path.stem)
def test_kept_cases_are_valid_as_they_are_and_as_they_are_written_today(path: Path) -> None:
    VALID.validate(json.loads(path.read_text()))
    VALID.validate(json.loads(to_json(read_case(path))))


@settings(max_examples=100)
@given(cases)
def test_whatever_is_written_is_valid(case: Case) -> None:
    VALID.validate(json.loads(to_json(case)))


@pytest.mark.parametrize("version", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "edit",
    [
        lambda document: document.pop("program"),
        lambda document: document.pop("fingerprint"),
        lambda document: document.update(version=99),
        lambda document: document.update(format="isofuzz-summary"),
        lambda document: document.update(note="kept"),
        lambda document: document.update(hit_rate=[1]),
        lambda document: document.update(program=[]),
        lambda document: document["program"][0][0].pop("operation"),
        lambda document: document["program"][0][0].update(arguments={"name": "ann"}),
        lambda document: document["program"][0][0].update(arguments={"text": {"secret": "no slot"}}),
        lambda document: document["violation"].update(oracle="taste"),
        lambda document: document["history"].append({"entry": "applause"}),
    ],
)
def test_what_is_no_case_is_not_valid(version: int, edit: Edit) -> None:
    document = json.loads(VERSIONS[version - 1].read_text())
    edit(document)
    assert not VALID.is_valid(document)


@pytest.mark.parametrize(("version", "field"), [(2, "earlier"), (2, "origin"), (3, "found_by"), (4, "shrunk")])
def test_a_field_is_demanded_since_there_is_one(version: int, field: str, case: Case) -> None:
    document = json.loads(to_json(case))
    del document[field]
    for older in READABLE:
        document["version"] = older
        assert VALID.is_valid(document) == (older < version)


@pytest.mark.parametrize(
    ("place", "known"),
    [
        (("violation", "properties", "oracle"), Oracle),
        (("violation", "properties", "breach"), Breach),
        (("fault",), FaultKind),
        (("entry", "oneOf", 1, "properties", "outcome"), Outcome),
        (("entry", "oneOf", 8, "properties", "move"), Move),
    ],
)
def test_it_knows_all_words_of_a_kind(place: tuple[Any, ...], known: type[StrEnum]) -> None:
    found = SCHEMA["$defs"]
    for part in place:
        found = found[part]
    assert found["enum"] == [str(each) for each in known]


def test_it_knows_all_versions() -> None:
    assert SCHEMA["properties"]["version"]["enum"] == list(READABLE)


def test_fields_have_the_order_of_the_schema(case: Case) -> None:
    assert list(json.loads(to_json(case))) == list(SCHEMA["properties"])
