"""Requests that their client takes back: what is answered, and what they leave behind, which is nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from tests.integration.packs.chat.conftest import Client, Connect, Database, Reply, held, waiting_for_lock

from isofuzz_packs.chat import conversation
from isofuzz_packs.chat.cancelling import cancel as cancel_work
from isofuzz_packs.chat.messages import Messages, Written

pytestmark = pytest.mark.asyncio(loop_scope="session")

REQUESTS: dict[str, dict[str, object]] = {
    "set_about": {"about": "new"},
    "read_about": {},
    "open_thread": {"slug": "plans", "title": "new"},
    "list_threads": {},
    "search": {"text": "old"},
    "export": {},
    "post": {"thread": "", "body": "new"},
    "quote": {"thread": "", "message": 0, "author": "", "body": "new"},
    "history": {"thread": ""},
    "edit_message": {"thread": "", "message": 0, "body": "new"},
    "subscribe": {"thread": ""},
    "invite": {"thread": "", "user": ""},
    "share": {"thread": "", "members": [], "title": "new"},
    "kick": {"thread": "", "user": ""},
    "delete_message": {"message": 0},
    "delete_thread": {"thread": ""},
    "log_out": {},
}


@pytest_asyncio.fixture(loop_scope="session")
async def as_owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """The owner of the tables, who may lock them."""
    connection = await asyncpg.connect(database.services.database_url)
    try:
        yield connection
    finally:
        await connection.close()


async def send(client: Client, number: int, do: str, **fields: object) -> None:
    await client.websocket.send(json.dumps({"id": number, "do": do, **fields}))


async def cancel(client: Client, number: int) -> None:
    await client.websocket.send(json.dumps({"cancel": number}))


async def received(client: Client) -> Reply:
    async with asyncio.timeout(10):
        return dict(json.loads(await client.websocket.recv()))


@pytest.mark.parametrize("do", REQUESTS)
async def test_what_is_cancelled_in_the_middle_does_nothing_and_is_in_nobodys_way(
    connect: Connect, as_owner: asyncpg.Connection, do: str
) -> None:
    ann, again, bob = await connect("ann"), await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans", "old")
    await ann.ok("invite", thread=thread, user=bob.user)
    await bob.ok("subscribe", thread=thread)
    await ann.ok("set_about", about="old")
    message = await ann.post(thread, "old")
    known = {"thread": thread, "message": message, "author": ann.user, "user": bob.user}
    fields = {name: known.get(name, value) for name, value in REQUESTS[do].items()}

    async with as_owner.transaction():
        await as_owner.execute(f"LOCK TABLE {'sessions' if do == 'log_out' else 'users, threads, messages'}")
        await send(ann, 7, do, **fields)
        await waiting_for_lock(as_owner)
        await cancel(ann, 7)
        assert await received(ann) == {"id": 7, "error": "cancelled"}

    assert await ann.titles() == ["old"]
    assert await ann.history(thread) == ["old"]
    assert (await ann.ok("read_about"))["about"] == "old"
    assert await bob.events() == ["old"]
    assert await ann.events() == []
    await again.ok(do, **fields)


async def test_what_waits_for_its_turn_can_be_cancelled_too_and_all_is_answered_in_order(
    connect: Connect, as_app: asyncpg.Connection
) -> None:
    ann = await connect("ann")
    thread = await ann.open_thread("plans")
    async with held(as_app, thread):
        for number, body in enumerate(["first", "second", "third"]):
            await send(ann, number, "post", thread=thread, body=body)
        await waiting_for_lock(as_app)
        await cancel(ann, 1)
        await cancel(ann, 3)
        await cancel(ann, 0)
        assert await received(ann) == {"id": 0, "error": "cancelled"}
        assert await received(ann) == {"id": 1, "error": "cancelled"}
        await cancel(ann, 0)
    assert (await received(ann))["id"] == 2
    assert await ann.history(thread) == ["third"]


async def test_one_that_waits_for_another_request_about_the_thread_can_be_cancelled(
    connect: Connect, as_app: asyncpg.Connection
) -> None:
    ann, again = await connect("ann"), await connect("ann")
    thread = await ann.open_thread("plans")
    async with held(as_app, thread):
        await send(ann, 1, "post", thread=thread, body="first")
        await waiting_for_lock(as_app)
        await send(again, 1, "post", thread=thread, body="second")
        await cancel(again, 1)
        assert await received(again) == {"id": 1, "error": "cancelled"}
    assert (await received(ann))["id"] == 1
    await again.post(thread, "third")
    assert await ann.history(thread) == ["first", "third"]


async def test_what_is_stored_is_pushed_and_answered_however_late_it_is_cancelled(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    await ann.ok("invite", thread=thread, user=bob.user)
    await bob.ok("subscribe", thread=thread)
    stored, may_push = asyncio.Event(), asyncio.Event()
    post = Messages.post

    async def post_with_a_slow_answer(*args: Any, **options: Any) -> Written:
        posted = await post(*args, **options)
        stored.set()
        await may_push.wait()
        return posted

    monkeypatch.setattr(Messages, "post", post_with_a_slow_answer)
    await send(ann, 7, "post", thread=thread, body="stored")
    await stored.wait()
    seen = asyncio.Event()

    def cancel_and_say_so(work: asyncio.Task[Any]) -> None:
        cancel_work(work)
        seen.set()

    monkeypatch.setattr(conversation, "cancel", cancel_and_say_so)
    await cancel(ann, 7)
    await asyncio.wait_for(seen.wait(), 10)
    may_push.set()
    assert (await received(ann)).keys() == {"id", "ok"}
    assert await bob.events() == ["stored"]


@pytest.mark.parametrize("frame", ['{"cancel": null}', '{"cancel": true}', '{"cancel": 1.5}', '{"cancel": []}'])
async def test_a_cancellation_of_no_id_is_a_bad_request(connect: Connect, frame: str) -> None:
    ann = await connect("ann")
    assert await ann.raw(frame) == {"id": None, "error": "bad request"}


async def test_an_id_that_is_used_again_is_that_of_the_later_request(
    connect: Connect, as_app: asyncpg.Connection
) -> None:
    ann = await connect("ann")
    thread = await ann.open_thread("plans")
    async with held(as_app, thread):
        await send(ann, 1, "post", thread=thread, body="first")
        await send(ann, 1, "post", thread=thread, body="second")
        await waiting_for_lock(as_app)
        await cancel(ann, 1)
    assert (await received(ann)).keys() == {"id", "ok"}
    assert await received(ann) == {"id": 1, "error": "cancelled"}
    assert await ann.history(thread) == ["first"]
