"""What runs need of the machine besides servers, tried out: places to write, leftovers to clear, and the watchdog."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from isofuzz.errors import ServicesUnavailable
from isofuzz.services import watchdog
from isofuzz.services.cache import cache_home
from isofuzz.services.folders import clear_dead_runs, run_folder
from isofuzz.services.server_user import ServerUser

_DIES_IN_A_RUN = """
import os, signal, sys
from isofuzz.services.folders import run_folder
owner = tuple(map(int, sys.argv[1:])) or None
with run_folder(owner=owner) as folder:
    print(folder.path, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@dataclass(frozen=True)
class Place:
    """A folder in which something can be written, and the bytes that are free there."""

    folder: Path
    free: int


def cache_place() -> Place:
    """Where things made once for many runs are kept; raises OSError when nothing can be."""
    home = cache_home()
    with tempfile.TemporaryFile(dir=home):
        return Place(home, shutil.disk_usage(home).free)


def run_place(user: ServerUser) -> Place:
    """Where the folders of runs are made; raises ServicesUnavailable when none can be."""
    with run_folder(owner=user.owner) as folder:
        base = folder.path.parent
        return Place(base, shutil.disk_usage(base).free)


def clear_leftovers(user: ServerUser) -> int:
    """Clear what runs left behind whose process and watchdog both died; returns of how many."""
    return clear_dead_runs({os.geteuid(), user.uid})


def seconds_to_clear_up(user: ServerUser) -> float:
    """How long it takes until a run that was killed is cleared up; raises ServicesUnavailable if it is not."""
    owner = [str(number) for number in user.owner or ()]
    killed = subprocess.run(  # noqa: S603 - this interpreter on a constant
        [sys.executable, "-P", "-c", _DIES_IN_A_RUN, *owner], capture_output=True, text=True, timeout=30, check=False
    )
    began = time.monotonic()
    if not killed.stdout.strip():
        raise ServicesUnavailable(f"a run could not be begun: {killed.stderr.strip()}")
    folder = Path(killed.stdout.strip())
    while folder.exists():
        if time.monotonic() - began > watchdog.PATIENCE:
            raise ServicesUnavailable(f"a run was killed, and its folder {folder} was not cleared up")
        time.sleep(0.005)
    return time.monotonic() - began
