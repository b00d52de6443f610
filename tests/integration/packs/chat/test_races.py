"""Leaks that take more than operations one after the other: each shows in its smallest story."""

import asyncio
import json

import pytest
from tests.integration.packs.chat.conftest import Client, Connect, Database, Reply
from tests.integration.packs.chat.pausing import overlapped, paused_after
from tests.integration.packs.chat.test_defects import STORIES, Start, Story

from isofuzz_packs.chat.defects import DESCRIPTIONS, Defect, Need

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def export_at_the_same_time(connect: Connect) -> bool:
    ann, bob, eve = [await connect(name) for name in ("ann", "bob", "eve")]
    await ann.post(await ann.open_thread("plans"), "secret")
    await bob.open_thread("own")
    _, exported = await overlapped(ann.ask("export"), bob.ask("export"), eve, after="WHERE thread_id")
    shown, _ = await overlapped(bob.ask("export"), ann.ask("export"), eve, after="WHERE thread_id")
    return "secret" in str((shown, exported))


async def list_after_an_event_was_pushed(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans", "secret")
    await ann.ok("subscribe", thread=thread)
    await ann.post(thread, "hello")
    return "secret" in await bob.titles()


async def export_after_another(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    await ann.post(await ann.open_thread("plans"), "secret")
    await ann.ok("export")
    return "secret" in str(await bob.ok("export"))


async def list_over_a_connection_that_is_opened_for_it(connect: Connect) -> bool:
    ann, bob, eve = [await connect(name) for name in ("ann", "bob", "eve")]
    await ann.open_thread("plans", "secret")
    _, listed = await overlapped(ann.ask("read_about"), bob.ask("list_threads"), eve, after="about_version")
    return "secret" in str(listed)


async def read_what_a_stranger_was_refused(connect: Connect) -> bool:
    ann, bob, eve = [await connect(name) for name in ("ann", "bob", "eve")]
    thread = await ann.open_thread("plans")
    assert await bob.error("history", thread=thread) == "not found"
    _, read = await overlapped(
        eve.ask("list_threads"), ann.ask("history", thread=thread), bob, after="ORDER BY position"
    )
    return "error" in read


async def read_about_oneself_after_another_was_cancelled(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    await ann.ok("set_about", about="secret")
    await ann.ok("read_about")
    await bob.ok("set_about", about="about bob")
    with paused_after("about_version") as pause:
        reading = asyncio.create_task(ann.raw(json.dumps({"id": "mine", "do": "read_about"})))
        async with asyncio.timeout(10):
            await pause.reached.wait()
            await ann.websocket.send(json.dumps({"cancel": "mine"}))
            assert await reading == {"id": "mine", "error": "cancelled"}
    return "secret" in str(await bob.ok("read_about"))


async def list_in_the_same_moment(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    await ann.open_thread("plans", "secret")
    for client in (bob, ann):  # neither waits for anything, so both arrive before the chat looks
        await client.websocket.send(json.dumps({"id": client.user, "do": "list_threads"}))
    return "secret" in str(json.loads(await bob.websocket.recv()))


async def write_about_oneself_while_another_does(connect: Connect) -> bool:
    ann, bob, eve = [await connect(name) for name in ("ann", "bob", "eve")]
    await overlapped(
        ann.ask("set_about", about="from ann"), bob.ask("set_about", about="from bob"), eve, after="UPDATE users"
    )
    return bool(await ann.ok("read_about") == {"about": "from bob"})


async def list_while_another_does(connect: Connect) -> bool:
    ann, bob, eve = [await connect(name) for name in ("ann", "bob", "eve")]
    await ann.open_thread("plans", "secret")
    listed, _ = await overlapped(bob.ask("list_threads"), ann.ask("list_threads"), eve, after="count(*)")
    return "secret" in str(listed)


async def ask_with_the_id_that_another_uses(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    await ann.post(thread, "secret")
    with paused_after("m.quoted_author_id") as anns, paused_after("SELECT about_version") as bobs:
        await ann.websocket.send(json.dumps({"id": 0, "do": "history", "thread": thread}))
        await bob.websocket.send(json.dumps({"id": 0, "do": "read_about"}))
        async with asyncio.timeout(10):
            await anns.reached.wait()
            await bobs.reached.wait()
            anns.end()
            _, _ = await asyncio.wait(
                waiting := [asyncio.create_task(receive(client)) for client in (ann, bob)],
                return_when=asyncio.FIRST_COMPLETED,
            )
            bobs.end()
            _, received = await asyncio.gather(*waiting)
    return "secret" in str(received)


async def receive(client: Client) -> Reply:
    return dict(json.loads(await client.websocket.recv()))


async def read_while_another_does(connect: Connect) -> bool:
    ann, bob, eve = [await connect(name) for name in ("ann", "bob", "eve")]
    thread, own = await ann.open_thread("plans"), await bob.open_thread("own")
    await ann.post(thread, "secret")
    read, _ = await overlapped(
        bob.ask("history", thread=own), ann.ask("history", thread=thread), eve, after="m.quoted_author_id"
    )
    return "secret" in str(read)


async def be_kicked_while_subscribing(connect: Connect) -> bool:
    ann, bob, eve = [await connect(name) for name in ("ann", "bob", "eve")]
    thread = await ann.open_thread("plans")
    await ann.ok("invite", thread=thread, user=bob.user)
    await overlapped(
        bob.ask("subscribe", thread=thread), ann.ask("kick", thread=thread, user=bob.user), eve, after="FROM threads"
    )
    await ann.post(thread, "secret")
    return "secret" in await bob.events()


RACES: list[tuple[Defect, Story]] = [
    (Defect.EXPORT_BUFFER_SHARED, export_at_the_same_time),
    (Defect.ROLE_KEPT, list_after_an_event_was_pushed),
    (Defect.EXPORT_TABLE_KEPT, export_after_another),
    (Defect.FRESH_UNSTAMPED, list_over_a_connection_that_is_opened_for_it),
    (Defect.LOCK_STRANDED, read_what_a_stranger_was_refused),
    (Defect.REPLY_LEFT_BEHIND, read_about_oneself_after_another_was_cancelled),
    (Defect.CURRENT_USER_GLOBAL, list_in_the_same_moment),
    (Defect.CALLER_KEPT, write_about_oneself_while_another_does),
    (Defect.LIST_KEPT_ON_SERVICE, list_while_another_does),
    (Defect.REPLY_BY_REQUEST_ID, ask_with_the_id_that_another_uses),
    (Defect.RESULTS_LINED_UP, read_while_another_does),
    (Defect.SUBSCRIBE_OUT_OF_TURN, be_kicked_while_subscribing),
]


@pytest.mark.parametrize(("defect", "leaks"), RACES)
async def test_a_race_leaks_in_its_own_story_and_does_not_in_the_healthy_chat(
    connect_to: Start, database: Database, defect: Defect, leaks: Story
) -> None:
    assert not await leaks(await connect_to())
    await database.services.reset()
    assert await leaks(await connect_to(defect))


@pytest.mark.parametrize("planted", [defect for defect, _ in RACES if DESCRIPTIONS[defect].needs != {Need.REUSE}])
async def test_it_shows_nothing_to_those_who_come_one_after_the_other(
    connect_to: Start, database: Database, planted: Defect
) -> None:
    connect = await connect_to(planted)
    for _, leaks in STORIES:
        await database.services.reset()
        assert not await leaks(connect)


async def test_whatever_takes_more_than_its_operations_is_told_as_a_race() -> None:
    assert {defect for defect, _ in RACES} == {defect for defect in Defect if DESCRIPTIONS[defect].needs}
