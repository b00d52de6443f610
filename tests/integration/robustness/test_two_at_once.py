"""Two runs at once, on one server and in one folder."""

from pathlib import Path
from typing import Any

import pytest

from isofuzz.cases.store import case_files, read_case

Start = Any
Server = Any

SOME_PROGRAMS = """
[tool.isofuzz.budgets.nightly]
programs = 5
seconds = 240
"""
"""After the sweep, which is as long in every profile: runs that meet have met before. It may take its time here, for
it is cut short when a slow machine does two of them at once."""


@pytest.mark.long
async def test_healthy_ones_do_not_meet(start: Start, server: Server, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(SOME_PROGRAMS)
    url = str(server.url)
    runs = [start("run", "chat", "--profile", "nightly", ISOFUZZ_DATABASE_URL=url) for _ in range(2)]

    for run in runs:
        assert any("sweep" in line for line in run.stderr)
    assert len(await server.left_behind()) == 4, "both have a database and its owner, and most of the sweep before them"
    told = [run.communicate(timeout=300) for run in runs]

    for run, (stdout, stderr) in zip(runs, told, strict=True):
        assert run.returncode == 0, stdout + stderr
    assert await server.left_behind() == set()


async def test_leaky_ones_keep_one_and_the_same_case(start: Start, server: Server, tmp_path: Path) -> None:
    leaky = ("run", "chat", "--defect", "search-unfiltered")
    runs = [start(*leaky, ISOFUZZ_DATABASE_URL=str(server.url)) for _ in range(2)]

    told = [run.communicate(timeout=100) for run in runs]

    for run, (stdout, stderr) in zip(runs, told, strict=True):
        assert run.returncode == 1, stdout + stderr
    [kept] = case_files(tmp_path / ".isofuzz" / "cases")
    assert len(read_case(kept).program) == 5
    assert await server.left_behind() == set()
