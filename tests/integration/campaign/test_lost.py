"""Workers that die, hang or take too much are replaced, and what they were executing is known."""

import os
import signal
from pathlib import Path

import psutil
import pytest
from tests.integration.campaign.conftest import BOARDS, Campaign

from isofuzz.campaign.orders import Task
from isofuzz.campaign.state import read_only
from isofuzz.cases.codec import program_from_json
from isofuzz.oracles.verdict import Verdict
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.events import Beat, Event, LeakSeen, WorkerLost


@pytest.mark.parametrize(
    ("name", "reason", "operation", "options"),
    [
        ("Deadly", "it died", "read", {}),
        ("Hanging", "it hung", "search", {"part_seconds": 8, "order_seconds": 3, "patience": 5}),
        ("Greedy", "MB of memory, and may take 400", "search", {"memory": 400 * 2**20}),
    ],
)
def test_a_worker_is_replaced_and_its_program_is_a_suspect(
    campaign_of: Campaign, folder: Path, marker: Path, name: str, reason: str, operation: str, options: dict[str, float]
) -> None:
    heard: list[Event] = []
    outcome = campaign_of(name, heard.append, place=BOARDS, for_programs=5, **options)
    assert (outcome.summary.verdict, outcome.summary.missing) == (Verdict.ISOLATED, ())
    [lost] = [event for event in heard if isinstance(event, WorkerLost)]
    assert reason in lost.reason
    [suspect] = outcome.suspects
    assert suspect.reason == lost.reason
    assert suspect.program
    last = program_from_json(suspect.program).bursts[-1]
    assert operation in [call.operation for call in last.calls]
    with read_only(folder) as state:
        assert state.programs(outcome.night)[Task.SEARCH] == 5


def test_a_worker_that_is_killed_from_outside_is_replaced(campaign_of: Campaign, folder: Path) -> None:
    """Whatever it was doing; between two orders it does nothing."""
    killed: set[str] = set()

    def kill(event: Event) -> None:
        if isinstance(event, Beat) and event.programs and not killed:
            killed.update(worker.worker for worker in event.working)
            for name in killed:
                os.kill(int(name), signal.SIGKILL)

    outcome = campaign_of("Board", kill, for_programs=5)
    assert killed
    assert (outcome.summary.verdict, outcome.summary.missing) == (Verdict.ISOLATED, ())
    with read_only(folder) as state:
        assert state.programs(outcome.night)[Task.SEARCH] == 5


def test_a_worker_that_dies_while_it_has_nothing_to_do_is_replaced(campaign_of: Campaign) -> None:
    """Who has just reported a leak has nothing to do."""
    at_work: set[int] = set()
    killed: list[psutil.Process] = []

    def kill(event: Event) -> None:
        if isinstance(event, Beat):
            at_work.update(int(worker.worker) for worker in event.working if psutil.pid_exists(int(worker.worker)))
        if isinstance(event, LeakSeen) and not killed:
            killed.extend(map(psutil.Process, at_work))
            for worker in killed:
                worker.kill()
            psutil.wait_procs(killed, timeout=10)

    outcome = campaign_of("Open", kill, only=frozenset({Oracle.CROSSING}))
    assert killed
    assert outcome.summary.verdict is Verdict.LEAKED
    [(known, finding)] = outcome.found
    assert (known.worked, finding.case.cold) == (True, True)


def test_a_cluster_that_dies_is_replaced(campaign_of: Campaign, folder: Path, marker: Path) -> None:
    killed: list[int] = []

    def kill_postgres(event: Event) -> None:
        if not killed and isinstance(event, Beat) and event.programs:
            servers = [
                child
                for child in psutil.Process().children(recursive=True)
                if child.name() == "postgres" and child.ppid() == os.getpid()
            ]
            for server in servers:
                killed.append(server.pid)
                os.kill(server.pid, signal.SIGKILL)

    outcome = campaign_of("Kept", kill_postgres, place=BOARDS, for_programs=5, workers=6)
    assert killed
    assert (outcome.summary.verdict, outcome.summary.missing) == (Verdict.ISOLATED, ())
    assert any("another one was started" in what for what in outcome.events)


def test_what_can_never_be_started_ends_the_campaign(campaign_of: Campaign) -> None:
    outcome = campaign_of("NeverUp", place=BOARDS)
    assert outcome.summary.verdict is Verdict.ERROR
    assert "did not start" in (outcome.summary.trouble or "")


def test_the_journal_of_who_lives_is_empty_in_the_end(campaign_of: Campaign, folder: Path) -> None:
    campaign_of("Board", for_programs=1)
    assert [path.read_text() for path in (folder / "workers").iterdir()] == ["", ""]
