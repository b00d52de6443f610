"""`isofuzz campaign` and `isofuzz report`, also when they are killed, interrupted and gone on with."""

import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from isofuzz.campaign.orders import Task
from isofuzz.campaign.state import read_only

Isofuzz = Any
Started = Any

WRITTEN = ["findings.jsonl", "index.html", "junit.xml", "summary.md"]


def drawn(folder: Path) -> int:
    with read_only(folder) as state:
        night = state.latest_night()
        assert night
        return state.programs(night.id).get(Task.SEARCH, 0)


def test_a_leak_is_found_and_reported(isofuzz: Isofuzz, folder: Path) -> None:
    ended = isofuzz(
        "campaign", "notes:Notes", "--defect", "read-all", "--programs", "5", "--workers", "1", "--out", "c"
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "LEAKED" in ended.stdout
    assert "report  c/report/index.html" in ended.stdout
    assert sorted(path.name for path in (folder / "c" / "report").iterdir()) == WRITTEN
    page = (folder / "c" / "report" / "index.html").read_text()
    [case] = (folder / "c" / "cases").glob("*.json")
    assert f"isofuzz replay c/cases/{case.name}" in page

    page_of_others = isofuzz("report", "c")
    assert (page_of_others.returncode, page_of_others.stdout) == (0, "c/report/index.html\n"), page_of_others.stderr

    passed_over = isofuzz(
        "campaign", "notes:Notes", "--defect", "read-all", "--programs", "1", "--out", "d", "--known", "c/cases"
    )
    assert passed_over.returncode == 0, passed_over.stdout


@pytest.mark.parametrize(("signum", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 3)])
def test_one_that_was_stopped_is_gone_on_with_and_nothing_is_counted_twice(
    isofuzz: Isofuzz, started: Started, folder: Path, signum: signal.Signals, status: int
) -> None:
    process = started("campaign", "notes:Notes", "--programs", "12", "--workers", "2", "--out", "c", until="search")
    helpers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signum)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == status, stderr
    assert "Traceback" not in stdout + stderr
    _, alive = psutil.wait_procs(helpers, timeout=20)
    assert alive == []
    assert drawn(folder / "c") < 12
    assert (signum is signal.SIGINT) == (folder / "c" / "report").exists()

    begun_anew = isofuzz("campaign", "notes:Notes", "--programs", "5", "--out", "c")
    assert begun_anew.returncode == 2
    assert "go on with it: --resume c" in begun_anew.stderr

    resumed = isofuzz("campaign", "--resume", "c")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert drawn(folder / "c") == 12
