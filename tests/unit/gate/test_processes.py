"""Whether processes are at rest: small ones that sleep, work, have children and threads, and do not read."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import pytest

from isofuzz.gate.processes import Outside, sleeps
from isofuzz.gate.uncontrolled import Uncontrolled

_PATIENCE = 20.0
"""Seconds after which a condition is taken to never come true."""

Child = Callable[..., "subprocess.Popen[str]"]

ECHO = """
for line in sys.stdin:
    print(line, end="", flush=True)
"""
"""Sleeps until it is told something, and says the same."""

SPIN = "while True: pass"

CHILD_OF_ITS_OWN = f"""
subprocess.Popen([sys.executable, "-ISc", {SPIN!r}])
sys.stdin.read()
"""

THREAD_OF_ITS_OWN = """
def spin():
    while not ended: pass
ended = False
threading.Thread(target=spin).start()
sys.stdin.read()
ended = True
"""

IN_PIECES = """
import socket
with socket.create_connection(("127.0.0.1", {})) as connection:
    while asked := connection.recv(100):
        for piece in asked:
            connection.send(bytes([piece]))
"""
"""Answers what it is asked with the same, one byte after the other."""


@pytest.fixture
def child() -> Iterator[Child]:
    """Starts a process that runs a few lines, once `ready` is printed; it ends with the test, and its children do."""
    started: list[subprocess.Popen[str]] = []

    def start(lines: str) -> "subprocess.Popen[str]":
        program = f"import subprocess, sys, threading\nprint('ready', flush=True)\n{lines}"
        process = subprocess.Popen(
            [sys.executable, "-ISc", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def outside(*processes: "subprocess.Popen[str]", sockets: Sequence[socket.socket] = (), seen: bool = True) -> Outside:
    pids = [process.pid for process in processes]
    return Outside(lambda: pids, sockets=lambda: sockets, uncontrolled=Uncontrolled(), seen=seen)


def looks_until_at_rest(watched: Outside, read: Callable[[], object] = lambda: None) -> int:
    """How often it had to be looked. In between is read what has come, as a loop does."""
    watched.begin()
    give_up = time.monotonic() + _PATIENCE
    looks = 0
    while not watched.rested:
        assert time.monotonic() < give_up
        if watched.due():
            read()
        looks += 1
    return looks


def echo(process: "subprocess.Popen[str]") -> None:
    """Have it wake up, and answer."""
    assert process.stdin
    assert process.stdout
    process.stdin.write("hello\n")
    process.stdin.flush()
    assert process.stdout.readline() == "hello\n"


def never_rests(watched: Outside) -> bool:
    watched.begin()
    return all(watched.due() > 0 for _ in range(200)) and not watched.rested


class TestOfWhatCanBeSeen:
    def test_no_process_at_all_is_at_rest(self) -> None:
        watched = outside()
        watched.begin()
        assert watched.rested
        assert watched.due() == 0

    def test_one_look_is_none(self, child: Child) -> None:
        watched = outside(child(ECHO))
        watched.begin()
        assert watched.due() > 0
        assert not watched.rested
        assert looks_until_at_rest(watched) >= 2

    def test_one_that_sleeps_at_each_look_but_was_awake_in_between_is_not_at_rest(self, child: Child) -> None:
        process = child(ECHO)
        watched = outside(process)
        looks_until_at_rest(watched)
        watched.begin()
        watched.due()
        echo(process)
        looks_until_at_rest(outside(process))  # it sleeps again, as it did at the first look
        assert watched.due() > 0
        assert not watched.rested

    def test_one_that_works_is_not_at_rest(self, child: Child) -> None:
        assert never_rests(outside(child(SPIN)))

    def test_one_of_several_is_enough(self, child: Child) -> None:
        assert never_rests(outside(child(ECHO), child(SPIN)))

    def test_one_that_a_process_has_started_counts(self, child: Child) -> None:
        assert never_rests(outside(child(CHILD_OF_ITS_OWN)))

    def test_each_thread_counts(self, child: Child) -> None:
        assert never_rests(outside(child(THREAD_OF_ITS_OWN)))

    def test_a_server_that_may_wake_them_counts_once_there_are_any(self, child: Child) -> None:
        busy, idle = child(SPIN), child(ECHO)
        pids: list[int] = []
        watched = Outside(lambda: pids, servers=lambda: [busy.pid], uncontrolled=Uncontrolled(), seen=True)
        assert looks_until_at_rest(watched) == 0
        pids.append(idle.pid)
        assert never_rests(watched)

    def test_one_that_has_ended_or_is_stopped_is_at_rest(self, child: Child) -> None:
        ended, stopped = child("pass"), child(SPIN)
        ended.wait()
        stopped.send_signal(signal.SIGSTOP)
        looks_until_at_rest(outside(ended, stopped))

    def test_who_does_not_read_what_was_sent_is_given_more_time(self, child: Child) -> None:
        process = child(ECHO)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.send(b"unread")
            assert looks_until_at_rest(outside(process, sockets=[ours])) > 10
            theirs.recv(100)
            assert looks_until_at_rest(outside(process, sockets=[ours])) >= 2
        looks_until_at_rest(outside(process, sockets=[ours]))  # closed meanwhile

    def test_what_is_sent_in_small_pieces_comes_at_once(self, child: Child) -> None:
        """Without TCP_NODELAY the next piece waits for the last to be acknowledged, while everybody sleeps."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            process = child(IN_PIECES.format(listening.getsockname()[1]))
            connection, _ = listening.accept()
        with connection:
            connection.setblocking(False)
            for _ in range(40):
                come = bytearray()

                def read(come: bytearray = come) -> None:
                    with suppress(BlockingIOError):
                        come.extend(connection.recv(100))

                connection.send(b"hello")
                looks_until_at_rest(outside(process, sockets=[connection]), read)
                assert come == b"hello"

    def test_a_process_and_what_it_has_started_are_known(self, child: Child) -> None:
        process, other = child(CHILD_OF_ITS_OWN), child(ECHO)
        watched = outside(process)
        [grandchild] = map(int, _children_of(process.pid))
        assert watched.includes(process.pid)
        assert watched.includes(grandchild)
        assert not watched.includes(other.pid)


