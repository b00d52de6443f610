"""An embedded Postgres cluster: copied from a template made once, on a Unix socket in a private folder."""

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGQUIT

from isofuzz.errors import ServicesUnavailable
from isofuzz.services.cache import cached
from isofuzz.services.folders import RunFolder
from isofuzz.services.postgres.binaries import Postgres, last_lines
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz.services.server_user import ServerUser, current_user
from isofuzz.services.watchdog import PATIENCE

SUPERUSER = "isofuzz"
_PORT = 5432  # only a part of the socket's name: nothing listens on a port
_SECONDS_TO_START = 30.0
_ROOM = 60 * 2**20
"""Bytes that a cluster and its first log segments take, roughly."""

_INITDB = (
    f"--username={SUPERUSER}",
    "--auth=reject",
    "--encoding=UTF8",
    # The collation that is the same on every machine.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-sync",
    "--no-data-checksums",
    "--wal-segsize=1",  # 1 MB instead of 16 to copy for each run
    "--no-instructions",
)
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(_PORT),
    "max_connections": "200",
    # A crash loses the run anyway.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Its files are deleted with the folder, even after SIGKILL.
    "dynamic_shared_memory_type": "mmap",
    # Nothing may happen at a time of the server's own choosing: neither a lock nor a change of plan. The reset
    # truncates the tables before dead rows pile up.
    "autovacuum": "off",
    "jit": "off",
}

SPARE_DATABASE = "postgres"
"""An empty database for the run to rename: making one anew costs more than all the rest of the start."""

# Hundreds of files less to copy for each run.
_WITHOUT_TEMPLATE0 = "ALTER DATABASE template0 IS_TEMPLATE false;\nDROP DATABASE template0;\n"


@dataclass(frozen=True)
class Cluster:
    """A running embedded cluster."""

    socket_folder: Path

    @property
    def superuser_url(self) -> DatabaseUrl:
        """The superuser's login. It has no password: the server asks the kernel who is calling."""
        return DatabaseUrl(SUPERUSER, None, str(self.socket_folder), _PORT, "template1")


@contextmanager
def running_cluster(postgres: Postgres, folder: RunFolder) -> Iterator[Cluster]:
    """A new cluster in `folder` that accepts connections; stopped at the end. Raises ServicesUnavailable."""
    data, log = folder.path / "data", folder.path / "postgres.log"
    with _told_if_the_disk_is_full(folder.path):
        _create_data(postgres, data, log)
    settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
    process = postgres.start("postgres", "-D", data, f"--unix_socket_directories={folder.path}", *settings, log=log)
    try:
        folder.watch(process, SIGQUIT)
        with _told_if_the_disk_is_full(folder.path):
            _wait_until_ready(process, data, log)
        yield Cluster(folder.path)
    finally:
        _stop(process)


@contextmanager
def _told_if_the_disk_is_full(folder: Path) -> Iterator[None]:
    """Adds to what Postgres complains of that there is no room, and what to do."""
    try:
        yield
    except ServicesUnavailable as problem:
        free = shutil.disk_usage(folder).free
        if free > _ROOM:
            raise
        raise ServicesUnavailable(
            f"{problem}\nThe disk that holds {folder.parent} has {free // 2**20} MB left, and Postgres needs"
            f" {_ROOM // 2**20} MB: make room, or set TMPDIR to a folder elsewhere"
        ) from problem


def _create_data(postgres: Postgres, data: Path, log: Path) -> None:
    def initialise(fresh: Path) -> None:
        if postgres.user.owner:
            os.chown(fresh, *postgres.user.owner)
        postgres.run("initdb", "-D", fresh, *_INITDB, log=log)
        postgres.run("postgres", "--single", "-D", fresh, "template1", log=log, text=_WITHOUT_TEMPLATE0)

    made_of = repr((_INITDB, _WITHOUT_TEMPLATE0, postgres.user, os.uname().machine))
    shape = hashlib.sha256(made_of.encode()).hexdigest()[:12]
    try:
        template = cached(f"cluster-{postgres.version}-{shape}", initialise, _is_whole)
        shutil.copytree(template, data, symlinks=True)
    except (OSError, shutil.Error):
        # Nowhere to cache it (a read-only home), or it was cleared under our hands: this run makes its own.
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        initialise(data)
    (data / "pg_hba.conf").write_text(
        f"local all {SUPERUSER} peer map=isofuzz\nlocal all all scram-sha-256\n", encoding="utf-8"
    )
    (data / "pg_ident.conf").write_text(f'isofuzz "{current_user()}" {SUPERUSER}\n', encoding="utf-8")
    _give(data, postgres.user)


def _is_whole(template: Path) -> bool:
    return all((template / name).is_file() for name in ("PG_VERSION", "global/pg_control", "postgresql.conf"))


def _give(data: Path, user: ServerUser) -> None:
    """Hand the copy to the server's user; a copy does not keep its owner."""
    if user.owner:
        for path in (*data.rglob("*"), data):
            os.chown(path, *user.owner, follow_symlinks=False)


def _wait_until_ready(process: subprocess.Popen[bytes], data: Path, log: Path) -> None:
    """Wait for the status that the server writes into its pid file, as pg_ctl does."""
    give_up = time.monotonic() + _SECONDS_TO_START
    while not _is_ready(data):
        if process.poll() is not None:
            raise ServicesUnavailable(f"Postgres stopped while it started:\n{last_lines(log)}")
        if time.monotonic() > give_up:
            raise ServicesUnavailable(
                f"Postgres did not start within {_SECONDS_TO_START:.0f} seconds:\n{last_lines(log)}"
            )
        time.sleep(0.002)


def _is_ready(data: Path) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(SIGQUIT)  # at once, without a checkpoint: the data are deleted next
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
