"""What a run keeps of what it finds: the same bug as the same bug, each bug by itself, and no credential."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no type information
from tests.integration.runs.ledgers import CREDENTIAL

from isofuzz.cases.schema import schema_text
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.profiles import Profile
from isofuzz.runs.request import RunRequest
from isofuzz.runs.run import run
from isofuzz.runs.targets import find_target

LEDGERS = f"{Path(__file__).with_name('ledgers.py')}:Ledgers"
BOTH = Profile("both", programs=50, steps=15, seconds=30, findings=2, shrink_seconds=10)
ONLY = frozenset({Oracle.CROSSING})
SESSIONS = [2, 4]

Kept = dict[str, Path]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> list[Kept]:
    """Of two runs with different seeds and numbers of users: its cases by their fingerprints."""
    runs = []
    for sessions in SESSIONS:
        cases = tmp_path_factory.mktemp("cases")
        target = find_target(LEDGERS)
        request = RunRequest(LEDGERS, target, BOTH, seed=sessions, only=ONLY, cases=cases, sessions=sessions)
        runs.append({finding.case.fingerprint: finding.path for finding in run(request).findings})
    return runs


def test_two_runs_give_the_same_bugs_the_same_fingerprints_whatever_was_shown(kept: list[Kept]) -> None:
    first, second = kept
    bugs = {"crossing:foreign:Book:read:write:Text", "crossing:foreign:Book:search:write:Text"}
    assert set(first) == set(second) == bugs
    assert {path.name for path in first.values()} == {path.name for path in second.values()}
    texts = [[json.loads(cases[bug].read_text())["violation"]["text"] for bug in sorted(bugs)] for cases in kept]
    assert set(texts[0]).isdisjoint(texts[1])


def test_no_credential_is_kept_and_what_is_kept_is_valid(kept: list[Kept]) -> None:
    for path in (path for cases in kept for path in cases.values()):
        text = path.read_text()
        assert CREDENTIAL not in text
        Draft202012Validator(json.loads(schema_text())).validate(json.loads(text))
