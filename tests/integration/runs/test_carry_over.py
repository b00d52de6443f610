"""What an earlier program left behind: the case holds what it takes to see it on a system that was just started."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from isofuzz.cases.case import Case
from isofuzz.cases.codec import to_json
from isofuzz.cases.store import Finding, read_case
from isofuzz.oracles.verdict import Verdict
from isofuzz.oracles.violation import Oracle
from isofuzz.program.steps import Program
from isofuzz.report.exporting.source import test_source as exported
from isofuzz.runs.again import ReplayVerdict
from isofuzz.runs.profiles import Profile
from isofuzz.runs.replay import Replayed, replay
from isofuzz.runs.targets import find_target

if TYPE_CHECKING:
    from tests.integration.runs.conftest import Run

SYSTEMS = Path(__file__).with_name("forgetful.py")
PATIENT = Profile("patient", programs=5, steps=8, seconds=10, findings=1, shrink_seconds=90)
"""On a loaded machine a new process for each candidate takes its time."""

ONLY = frozenset({Oracle.CROSSING, Oracle.INTEGRITY})

Find = Callable[[str], Finding]


@pytest.fixture
def find(run_of: "Callable[[str], Run]") -> Find:
    """The finding of a run of one of the systems, looking for what a text shows."""

    def finding(name: str) -> Finding:
        run = run_of(name)
        run.target = f"{SYSTEMS}:{name}"
        summary = run.to_the_end(profile=PATIENT, only=ONLY)
        assert summary.verdict is Verdict.LEAKED
        [found] = summary.findings
        assert read_case(found.path) == found.case
        return found

    return finding


def steps(program: Program) -> list[str]:
    return [call.operation for call in program.calls]


def earlier(case: Case) -> list[list[str]]:
    return list(map(steps, case.earlier))


def replayed(path: Path, times: int | None = None) -> Replayed:
    [one] = replay([path], times=times)
    return one


def told_by_pytest(test: Path) -> str:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CI", "PYTEST_", "ISOFUZZ_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", test],
        env=kept | {"PYTHONPATH": str(SYSTEMS.parent)},
        cwd=test.parent,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    ).stdout


WRITING = ["enter", "new_desk", "write"]
READING = ["enter", "new_desk", "read"]


def test_a_cache_that_outlives_a_reset(find: Find, tmp_path: Path) -> None:
    """In the run, what is written comes to what is cached already; on a new system it first has to be read."""
    found = find("Cached")
    case = found.case
    assert case.fingerprint == "crossing:foreign:program:read"
    assert (earlier(case), steps(case.program)) == ([[*WRITING, "read"]], READING)
    assert (str(case.hit_rate), case.cold) == ("2 of 2", True)
    assert case.explanation.endswith("Nothing of an earlier program may show after a reset.")
    [written] = [call.number for call in case.earlier[0].calls if call.operation == "write"]
    assert f"returned the Text that step {written} (`write`) of earlier program 1 wrote." in case.explanation

    again = replayed(found.path)
    assert (again.verdict, again.reason) == (ReplayVerdict.STILL_LEAKS, "it showed in 1 of 1 runs")
    found.path.write_text(to_json(replace(case, target=f"{SYSTEMS}:Emptied")))
    again = replayed(found.path)
    assert (again.verdict, again.reason) == (ReplayVerdict.NO_LONGER, "clean in 2 runs")

    test = tmp_path / "test_exported.py"
    for target, end in ((f"{SYSTEMS}:Cached", "1 failed"), (f"{SYSTEMS}:Emptied", "1 passed")):
        test.write_text(exported(replace(case, target=target), find_target(target)))
        assert "await history.start_over()" in test.read_text()
        told = told_by_pytest(test)
        assert end in told, told
        assert (case.fingerprint in told) == (end == "1 failed")


def test_what_shows_only_after_a_program_between(find: Find, run_of: "Callable[[str], Run]") -> None:
    found = find("Twice")
    case = found.case
    assert (earlier(case), steps(case.program)) == ([WRITING, ["enter"]], READING)
    assert (str(case.hit_rate), case.cold) == ("2 of 2", True)

    again = run_of("Twice")
    again.target = f"{SYSTEMS}:Twice"
    summary = again.to_the_end(profile=replace(PATIENT, known_only=True), only=ONLY)
    [known] = summary.findings
    assert (known.path, known.case.earlier) == (found.path, case.earlier), "what is known is run with what came before"


def test_what_only_the_first_program_of_a_system_leaves_behind(find: Find) -> None:
    """The run's own system has long had its first program, so nothing shows again there."""
    found = find("First")
    assert (earlier(found.case), steps(found.case.program)) == ([WRITING], READING)
    assert (str(found.case.hit_rate), found.case.cold) == ("2 of 2", True)
    assert str(replayed(found.path, times=3).hit_rate) == "3 of 3"


def test_a_row_that_no_reset_removes(find: Find) -> None:
    case = find("Littered").case
    assert case.fingerprint == "integrity:intruded:program:stored"
    assert (earlier(case), steps(case.program)) == ([WRITING], ["enter"])
    assert case.cold is True
    assert "A text is stored that should not be: the Text that step " in case.explanation


def test_what_takes_more_than_the_case_can_hold_is_told_to_be_so(find: Find) -> None:
    """It shows again and again in the run, and never on a system that was just started."""
    case = find("Late").case
    assert (earlier(case), steps(case.program)) == ([WRITING], READING)
    assert (str(case.hit_rate), case.cold) == ("2 of 2", False)


@pytest.mark.long
def test_what_shows_with_less_on_a_system_that_remembers_more(find: Find) -> None:
    """It is shrunk on new systems, where nothing shows it but the whole of it."""
    case = find("Opened").case
    assert case.fingerprint == "crossing:foreign:Desk:read:write:Text"
    assert (earlier(case), sorted(steps(case.program))) == ([], [*["enter"] * 2, *["new_desk"] * 2, "read", "write"])
    assert (str(case.hit_rate), case.cold) == ("2 of 2", True)
