"""Workers of a Dask cluster: a real scheduler and two worker processes of this machine."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.campaign.conftest import BOARDS, Campaign

from isofuzz.campaign.orders import Task
from isofuzz.campaign.state import OPEN, read_only
from isofuzz.errors import UsageError
from isofuzz.oracles.verdict import Verdict
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.events import Beat, Event

ROOT = Path(__file__).parents[3]
LOCALLY = ["--host", "127.0.0.1", "--no-dashboard"]


def started(*arguments: str, until: str) -> "tuple[subprocess.Popen[str], re.Match[str]]":
    """A part of the cluster, once it has said what is waited for."""
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:], *LOCALLY],
        cwd=ROOT,  # a worker finds its target where it was started
        text=True,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert process.stderr
    for line in process.stderr:
        if found := re.search(until, line):
            return process, found
    raise AssertionError(f"dask {arguments[0]} ended with {process.wait()}")


def started_worker(scheduler: str) -> "subprocess.Popen[str]":
    worker, _ = started("worker", scheduler, "--nthreads", "1", "--no-nanny", until="Registered to")
    return worker


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of the scheduler."""
    scheduler, found = started("scheduler", "--port", "0", until=r"Scheduler at:\s+(tcp://\S+)")
    processes = [scheduler]
    try:
        processes.extend(started_worker(found[1]) for _ in range(2))
        yield found[1]
    finally:
        for process in reversed(processes):
            process.terminate()
            process.communicate(timeout=30)


def test_a_leak_is_found_by_workers_that_bring_their_own_services(
    campaign_of: Campaign, folder: Path, cluster: str
) -> None:
    outcome = campaign_of("Open", only=frozenset({Oracle.CROSSING}), cluster=cluster)
    assert outcome.summary.verdict is Verdict.LEAKED
    [(known, finding)] = outcome.found
    assert (known.state, known.worked, finding.case.cold) == (OPEN, True, True)
    assert "embedded" in outcome.summary.services
    with read_only(folder) as state:
        assert state.programs(outcome.night)[Task.SEARCH] == 8
    assert not (folder / "workers").exists()


def test_a_healthy_one_is_isolated(campaign_of: Campaign, cluster: str) -> None:
    assert campaign_of("Board", cluster=cluster).summary.verdict is Verdict.ISOLATED


def test_a_worker_that_is_killed_is_not_missed(campaign_of: Campaign, folder: Path, cluster: str) -> None:
    mortal = started_worker(cluster)

    def kill(event: Event) -> None:
        if isinstance(event, Beat) and event.programs:
            mortal.kill()

    outcome = campaign_of("Board", kill, cluster=cluster)
    mortal.communicate(timeout=10)
    assert (outcome.summary.verdict, outcome.summary.missing) == (Verdict.ISOLATED, ())
    with read_only(folder) as state:
        assert state.programs(outcome.night)[Task.SEARCH] == 8


@pytest.mark.long
def test_a_scheduler_that_is_killed_ends_the_night_and_it_can_be_gone_on_with(campaign_of: Campaign) -> None:
    scheduler, found = started("scheduler", "--port", "0", until=r"Scheduler at:\s+(tcp://\S+)")
    worker = started_worker(found[1])

    def kill(event: Event) -> None:
        if isinstance(event, Beat) and event.programs:
            scheduler.kill()

    ended = campaign_of("Board", kill, cluster=found[1])
    scheduler.communicate(timeout=10)
    worker.kill()
    worker.communicate(timeout=10)
    assert ended.summary.verdict is Verdict.ERROR
    assert ended.summary.exercised.programs > 0
    assert campaign_of("Board", resume=True).summary.verdict is Verdict.ISOLATED


def test_a_target_that_is_not_there(campaign_of: Campaign, cluster: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Dask scheduler answers"):
        campaign_of("Board", place=BOARDS, cluster="tcp://127.0.0.1:1")
