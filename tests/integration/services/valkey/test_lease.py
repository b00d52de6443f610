# ruff: noqa: ASYNC110, ASYNC220 - nothing else runs in the event loops of these tests; a server sends no event
"""One run at a time on a Valkey server."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, ClassVar

import pytest

from isofuzz import All, Name, Secret, Session, Target, User, operation
from isofuzz import Services as TargetServices
from isofuzz.engine.system import running
from isofuzz.errors import ServicesUnavailable
from isofuzz.runs.planting import new_mint
from isofuzz.services import Services, Sources, adopt_valkey, open_services
from isofuzz.services.sources import OFF
from isofuzz.services.valkey import lease
from isofuzz.services.valkey.url import ValkeyUrl
from isofuzz.target.signatures import read_signatures

SCRIPT = """
import asyncio, sys
from isofuzz.services import Sources, open_services

async def main():
    async with open_services(Sources(database_url="off", valkey_url=sys.argv[1])) as services:
        await services.valkey()
        print("held", flush=True)
        await asyncio.to_thread(input)

asyncio.run(main())
"""


class Who(User):
    id: str


class Me(Session):
    pass


class Text(Secret):
    pass


@pytest.fixture
async def urls(given_valkey: Any) -> list[ValkeyUrl]:
    """Two adopted databases of one server."""
    both = [given_valkey.url(14), given_valkey.url(15)]
    for url in both:
        await adopt_valkey(str(url), url.name)
    return both


def run_on(url: ValkeyUrl) -> Any:
    return open_services(Sources(database_url=OFF, valkey_url=str(url)))


async def until_it_waits(services: Services) -> None:
    async with asyncio.timeout(20):
        while not services.waited:
            await asyncio.sleep(0.005)


async def test_a_second_run_waits_even_for_another_database(urls: list[ValkeyUrl]) -> None:
    async with run_on(urls[1]) as second:
        async with run_on(urls[0]) as first:
            await first.valkey()
            asked = asyncio.create_task(second.valkey())
            await until_it_waits(second)
            assert not asked.done()

        assert await asked == str(urls[1])
        assert (first.waited, second.waited > 0) == (0, True)


class Impatient(Target):
    """It asks for Valkey when it starts, and gives its start hardly any time."""

    start_within: ClassVar[float] = 2

    async def lifespan(self, services: TargetServices) -> AsyncIterator[None]:
        await services.valkey()
        yield

    @operation
    async def sign_in(self, name: Name) -> tuple[Who, Me]:
        return Who(name), Me()

    @operation
    async def write(self, me: Me, text: Text) -> All[Text]:
        return [text]


async def test_waiting_is_not_counted_as_the_systems_own_start(urls: list[ValkeyUrl]) -> None:
    async with run_on(urls[1]) as second, AsyncExitStack() as stack:
        async with run_on(urls[0]) as first:
            await first.valkey()
            system = running(Impatient(), read_signatures(Impatient), second, new_mint())
            starting = asyncio.create_task(stack.enter_async_context(system))
            async with asyncio.timeout(20):
                while second.waited < 1.5 * Impatient.start_within:
                    await asyncio.sleep(0.005)
            assert not starting.done()

        await starting


async def test_of_many_runs_one_holds_it_at_any_time(urls: list[ValkeyUrl]) -> None:
    holding = 0

    async def run(url: ValkeyUrl) -> None:
        nonlocal holding
        async with run_on(url) as services:
            await services.valkey()
            holding += 1
            await services.reset()
            assert holding == 1
            holding -= 1

    async with asyncio.TaskGroup() as runs:
        for number in range(6):
            runs.create_task(run(urls[number % 2]))


async def test_the_lease_goes_with_the_process(urls: list[ValkeyUrl]) -> None:
    command = [sys.executable, "-c", SCRIPT, str(urls[0])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as script:
        assert script.stdout is not None
        assert script.stdout.readline() == "held\n"
        async with run_on(urls[1]) as services:
            asked = asyncio.create_task(services.valkey())
            await until_it_waits(services)
            assert not asked.done()
            script.kill()
            assert await asked


async def test_who_waits_too_long_says_for_whom(urls: list[ValkeyUrl], monkeypatch: pytest.MonkeyPatch) -> None:
    assert lease._SECONDS_TO_WAIT == 300
    monkeypatch.setattr(lease, "_SECONDS_TO_WAIT", 0.1)
    async with run_on(urls[0]) as first, run_on(urls[1]) as second:
        await first.valkey()

        with pytest.raises(ServicesUnavailable, match="Another run uses the Valkey server") as caught:
            await second.valkey()

        assert f"isofuzz-run-{first.suffix}, connected from 127.0.0.1:" in str(caught.value)
        assert re.search(r"for \d+ seconds", str(caught.value))
