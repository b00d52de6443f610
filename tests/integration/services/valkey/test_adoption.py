"""A Valkey database that somebody gives: only a marked one is used, and nothing else on its server is touched."""

from dataclasses import replace
from typing import Any

import pytest
from valkey.asyncio import Valkey

from isofuzz.errors import InfrastructureError, IsofuzzError, UsageError
from isofuzz.services import Sources, adopt_valkey, describe_valkey, open_services
from isofuzz.services.sources import OFF
from isofuzz.services.valkey.adoption import MARKER
from isofuzz.services.valkey.connecting import valkey_connected
from isofuzz.services.valkey.url import ValkeyUrl


def from_url(url: object) -> Sources:
    return Sources(database_url=OFF, valkey_url=str(url))


@pytest.fixture
async def adopted(given_valkey: Any) -> ValkeyUrl:
    url: ValkeyUrl = given_valkey.url(15)
    await adopt_valkey(str(url), url.name)
    return url


async def reason(url: ValkeyUrl | str) -> str:
    """Why this Valkey cannot be had; never with the password in it."""
    async with open_services(from_url(url)) as services:
        with pytest.raises(IsofuzzError) as caught:
            await services.valkey()
    password = ValkeyUrl.parse(str(url)).password
    assert password is None or password not in str(caught.value)
    return str(caught.value)


async def test_only_the_adopted_database_is_emptied_and_its_marker_stays(given_valkey: Any, adopted: ValkeyUrl) -> None:
    await given_valkey.put(15, "of an earlier run")
    await given_valkey.put(14, "precious")
    async with open_services(from_url(adopted)) as services:
        async with Valkey.from_url(await services.valkey()) as client:
            assert await given_valkey.keys(15) == {MARKER.encode()}
            await client.set("of the start", "1")
            await services.baseline()
            await client.flushall()
            await client.set("of a program", "1")
            await given_valkey.put(14, "precious")

            await services.reset()

            assert await given_valkey.keys(15) == {MARKER.encode(), b"of the start"}
        assert services.origin == (
            f"no Postgres (as asked for); Valkey {services.versions['valkey']}, database {adopted.name} (URL given)"
        )

    assert await given_valkey.keys(15) == {MARKER.encode()}
    assert await given_valkey.keys(14) == {b"precious"}
    async with open_services(from_url(adopted)) as services:
        await services.valkey()


async def test_a_database_that_was_not_adopted_is_refused_and_not_touched(given_valkey: Any) -> None:
    await given_valkey.put(15, "precious")

    assert "was not adopted" in await reason(given_valkey.url(15))
    assert "isofuzz services adopt URL" in await reason(given_valkey.url(15))
    assert await given_valkey.keys(15) == {b"precious"}


async def test_a_copy_within_the_server_is_refused(given_valkey: Any, adopted: ValkeyUrl) -> None:
    async with valkey_connected(adopted) as (client, _):
        await client.copy(MARKER, MARKER, destination_db=14)

    assert "seems to be a copy" in await reason(given_valkey.url(14))


async def test_a_copy_on_another_server_is_refused(other_valkey: Any, adopted: ValkeyUrl) -> None:
    async with valkey_connected(adopted) as (client, _):
        dumped = await client.dump(MARKER)
    async with valkey_connected(other_valkey.url(15)) as (client, _):
        await client.restore(MARKER, 0, dumped)

    assert "seems to be a copy" in await reason(other_valkey.url(15))


async def test_after_a_restart_of_the_server_it_must_be_adopted_again(given_valkey: Any, adopted: ValkeyUrl) -> None:
    """What the server would have loaded, put where a new run of it finds the marker of the one before."""
    async with valkey_connected(adopted) as (client, server):
        await client.set(MARKER, f"{'0' * 40} {server['tcp_port']} 15")

    assert "before its server was started again" in await reason(adopted)
    await adopt_valkey(str(adopted), adopted.name)
    assert (await describe_valkey(str(adopted))).adopted


async def test_a_marker_that_is_no_text_is_none(given_valkey: Any, adopted: ValkeyUrl) -> None:
    async with valkey_connected(adopted) as (client, _):
        await client.delete(MARKER)
        await client.zadd(MARKER, {"x": 1})

    assert "was not adopted" in await reason(adopted)


async def test_describing_counts_what_would_be_lost(given_valkey: Any, adopted: ValkeyUrl) -> None:
    await given_valkey.put(15, "a", "b")
    await given_valkey.put(3, "c")

    found = await describe_valkey(str(adopted))

    assert (found.name, found.product, found.adopted) == (adopted.name, "Valkey", True)
    assert (found.keys, found.others) == (2, ((3, 1),))
    assert not (await describe_valkey(str(given_valkey.url(3)))).adopted


async def test_adopting_needs_the_databases_name(given_valkey: Any) -> None:
    url = given_valkey.url(15)

    with pytest.raises(UsageError, match="nothing was changed"):
        await adopt_valkey(str(url), "15")
    assert await given_valkey.keys(15) == set()


async def test_what_is_wrong_with_a_url_is_said(given_valkey: Any, adopted: ValkeyUrl) -> None:
    assert "refuses the login" in await reason(replace(adopted, password="hunter2"))
    assert "refuses the login" in await reason(replace(adopted, password=None))
    assert "out of range" in await reason(replace(adopted, database=99))
    assert "nothing listens there" in await reason("unix:///no/such/socket?db=1")
    assert "--allow-host cache.example.org" in await reason(replace(adopted, host="cache.example.org"))


async def test_a_run_that_lost_its_connection_does_not_empty_anything(given_valkey: Any, adopted: ValkeyUrl) -> None:
    async with open_services(from_url(adopted)) as services:
        await services.valkey()
        (holder,) = (c for c in await given_valkey.client.client_list() if c["name"].startswith("isofuzz-run-"))
        await given_valkey.client.client_kill_filter(_id=holder["id"])
        await given_valkey.put(15, "of another run")

        for _ in range(2):  # the client connects again by itself, which is no lease
            with pytest.raises(InfrastructureError):
                await services.reset()

    assert b"of another run" in await given_valkey.keys(15)
