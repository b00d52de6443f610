"""A run that is killed at any moment, again and again: nothing stays, and nothing that was found is lost."""

import random
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from isofuzz.cases.store import read_case
from isofuzz.services import Sources, open_services

Start = Any
Server = Any

RUN = ("run", "household:Household", "--defect", "read-all", "--profile", "ci")
LEAK_SEEN = re.compile(r": (\.isofuzz/cases/\S+\.json)$", re.MULTILINE)
MOMENTS = 10
FEW_PROGRAMS = """
[tool.isofuzz.budgets.ci]
programs = 10
"""
"""So that the moments fall less on programs, which are all alike, and more on what else a run does."""


@pytest.mark.parametrize(
    "given", [pytest.param(False, id="embedded"), pytest.param(True, id="given", marks=pytest.mark.long)]
)
async def test_nothing_stays_and_nothing_is_lost(
    start: Start, server: Server, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: bool
) -> None:
    """Every other time the watchdog is killed as well, so that only the next start can clear up."""
    shutil.copy(Path(__file__).with_name("household.py"), tmp_path)
    (tmp_path / "pyproject.toml").write_text(FEW_PROGRAMS)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    database_url = str(server.url) if given else None
    variables = {"ISOFUZZ_DATABASE_URL": database_url} if database_url else {}
    chance = random.Random(f"{given}")
    began = time.monotonic()
    assert start(*RUN, **variables).communicate(timeout=100)[0].startswith("LEAKED")
    whole = time.monotonic() - began
    found = 0

    for number in range(MOMENTS):
        shutil.rmtree(tmp_path / ".isofuzz")
        victim = start(*RUN, **variables)
        _let_run(victim, whole * chance.random())
        if number % 2:
            _kill_watchdogs(victim)
        victim.kill()
        _, stderr = victim.communicate(timeout=10)
        for kept in LEAK_SEEN.findall(stderr):
            read_case(tmp_path / kept)
            found += 1

        async with open_services(Sources(database_url=database_url)):
            pass

        # A watchdog that lives may still be at work beside the next start.
        _wait_until(lambda: not _names_in(temporary) and not _processes_of(temporary))
        assert await server.left_behind() == set()
        (tmp_path / ".isofuzz").mkdir(exist_ok=True)
    assert found


@pytest.mark.parametrize("phase", ["shrink", "confirm"])
def test_what_was_found_is_there_whatever_is_being_done_with_it(
    start: Start, temporary: Path, tmp_path: Path, phase: str
) -> None:
    shutil.copy(Path(__file__).with_name("household.py"), tmp_path)
    victim = start(*RUN)
    said = list(iter(victim.stderr.readline, f"{phase}\n"))
    victim.kill()
    victim.communicate(timeout=10)
    [kept] = LEAK_SEEN.findall("".join(said))
    assert read_case(tmp_path / kept).defect == "read-all"
    _wait_until(lambda: not _names_in(temporary) and not _processes_of(temporary))


def _let_run(process: "subprocess.Popen[str]", seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def _kill_watchdogs(process: "subprocess.Popen[str]") -> None:
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            if "watchdog.py" in " ".join(child.cmdline()):
                child.kill()


def _processes_of(folder: Path) -> list[psutil.Process]:
    """Those that work in the folder or have it in their command: servers, processes of the system, watchdogs."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if str(folder) in " ".join([process.cwd(), *process.cmdline()]):
                found.append(process)
    return found


def _names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _wait_until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.01)
