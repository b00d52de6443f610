"""Where things made once for many runs are kept, and how two first runs at once make them only once."""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs


def cached(name: str, make: Callable[[Path], None], is_whole: Callable[[Path], bool]) -> Path:
    """The cached folder `name`; when it is missing or not whole, `make` fills an empty folder that then becomes it.

    Raises OSError when there is no place for it.
    """
    home = cache_home()
    path = home / name
    with (home / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_whole(path):
            for unfinished in home.glob(f"{name}.*/"):  # under the lock: whoever began these has died
                shutil.rmtree(unfinished)
            fresh = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=home))
            try:
                make(fresh)
                if path.exists():
                    shutil.rmtree(path)
                fresh.rename(path)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    return path


def cache_home() -> Path:
    """The user's cache folder; for root one that the unprivileged server user can reach, writable by root alone.

    It is made if it is missing; raises OSError when it cannot be.
    """
    if os.geteuid() != 0:
        home = platformdirs.user_cache_path("isofuzz")
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return home
    home = platformdirs.site_cache_path("isofuzz")
    home.parent.mkdir(parents=True, exist_ok=True)
    try:
        home.mkdir()
    except FileExistsError:
        found = home.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
            raise PermissionError(f"{home} is not a folder that only root can write to") from None
    else:
        home.chmod(0o755)
    return home
