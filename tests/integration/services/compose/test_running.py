"""Services of the project's compose file: found, told, adopted by `up`, used, removed by `down`."""

import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from valkey.asyncio import Valkey

from isofuzz.errors import IsofuzzError, ServicesUnavailable, UsageError
from isofuzz.services import Sources, compose_down, compose_up, open_services
from isofuzz.services.choosing import Choosing, Origin
from isofuzz.services.compose import running as compose
from isofuzz.services.compose import starting
from isofuzz.services.compose.running import POSTGRES, VALKEY
from isofuzz.services.sources import EMBEDDED, OFF

COMPOSE_FILE = Path(__file__).parents[4] / "docker-compose.yml"


def an_engine_answers() -> bool:
    """Whether this machine can really run containers."""
    if shutil.which("docker") is None:
        return False
    asked = (["docker", "compose", "version"], ["docker", "version"])
    return all(subprocess.run(command, capture_output=True, check=False).returncode == 0 for command in asked)


@pytest.fixture(params=["fake", "real"] if an_engine_answers() else ["fake"])
def project(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a Postgres and a Valkey that are not started yet."""
    if request.param == "fake":
        fake: Path = request.getfixturevalue("docker").project
        return fake
    for name in ("POSTGRES", "VALKEY"):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            monkeypatch.setenv(f"ISOFUZZ_{name}_PORT", str(probe.getsockname()[1]))
    shutil.copy(COMPOSE_FILE, tmp_path)
    return tmp_path


def ignore(states: Mapping[str, str]) -> None:
    pass


async def origin(project: Path) -> str:
    """What a run in this project stands on."""
    return await origin_with(Sources(project=project))


async def origin_with(sources: Sources) -> str:
    async with open_services(sources) as services:
        await services.valkey()
        return services.origin


def chosen(project: Path) -> str:
    """Where the Postgres of a run in this project would come from, and why."""
    choice = Choosing(Sources(project=project)).choose(POSTGRES)
    return f"{choice.origin.value} ({choice.why})"


async def reason(project: Path, database_url: str | None = None) -> str:
    """Why a run in this project cannot have its services."""
    with pytest.raises(IsofuzzError) as caught:
        async with open_services(Sources(project=project, database_url=database_url)) as services:
            await services.valkey()
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


async def test_from_up_to_down(project: Path) -> None:
    assert "embedded (no URL given, no compose service labelled isofuzz.service=postgres" in await origin(project)

    ready = await compose_up(project, ignore)

    assert [line.split(":")[0] for line in ready] == ["Postgres", "Valkey"]
    assert all(line.endswith(", adopted") for line in ready)
    async with open_services(Sources(project=project)) as services:
        connection = await asyncpg.connect(services.database_url)
        assert await connection.fetchval("SELECT current_user") == f"isofuzz_{services.suffix}_owner"
        await connection.close()
        async with Valkey.from_url(await services.valkey()) as client:
            await client.set("key", "value")
            await services.reset()
            assert await client.get("key") is None
        assert "compose service " in services.origin
        assert services.origin.count("(no URL given)") == 2

    assert len(await compose_down(project)) == 2
    assert "embedded" in await origin(project)


@pytest.mark.parametrize("array", [False, True])
async def test_both_ways_in_which_compose_lists_are_read(docker: Any, array: bool) -> None:
    docker.set(array=array)
    await compose_up(docker.project, ignore)

    told = await origin(docker.project)

    assert "compose service 'db' at 127.0.0.1:" in told
    assert "compose service 'cache' at 127.0.0.1:" in told


async def test_what_runs_but_is_not_adopted_is_refused_not_replaced(docker: Any) -> None:
    docker.service("db", up=True)
    docker.service("cache", up=True)

    for told in (await reason(docker.project), await reason(docker.project, database_url=OFF)):
        assert "is running, but cannot be used" in told
        assert "was not adopted" in told
        assert "`isofuzz services up` adopts" in told
    assert "--database-url embedded" in await reason(docker.project)
    assert "--valkey-url embedded" in await reason(docker.project, database_url=OFF)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"up": False}, "no compose service labelled isofuzz.service=postgres is running"),
        ({"kind": ""}, "no compose service labelled isofuzz.service=postgres is running"),
    ],
)
def test_a_service_that_is_passed_over_is_told_with_the_reason(docker: Any, changes: dict[str, Any], why: str) -> None:
    docker.service("db", **{"up": True} | changes)

    assert f"embedded (no URL given, {why}" in chosen(docker.project)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"health": ["starting"]}, "'db' is starting: `isofuzz services up` waits until it is healthy"),
        ({"health": ["unhealthy"]}, "'db' is unhealthy: `isofuzz services up` waits until it is healthy"),
        ({"host": ""}, "'db' publishes no port 5432: write under its `ports` \"127.0.0.1:5432:5432\""),
        ({"host": "0.0.0.0"}, "'db' is published at 0.0.0.0, where other machines reach it: write the port as"),
    ],
)
async def test_what_runs_but_cannot_be_used_is_refused_not_replaced(
    docker: Any, changes: dict[str, Any], why: str
) -> None:
    docker.service("db", **{"up": True} | changes)

    told = await reason(docker.project)

    assert f"No Postgres: compose service {why}" in told
    assert told.endswith("`--database-url embedded` passes it over")
    assert "embedded (as asked for)" in await origin_with(Sources(database_url=EMBEDDED, project=docker.project))


async def test_two_services_of_one_label_are_refused_by_their_names(docker: Any) -> None:
    docker.service("db", up=True)
    docker.service("cache", up=True, kind="postgres")
    both = "'cache' and 'db' have the same label isofuzz.service=postgres: label one of them only, or give a URL"

    assert both in await reason(docker.project)

    docker.file.write_text(docker.file.read_text().replace("isofuzz.service: valkey", "isofuzz.service: postgres"))
    with pytest.raises(UsageError, match=both):
        await compose_up(docker.project, ignore)
    assert not any(call.startswith("compose up") for call in docker.called)
    await compose_down(docker.project)
    assert "embedded" in chosen(docker.project)


async def test_the_compose_file_is_looked_for_upwards(docker: Any) -> None:
    below = docker.project / "backend" / "tests"
    below.mkdir(parents=True)

    await compose_up(below, ignore)

    assert chosen(below) == "compose (no URL given)"
    assert compose.compose_file(below) == docker.file
    assert await compose_down(below) == ("db", "cache")
    nearer = below.parent / "compose.yml"
    nearer.write_text("services: {}")
    assert compose.compose_file(below) == nearer


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"engine": False}, "Cannot connect to the Docker daemon at unix:///var/run/docker.sock"),
        ({"plugin": False}, "docker has no compose plugin"),
    ],
)
async def test_a_docker_that_cannot_be_asked_is_told(docker: Any, changes: dict[str, Any], why: str) -> None:
    docker.set(**changes)

    assert f"(no URL given, {why}" in chosen(docker.project)
    with pytest.raises(ServicesUnavailable, match=f"cannot be started: {why}|docker compose up failed"):
        await compose_up(docker.project, ignore)


def test_a_docker_that_answers_nonsense_or_never_is_told(docker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    program = docker.path / "docker"
    program.write_text("#!/bin/sh\necho nonsense\n")
    assert "docker compose ps answered something else than JSON" in chosen(docker.project)

    program.write_text('#!/bin/sh\necho \'{"ID": "a"}\'\n')
    assert "docker inspect answered something that isofuzz does not know" in chosen(docker.project)

    monkeypatch.setattr(compose, "_SECONDS_TO_ANSWER", 0.2)
    program.write_text("#!/bin/sh\nexec sleep 100\n")
    assert "docker compose ps did not answer within 0.2 seconds" in chosen(docker.project)


async def test_without_docker(docker: Any, without_docker: None) -> None:
    assert "embedded (no URL given, docker is not installed)" in chosen(docker.project)
    with pytest.raises(ServicesUnavailable, match="docker is not installed"):
        await compose_up(docker.project, ignore)


async def test_without_a_compose_file(docker: Any) -> None:
    docker.file.unlink()

    assert "embedded (no URL given, no compose file here or above)" in chosen(docker.project)
    assert docker.called == []
    with pytest.raises(ServicesUnavailable, match="there is no compose file in"):
        await compose_up(docker.project, ignore)
    with pytest.raises(ServicesUnavailable, match="there is no compose file in"):
        await compose_down(docker.project)


def test_docker_is_asked_only_when_a_choice_depends_on_it(docker: Any) -> None:
    Choosing(Sources(database_url=EMBEDDED, project=docker.project)).choose(POSTGRES)
    Choosing(Sources(valkey_url=OFF, project=docker.project)).choose(VALKEY)
    Choosing(Sources()).choose(POSTGRES)
    assert docker.called == []

    choosing = Choosing(Sources(project=docker.project))
    assert [choosing.choose(kind).origin for kind in (POSTGRES, VALKEY)] == [Origin.EMBEDDED] * 2
    assert docker.called == ["compose ps --format json"]


async def test_up_waits_until_they_are_healthy_and_tells_each_change(docker: Any) -> None:
    docker.service("db", health=["starting", "starting", "healthy"])
    told: list[Mapping[str, str]] = []

    ready = await compose_up(docker.project, told.append)

    assert told == [{"db": "starting", "cache": "healthy"}, {"db": "healthy", "cache": "healthy"}]
    assert "compose up --detach db cache" in docker.called
    assert "postgresql://tester@127.0.0.1:" in ready[0]
    assert "hunter2" not in "".join(ready)


async def test_up_says_which_one_did_not_become_healthy(docker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert starting._SECONDS_UNTIL_HEALTHY == 30
    monkeypatch.setattr(starting, "_SECONDS_UNTIL_HEALTHY", 0.1)
    docker.service("db", health=["starting"], log="FATAL: no space left on device")

    with pytest.raises(ServicesUnavailable) as caught:
        await compose_up(docker.project, ignore)

    assert "'db' is starting" in str(caught.value)
    assert "The log of 'db' ends:\nFATAL: no space left on device" in str(caught.value)
    assert "cache" not in str(caught.value)


async def test_up_does_not_adopt_what_keeps_its_data(docker: Any) -> None:
    docker.service("cache", tmpfs=None)

    ready = await compose_up(docker.project, ignore)

    assert "NOT adopted, since it keeps its data on disk" in ready[1]
    assert "was not adopted" in await reason(docker.project, database_url=OFF)


def volume(place: str, kind: str = "volume") -> dict[str, str]:
    return {"Type": kind, "Name": "precious", "Source": "/var/lib/docker/volumes/precious", "Destination": place}


@pytest.mark.parametrize(
    ("changes", "adopted"),
    [
        ({"tmpfs": {"/data": ""}, "mounts": []}, True),
        ({"tmpfs": {"/data/": ""}, "mounts": [volume("/backups")]}, True),
        ({"tmpfs": None, "mounts": [volume("/data", "tmpfs"), volume("/backups")]}, True),
        ({"tmpfs": {"/run": ""}, "mounts": [volume("/data")]}, False),
        ({"tmpfs": {"/run": ""}, "mounts": []}, False),
        ({"tmpfs": {"/": ""}, "mounts": [volume("/data", "bind")]}, False),
        ({"tmpfs": {"/data": ""}, "mounts": [volume("/data/appendonlydir")]}, False),
        ({"tmpfs": {"/data2": ""}, "mounts": []}, False),
        ({"tmpfs": None, "mounts": [volume("/run", "tmpfs"), volume("/data")]}, False),
    ],
)
async def test_what_counts_is_where_the_data_are(docker: Any, changes: dict[str, Any], adopted: bool) -> None:
    docker.service("cache", **changes)

    ready = await compose_up(docker.project, ignore)

    assert ready[1].endswith(", adopted") is adopted
    assert ("NOT adopted, since it keeps its data on disk" in ready[1]) is not adopted


@pytest.mark.parametrize(
    ("pgdata", "mounts", "adopted"),
    [
        ("/var/lib/postgresql/18/docker", [], True),
        ("/var/lib/postgresql/isofuzz", [volume("/var/lib/postgresql/data")], True),
        ("/var/lib/postgresql/data", [volume("/var/lib/postgresql/data")], False),
        ("/var/lib/postgresql/data/pgdata", [volume("/var/lib/postgresql/data")], False),
        ("/var/lib/postgresql/../elsewhere", [], False),
        (None, [volume("/var/lib/postgresql/data")], False),
        (None, [], True),
    ],
)
async def test_postgres_says_where_its_data_are(
    docker: Any, pgdata: str | None, mounts: list[dict[str, str]], adopted: bool
) -> None:
    given = docker.environment("db")
    docker.service("db", mounts=mounts, environment=given | ({"PGDATA": pgdata} if pgdata else {}))

    ready = await compose_up(docker.project, ignore)

    assert ready[0].endswith(", adopted") is adopted


async def test_up_without_a_label_says_what_to_write(docker: Any) -> None:
    docker.file.write_text('services: {db: {image: "postgres:18-alpine"}}')

    with pytest.raises(ServicesUnavailable, match=r"labels:\n    isofuzz.service: postgres"):
        await compose_up(docker.project, ignore)


async def test_a_broken_compose_file_is_told_in_its_own_words(docker: Any) -> None:
    docker.file.write_text("services: {")

    with pytest.raises(ServicesUnavailable, match="yaml: line 3"):
        await compose_up(docker.project, ignore)


async def test_down_leaves_the_services_of_others(docker: Any) -> None:
    await compose_up(docker.project, ignore)
    docker.file.write_text(docker.file.read_text() + '  web: {image: "nginx"}\n')

    assert await compose_down(docker.project) == ("db", "cache")

    assert docker.called[-1] == "compose rm --force --stop db cache"


async def test_down_deletes_no_volume(docker: Any) -> None:
    docker.service("cache", tmpfs=None, mounts=[volume("/data")])
    await compose_up(docker.project, ignore)

    assert await compose_down(docker.project) == ("db", "cache")

    assert docker.called[-1] == "compose down"
