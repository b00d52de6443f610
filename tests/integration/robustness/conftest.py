"""The installed command line, made to suffer: in a folder of its own, with a temporary folder of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from isofuzz.services import adopt
from isofuzz.services.folders import run_folder
from isofuzz.services.postgres.binaries import Postgres, find_postgres
from isofuzz.services.postgres.cluster import running_cluster
from isofuzz.services.postgres.connecting import connected
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz.services.server_user import server_user

Start: TypeAlias = Callable[..., "subprocess.Popen[str]"]

COMMAND = str(Path(sys.executable).with_name("isofuzz"))


@pytest.fixture
def temporary() -> Iterator[Path]:
    """What the runs of a test take for the temporary folder: nobody else's leftovers are in it.

    Not below pytest's own, whose path may be too long for a Unix socket.
    """
    with tempfile.TemporaryDirectory(prefix="robust-") as folder:
        Path(folder).chmod(0o711)  # root's servers run as another user, who has to get there
        yield Path(folder)


@pytest.fixture
def environment(temporary: Path) -> dict[str, str]:
    ours = ("CI", "ISOFUZZ_DATABASE_URL", "ISOFUZZ_VALKEY_URL")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | {"COLUMNS": "100", "TMPDIR": str(temporary)}


@pytest.fixture
def start(tmp_path: Path, environment: dict[str, str]) -> Iterator[Start]:
    """Start a command in the folder of the test; what still runs at its end is killed."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str, within: tuple[str, ...] = (), **variables: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*within, COMMAND, *arguments],
            cwd=tmp_path,
            env=environment | variables,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


class Server:
    """A server with one adopted database, `url`."""

    def __init__(self, postgres: Postgres, folder: Path, superuser_url: DatabaseUrl) -> None:
        self.url = superuser_url.with_database("team").with_login("team", "hunter2")
        self._postgres = postgres
        self._folder = folder
        self._superuser_url = superuser_url.with_database("postgres")

    def restart(self) -> None:
        """As an operator does it: at once, with every client cut off."""
        self._control("restart", "-w", "-m", "fast")

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    async def adopt(self) -> None:
        """Make the database and adopt it."""
        async with connected(self._superuser_url) as connection:
            await connection.execute("CREATE ROLE team LOGIN PASSWORD 'hunter2' SUPERUSER")
            await connection.execute("CREATE DATABASE team OWNER team")
        await adopt(str(self.url), "team")

    async def left_behind(self) -> set[str]:
        """The databases and roles that runs have made and not dropped."""
        async with connected(self._superuser_url) as connection:
            rows = await connection.fetch("SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles")
        return {name for (name,) in rows if name.startswith("isofuzz_")}

    def _control(self, *arguments: str) -> None:
        self._postgres.run("pg_ctl", "-D", self._folder / "data", *arguments, log=self._folder / "control.log")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    user = server_user()
    postgres = find_postgres(user)
    with run_folder(owner=user.owner) as folder, running_cluster(postgres, folder) as cluster:
        server = Server(postgres, folder.path, cluster.superuser_url)
        await server.adopt()
        yield server
        server.stop()
