"""Servers that may not be used as asked, on a real one."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from isofuzz.services.folders import run_folder
from isofuzz.services.postgres.binaries import find_postgres
from isofuzz.services.postgres.cluster import running_cluster
from isofuzz.services.postgres.connecting import connected
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz.services.server_user import server_user

Isofuzz = Any


@pytest.fixture(scope="module")
def url() -> Iterator[DatabaseUrl]:
    """A database of a server, for which the password is hunter2."""
    user = server_user()
    with run_folder(owner=user.owner) as folder, running_cluster(find_postgres(user), folder) as cluster:
        superuser = cluster.superuser_url
        asyncio.run(_execute(superuser, "CREATE ROLE tester LOGIN SUPERUSER PASSWORD 'hunter2'"))
        asyncio.run(_execute(superuser, "CREATE DATABASE team"))
        yield replace(superuser.with_database("team"), user="tester", password="hunter2")


async def _execute(url: DatabaseUrl, statement: str) -> None:
    async with connected(url) as connection:
        await connection.execute(statement)


@pytest.mark.parametrize("name", ["postgres", "template1"])
def test_what_every_server_has_is_not_adopted(isofuzz: Isofuzz, url: DatabaseUrl, name: str) -> None:
    done = isofuzz("services", "adopt", str(url.with_database(name)), "--yes-adopt", name)
    assert done.returncode == 2
    assert done.stderr.startswith(f"isofuzz: isofuzz does not adopt {name!r}, which every server has")
    assert "createdb isofuzz" in done.stderr


def test_another_name_than_the_databases_adopts_nothing(isofuzz: Isofuzz, url: DatabaseUrl) -> None:
    done = isofuzz("services", "adopt", str(url), stdin="teams\n")
    assert done.returncode == 2
    assert "The URL's database is 'team', confirmed was 'teams': nothing was changed" in done.stderr


def test_a_database_that_was_not_adopted_is_not_used(isofuzz: Isofuzz, url: DatabaseUrl) -> None:
    done = isofuzz("run", "notes:Notes", "--database-url", str(url))
    assert done.returncode == 2
    assert "was not adopted, so isofuzz does not use its server" in done.stdout
    assert "isofuzz services adopt URL" in done.stdout


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"password": "hunter2hunter2"}, "the server refuses user 'tester': check the user and password in the URL"),
        ({"database": "nowhere"}, "the database does not exist: create it first, empty"),
    ],
)
def test_a_login_that_does_not_work_is_explained(
    isofuzz: Isofuzz, url: DatabaseUrl, change: dict[str, str], advice: str
) -> None:
    done = isofuzz("run", "notes:Notes", "--database-url", str(replace(url, **change)))  # type: ignore[arg-type]  # fields that are text
    assert done.returncode == 2
    assert advice in done.stdout
