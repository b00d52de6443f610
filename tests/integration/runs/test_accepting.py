"""Known findings: kept and told, but they stop nothing and count for nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from isofuzz.cases.store import read_case
from isofuzz.oracles.verdict import Verdict
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.accepting import Acceptance, AcceptList
from isofuzz.runs.events import Kept, LeakSeen, Phase
from isofuzz.runs.run import run
from isofuzz.runs.summary import Summary

if TYPE_CHECKING:
    from tests.integration.runs.conftest import Run

RunOf = Callable[[str], "Run"]

KNOWN = Acceptance("crossing:foreign:Room:search:write:Text", "search is being rewritten", date(2027, 1, 31))

ONLY = frozenset({Oracle.CROSSING})
"""One bug may have several fingerprints; here it has one."""


def accepting(run_of: RunOf, *entries: Acceptance, today: date) -> tuple["Run", Summary]:
    subject = run_of("Open")
    request = replace(subject.request(only=ONLY), accept=AcceptList(entries, today))
    return subject, run(request, subject.events.append)


def test_a_known_finding_is_kept_and_told_and_does_not_count(run_of: RunOf) -> None:
    subject, summary = accepting(run_of, KNOWN, today=date(2027, 1, 31))

    assert (summary.verdict, summary.findings, summary.lapsed) == (Verdict.ISOLATED, (), ())
    [accepted] = summary.accepted
    assert accepted.acceptance == KNOWN
    assert accepted.finding.case.fingerprint == KNOWN.fingerprint
    assert read_case(accepted.finding.path) == accepted.finding.case
    assert [event for event in subject.events if isinstance(event, LeakSeen | Kept)] == []


def test_it_stops_no_program_and_is_not_worked_on(run_of: RunOf) -> None:
    """The sweep and the drawing go on to their end, as if the system were well."""
    subject, summary = accepting(run_of, KNOWN, today=date(2026, 1, 1))

    assert [event.name for event in subject.events if isinstance(event, Phase)] == ["sweep", "find"]
    assert summary.missing == ()
    [accepted] = summary.accepted
    assert len(accepted.finding.case.program) == accepted.finding.case.steps_found


def test_a_case_that_was_shrunk_before_is_not_written_over(run_of: RunOf) -> None:
    [found] = run_of("Open").to_the_end(only=ONLY).findings

    _, summary = accepting(run_of, KNOWN, today=date(2026, 1, 1))

    [accepted] = summary.accepted
    assert accepted.finding.path == found.path
    assert read_case(found.path) == found.case


def test_after_its_date_it_is_a_finding_again_and_that_is_told(run_of: RunOf) -> None:
    _, summary = accepting(run_of, KNOWN, today=date(2027, 2, 1))

    assert summary.verdict is Verdict.LEAKED
    assert [finding.case.fingerprint for finding in summary.findings] == [KNOWN.fingerprint]
    assert (summary.accepted, summary.lapsed) == ((), (KNOWN,))


def test_another_finding_is_none_the_less_found(run_of: RunOf) -> None:
    other = replace(KNOWN, fingerprint="crossing:foreign:Room:read:write:Text")

    _, summary = accepting(run_of, other, today=date(2026, 1, 1))

    assert summary.verdict is Verdict.LEAKED
    assert summary.accepted == ()