class TestOfWhatCannotBeSeen:
    def test_some_time_is_waited_and_told(self, child: Child) -> None:
        process = child(SPIN)
        uncontrolled = Uncontrolled()
        watched = Outside(lambda: [process.pid], uncontrolled=uncontrolled, seen=False)
        watched.begin()
        assert (watched.rested, watched.due(), watched.rested) == (False, 0.01, True)
        assert watched.due() == 0.01  # something came meanwhile
        assert dict(uncontrolled.reasons) == {
            "processes of the system that cannot be looked at: 10 ms were waited": 1,
        }

    def test_nothing_is_waited_for_or_told_if_there_are_none(self) -> None:
        uncontrolled = Uncontrolled()
        watched = Outside(list, uncontrolled=uncontrolled, seen=False)
        watched.begin()
        assert watched.rested
        assert watched.due() == 0
        assert not uncontrolled.reasons

    def test_one_that_never_rests_is_no_longer_looked_at(self, child: Child) -> None:
        process = child(SPIN)
        uncontrolled = Uncontrolled()
        watched = Outside(lambda: [process.pid], uncontrolled=uncontrolled, seen=True)
        watched.begin()
        watched.give_up()
        watched.begin()
        assert watched.due() == 0.01
        assert watched.rested
        assert "a process of the system that never came to rest: since then 10 ms were waited" in uncontrolled.reasons


def _children_of(pid: int) -> list[str]:
    give_up = time.monotonic() + _PATIENCE
    while True:
        with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123 - as short as it gets
            if found := file.read().split():
                return found
        assert time.monotonic() < give_up


def test_one_that_works_does_not_sleep_and_one_that_rests_does(child: Child) -> None:
    working, resting = child(SPIN), child(ECHO)
    looks_until_at_rest(outside(resting))
    assert sleeps(resting.pid)
    assert not sleeps(working.pid)


def test_one_that_is_not_there_sleeps() -> None:
    with subprocess.Popen([sys.executable, "-ISc", ""]) as ended:
        pass
    assert sleeps(ended.pid)
