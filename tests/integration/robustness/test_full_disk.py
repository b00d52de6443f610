"""A disk that is full: a small file system in memory, which only the run under test sees."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

Start = Any

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts a file system for one process, as Linux can")


def on_small_disk(folder: Path, size: str) -> tuple[str, ...]:
    """What starts a command that finds a file system of this size mounted at the folder."""
    mount = 'mount -t tmpfs -o size="$0",mode=0777 small "$1" && shift && exec "$@"'
    if os.geteuid() == 0:
        return ("unshare", "--mount", "sh", "-c", mount, size, str(folder))
    back = ("unshare", "--user", f"--map-user={os.geteuid()}", f"--map-group={os.getegid()}")
    return ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, size, str(folder), *back)


def test_a_leak_whose_case_finds_no_room_is_reported_all_the_same(start: Start, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    run = start("run", "chat", "--defect", "search-unfiltered", "--out", "disk", within=on_small_disk(disk, "8k"))

    stdout, stderr = run.communicate(timeout=100)

    assert run.returncode == 1, stderr
    assert stdout.startswith("LEAKED: ")
    assert "saw text that was not theirs" in stdout
    assert "NOT KEPT: it could not be written to disk/chat-search-unfiltered" in stdout
    assert "No space left on device" in stdout
    assert "isofuzz replay" not in stdout
    assert "Traceback" not in stdout + stderr


def test_a_full_disk_is_told_before_the_run(start: Start, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    run = start("run", "chat", "--out", "disk/a/b", within=on_small_disk(disk, "4k,nr_inodes=2"))

    stdout, stderr = run.communicate(timeout=100)

    assert (run.returncode, stdout) == (2, "")
    assert stderr == (
        "isofuzz: cases cannot be kept in disk/a/b (No space left on device); name another folder with --out\n"
    )


def test_no_room_for_the_database(start: Start, temporary: Path) -> None:
    run = start("run", "chat", within=on_small_disk(temporary, "20m"))

    stdout, stderr = run.communicate(timeout=100)

    assert run.returncode == 2, stderr
    assert "No space left on device" in stdout
    assert f"The disk that holds {temporary} has " in stdout
    assert "make room, or set TMPDIR to a folder elsewhere" in stdout
    assert "Traceback" not in stdout + stderr


def test_a_disk_that_fills_up_during_the_run(start: Start, temporary: Path, tmp_path: Path) -> None:
    shutil.copy(Path(__file__).with_name("hoard.py"), tmp_path)
    run = start("run", "hoard:Hoard", "--profile", "ci", within=on_small_disk(temporary, "40m"))

    stdout, stderr = run.communicate(timeout=100)

    assert run.returncode == 2, stderr
    assert stdout.startswith("ERROR: the run failed, so nothing can be said about isolation")
    assert "No space left on device" in stdout
    assert "Traceback" not in stdout + stderr
