"""Processes that are stopped, and go on."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from isofuzz.gate.freezing import Freezer


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that says back each byte that it is told."""
    program = "import os\nwhile told := os.read(0, 1): os.write(1, told)"
    with subprocess.Popen([sys.executable, "-ISc", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        says(started, b"a")
        try:
            yield started
        finally:
            started.kill()  # it ends one that is stopped, too


def says(child: "subprocess.Popen[bytes]", what: bytes) -> None:
    assert child.stdin
    assert child.stdout
    child.stdin.write(what)
    child.stdin.flush()
    assert child.stdout.read(1) == what


def stops(child: "subprocess.Popen[bytes]") -> None:
    """Return once it is stopped: it may take a moment to get there."""
    os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)


def is_stopped(child: "subprocess.Popen[bytes]") -> bool:
    return bool(psutil.Process(child.pid).status() == psutil.STATUS_STOPPED)


def test_who_is_stopped_does_nothing_until_it_goes_on(child: "subprocess.Popen[bytes]") -> None:
    freezer = Freezer(can=True)
    freezer.stop([child.pid])
    stops(child)
    assert list(freezer.stopped) == [child.pid]
    freezer.thaw(child.pid)
    says(child, b"b")
    assert not freezer.stopped


def test_all_go_on_in_the_end(child: "subprocess.Popen[bytes]") -> None:
    freezer = Freezer(can=True)
    freezer.stop([child.pid])
    freezer.stop([child.pid])
    freezer.thaw_all()
    says(child, b"c")
    assert not freezer.stopped


def test_where_it_cannot_it_does_nothing(child: "subprocess.Popen[bytes]") -> None:
    freezer = Freezer(can=False)
    freezer.stop([child.pid])
    says(child, b"b")
    assert not freezer.stopped


def test_only_who_was_stopped_is_told_to_go_on(child: "subprocess.Popen[bytes]") -> None:
    freezer, other = Freezer(can=True), Freezer(can=True)
    freezer.stop([child.pid])
    stops(child)
    other.thaw(child.pid)
    other.thaw_all()
    assert is_stopped(child)
    freezer.thaw_all()
    says(child, b"d")


def test_who_has_just_ended_is_no_trouble() -> None:
    with subprocess.Popen([sys.executable, "-ISc", ""]) as ended:
        pass
    freezer = Freezer(can=True)
    freezer.stop([ended.pid])
    freezer.thaw_all()
    assert not freezer.stopped
