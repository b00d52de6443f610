"""Is all that runs in other processes at rest? Seen on Linux, of processes of this machine; else some time is waited.

A thread that sleeps wakes up in the moment in which something is written that it waits for, so all are at rest if all
sleep at one moment and nothing is on its way to us then. Threads can only be looked at one after the other. But Linux
counts how often each was put to sleep, and one whose count is the same at a second look has slept in between. So if
nobody's has changed, all slept together at the moment between the two looks.
"""

import fcntl
import os
import socket
import struct
import termios
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from isofuzz.gate.uncontrolled import Uncontrolled

_PAUSE = 0.0002
"""Seconds between two looks; a process that was woken has begun to run by then, or is seen waiting for a processor."""
_WAIT = 0.01
"""Seconds that are waited where nobody can look."""
_LOOKS_AT_UNREAD = 50
"""So many looks alike, and whoever sleeps over what was sent to them does not want it."""

_AT_REST = frozenset(b"SZXTt")
"""States of threads that move only if somebody else does: asleep, ended, stopped."""
_STATE = b"\nState:\t"
_SWITCHES = b"\nvoluntary_ctxt_switches:"
_NOT_THERE = (FileNotFoundError, ProcessLookupError, PermissionError)
"""A process has ended; or it is a server's of another user, on a machine that hides these."""
_MOST = 65536
"""Bytes of a thread's status: it grows with the machine's processors and the user's groups."""

_SIOCOUTQ, _SIOCOUTQNSD = 0x5411, 0x894B
_INT = struct.Struct("i")

_UNSEEN = f"processes of the system that cannot be looked at: {_WAIT * 1000:g} ms were waited"
_RESTLESS = f"a process of the system that never came to rest: since then {_WAIT * 1000:g} ms were waited"

Pids = Callable[[], Collection[int]]


class Outside:
    """The processes of the system. `rested` says whether they were found at rest since `begin`."""

    def __init__(
        self,
        processes: Pids,
        *,
        servers: Pids = tuple,
        sockets: Callable[[], Iterable[Any]] = tuple,
        uncontrolled: Uncontrolled,
        seen: bool | None = None,
    ) -> None:
        """`processes` are those that were started, and whatever these start is looked at with them.

        `servers` are others of this machine that may wake them, and `sockets` ours, on which bytes may be on their way.
        `seen`: can processes be looked at? By default that is found out.
        """
        self.rested = True
        self._processes = processes
        self._servers = servers
        self._sockets = sockets
        self._uncontrolled = uncontrolled
        self._why_unseen = None if (can_look() if seen is None else seen) else _UNSEEN
        self._roots: Collection[int] = ()
        self._before: object = None
        self._alike = 0

    def begin(self) -> None:
        """Something has moved: what was seen before no longer counts."""
        self._roots = self._processes()
        self.rested = not self._roots
        self._before, self._alike = None, 0
        if self._roots and self._why_unseen:
            self._uncontrolled.note(self._why_unseen)

    def due(self) -> float:
        """Look; the seconds after which to look again, during which this process must read what comes. 0: they rest.

        Where nobody can look, they rest if nothing comes in these seconds.
        """
        if self._roots and self._why_unseen:
            self.rested = True
            return _WAIT
        if self.rested:
            return 0
        asleep = self._asleep()
        unread = _unread(self._sockets()) if asleep is not None else []
        alike = asleep is not None and (asleep, unread) == self._before
        self._before = (asleep, unread)
        self._alike = self._alike + 1 if alike else 0
        self.rested = self._alike >= (_LOOKS_AT_UNREAD if unread else 1)
        return 0 if self.rested else _PAUSE

    def give_up(self) -> None:
        """They never rest, so do not look any more."""
        self._why_unseen = _RESTLESS

    def includes(self, pid: int) -> bool:
        """Is it one of the processes that were started, or of those that these have started?"""
        return pid in set(_with_children(self._processes()))

    def _asleep(self) -> dict[int, bytes] | None:
        """How often each thread was put to sleep so far; None if one does not sleep."""
        counts = {}
        for pid in chain(_with_children(self._roots), self._servers()):
            for thread in _threads(pid):
                status = _read(f"/proc/{pid}/task/{thread}/status")
                if status and status[status.index(_STATE) + len(_STATE)] not in _AT_REST:
                    return None
                counts[thread] = status[status.rfind(_SWITCHES) :]
        return counts


def can_look() -> bool:
    """Can processes be looked at, and the children that they have? Linux can be built without."""
    return Path("/proc/self/task").is_dir() and Path(f"/proc/self/task/{os.getpid()}/children").exists()


def sleeps(pid: int) -> bool:
    """Is a process of one thread asleep? Yes, for all that anybody can say, where it cannot be looked at."""
    status = _read(f"/proc/{pid}/status")
    return not status or status[status.index(_STATE) + len(_STATE)] in _AT_REST


def _with_children(pids: Collection[int]) -> Iterator[int]:
    """These, and all that they have started. Each is handed out before its children are looked for.

    So whoever was asleep then has none that are not found.
    """
    ahead = list(pids)
    while ahead:
        pid = ahead.pop()
        yield pid
        for thread in _threads(pid):
            ahead += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())


def _threads(pid: int) -> list[int]:
    with suppress(*_NOT_THERE):
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]  # noqa: PTH208 - some hundred times a second
    return []


def _read(path: str) -> bytes:
    """What a file of /proc says; nothing once its process has ended."""
    with suppress(*_NOT_THERE):
        file = os.open(path, os.O_RDONLY)
        try:
            return os.read(file, _MOST)
        finally:
            os.close(file)
    return b""


def _unread(sockets: Iterable[Any]) -> list[tuple[int, int, int]]:
    """The sockets on which something is under way, with how much of it was sent and has come.

    Over TCP that is what was not sent yet: when it was read, nobody says at once.
    """
    found = []
    for each in sockets:
        descriptor = each.fileno()
        if descriptor < 0:
            continue
        if each.family == socket.AF_UNIX:
            sent, came = _queued(descriptor, _SIOCOUTQ), 0
        else:
            # Whoever sends in small pieces waits with the next until we have acknowledged the last, while all sleep.
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            sent, came = _queued(descriptor, _SIOCOUTQNSD), _queued(descriptor, termios.FIONREAD)
        if sent or came:
            found.append((descriptor, sent, came))
    return found


def _queued(descriptor: int, question: int) -> int:
    size: int = _INT.unpack(fcntl.ioctl(descriptor, question, bytes(_INT.size)))[0]
    return size
