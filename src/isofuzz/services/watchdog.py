"""The child that clears up after a run whose process died, however it died.

It is started as a script, `python -I -S watchdog.py FOLDER`, and so imports only the standard library. Its standard
input is a pipe whose other end only the run's process holds: when that process is gone, the kernel closes the pipe,
and the watchdog stops what the folder's record names and deletes the folder. After a run that closed in order the
folder is already gone and nothing is left to do.

The same functions clear up when even the watchdog was killed; see `isofuzz.services.folders`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

RECORD = "isofuzz-run"
"""The file that makes a folder a run's own: nothing without it is ever deleted. One JSON line for each process."""

PATIENCE = 5.0
"""Seconds that a process gets to stop before it is killed."""


_MARK = "ISOFUZZ_RUN_FOLDER"
"""The variable that a run's processes and their children inherit."""


def mark(folder: Path) -> dict[str, str]:
    """What to add to the environment of a process, so that it is known to belong to `folder` also without a record."""
    return {_MARK: str(folder)}


def marked(folder: Path) -> list[int]:
    """The processes that bear the mark of `folder`, as far as this system and its rights let us look: on Linux."""
    wanted = os.fsencode(f"{_MARK}={folder}")
    return [int(each.parent.name) for each in Path("/proc").glob("[0-9]*/environ") if wanted in _variables(each)]


def _variables(environment: Path) -> list[bytes]:
    try:
        return environment.read_bytes().split(b"\0")
    except OSError:  # it has ended, or is somebody else's
        return []


def start_identity(pid: int) -> str | None:
    """When process `pid` began, as text that no later process of that number shares; None when it is gone."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return None
        # The name, in parentheses, may hold anything; state is the first field after it, start time the 20th.
        state, *fields = stat.rpartition(")")[2].split()
        return None if state in {"Z", "X"} else fields[18]
    command = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - all fixed but a number
    state, _, started = shown.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()


def stop(pid: int, identity: str, stop_signal: int, *, group: bool = False) -> None:
    """Stop the process that `identity` belongs to: politely, then after `PATIENCE` seconds by force.

    With `group` it leads a process group, which goes with it: what is left of that when the process has stopped is
    killed. A process that has meanwhile got the same number is left alone, and so is its group.
    """
    send = os.killpg if group else os.kill
    if start_identity(pid) != identity:
        return
    try:
        for number in (stop_signal, signal.SIGKILL):
            send(pid, number)
            give_up = time.monotonic() + PATIENCE
            while start_identity(pid) == identity and time.monotonic() < give_up:
                time.sleep(0.005)
            if start_identity(pid) != identity and not group:
                return
    except (ProcessLookupError, PermissionError):  # macOS says the latter of a group that has ended
        return


def clear(folder: Path) -> None:
    """Stop every process in the record of `folder` and delete the folder; a folder without a record is left alone.

    What was started and not yet recorded when the run was killed, or has left its process group, bears the mark.
    """
    try:
        record = (folder / RECORD).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return
    # A process killed while it wrote may have left half a line at the end.
    for line in record[: record.rfind("\n") + 1].splitlines():
        entry = json.loads(line)
        stop(entry["pid"], entry["identity"], entry["signal"], group=entry.get("group", False))
    for pid in marked(folder):
        if identity := start_identity(pid):
            stop(pid, identity, signal.SIGKILL)
    delete(folder)


def delete(folder: Path) -> None:
    """Delete `folder`, although a stopping process may still be putting files into it."""
    give_up = time.monotonic() + PATIENCE
    shutil.rmtree(folder, ignore_errors=True)
    while folder.exists() and time.monotonic() < give_up:
        time.sleep(0.005)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Wait for the end of standard input, then clear the folder named by the only argument."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    clear(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
