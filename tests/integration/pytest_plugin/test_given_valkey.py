"""A Valkey that was given serves one run at a time, and the tests of one process one after the other."""

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from isofuzz.services import adopt_valkey
from isofuzz.services.folders import run_folder
from isofuzz.services.server_user import ServerUser
from isofuzz.services.valkey.server import running_valkey
from isofuzz.services.valkey.url import ValkeyUrl

Pytest = Any

TESTS = """
import asyncio, pytest, valkey
from isofuzz import assert_isolated, by_hand
from memory import Notes

class Cached(Notes):
    async def lifespan(self, services):
        client = valkey.from_url(await services.valkey())
        client.set("of the target", "1")
        client.close()
        yield

def keys(url):
    with valkey.from_url(url) as client:
        found = set(client.keys()) - {b"isofuzz:marker"}
        client.set("of the test", "1")
    return found

def test_first(isofuzz_services):
    assert keys(isofuzz_services.valkey_url) == set()
    assert keys(isofuzz_services.valkey_url) == {b"of the test"}, "it stays as long as the test lasts"

TestCached = isolation_test(Cached)

def test_second(isofuzz_services):
    assert keys(isofuzz_services.valkey_url) == set()

@pytest.mark.asyncio
async def test_by_hand(isofuzz_services):
    async with by_hand(Cached) as (notes, history):
        await notes.sign_in("ann")
"""
BOTH = """
@pytest.mark.asyncio
async def test_the_fixture_first(isofuzz_services):
    isofuzz_services.valkey_url
    async with by_hand(Cached):
        pass

@pytest.mark.asyncio
async def test_the_target_first(isofuzz_services):
    async with by_hand(Cached):
        isofuzz_services.valkey_url

@pytest.mark.asyncio
async def test_a_target_without_valkey(isofuzz_services):
    isofuzz_services.valkey_url
    async with by_hand(Notes):
        isofuzz_services.valkey_url
"""


@pytest.fixture
async def url() -> AsyncIterator[ValkeyUrl]:
    """An adopted database of a server that is not of the project's own run."""
    with run_folder() as folder:
        async with running_valkey(folder, ServerUser("me", os.geteuid(), os.getegid())) as (server, _, _):
            await adopt_valkey(str(server), server.name)
            yield server


async def test_isolation_tests_and_by_hand_take_turns_with_the_fixture(run_pytest: Pytest, url: ValkeyUrl) -> None:
    done = run_pytest(TESTS, ISOFUZZ_VALKEY_URL=str(url))

    assert "4 passed" in done.stdout, done.stdout + done.stderr


async def test_both_in_one_test_is_told_at_once(run_pytest: Pytest, url: ValkeyUrl) -> None:
    done = run_pytest(TESTS + BOTH, "-k", "the_fixture or the_target or without", ISOFUZZ_VALKEY_URL=str(url))

    assert "2 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert done.stdout.count(f"The Valkey server {url.server} is in use in this very test already") >= 2


async def test_an_embedded_one_is_for_both(run_pytest: Pytest) -> None:
    done = run_pytest(TESTS + BOTH, "-k", "the_fixture or the_target", ISOFUZZ_VALKEY_URL="embedded")

    assert "2 passed" in done.stdout, done.stdout + done.stderr
