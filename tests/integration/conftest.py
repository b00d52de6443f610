"""Compose without an engine: a `docker` of our own on the PATH, in front of real servers on ports of this machine."""

import asyncio
import json
import os
import secrets
import shutil
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from isofuzz.services.folders import run_folder
from isofuzz.services.postgres.binaries import find_postgres
from isofuzz.services.postgres.cluster import running_cluster
from isofuzz.services.postgres.connecting import connected
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz.services.server_user import server_user
from isofuzz.services.valkey.connecting import valkey_connected
from isofuzz.services.valkey.server import running_valkey
from isofuzz.services.valkey.url import ValkeyUrl

COMPOSE_FILE = """
services:
  db: {image: "postgres:18-alpine", labels: {isofuzz.service: postgres}}
  cache: {image: "valkey/valkey:9-alpine", labels: {isofuzz.service: valkey}}
"""


@dataclass(frozen=True)
class Servers:
    """What stands for what containers would run."""

    superuser: DatabaseUrl
    postgres_port: int
    valkey: ValkeyUrl


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """They run in a thread with a loop of its own, so that tests with and without one can use them."""
    found: list[Servers] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        try:
            async with _servers() as running:
                found.append(running)
                ready.set()
                await stop.wait()
        finally:
            ready.set()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    ready.wait()
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@asynccontextmanager
async def _servers() -> AsyncIterator[Servers]:
    user = server_user()
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(run_folder(owner=user.owner))
        cluster = stack.enter_context(running_cluster(find_postgres(user), folder))
        valkey, _, _ = await stack.enter_async_context(running_valkey(folder, user))
        async with connected(cluster.superuser_url) as connection:
            await connection.execute("CREATE ROLE tester LOGIN SUPERUSER PASSWORD 'hunter2'")
        # The embedded cluster has no port: so one leads to its socket.
        door = await asyncio.start_server(_leading_to(f"{cluster.socket_folder}/.s.PGSQL.5432"), "127.0.0.1", 0)
        await stack.enter_async_context(door)
        yield Servers(cluster.superuser_url, door.sockets[0].getsockname()[1], valkey)


def _leading_to(path: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while read := await reader.read(65536):
                writer.write(read)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(path)
        await asyncio.gather(pour(reader, server_writer), pour(server_reader, writer))

    return serve


class FakeDocker:
    """The `docker` of one test: its project with two services, and what is the matter with them."""

    def __init__(self, folder: Path, services: dict[str, Any]) -> None:
        self.project = folder / "project"
        self.project.mkdir()
        self.file = self.project / "compose.yaml"
        self.file.write_text(COMPOSE_FILE)
        self.path = folder / "bin"
        self.path.mkdir()
        program = Path(__file__).with_name("services") / "compose" / "fake_docker.py"
        (self.path / "docker").write_text(f"#!{sys.executable}\n{program.read_text()}")
        (self.path / "docker").chmod(0o755)
        self._state = self.path / "state.json"
        self._write({"plugin": True, "engine": True, "array": False, "services": services})

    def set(self, **changes: Any) -> None:
        """Change what is the matter with docker: `plugin`, `engine`, `array`."""
        self._write(json.loads(self._state.read_text()) | changes)

    def service(self, name: str, **changes: Any) -> None:
        """Change what is the matter with a service."""
        state = json.loads(self._state.read_text())
        state["services"][name] |= changes
        self._write(state)

    def environment(self, name: str) -> dict[str, str]:
        """The variables of a service."""
        found: dict[str, str] = json.loads(self._state.read_text())["services"][name]["environment"]
        return found

    @property
    def called(self) -> list[str]:
        """The commands that it was asked for."""
        calls = self.path / "called"
        return calls.read_text().splitlines() if calls.exists() else []

    def _write(self, state: dict[str, Any]) -> None:
        self._state.write_text(json.dumps(state))


@pytest.fixture
def docker(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """Two services that do not run yet, of an empty database each; nobody has adopted them."""
    database = f"fuzz{secrets.token_hex(4)}"
    asyncio.run(_emptied(servers, database))
    common = {"up": False, "health": ["healthy"], "host": "127.0.0.1", "log": "ready to accept connections"}
    postgres = common | {
        "kind": "postgres",
        "id": "aba85f638641",
        "port": servers.postgres_port,
        "target": 5432,
        "environment": {"POSTGRES_USER": "tester", "POSTGRES_PASSWORD": "hunter2", "POSTGRES_DB": database},
        "tmpfs": {"/var/lib/postgresql": ""},
    }
    valkey = common | {
        "kind": "valkey",
        "id": "001f54b33d9b",
        "port": servers.valkey.port,
        "target": 6379,
        "environment": {"VALKEY_PASSWORD": servers.valkey.password},
        "tmpfs": {"/data": ""},
    }
    fake = FakeDocker(tmp_path, {"db": postgres, "cache": valkey})
    monkeypatch.setenv("PATH", os.pathsep.join([str(fake.path), os.environ["PATH"]]))
    return fake


async def _emptied(servers: Servers, database: str) -> None:
    async with connected(servers.superuser.with_database("postgres")) as connection:
        await connection.execute(f"CREATE DATABASE {database} OWNER tester")
    async with valkey_connected(servers.valkey) as (client, _):
        await client.flushall()


@pytest.fixture
def without_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH on which there is no docker."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("docker") is None
