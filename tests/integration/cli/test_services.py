"""`isofuzz services`, on servers that stand for what somebody gives, or what compose runs."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
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
from isofuzz.services.valkey.url import ValkeyUrl

Isofuzz = Any
COMMAND = str(Path(sys.executable).with_name("isofuzz"))


@pytest.fixture
def url() -> Iterator[str]:
    """The database `team` with a table of three rows, on a server of its own."""
    user = server_user()
    with run_folder(owner=user.owner) as folder, running_cluster(find_postgres(user), folder) as cluster:
        superuser = cluster.superuser_url
        asyncio.run(_execute(superuser, "CREATE ROLE tester LOGIN SUPERUSER PASSWORD 'hunter2'"))
        asyncio.run(_execute(superuser, "CREATE DATABASE team"))
        team = replace(superuser.with_database("team"), user="tester", password="hunter2")
        asyncio.run(_execute(team, "CREATE TABLE invoice AS SELECT generate_series(1, 3)"))
        yield str(team)


async def _execute(url: DatabaseUrl, statement: str) -> None:
    async with connected(url) as connection:
        await connection.execute(statement)


def test_only_the_typed_name_adopts_and_then_runs_use_the_server(isofuzz: Isofuzz, url: str) -> None:
    refused = isofuzz("services", "adopt", url, stdin="teem\n")
    assert refused.returncode == 2
    assert "public.invoice: 3 rows" in refused.stdout
    assert "confirmed was 'teem': nothing was changed" in refused.stderr
    assert isofuzz("run", "notes:Notes", "--database-url", url).returncode == 2

    assert isofuzz("services", "adopt", url, stdin="team\n").returncode == 0

    ran = isofuzz("run", "notes:Notes", ISOFUZZ_DATABASE_URL=url)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "database 'team'" in ran.stdout
    again = isofuzz("services", "adopt", url, "--yes-adopt", "team")
    assert (again.returncode, "It is adopted already." in again.stdout) == (0, True)
    assert "public.invoice: 3 rows" in again.stdout
    assert "hunter2" not in "".join(done.stdout + done.stderr for done in (refused, ran, again))


def test_without_an_answer_nothing_is_adopted(isofuzz: Isofuzz, url: str) -> None:
    done = isofuzz("services", "adopt", url)

    assert done.returncode == 2
    assert done.stderr == "isofuzz: Nobody answered: give the name with --yes-adopt NAME. Nothing was changed\n"
    assert isofuzz("run", "notes:Notes", "--database-url", url).returncode == 2


def test_ctrl_c_at_the_question_changes_nothing(folder: Path, environment: dict[str, str], servers: Any) -> None:
    url = replace(servers.valkey, database=13)
    command = [COMMAND, "services", "adopt", str(url)]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    shown = ""
    while not shown.endswith("name: "):
        shown += (letter := process.stdout.read(1))
        assert letter, "it asks"
    process.send_signal(signal.SIGINT)

    _, stderr = process.communicate(timeout=30)

    assert (process.returncode, stderr) == (130, "isofuzz: interrupted\n")
    assert asyncio.run(_keys(url)) == []


@pytest.mark.parametrize("name", ["postgres", "template1"])
def test_what_is_never_adopted_is_refused_before_anything_is_listed_or_asked(
    isofuzz: Isofuzz, url: str, name: str
) -> None:
    done = isofuzz("services", "adopt", url.replace("/team", f"/{name}"), stdin=f"{name}\n")

    assert (done.returncode, done.stdout) == (2, "")
    assert f"isofuzz does not adopt '{name}'" in done.stderr


def test_a_redis_url_at_a_port_of_postgres(isofuzz: Isofuzz, servers: Any) -> None:
    done = isofuzz("services", "adopt", f"redis://127.0.0.1:{servers.postgres_port}/1")

    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing that speaks Valkey or Redis answered there" in done.stderr
    assert "check host and port in the URL" in done.stderr


async def _keys(url: ValkeyUrl) -> list[Any]:
    async with valkey_connected(url) as (client, _):
        found: list[Any] = await client.keys()
        return found


async def _put(servers: Any, database: int) -> None:
    async with valkey_connected(replace(servers.valkey, database=database)) as (client, _):
        await client.set("key", "value")


def test_a_valkey_database_is_adopted_by_its_name_after_all_that_would_be_lost_is_shown(
    isofuzz: Isofuzz, docker: Any, servers: Any
) -> None:
    url = replace(servers.valkey, database=15)
    for database in (14, 15):
        asyncio.run(_put(servers, database))

    refused = isofuzz("services", "adopt", str(url), stdin="15\n")
    assert refused.returncode == 2
    assert f"database {url.name}, Valkey 9." in refused.stdout
    assert "  1 keys, ALL OF WHICH EVERY RUN DELETES\n" in refused.stdout
    assert "  database 14: 1 keys, which are left alone\n" in refused.stdout
    assert "confirmed was '15': nothing was changed" in refused.stderr

    adopted = isofuzz("services", "adopt", str(url), stdin=f"{url.name}\n")
    assert (adopted.returncode, "--valkey-url" in adopted.stdout) == (0, True), adopted.stderr
    again = isofuzz("services", "adopt", str(url), "--yes-adopt", url.name)
    assert (again.returncode, "It is adopted already." in again.stdout) == (0, True)
    assert servers.valkey.password not in "".join(done.stdout + done.stderr for done in (refused, adopted, again))


def test_up_starts_adopts_and_tells_and_down_removes(isofuzz: Isofuzz, folder: Path, docker: Any) -> None:
    docker.service("db", health=["starting", "healthy"])
    path = {"PATH": os.environ["PATH"]}

    started = isofuzz("services", "up", cwd=docker.project, **path)

    assert started.returncode == 0, started.stderr
    assert started.stderr.splitlines()[1:] == ["db: starting, cache: healthy", "db: healthy, cache: healthy"]
    postgres, valkey, last = started.stdout.splitlines()
    assert postgres.startswith("Postgres: postgresql://tester@127.0.0.1:")
    assert valkey.startswith("Valkey: redis://127.0.0.1:")
    assert last.startswith("Runs in this folder use them.")
    assert "hunter2" not in started.stdout + started.stderr

    ran = isofuzz("run", f"{folder / 'notes.py'}:Notes", cwd=docker.project, **path)
    assert ran.returncode == 0, ran.stderr
    assert "compose service 'db' at 127.0.0.1:" in ran.stdout

    removed = isofuzz("services", "down", cwd=docker.project, **path)
    assert (removed.returncode, removed.stdout) == (0, "Removed: db, cache.\n")


def test_up_without_a_compose_file_is_an_error(isofuzz: Isofuzz) -> None:
    for command in ("up", "down"):
        done = isofuzz("services", command)
        assert (done.returncode, done.stdout) == (2, "")
        assert "there is no compose file in" in done.stderr


def test_the_words_instead_of_a_url(isofuzz: Isofuzz) -> None:
    ran = isofuzz("run", "notes:Notes", "--database-url", "off", ISOFUZZ_VALKEY_URL="embedded")

    assert ran.returncode == 0, ran.stderr
    assert "services: no Postgres (as asked for)\n" in ran.stdout
