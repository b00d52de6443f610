"""A right that was just taken away may still show for as long as the target's `grace`, and no longer."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from isofuzz.cases.store import case_files, read_case
from isofuzz.errors import CaseUnreadable
from isofuzz.oracles.hazard import HazardKind
from isofuzz.oracles.verdict import Verdict
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.again import ReplayVerdict
from isofuzz.runs.events import Phase
from isofuzz.runs.keeper import BOUNDED, ENOUGH_SIGHTINGS
from isofuzz.runs.replay import replay

if TYPE_CHECKING:
    from tests.integration.runs.conftest import Run

SYSTEMS = Path(__file__).with_name("gates.py")
ONLY = frozenset({Oracle.CROSSING})
"""What is stale for one oracle may be so for others, too."""
LEAK = "crossing:foreign:Hall:read:write:Text"
RunOf = Callable[[str], "Run"]


@pytest.fixture
def run_of(run_of: RunOf) -> RunOf:
    """A run of one of the gates, by the name of its class."""

    def gated(name: str) -> "Run":
        run = run_of(name)
        run.target = f"{SYSTEMS}:{name}"
        return run

    return gated


def waits(run: "Run") -> int:
    """How often it was waited for the grace."""
    return run.events.count(Phase("wait for the grace"))


def test_what_is_gone_within_the_grace_is_a_hazard(run_of: RunOf) -> None:
    run = run_of("Gates")
    summary = run.to_the_end(only=ONLY)
    assert (summary.verdict, summary.verdict.exit_code, summary.findings) == (Verdict.ISOLATED, 0, ())
    [hazard] = summary.hazards
    assert (hazard.kind, hazard.subject) == (HazardKind.BOUNDED_STALENESS, LEAK)
    assert hazard.sentence.startswith("stale for a while, and no longer once 0.3 s had passed: User B ")
    assert "B had lost access to that Hall in step " in hazard.sentence
    assert 1 <= waits(run) <= ENOUGH_SIGHTINGS, "it may be bounded in one program and not in another"
    assert len(run.seen) == 1


def test_the_evidence_is_beside_the_cases_and_is_taken_for_no_leak(run_of: RunOf) -> None:
    run = run_of("Gates")
    summary = run.to_the_end(only=ONLY, strict=True)
    assert (summary.verdict, summary.verdict.exit_code, summary.findings) == (Verdict.LEAKED, 1, ())
    with pytest.raises(CaseUnreadable, match="holds no case"):
        list(case_files(run.cases))
    [evidence] = case_files(run.cases / BOUNDED)
    assert read_case(evidence).fingerprint == LEAK
    [again] = replay([evidence])
    assert (again.verdict, again.reason) == (ReplayVerdict.NO_LONGER, "clean in 2 runs")


def test_what_is_never_gone_is_a_leak(run_of: RunOf) -> None:
    run = run_of("Elephants")
    summary = run.to_the_end(only=ONLY)
    assert summary.verdict is Verdict.LEAKED
    [finding] = summary.findings
    assert (finding.case.fingerprint, finding.case.cold, waits(run)) == (LEAK, True, 1)
    assert "throw_out" in {call.operation for call in finding.case.program.calls}
    assert [again.verdict for again in replay([finding.path])] == [ReplayVerdict.STILL_LEAKS]
    assert summary.hazards == ()


def test_someone_who_was_never_let_in_is_not_waited_for(run_of: RunOf) -> None:
    run = run_of("Careless")
    summary = run.to_the_end(only=ONLY)
    assert summary.verdict is Verdict.LEAKED
    [finding] = summary.findings
    assert (finding.case.fingerprint, finding.case.cold, waits(run)) == (LEAK, True, 0)
