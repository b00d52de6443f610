"""A run of a system that shows late what was written; how it is waited for: see the engine's own tests."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from isofuzz.oracles.verdict import Verdict

if TYPE_CHECKING:
    from tests.integration.runs.conftest import Run

SYSTEMS = Path(__file__).with_name("replicas.py")


def test_what_is_late_is_no_leak(run_of: "Callable[[str], Run]") -> None:
    run = run_of("Replicas")
    run.target = f"{SYSTEMS}:Replicas"
    summary = run.to_the_end()
    assert (summary.verdict, summary.findings, summary.missing) == (Verdict.ISOLATED, (), ())
    assert summary.exercised.delivered["Feed"]
    assert summary.exercised.rows
    assert summary.compared.programs
