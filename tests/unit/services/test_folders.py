import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from isofuzz.errors import ServicesUnavailable
from isofuzz.services import folders, watchdog
from isofuzz.services.folders import clear_dead_runs, run_folder


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The only place for run folders, so that those of other runs on this machine are left alone."""
    with tempfile.TemporaryDirectory(dir="/tmp") as path:
        monkeypatch.setattr(tempfile, "tempdir", path)
        monkeypatch.setattr(folders, "_bases", lambda: [Path(path)])
        yield Path(path)


def left_behind(base: Path, name: str) -> Path:
    folder = base / name
    folder.mkdir()
    (folder / watchdog.RECORD).touch()
    return folder


def test_only_its_user_can_enter_it_and_it_goes_with_the_run(base: Path) -> None:
    with run_folder() as folder:
        assert folder.path.parent == base
        for path in (folder.path, folder.scratch):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
        (folder.scratch / "file").touch()

    assert list(base.iterdir()) == []


def test_it_goes_with_a_run_that_fails(base: Path) -> None:
    with pytest.raises(ZeroDivisionError), run_folder():
        raise ZeroDivisionError

    assert list(base.iterdir()) == []


def test_what_a_dead_run_left_is_cleared_and_a_living_run_is_not(base: Path) -> None:
    dead = left_behind(base, "isofuzz-dead")

    with run_folder() as living, run_folder() as other:
        assert not dead.exists()
        assert living.path.exists()
        assert other.path.exists()


def test_a_folder_that_is_not_ours_is_left_alone(base: Path) -> None:
    (base / "isofuzz-unrecorded").mkdir()
    left_behind(base, "another-name")
    target = left_behind(base, "target")
    (base / "isofuzz-link").symlink_to(target)

    clear_dead_runs({os.geteuid()})

    assert {path.name for path in base.iterdir()} == {"isofuzz-unrecorded", "another-name", "target", "isofuzz-link"}


def test_a_folder_of_another_user_is_left_alone(base: Path) -> None:
    folder = left_behind(base, "isofuzz-theirs")

    clear_dead_runs({os.geteuid() + 1})

    assert folder.exists()


def test_a_forked_child_does_not_keep_the_folder_alive(base: Path) -> None:
    """The watchdog acts on the death of the run's process although a forked child of it lives on."""
    script = f"""
import os, tempfile
tempfile.tempdir = {str(base)!r}
from isofuzz.services.folders import run_folder
with run_folder() as folder:
    if os.fork() == 0:
        print(folder.path, flush=True)
        input()
        os._exit(0)
    os._exit(1)
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        assert process.wait() == 1
        give_up = time.monotonic() + 10
        while folder.exists():
            assert time.monotonic() < give_up
            time.sleep(0.005)


def test_a_path_too_long_for_a_socket_is_passed_over(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = base / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(folders, "_bases", lambda: [deep, base])

    with run_folder() as folder:
        assert folder.path.parent == base


def test_no_place_at_all_is_said_with_each_reason(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_bases", lambda: [base / ("d" * 100), base / "missing"])

    with pytest.raises(ServicesUnavailable, match=r"too long.*missing: No such file.*Set TMPDIR"), run_folder():
        pass
