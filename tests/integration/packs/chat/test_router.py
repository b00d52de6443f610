import asyncio
from typing import Any

import asyncpg
import pytest
from tests.integration.packs.chat.conftest import Client, Connect, held, waiting_for_lock

from isofuzz_packs.chat.messages import Messages, Written

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def ann_with_bob_listening(connect: Connect) -> tuple[Client, Client, str]:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    await ann.ok("invite", thread=thread, user=bob.user)
    await bob.ok("subscribe", thread=thread)
    return ann, bob, thread


async def test_everyone_who_listens_is_told_the_author_too(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    second = await connect("bob")
    await ann.ok("subscribe", thread=thread)
    await second.ok("subscribe", thread=thread)
    await second.ok("subscribe", thread=thread)
    await ann.post(thread, "hello")
    await bob.post(thread, "hi")

    for client in (ann, bob, second):
        assert await client.events() == ["hello", "hi"]


async def test_who_does_not_listen_is_not_told(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    other = await ann.open_thread("other")
    await ann.ok("invite", thread=other, user=bob.user)
    await ann.post(other, "elsewhere")
    assert await bob.events() == []
    await ann.post(thread, "here")
    assert await ann.events() == []
    assert await bob.events() == ["here"]


async def test_one_who_is_kicked_is_told_no_more_until_invited_again(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    await ann.post(thread, "before")
    await ann.ok("kick", thread=thread, user=bob.user)
    await ann.post(thread, "after")
    assert await bob.events() == ["before"]
    await ann.ok("invite", thread=thread, user=bob.user)
    await ann.post(thread, "again")
    assert await bob.events() == ["again"]


async def test_the_others_who_listen_are_told_who_joined(connect: Connect) -> None:
    ann, bob, eve = await connect("ann"), await connect("bob"), await connect("eve")
    thread = await ann.open_thread("plans")
    for member in (bob, eve):
        await ann.ok("invite", thread=thread, user=member.user)
    for client in (ann, eve, bob):
        await client.ok("subscribe", thread=thread)
    await ann.ok("kick", thread=thread, user=eve.user)
    await bob.ok("subscribe", thread=thread)

    def joined(*clients: Client) -> list[dict[str, str]]:
        return [{"event": "joined", "thread": thread, "user": client.user} for client in clients]

    assert await ann.pushed() == joined(eve, bob, bob)
    assert await eve.pushed() == joined(bob)
    assert await bob.pushed() == []


async def test_that_a_message_is_deleted_is_told_without_its_text(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    await ann.ok("subscribe", thread=thread)
    stranger, silent = await connect("stranger"), await connect("bob")
    message = await ann.post(thread, "oops")
    await ann.ok("delete_message", message=message)
    for client in (ann, bob):
        assert await client.pushed("deleted") == [{"event": "deleted", "thread": thread, "message": message}]
    for client in (stranger, silent):
        assert await client.pushed() == []


async def test_a_new_title_is_told_to_who_is_in_the_thread_then(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    eve = await connect("eve")
    await ann.ok("subscribe", thread=thread)

    await ann.open_thread("plans", "first")
    await ann.open_thread("plans", "first")
    await ann.ok("open_thread", slug="plans")
    await ann.ok("share", thread=thread, members=[eve.user], title="second")
    await ann.ok("share", thread=thread, members=[bob.user], title="third")

    async def told(client: Client) -> list[str]:
        events = await client.pushed("renamed")
        assert all(event == {"event": "renamed", "thread": thread, "title": event["title"]} for event in events)
        return [event["title"] for event in events]

    assert await told(ann) == ["first", "second", "third"]
    assert await told(bob) == ["first", "third"]
    assert await told(eve) == []


async def test_logging_out_ends_the_subscriptions_of_the_session_everywhere(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    resumed, other_session = await connect(), await connect("bob")
    await resumed.ok("resume", token=bob.token)
    await resumed.ok("subscribe", thread=thread)
    await other_session.ok("subscribe", thread=thread)
    await resumed.ok("log_out")
    await ann.post(thread, "after")

    assert await bob.events() == []
    assert await resumed.events() == []
    assert await other_session.events() == ["after"]


async def test_another_session_is_not_told_what_a_closed_connection_missed(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    await bob.websocket.close()
    await ann.post(thread, "after")
    again = await connect("bob")
    assert await again.events() == []
    assert await again.history(thread) == ["after"]


async def test_deleting_and_reopening_a_thread_does_not_bring_its_listeners_back(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    await ann.ok("delete_thread", thread=thread)
    reopened = await ann.open_thread("plans")
    await ann.ok("invite", thread=reopened, user=bob.user)
    await ann.post(reopened, "new")
    assert await bob.events() == []


async def test_a_kick_is_answered_after_what_was_posted_before_it_has_arrived(
    connect: Connect, as_app: asyncpg.Connection
) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    other = await connect("ann")
    async with held(as_app, thread):
        posting = asyncio.create_task(ann.post(thread, "before"))
        await waiting_for_lock(as_app)
        kicking = asyncio.create_task(other.ok("kick", thread=thread, user=bob.user))
        assert await (await connect("ann")).history(thread) == []
    await kicking
    assert await bob.events() == ["before"]
    await posting
    await ann.post(thread, "after")
    assert await bob.events() == []


async def test_a_kick_waits_for_a_message_that_is_stored_but_not_yet_pushed(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    other, third = await connect("ann"), await connect("ann")
    stored, may_push = asyncio.Event(), asyncio.Event()
    post = Messages.post

    async def post_with_a_slow_answer(*args: Any, **options: Any) -> Written:
        posted = await post(*args, **options)
        stored.set()
        await may_push.wait()
        return posted

    monkeypatch.setattr(Messages, "post", post_with_a_slow_answer)
    posting = asyncio.create_task(ann.post(thread, "before"))
    await stored.wait()
    kicking = asyncio.create_task(other.ok("kick", thread=thread, user=bob.user))
    for _ in range(20):  # in which a kick that does not wait would be done many times over
        assert await third.history(thread) == ["before"]
    kicked_too_early = kicking.done()
    may_push.set()
    await asyncio.gather(posting, kicking)
    assert not kicked_too_early
    assert await bob.events() == ["before"]


@pytest.mark.parametrize("do", ["post", "quote", "edit_message", "delete_message"])
async def test_one_who_is_kicked_while_writing_writes_nothing(
    connect: Connect, as_app: asyncpg.Connection, do: str
) -> None:
    ann, bob, thread = await ann_with_bob_listening(connect)
    message = await bob.post(thread, "old")
    fields: dict[str, object] = {} if do == "delete_message" else {"body": "new", "thread": thread}
    fields |= {} if do == "post" else {"message": message}
    fields |= {"author": ann.user} if do == "quote" else {}

    async with held(as_app, thread):
        writing = asyncio.create_task(bob.ask(do, **fields))
        await waiting_for_lock(as_app)
        await as_app.execute("SELECT set_config('app.user_id', $1, true)", ann.user)
        await as_app.execute("DELETE FROM thread_members WHERE user_id = $1", bob.user)
    assert await writing == {"error": "not found"}
    assert await ann.history(thread) == ["old"]


async def test_a_session_that_ends_while_subscribing_is_told_nothing(
    connect: Connect, as_app: asyncpg.Connection
) -> None:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    await ann.ok("invite", thread=thread, user=bob.user)
    resumed = await connect()
    await resumed.ok("resume", token=bob.token)

    async with as_app.transaction():
        await as_app.execute("LOCK TABLE threads IN ACCESS EXCLUSIVE MODE")
        subscribing = asyncio.create_task(bob.ask("subscribe", thread=thread))
        await waiting_for_lock(as_app)
        await resumed.ok("log_out")
    assert await subscribing == {"error": "not signed in"}
    await ann.post(thread, "after")
    assert await bob.events() == []


async def test_posts_and_subscriptions_overlap_without_a_gap(connect: Connect) -> None:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    await ann.ok("invite", thread=thread, user=bob.user)

    async def post_all() -> None:
        for number in range(30):
            await ann.post(thread, f"{number:02}")

    _, _ = await asyncio.gather(post_all(), bob.ok("subscribe", thread=thread))
    received = await bob.events()
    assert received == (await ann.history(thread))[30 - len(received) :]


async def test_more_writers_than_database_connections_all_get_their_turn(connect: Connect) -> None:
    clients = [await connect(f"user {number}") for number in range(12)]
    first = clients[0]
    thread = await first.open_thread("plans")
    for client in clients[1:]:
        await first.ok("invite", thread=thread, user=client.user)
    for client in clients:
        await client.ok("subscribe", thread=thread)

    async def write(client: Client) -> None:
        own = await client.open_thread("own")
        for number in range(3):
            await client.post(thread, f"{client.user} {number}")
            await client.post(own, "to myself")

    await asyncio.gather(*map(write, clients))
    history = await first.history(thread)
    assert len(history) == 36
    for client in clients:
        assert await client.events() == history
