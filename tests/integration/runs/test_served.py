"""Runs of systems in a process of their own, reached over HTTP."""

import asyncio
import sys
from pathlib import Path

import pytest

from isofuzz import Http
from isofuzz.errors import UsageError
from isofuzz.oracles.verdict import Verdict
from isofuzz.runs.profiles import Profile
from isofuzz.runs.request import RunRequest
from isofuzz.runs.run import run
from isofuzz.runs.summary import Summary
from isofuzz.runs.targets import find_target
from isofuzz.services.folders import run_folder
from isofuzz.services.processes.running import Order, running_processes

BOARDS = Path(__file__).with_name("boards.py")
SHORT = Profile("short", programs=5, steps=8, seconds=10, findings=1, shrink_seconds=10)


def summary_of(name: str, folder: Path) -> Summary:
    target = f"{BOARDS}:{name}"
    return run(RunRequest(target, find_target(target), SHORT, seed=0, cases=folder / "cases"))


def test_a_healthy_system_is_isolated(tmp_path: Path) -> None:
    summary = summary_of("ServedBoard", tmp_path)

    assert (summary.verdict, summary.missing, summary.trouble) == (Verdict.ISOLATED, (), None)
    assert not summary.exercised.unexpected


def test_a_server_that_dies_is_told_at_once_with_what_it_wrote_last(tmp_path: Path) -> None:
    summary = summary_of("DyingServer", tmp_path)

    assert summary.verdict is Verdict.ERROR
    assert summary.trouble is not None
    assert "board_server.py` of the system under test exited with code 9, although nobody" in summary.trouble
    assert summary.trouble.endswith("\nIt wrote last:\n  | no memory left for postgresql://app:***@localhost/app")
    assert summary.exercised.unexpected.total() < 40


def test_a_server_that_does_not_start(tmp_path: Path) -> None:
    summary = summary_of("AbsentServer", tmp_path)

    assert summary.verdict is Verdict.ERROR
    assert summary.trouble is not None
    assert summary.trouble.startswith("the process `python")
    assert "exited with code 1 before it was ready.\nIt wrote last:" in summary.trouble
    assert summary.trouble.endswith("ValueError: invalid literal for int() with base 10: 'no port'")


def test_a_server_that_is_not_installed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`board-server-9` cannot be started: there is no board-server-9 on the PATH"):
        summary_of("UnknownServer", tmp_path)


def test_a_server_that_is_not_ready_before_its_target_gives_up(tmp_path: Path) -> None:
    summary = summary_of("SlowServer", tmp_path)

    assert summary.trouble is not None
    assert "SlowServer was not up after 2 s; `start_within` says how long to wait" in summary.trouble
    assert "(not ready: it waited for a server on port" in summary.trouble
    assert summary.trouble.endswith("but nothing listens there) wrote last:\n  | warming up")


async def test_a_client_does_not_notice_that_its_server_was_started_again() -> None:
    """Connections that are kept for the next request ended with the process."""
    with run_folder() as folder:
        async with running_processes(folder) as running:
            command = (sys.executable, str(BOARDS.with_name("board_server.py")), "{port}")
            server = await running.start(Order(command, "http://127.0.0.1:{port}/", 20, {}, None))
            async with Http(f"http://127.0.0.1:{server.port}") as http:
                for _ in range(3):
                    await asyncio.gather(*(http.post("/rooms") for _ in range(4)))
                    await server.restart()
                assert await http.post("/rooms") == {"id": 0}


def test_trouble_while_stopping_changes_no_verdict_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    summary = summary_of("BadAtStopping", tmp_path)

    assert (summary.verdict, summary.trouble) == (Verdict.ISOLATED, None)
    [told] = [record.getMessage() for record in caplog.records if record.name == "isofuzz"]
    assert told == (
        "the system under test of BadAtStopping did not stop in order: OSError: cannot remove the socket of"
        " postgresql://app:***@localhost/app"
    )
