"""The folder of a run: private, recorded, watched, and deleted with everything that still runs out of it."""

import fcntl
import json
import os
import stat
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import Signals
from typing import IO

from isofuzz.errors import ServicesUnavailable
from isofuzz.services import watchdog

_PREFIX = "isofuzz-"
_LONGEST_PATH = 107 - len("/.s.PGSQL.5432.lock")
"""A Unix socket's path has room for 107 bytes on Linux and 103 on macOS; Postgres puts the socket into the folder."""

_watchdogs: weakref.WeakSet[subprocess.Popen[bytes]] = weakref.WeakSet()


def _let_go_of_watchdogs() -> None:
    """In a forked child: it must not keep the watchdogs of its parent waiting."""
    for child in _watchdogs:
        if child.stdin is not None:
            child.stdin.close()


os.register_at_fork(after_in_child=_let_go_of_watchdogs)


class RunFolder:
    """The folder of one run, 0700. What is `watch`ed in it dies with the process that runs isofuzz."""

    def __init__(self, path: Path, record: IO[str]) -> None:
        self.path = path
        self._record = record

    @property
    def scratch(self) -> Path:
        """For the system under test: belongs to the user who runs isofuzz, also where the run folder does not."""
        return self.path / "scratch"

    def watch(self, process: subprocess.Popen[bytes], stop_signal: Signals, *, group: bool = False) -> None:
        """Have `process` stopped by `stop_signal`, later by force, should this process die before it is stopped.

        With `group` it leads a process group, all of which is stopped.
        """
        identity = watchdog.start_identity(process.pid)
        if identity is None:
            return  # it has already ended
        entry = {"pid": process.pid, "identity": identity, "signal": int(stop_signal), "group": group}
        self._record.write(json.dumps(entry) + "\n")
        self._record.flush()


@contextmanager
def run_folder(*, owner: tuple[int, int] | None = None) -> Iterator[RunFolder]:
    """A new run folder, deleted at the end; first clears what dead runs left behind.

    `owner` is the user and group id that it is given to: the server's, when that is another user. Raises
    ServicesUnavailable when no folder can be made.
    """
    clear_dead_runs({os.geteuid()} | ({owner[0]} if owner else set()))
    path = _make()
    try:
        with _locked_record(path) as record:
            (path / "scratch").mkdir(mode=0o700)
            if owner:
                os.chown(path, *owner)
            with _watched(path):
                yield RunFolder(path, record)
    finally:
        watchdog.delete(path)


def clear_dead_runs(owners: set[int]) -> int:
    """Clear the run folders of `owners` (user ids) whose process is gone: its lock on the record went with it.

    Returns how many there were.
    """
    cleared = 0
    for base in _bases():
        for path in sorted(base.glob(f"{_PREFIX}*")):
            if _is_folder_of(path, owners) and _is_dead(path):
                watchdog.clear(path)
                cleared += 1
    return cleared


def _is_folder_of(path: Path, owners: set[int]) -> bool:
    try:
        found = path.lstat()
    except (FileNotFoundError, PermissionError):
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid in owners


def _is_dead(path: Path) -> bool:
    """Whether `path` holds a record that this user wrote and that nobody holds locked any more."""
    try:
        record = os.open(path / watchdog.RECORD, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:  # no record, a link, no permission: not a run folder of this user
        return False
    try:
        if os.fstat(record).st_uid != os.geteuid():
            return False
        fcntl.flock(record, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(record)
    return True


def _bases() -> list[Path]:
    """Where run folders may be: in the temporary folder, or in /tmp when its path is too long for a socket."""
    return list(dict.fromkeys([Path(tempfile.gettempdir()).absolute(), Path("/tmp")]))  # noqa: S108 - mkdtemp makes it private


def _make() -> Path:
    reasons = []
    for base in _bases():
        if len(os.fsencode(base / f"{_PREFIX}12345678")) > _LONGEST_PATH:
            reasons.append(f"{base}: too long for the path of a Unix socket")
            continue
        try:
            return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        except OSError as error:
            reasons.append(f"{base}: {error.strerror}")
    raise ServicesUnavailable(
        "There is no place for the run's folder ("
        + "; ".join(reasons)
        + "). Set TMPDIR to a short path that can be written."
    )


@contextmanager
def _locked_record(path: Path) -> Iterator[IO[str]]:
    """The record, locked before it bears its name: whoever finds it unlocked knows that its run is dead."""
    unnamed = path / f"{watchdog.RECORD}.new"
    with unnamed.open("x", encoding="utf-8") as record:
        fcntl.flock(record, fcntl.LOCK_EX)
        unnamed.rename(path / watchdog.RECORD)
        yield record


@contextmanager
def _watched(path: Path) -> Iterator[None]:
    """A watchdog over `path`; letting it go clears the folder."""
    command = [sys.executable, "-I", "-S", watchdog.__file__, str(path)]
    # In a session of its own, so that no Ctrl-C in the terminal reaches it; without the run's output, so that
    # nothing that waits for the end of that output waits for the watchdog.
    child = subprocess.Popen(  # noqa: S603 - this interpreter on a file of this package
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )
    _watchdogs.add(child)
    try:
        yield
    finally:
        _watchdogs.discard(child)
        assert child.stdin is not None
        child.stdin.close()
        child.wait()
