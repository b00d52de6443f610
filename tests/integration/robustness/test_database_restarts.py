"""A database server that restarts while a run goes on."""

import shutil
from pathlib import Path
from typing import Any

import pytest

Start = Any
Server = Any


async def test_it_is_told_and_what_it_left_is_dropped_by_the_next_run(
    start: Start, server: Server, tmp_path: Path
) -> None:
    shutil.copy(Path(__file__).with_name("household.py"), tmp_path)  # its sweep is short
    run = start("run", "household:Household", "--profile", "nightly", ISOFUZZ_DATABASE_URL=str(server.url))
    assert any("find" in line for line in run.stderr)

    server.restart()
    stdout, stderr = run.communicate(timeout=60)

    assert run.returncode == 2, stderr
    assert stdout.startswith("ERROR: the run failed, so nothing can be said about isolation")
    assert "its server went away" in stdout
    assert "FINDING" not in stdout
    assert "Traceback" not in stdout + stderr
    assert "hunter2" not in stdout + stderr
    assert await server.left_behind()

    following = start("run", "household:Household", "--profile", "replay", ISOFUZZ_DATABASE_URL=str(server.url))
    stdout, stderr = following.communicate(timeout=60)

    assert following.returncode == 0, stdout + stderr
    assert await server.left_behind() == set()


@pytest.mark.long
async def test_a_leak_that_was_seen_before_outranks_it(start: Start, server: Server) -> None:
    arguments = ("run", "chat", "--defect", "like-wildcard", "--profile", "nightly")
    run = start(*arguments, ISOFUZZ_DATABASE_URL=str(server.url))
    assert any("shrink" in line for line in run.stderr)

    server.restart()
    stdout, stderr = run.communicate(timeout=60)

    assert run.returncode == 1, stderr
    assert stdout.startswith("LEAKED: ")
    assert "its server went away" in stdout
    assert "Traceback" not in stdout + stderr
