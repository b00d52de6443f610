"""What a system leaves on its pooled connections, and whom its policies do not bind, told by a run of it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from isofuzz.oracles.hazard import HazardKind
from isofuzz.oracles.verdict import Verdict

if TYPE_CHECKING:
    from tests.integration.runs.conftest import Run

SYSTEMS = Path(__file__).with_name("pools.py")
RunOf = Callable[[str], "Run"]


@pytest.fixture
def run_of(run_of: RunOf) -> RunOf:
    """A run of one of the systems with a pool, by the name of its class."""

    def pooled(name: str) -> "Run":
        run = run_of(name)
        run.target = f"{SYSTEMS}:{name}"
        return run

    return pooled


LEFT = ["advisory lock *", "role", "search_path", "setting app.person", "temporary table scratch"]


def test_where_the_target_lends_no_pool_the_gate_asks(run_of: RunOf) -> None:
    summary = run_of("UntidyAndSilent").to_the_end()
    assert (summary.verdict, summary.verdict.exit_code, summary.unjudged) == (Verdict.ISOLATED, 0, ())
    assert {hazard.kind for hazard in summary.hazards} == {HazardKind.RESIDUE}
    assert sorted(hazard.subject for hazard in summary.hazards) == LEFT


def test_whatever_is_left_is_told_once(run_of: RunOf) -> None:
    summary = run_of("Untidy").to_the_end()
    assert (summary.verdict, summary.verdict.exit_code, summary.unjudged) == (Verdict.ISOLATED, 0, ())
    assert {hazard.kind for hazard in summary.hazards} == {HazardKind.RESIDUE}
    told = {hazard.subject: hazard.sentence for hazard in summary.hazards}
    assert sorted(hazard.subject for hazard in summary.hazards) == LEFT
    came_back = "a pooled connection came back "
    assert told["search_path"].startswith(
        f"{came_back}with `search_path` set to 'public' (it was as in a new one) after"
    )
    assert told["advisory lock *"].startswith(f"{came_back}with the advisory lock 7 after ")
    assert told["role"].startswith(f"{came_back}as the role `other` (it was its own) after ")
    assert told["setting app.person"].startswith(f"{came_back}with `app.person` set to '")


@pytest.mark.parametrize("name", ["Tidy", "TidyAndSilent"])
def test_what_ends_with_its_transaction_is_none(run_of: RunOf, name: str) -> None:
    summary = run_of(name).to_the_end(strict=True)
    assert (summary.verdict, summary.hazards, summary.unjudged) == (Verdict.ISOLATED, (), ())


def test_a_role_that_no_policy_binds_and_a_pool_that_cannot_be_seen(run_of: RunOf) -> None:
    summary = run_of("Exposed").to_the_end(strict=True)
    assert (summary.verdict, summary.verdict.exit_code, summary.findings) == (Verdict.LEAKED, 1, ())
    assert [(hazard.kind, hazard.subject) for hazard in summary.hazards] == [(HazardKind.POSTURE, "app")]
    assert summary.unjudged == (
        "residue not judged in 3 of 3 looks: `pooled` failed with RuntimeError: the door is shut",
    )
