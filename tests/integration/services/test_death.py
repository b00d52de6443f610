"""However a run dies, its Postgres, its Valkey and its folder go."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGKILL, SIGTERM

import psutil
import pytest

from isofuzz.services import open_services

SCRIPT = """
import asyncio
from isofuzz.services import open_services

async def main():
    async with open_services() as services:
        await services.valkey()
        print(services.folder.parent, flush=True)
        await asyncio.to_thread(input)

asyncio.run(main())
"""


class Run:
    """A script that has opened services, and what belongs to it."""

    def __init__(self, script: subprocess.Popen[str]) -> None:
        assert script.stdout is not None
        self.script = script
        self.folder = Path(script.stdout.readline().strip())
        children = psutil.Process(script.pid).children()
        (self.watchdog,) = (child for child in children if "watchdog.py" in " ".join(child.cmdline()))
        (self.postgres,) = (child for child in children if child.name() == "postgres")
        (self.valkey,) = (child for child in children if child.name() == "valkey-server")


@pytest.fixture
def run() -> Iterator[Run]:
    command = [sys.executable, "-c", SCRIPT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as script:
        yield Run(script)
        script.kill()


def wait_until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("number", [SIGKILL, SIGTERM])
def test_a_killed_run_is_cleared_by_its_watchdog(run: Run, number: int) -> None:
    run.script.send_signal(number)
    run.script.wait()

    wait_until(lambda: is_gone(run.postgres) and not run.folder.exists() and is_gone(run.watchdog))
    assert is_gone(run.valkey)


async def test_what_even_a_killed_watchdog_left_is_cleared_by_the_next_run(run: Run) -> None:
    run.watchdog.kill()
    run.script.kill()
    run.script.wait()
    assert run.folder.exists()
    assert run.postgres.is_running()

    async with open_services():
        assert is_gone(run.postgres)
        assert is_gone(run.valkey)
        assert not run.folder.exists()


async def test_a_living_run_is_left_alone(run: Run) -> None:
    async with open_services():
        pass

    assert run.postgres.is_running()
    assert run.valkey.is_running()
    assert run.folder.exists()


def test_a_run_goes_on_without_its_watchdog(run: Run) -> None:
    run.watchdog.kill()

    run.script.communicate("\n")

    assert run.script.returncode == 0
    assert not run.folder.exists()
