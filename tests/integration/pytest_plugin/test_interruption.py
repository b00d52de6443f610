"""Ctrl-C ends a run and pytest with it, whatever was going on, and no process of ours stays."""

import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.integration.pytest_plugin.conftest import clean_environment, processes_in

Pytest = Any

ISOLATION = """
class Announced(Notes):
    async def lifespan(self, services):
        print("UP", file=sys.stderr, flush=True)
        yield

TestAnnounced = isolation_test(Announced, profile="nightly")
"""
BY_HAND = """
@pytest.mark.asyncio
async def test_that_waits(isofuzz_services, isofuzz_database):
    async with by_hand(Notes) as (notes, history):
        await notes.sign_in("ann")
        print("UP", file=sys.stderr, flush=True)
        await asyncio.Event().wait()
"""
FIRST = """
import asyncio, sys
import pytest
from isofuzz import by_hand, isolation_test
from memory import Notes
"""
LAST = """
def test_that_must_not_run(tmp_path_factory):
    print("RAN ON", file=sys.stderr, flush=True)
"""


@pytest.mark.parametrize("source", [ISOLATION, BY_HAND], ids=["isolation_test", "by_hand"])
def test_ctrl_c_stops_pytest_and_leaves_nothing(
    run_pytest: Pytest, tmp_path: Path, temporary: Path, source: str
) -> None:
    (tmp_path / "test_project.py").write_text(FIRST + source + LAST)
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-s"],
        cwd=tmp_path,
        env=clean_environment() | {"TMPDIR": str(temporary)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stderr
        assert select.select([process.stderr], [], [], 60)[0], "the test has begun"
        assert process.stderr.readline() == "UP\n"
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()

    assert process.returncode == pytest.ExitCode.INTERRUPTED, stdout + stderr
    assert "KeyboardInterrupt" in stdout
    assert stderr == "", "the next test did not run, and nothing complained"
    assert not list(temporary.glob("isofuzz-*"))
    assert not processes_in(temporary)
