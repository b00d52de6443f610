import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from isofuzz.services import watchdog
from isofuzz.services.watchdog import RECORD, clear, start_identity, stop


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends only when its standard input does, or by a signal."""
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", "input()"], stdin=subprocess.PIPE)
    with process:
        yield process
        process.kill()


def entry(pid: int, identity: str, *, group: bool = False) -> str:
    return json.dumps({"pid": pid, "identity": identity, "signal": int(signal.SIGTERM), "group": group}) + "\n"


def test_an_identity_lasts_as_long_as_its_process(sleeper: subprocess.Popen[bytes]) -> None:
    identity = start_identity(sleeper.pid)

    assert identity is not None
    assert start_identity(sleeper.pid) == identity
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet waited for
    assert start_identity(sleeper.pid) is None
    sleeper.wait()
    assert start_identity(sleeper.pid) is None


def test_a_reused_number_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    stop(sleeper.pid, "another start", signal.SIGKILL)

    assert sleeper.poll() is None


def test_a_process_that_ignores_the_signal_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isofuzz.services.watchdog.PATIENCE", 0.05)
    script = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); input()"
    command = [sys.executable, "-I", "-S", "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        identity = start_identity(process.pid)
        assert identity is not None

        stop(process.pid, identity, signal.SIGTERM)

        assert process.wait() == -signal.SIGKILL


@pytest.fixture
def group() -> Iterator[list[int]]:
    """The leader of a process group, and a child of it that ignores polite signals."""
    script = "trap '' TERM; sleep 100 & trap - TERM; echo $!; wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True) as leader:
        assert leader.stdout is not None
        yield [leader.pid, int(leader.stdout.readline())]
        with suppress(ProcessLookupError):
            os.killpg(leader.pid, signal.SIGKILL)


def test_a_group_goes_with_its_leader(tmp_path: Path, group: list[int]) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    identity = start_identity(group[0])
    assert identity is not None
    (folder / RECORD).write_text(entry(group[0], identity, group=True))

    clear(folder)

    # The kernel ends a process that was killed in its own time.
    give_up = time.monotonic() + 10
    while any(map(start_identity, group)):
        assert time.monotonic() < give_up
        time.sleep(0.001)


def test_a_group_whose_leader_is_another_is_left_alone(group: list[int]) -> None:
    stop(group[0], "another start", signal.SIGKILL, group=True)

    assert all(start_identity(pid) for pid in group)


def test_clearing_stops_what_is_recorded_and_deletes_the_folder(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    folder = tmp_path / "run"
    (folder / "deep").mkdir(parents=True)
    identity = start_identity(sleeper.pid)
    assert identity is not None
    half_a_line = '{"pid": 1, "ident'
    (folder / RECORD).write_text(entry(sleeper.pid, identity) + half_a_line)

    clear(folder)

    assert sleeper.wait() == -signal.SIGTERM
    assert not folder.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody may look at the environment of a process")
def test_what_was_never_recorded_is_known_by_its_mark(tmp_path: Path) -> None:
    """Started, and the run killed before it could write that down."""
    folder = tmp_path / "isofuzz-1"
    folder.mkdir()
    (folder / RECORD).write_text("")
    command = [sys.executable, "-I", "-S", "-c", "input()"]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, env=watchdog.mark(place))
        for place in (folder, tmp_path / "isofuzz-2")
    ]

    clear(folder)

    assert [process.poll() for process in started] == [-signal.SIGKILL, None]
    for process in started:
        process.kill()
        process.communicate()


def test_a_folder_without_a_record_is_nobodys(tmp_path: Path) -> None:
    clear(tmp_path)
    clear(tmp_path / "missing")

    assert tmp_path.exists()


def test_the_watchdog_outlives_polite_signals_and_acts_when_its_pipe_closes(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    identity = start_identity(sleeper.pid)
    assert identity is not None
    (folder / RECORD).write_text(entry(sleeper.pid, identity))
    # Reports once main() has begun to read, which is after it has set up its signals.
    script = """
import runpy, sys
class Reporting:
    def __init__(self, buffer): self._buffer = buffer
    def read(self):
        print(flush=True)
        return self._buffer.read()
class Input: buffer = Reporting(sys.stdin.buffer)
sys.stdin = Input()
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""
    command = [sys.executable, "-I", "-S", "-c", script, watchdog.__file__, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            child.send_signal(number)
        child.stdin.close()
        assert child.wait() == 0

    assert sleeper.wait() == -signal.SIGTERM
    assert not folder.exists()
