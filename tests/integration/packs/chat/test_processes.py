"""The chat as several servers: whatever happens on one reaches those who are connected to another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from tests.integration.packs.chat.conftest import Client, Connect, Database
from valkey.asyncio import Valkey
from websockets.asyncio.client import unix_connect

from isofuzz import Key, Name, Refused
from isofuzz.services import open_services
from isofuzz_packs.chat import ChatProcesses
from isofuzz_packs.chat.backing import Backing
from isofuzz_packs.chat.server import ChatServer
from isofuzz_packs.chat.target import Body, Me, Title, connected_to

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def here_and_there(backing: Backing, database: Database) -> AsyncIterator[tuple[Connect, Connect]]:
    """What connects to one server of a healthy chat, and to another."""
    async with AsyncExitStack() as running:

        async def start(path: str) -> Connect:
            server = ChatServer(backing, unix_path=database.services.folder / path, shared=True)
            _ = await running.enter_async_context(server)

            async def connect(name: str | None = None) -> Client:
                socket = unix_connect(str(database.services.folder / path), uri=server.url)
                client = Client(await running.enter_async_context(socket))
                if name is not None:
                    await client.sign_in(name)
                return client

            return connect

        yield await start("here.sock"), await start("there.sock")


Both = tuple[Connect, Connect]


async def ann_here_and_bob_listening_there(here_and_there: Both) -> tuple[Client, Client, str]:
    here, there = here_and_there
    ann, bob = await here("ann"), await there("bob")
    thread = await ann.open_thread("plans", "old")
    await ann.ok("invite", thread=thread, user=bob.user)
    await bob.ok("subscribe", thread=thread)
    return ann, bob, thread


async def test_what_happens_here_is_pushed_there_before_the_answer_to_a_ping(here_and_there: Both) -> None:
    ann, bob, thread = await ann_here_and_bob_listening_there(here_and_there)
    await ann.ok("subscribe", thread=thread)
    message = await ann.post(thread, "x" * 8000)
    await ann.ok("edit_message", thread=thread, message=message, body="edited")
    await ann.ok("open_thread", slug="plans", title="new")
    await ann.ok("delete_message", message=message)
    kinds = [event["event"] for event in await bob.pushed()]
    assert kinds == ["joined", "message", "edit", "renamed", "deleted"]
    assert [event["event"] for event in await ann.pushed()] == kinds[1:]


async def test_one_who_is_kicked_here_is_told_no_more_there(here_and_there: Both) -> None:
    ann, bob, thread = await ann_here_and_bob_listening_there(here_and_there)
    await ann.post(thread, "before")
    await ann.ok("kick", thread=thread, user=bob.user)
    await ann.post(thread, "after")
    assert await bob.events() == ["before"]


async def test_a_session_ends_on_all(here_and_there: Both) -> None:
    ann, bob, thread = await ann_here_and_bob_listening_there(here_and_there)
    here, _ = here_and_there
    resumed = await here()
    await resumed.ok("resume", token=bob.token)
    await resumed.ok("log_out")
    await ann.post(thread, "after")
    assert await bob.events() == []
    assert await bob.error("history", thread=thread) == "not signed in"


async def test_a_thread_ends_on_all(here_and_there: Both) -> None:
    ann, bob, thread = await ann_here_and_bob_listening_there(here_and_there)
    await ann.ok("delete_thread", thread=thread)
    reopened = await ann.open_thread("plans")
    await ann.ok("invite", thread=reopened, user=bob.user)
    await ann.post(reopened, "new")
    assert await bob.events() == []


async def test_what_is_missed_there_is_kept_there(here_and_there: Both) -> None:
    ann, bob, thread = await ann_here_and_bob_listening_there(here_and_there)
    here, there = here_and_there
    await bob.websocket.close()
    await ann.post(thread, "missed")
    assert await (await here()).error("resume", token=bob.token, connection=bob.handle) == "not found"
    again = await there()
    await again.ok("resume", token=bob.token, connection=bob.handle)
    assert await again.events() == ["missed"]


async def test_everyone_sees_what_is_written_on_both_at_once(here_and_there: Both) -> None:
    ann, bob, thread = await ann_here_and_bob_listening_there(here_and_there)
    await ann.ok("subscribe", thread=thread)

    async def post(client: Client, who: str) -> None:
        for number in range(20):
            await client.post(thread, f"{who} {number}")

    _, _ = await asyncio.gather(post(ann, "ann"), post(bob, "bob"))
    received = await ann.events()
    assert await bob.events() == received
    assert sorted(received) == sorted(await ann.history(thread))


async def test_without_the_channel_nobody_is_told_that_all_has_come(
    here_and_there: Both, backing: Backing, caplog: pytest.LogCaptureFixture
) -> None:
    ann, _, _ = await ann_here_and_bob_listening_there(here_and_there)
    valkey = Valkey.from_url(backing.cache_url)
    await valkey.publish("chat", "no message of the chat")
    await valkey.aclose()
    assert await ann.error("ping") == "internal"
    assert "the channel of events is gone" in caplog.text


async def test_the_target_connects_users_to_two_processes_by_turns() -> None:
    target = ChatProcesses()
    async with open_services() as services:
        async for _ in target.lifespan(services):
            await services.baseline()
            _, she, line = await target.sign_in(Name("ann"))
            bob, he, other = await target.sign_in(Name("bob"))
            assert line.path != other.path
            room, _ = await target.open_thread(she, Key("plans"), Title("plans"))
            await target.invite(she, room, bob)
            await target.subscribe(he, other, room)
            again = await target.resume(he, other)
            await target.post(she, room, Body("hello"))
            await again.barrier()
            frames = again.frames()
            _, event = await anext(frames), await anext(frames)
            assert "hello" in str(event)

            await again.close()
            await target.reset()
            with pytest.raises(Refused, match="not found"):
                await resume_again_and_again(again.path, he, again.handle)


async def resume_again_and_again(path: str, me: Me, connection: str) -> None:
    """Until it is refused: a process is told by a signal what it shall forget, which takes its time."""
    async with asyncio.timeout(10):
        while True:
            successor = await connected_to(path)
            try:
                answer = await successor.call("resume", token=me.token, connection=connection)
            finally:
                await successor.close()
            connection = answer["connection"]
