"""A gate before a real server, and what stands for a scheduler: it releases each batch as soon as it is parked."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.gate.watched import Watched

from isofuzz.gate.connection import GatedConnection
from isofuzz.gate.proxy import Gate
from isofuzz.gate.upstream import Upstream
from isofuzz.services.folders import RunFolder, run_folder
from isofuzz.services.postgres.binaries import find_postgres
from isofuzz.services.postgres.cluster import Cluster, running_cluster
from isofuzz.services.postgres.connecting import connected
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz.services.server_user import server_user


def _node_has_pg() -> bool:
    asked = ["node", "--eval", "require('pg')"]
    return bool(shutil.which("node")) and subprocess.run(asked, capture_output=True, check=False).returncode == 0


# Not skipped where it cannot run: a skip is too easily taken for a pass.
collect_ignore = [] if _node_has_pg() else ["test_node.py"]


class Gated(Watched[GatedConnection]):
    """A gate with what is needed to watch it; `url` is a database behind it, `direct` the same without the gate."""

    def __init__(self, gate: Gate, direct: DatabaseUrl, folder: Path) -> None:
        self.gate = gate
        self.direct = direct
        self.url = replace(direct, host=str(folder))
        self.socket = folder / f".s.PGSQL.{direct.port}"
        self.released: list[str] = []
        """The statements that `release_at_once` let pass."""
        self._releases = False
        super().__init__(gate)

    def release_at_once(self) -> None:
        """Hold everything, and let it pass a moment later."""
        self.gate.holding = self._releases = True

    def notice(self) -> None:
        """Something has changed; if it is to be released at once, it is."""
        super().notice()
        if self._releases:
            for connection in self.parked:
                assert connection.parked
                self.released.append(connection.parked.text)
                connection.release()
            for connection in self.gate.connections:
                if connection.reply_held:  # notifications wait for their turn
                    connection.deliver()


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    user = server_user()
    with run_folder(owner=user.owner) as folder, running_cluster(find_postgres(user), folder) as running:
        yield running


@pytest.fixture(scope="session")
def login(server: Cluster) -> DatabaseUrl:
    """A user with a password who may do anything, and a database of theirs."""

    async def create() -> None:
        async with connected(server.superuser_url) as connection:
            await connection.execute("CREATE ROLE tester LOGIN SUPERUSER PASSWORD 'hunter2'")
            await connection.execute("CREATE DATABASE tested OWNER tester")

    asyncio.run(create())
    return replace(server.superuser_url, user="tester", password="hunter2", database="tested")


@pytest.fixture
def folder() -> Iterator[RunFolder]:
    """A folder whose path is short enough for a Unix socket."""
    with run_folder() as made:
        yield made


@asynccontextmanager
async def gate_before(login: DatabaseUrl, folder: Path, *, patience: float = 10.0) -> AsyncIterator[Gated]:
    gate = Gate(Upstream.at(login.host, login.port), patience=patience)
    await gate.listen_unix(folder / "gate" / f".s.PGSQL.{login.port}")
    try:
        yield Gated(gate, login, folder / "gate")
    finally:
        await gate.close()


@pytest.fixture
async def gated(login: DatabaseUrl, folder: RunFolder) -> AsyncIterator[Gated]:
    """A gate at which nothing goes wrong."""
    async with gate_before(login, folder.path) as made:
        yield made
        assert made.gate.problems == []
        async with asyncio.timeout(10):
            while made.gate.busy:  # noqa: ASYNC110 - whoever was turned away may still be about to hang up
                await asyncio.sleep(0)


@pytest.fixture(params=["passing", "releasing"])
async def either(gated: Gated, request: pytest.FixtureRequest) -> AsyncIterator[Gated]:
    """A gate that holds nothing, and one that holds everything for a moment."""
    if request.param == "releasing":
        gated.release_at_once()
    yield gated
    assert not gated.parked
    await gated.until(lambda: not any(connection.owes for connection in gated.gate.connections))
    # What holds nothing in a test of holding would show nothing.
    assert bool(gated.released) == (request.param == "releasing")
