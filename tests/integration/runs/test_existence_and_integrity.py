"""Runs of systems that tell what exists or store what they should not, and of one that does neither."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.runs.conftest import Run

from isofuzz.oracles.verdict import Verdict
from isofuzz.oracles.violation import Oracle

RunOf = Callable[[str], Run]


@pytest.fixture
def run_of(tmp_path: Path) -> RunOf:
    systems = Path(__file__).with_name("hiding.py")
    return lambda name: Run(f"{systems}:{name}", tmp_path / "cases")


def test_times_and_numbers_in_its_answers_raise_no_alarm(run_of: RunOf) -> None:
    summary = run_of("Table").to_the_end()
    assert (summary.verdict, summary.missing, summary.trouble, summary.findings) == (Verdict.ISOLATED, (), None, ())
    assert {("write", "room"), ("read", "room"), ("edit", "note")} == set(summary.exercised.alike)
    assert summary.exercised.rows


@pytest.mark.parametrize(
    ("system", "oracle", "fingerprint", "operations"),
    [
        (
            "Talkative",
            Oracle.EXISTENCE,
            "existence:told:Room:read",
            ["enter", "enter", "found", "read", "read", "read"],
        ),
        (
            "Overwritten",
            Oracle.INTEGRITY,
            "integrity:intruded:Room:stored:edit:Text",
            ["enter", "enter", "found", "write", "edit"],
        ),
        (
            "Misfiled",
            Oracle.INTEGRITY,
            "integrity:misfiled:Room:stored:write:Text",
            ["enter", "enter", "found", "write"],
        ),
    ],
)
def test_it_is_found_in_the_fewest_steps(
    run_of: RunOf, system: str, oracle: Oracle, fingerprint: str, operations: list[str]
) -> None:
    summary = run_of(system).to_the_end(only=frozenset({oracle}))
    assert summary.verdict is Verdict.LEAKED
    [finding] = [each for each in summary.findings if each.case.fingerprint == fingerprint]
    assert sorted(call.operation for call in finding.case.program.calls) == sorted(operations)
    assert (str(finding.case.hit_rate), finding.case.cold) == ("2 of 2", True)


def test_a_target_that_never_tells_of_a_stored_text_is_inconclusive(run_of: RunOf) -> None:
    summary = run_of("Unlooked").to_the_end()
    assert summary.verdict is Verdict.INCONCLUSIVE
    assert summary.missing == (
        "`stored` of the target never returned a text that was written: let it return all that is stored",
    )
