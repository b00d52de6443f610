"""What a run would stand on, without opening anything."""

from typing import Any

import pytest

from isofuzz.services import Sources, Survey, adopt, adopt_valkey, compose_up, open_services, survey
from isofuzz.services.sources import OFF


async def test_embedded(docker: Any) -> None:
    postgres, valkey = await survey(Sources(project=docker.project))

    none = "no compose service labelled isofuzz.service"
    assert postgres == Survey(
        service="Postgres",
        source="embedded",
        version=postgres.version,
        why=f"no URL given, {none}=postgres is running",
        passed_over=("no URL given", f"{none}=postgres is running"),
        problem=None,
    )
    assert (valkey.service, valkey.source, valkey.problem) == ("Valkey", "embedded", None)
    assert valkey.passed_over == ("no URL given", f"{none}=valkey is running")
    assert postgres.version
    assert valkey.version
    assert postgres.version.split(".")[0] == "18"
    assert valkey.version.split(".")[0] == "9"


async def test_given(given: Any, given_valkey: Any) -> None:
    database, keys = await given.database(), given_valkey.url(15)
    sources = Sources(database_url=str(database), valkey_url=str(keys))

    before = await survey(sources)
    assert [found.problem for found in before] == ["it is not adopted: isofuzz services adopt URL"] * 2

    await adopt(str(database), database.database)
    await adopt_valkey(str(keys), keys.name)

    after = await survey(sources)
    assert [found.problem for found in after] == [None, None]
    assert [found.source for found in after] == [database.place, f"database {keys.name}"]
    assert [found.why for found in after] == ["URL given", "URL given"]
    assert await given_valkey.keys(15) == {b"isofuzz:marker"}
    assert "hunter2" not in repr(after)


async def test_compose(docker: Any) -> None:
    docker.service("db", up=True)
    docker.service("cache", up=True)

    before = await survey(Sources(project=docker.project))
    assert all("`isofuzz services up` adopts" in (found.problem or "") for found in before)

    await compose_up(docker.project, lambda states: None)

    after = await survey(Sources(project=docker.project))
    assert [found.problem for found in after] == [None, None]
    assert [found.source.split(" at ")[0] for found in after] == ["compose service 'db'", "compose service 'cache'"]
    assert [found.passed_over for found in after] == [("no URL given",)] * 2


async def test_what_runs_under_compose_but_cannot_be_used(docker: Any) -> None:
    docker.service("db", up=True, health=["starting"])

    postgres, valkey = await survey(Sources(project=docker.project))

    assert (postgres.source, postgres.version) == ("compose", None)
    assert "'db' is starting: `isofuzz services up` waits" in (postgres.problem or "")
    assert (valkey.source, valkey.problem) == ("embedded", None)


async def test_an_adopted_login_that_lost_rights(given: Any, given_valkey: Any) -> None:
    database, keys = await given.database("CREATEDB CREATEROLE BYPASSRLS"), given_valkey.url(15)
    await adopt(str(database), database.database)
    await adopt_valkey(str(keys), keys.name)
    sources = Sources(database_url=str(database), valkey_url=str(keys))
    assert [found.problem for found in await survey(sources)] == [None, None]

    await given.execute(f"ALTER ROLE {database.user} NOCREATEDB")
    await given_valkey.client.execute_command("ACL", "SETUSER", "default", "-client|list")
    postgres, valkey = await survey(sources)
    await given_valkey.client.execute_command("ACL", "SETUSER", "default", "+client|list")

    assert f'ALTER ROLE "{database.user}" CREATEDB' in (postgres.problem or "")
    assert "lacks a right that a run needs: grant it with ACL SETUSER" in (valkey.problem or "")


async def test_a_server_that_a_run_holds_is_no_obstacle_and_stays_its_own(given_valkey: Any) -> None:
    keys = given_valkey.url(15)
    await adopt_valkey(str(keys), keys.name)
    sources = Sources(database_url=OFF, valkey_url=str(keys))

    async with open_services(sources) as services:
        await services.valkey()
        _, valkey = await survey(sources)
        await services.reset()

    assert valkey.problem is None


async def test_off_and_what_cannot_be_reached() -> None:
    postgres, valkey = await survey(Sources(database_url=OFF, valkey_url="unix:///no/such/socket?db=1"))

    assert (postgres.source, postgres.version, postgres.problem) == ("off", None, None)
    assert valkey.version is None
    assert "nothing listens there" in (valkey.problem or "")


@pytest.mark.parametrize("url", ["mysql://localhost/x", "postgresql://me:hunter2@db.example.org/x"])
async def test_a_url_that_cannot_be_used_is_told_not_raised(url: str) -> None:
    postgres, _ = await survey(Sources(database_url=url, valkey_url=OFF))

    assert postgres.problem
    assert "hunter2" not in postgres.problem
