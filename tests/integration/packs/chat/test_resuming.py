"""A connection that goes on in the place of another one: what it listens to, and what it is told was missed."""

import asyncio
from typing import Any

import pytest
from tests.integration.packs.chat.conftest import Client, Connect

from isofuzz_packs.chat.threads import Threads

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEVER_ISSUED = "7d1f0c5e-9d0a-4c53-9e0b-0a3f6f1f2b11"


async def ann_with_bob_listening(connect: Connect) -> tuple[Client, Client, str]:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    await ann.ok("invite", thread=thread, user=bob.user)
    await bob.ok("subscribe", thread=thread)
    return ann, bob, thread


async def resumed(connect: Connect, old: Client) -> Client:
    client = await connect()
    client.token = old.token
    client.handle = (await client.ok("resume", token=old.token, connection=old.handle))["connection"]
    return client


async def test_what_was_missed_comes_first_and_then_what_is_new(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    await ann.post(thread, "before")
    assert await bob.events() == ["before"]
    await bob.websocket.close()
    await ann.post(thread, "missed")
    again = await resumed(connect, bob)
    await ann.post(thread, "new")
    assert await again.events() == ["missed", "new"]

    await again.websocket.close()
    await ann.post(thread, "missed again")
    assert await (await resumed(connect, again)).events() == ["missed again"]


async def test_who_is_not_in_the_thread_any_more_is_not_told_what_they_missed(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    await bob.websocket.close()
    await ann.post(thread, "missed")
    await ann.ok("kick", thread=thread, user=bob.user)
    again = await resumed(connect, bob)
    await ann.ok("invite", thread=thread, user=bob.user)
    await ann.post(thread, "after")
    assert await again.events() == ["after"]


async def test_what_is_pushed_while_one_is_out_is_not_kept(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    await bob.websocket.close()
    await ann.post(thread, "before")
    await ann.ok("kick", thread=thread, user=bob.user)
    await ann.post(thread, "while out")
    await ann.ok("invite", thread=thread, user=bob.user)
    assert await (await resumed(connect, bob)).events() == ["before"]


async def test_a_kick_waits_for_a_connection_that_is_being_resumed(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    third = await connect("ann")
    await bob.websocket.close()
    await ann.post(thread, "missed")
    asked, may_go_on = asyncio.Event(), asyncio.Event()
    seen_among = Threads.seen_among

    async def seen_among_with_a_slow_answer(*args: Any) -> frozenset[Any]:
        seen = await seen_among(*args)
        asked.set()
        await may_go_on.wait()
        return seen

    monkeypatch.setattr(Threads, "seen_among", seen_among_with_a_slow_answer)
    resuming = asyncio.create_task(resumed(connect, bob))
    await asked.wait()
    kicking = asyncio.create_task(ann.ok("kick", thread=thread, user=bob.user))
    for _ in range(20):  # in which a kick that does not wait would be done many times over
        assert await third.history(thread) == ["missed"]
    kicked_too_early = kicking.done()
    may_go_on.set()
    again, _ = await asyncio.gather(resuming, kicking)
    assert not kicked_too_early
    assert await again.events() == ["missed"]


async def test_a_connection_is_resumed_by_its_own_session_and_once(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    other_session = await connect("bob")
    await bob.websocket.close()
    await ann.post(thread, "missed")
    for token in (ann.token, other_session.token):
        for handle in (bob.handle, NEVER_ISSUED, "", bob.handle.upper()):
            assert await (await connect()).error("resume", token=token, connection=handle) == "not found"
    again = await resumed(connect, bob)
    assert await (await connect()).error("resume", token=bob.token, connection=bob.handle) == "not found"
    assert await again.events() == ["missed"]


async def test_a_connection_that_is_still_open_hands_over_what_it_listened_to(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    again = await resumed(connect, bob)
    await ann.post(thread, "hello")
    assert await again.events() == ["hello"]
    assert await bob.events() == []


async def test_a_session_that_has_ended_is_told_nothing_of_what_it_missed(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    same_session = await connect()
    await same_session.ok("resume", token=bob.token)
    await bob.websocket.close()
    await ann.post(thread, "missed")
    await same_session.ok("log_out")
    late = await connect()
    assert await late.error("resume", token=bob.token, connection=bob.handle) == "not found"
    assert await late.pushed() == []


async def test_a_session_that_ends_while_it_resumes_is_told_nothing(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    same_session, late = await connect(), await connect()
    await same_session.ok("resume", token=bob.token)
    await bob.websocket.close()
    await ann.post(thread, "missed")
    seen_among = Threads.seen_among

    async def seen_among_before_logging_out(*args: Any) -> frozenset[Any]:
        seen = await seen_among(*args)
        await same_session.ok("log_out")
        return seen

    monkeypatch.setattr(Threads, "seen_among", seen_among_before_logging_out)
    assert await late.error("resume", token=bob.token, connection=bob.handle) == "not found"
    assert await late.pushed() == []
