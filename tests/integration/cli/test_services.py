"""`isofuzz services adopt`, on a server that stands for one that somebody gives."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from isofuzz.services.binaries import find_postgres
from isofuzz.services.cluster import running_cluster
from isofuzz.services.connecting import connected
from isofuzz.services.database_url import DatabaseUrl
from isofuzz.services.folders import run_folder
from isofuzz.services.server_user import server_user

Isofuzz = Any


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
    assert isofuzz("run", "notes:Notes", "--database-url", url).returncode == 2
