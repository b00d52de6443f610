"""A run that is killed at any moment, again and again: nothing stays, and nothing that was found is lost."""

import random
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # it ships no type information
import pytest

from isofuzz.cases.store import read_case
from isofuzz.services import Sources, open_services

Start = Any
Server = Any

RUN = ("run", "chat", "--defect", "search-unfiltered", "--profile", "ci")
LEAK_SEEN = re.compile(r": (\.isofuzz/cases/\S+\.json)$", re.MULTILINE)


MOMENTS = 10


@pytest.mark.parametrize("given", [False, True], ids=["embedded", "given"])
async def test_nothing_stays_and_nothing_is_lost(
    start: Start, server: Server, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: bool
) -> None:
    """Every other time the watchdog is killed as well, so that only the next start can clear up."""
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    database_url = str(server.url) if given else None
    variables = {"ISOFUZZ_DATABASE_URL": database_url} if database_url else {}
    chance = random.Random(f"{given}")
    began = time.monotonic()
    assert start(*RUN, **variables).communicate(timeout=100)[0].startswith("LEAKED")
    whole = time.monotonic() - began

    for number in range(MOMENTS):
        victim = start(*RUN, **variables)
        family = _family_at(victim, whole * chance.random())
        for watchdog in _watchdogs(family) if number % 2 else ():
            watchdog.kill()
        victim.kill()
        _, stderr = victim.communicate(timeout=10)
        for kept in LEAK_SEEN.findall(stderr):
            read_case(tmp_path / kept)

        async with open_services(Sources(database_url=database_url)):
            pass

        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []
        assert _names_in(temporary) == []
        assert await server.left_behind() == set()


def _family_at(process: "subprocess.Popen[str]", moment: float) -> list[psutil.Process]:
    """The processes that it has started until then, seconds from now."""
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        return list(psutil.Process(process.pid).children(recursive=True))
    return []  # it was quicker this time


def _watchdogs(family: list[psutil.Process]) -> list[psutil.Process]:
    return [child for child in family if "watchdog.py" in " ".join(child.cmdline())]


def _names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
