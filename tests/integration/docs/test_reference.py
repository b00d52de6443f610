"""The tables of the reference agree with what they tell of."""

import json
import re
from pathlib import Path
from typing import Any

import isofuzz
from isofuzz import Thing
from isofuzz.oracles.verdict import Verdict
from isofuzz.oracles.violation import Breach, Oracle
from isofuzz.runs.again import ReplayVerdict
from isofuzz.runs.profiles import PROFILES

ReadPage = Any

REFERENCE = "docs/reference.md"


def test_every_exported_name_is_there(read_page: ReadPage) -> None:
    told = {word for code in _code(read_page(REFERENCE).section("## Target API")) for word in re.findall(r"\w+", code)}
    assert set(isofuzz.__all__) <= told


def test_things_and_their_keywords(read_page: ReadPage) -> None:
    rows = [row for row in read_page(REFERENCE).rows("### Things") if len(row) == 3]
    told = {_code(name)[0].removesuffix("[K]"): set(_code(keywords)) for name, _, keywords in rows}
    things = {n: t for n in isofuzz.__all__ if isinstance(t := getattr(isofuzz, n), type) and issubclass(t, Thing)}

    assert told == {name: set(thing.accepts) for name, thing in things.items()}


def test_profiles(read_page: ReadPage) -> None:
    told = [[cell.strip("`") for cell in row] for row in read_page(REFERENCE).rows("## Profiles")]
    assert told == [
        [
            p.name,
            *(f"{n:g}" for n in (p.programs, p.steps, p.seconds, p.findings, p.shrink_seconds)),
            str(p.compare_one_in or "none"),
        ]
        for p in PROFILES.values()
    ]


def test_exit_codes(read_page: ReadPage) -> None:
    page = read_page(REFERENCE)
    answers = {row[0]: row[1] for row in page.rows("### isofuzz replay") if len(row) == 3}
    assert answers == {f"`{verdict.value}`": str(verdict.exit_code) for verdict in ReplayVerdict}
    in_words = " ".join(page.section("### isofuzz run").split())
    assert all(f"{verdict.exit_code} {verdict.value}" in in_words for verdict in Verdict)


def test_breaches_and_oracles(read_page: ReadPage) -> None:
    rows = read_page(REFERENCE).rows("## Breaches")
    assert [row[0] for row in rows] == [f"`{breach}`" for breach in Breach]
    assert {oracle for row in rows for oracle in row[1].split(", ")} == set(Oracle)


def test_fields_of_a_case(read_page: ReadPage, leaky_run: Path) -> None:
    [file] = (leaky_run / ".isofuzz" / "cases").glob("*.json")
    case = json.loads(file.read_text())
    fields = _fields(read_page(REFERENCE), "### Case JSON")

    assert list(fields) == list(case)
    assert fields["violation"] == list(case["violation"])
    assert fields["program"] == list(case["program"][0][0])


def test_fields_of_a_summary(read_page: ReadPage, leaky_run: Path) -> None:
    summary = json.loads((leaky_run / "summary.json").read_text())
    fields = _fields(read_page(REFERENCE), "### Summary JSON")

    assert list(fields) == list(summary)
    assert fields["findings"] == list(summary["findings"][0])
    exercised = summary["exercised"]
    inner = [*exercised["outcomes"]["read"], *exercised["cells"][0]]
    assert set(fields["exercised"]) == {*exercised, *inner, "error"}


def _fields(page: Any, heading: str) -> dict[str, list[str]]:
    """The fields that a table tells of, with those that it tells of within each."""
    rows = [row for row in page.rows(heading) if len(row) == 2]
    return {
        field: [name for name in _code(meaning) if name.isidentifier() and name != "history"]
        for names, meaning in rows
        for field in _code(names)
    }


def _code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)
