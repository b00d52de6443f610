"""What the target tells isofuzz of the chat beside what its operations return."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from tests.integration.packs.chat.conftest import waiting_for_lock

from isofuzz import Key, Name, Refused, Reply, Stored
from isofuzz.services import Services, open_services
from isofuzz_packs.chat import Chat
from isofuzz_packs.chat.messages import PAGE
from isofuzz_packs.chat.target import About, Body, Title, Unsettled, connected_to
from isofuzz_packs.chat.threads import Threads
from isofuzz_packs.chat.transactions import POOL_SIZE

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def services() -> AsyncIterator[Services]:
    async with open_services() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def chat(services: Services) -> AsyncIterator[Chat]:
    target = Chat()
    async for _ in target.lifespan(services):
        await services.baseline()
        yield target


async def test_every_text_is_stored_with_its_thread_and_owner(services: Services, chat: Chat) -> None:
    ann, she, _ = await chat.sign_in(Name("ann"))
    bob, he, _ = await chat.sign_in(Name("bob"))
    room, _ = await chat.open_thread(she, Key("plans"), Title("old"))
    await chat.share(she, room, [bob], Title("plans"))
    quoted = await chat.post(she, room, Body("from ann"))
    await chat.quote(he, room, quoted, ann, Body("from bob"))
    await chat.set_about(he, About("about bob"))

    assert sorted(await chat.stored(services.observer), key=lambda row: row.text) == [
        Stored("", None, ann.id),
        Stored("about bob", None, bob.id),
        Stored("from ann", room.id, ann.id),
        Stored("from bob", room.id, bob.id),
        Stored("plans", room.id, ann.id),
    ]


@pytest.mark.parametrize(("defect", "renewed"), [(None, False), ("caller-kept", False), ("role-kept", True)])
async def test_what_a_leak_leaves_on_connections_goes_with_the_program(
    services: Services, defect: str | None, renewed: bool
) -> None:
    target = Chat()
    target.defect = defect
    async for _ in target.lifespan(services):
        await services.baseline()
        before = await target.pooled("SELECT cast(pg_backend_pid() AS text)")
        await target.reset()
        after = await target.pooled("SELECT cast(pg_backend_pid() AS text)")
        assert len(after) == POOL_SIZE
        assert set(before).isdisjoint(after) is renewed


async def test_the_history_is_read_to_its_end(chat: Chat) -> None:
    _, me, _ = await chat.sign_in(Name("ann"))
    room, _ = await chat.open_thread(me, Key("plans"), Title("plans"))
    for number in range(PAGE + 1):
        await chat.post(me, room, Body(f"<{number}>"))
    assert f"<{PAGE}>" in str(await chat.history(me, room))


async def test_each_connection_of_the_pool_is_asked(chat: Chat) -> None:
    assert len(set(await chat.pooled("SELECT pg_backend_pid()::text"))) == POOL_SIZE


async def test_what_a_user_does_goes_on_over_the_connection_that_was_resumed(chat: Chat) -> None:
    _, me, first = await chat.sign_in(Name("ann"))
    room, _ = await chat.open_thread(me, Key("plans"), Title("plans"))
    await chat.subscribe(me, first, room)
    second = await chat.resume(me, first)
    third = await chat.resume(me, second)
    await chat.post(me, room, Body("hello"))
    with pytest.raises(Refused, match="not found"):
        await chat.resume(me, first)
    frames = third.frames()
    _, event = await anext(frames), await anext(frames)
    assert "hello" in str(event)


async def test_a_connection_of_another_session_is_not_dropped(chat: Chat) -> None:
    _, me, line = await chat.sign_in(Name("ann"))
    _, myself_elsewhere, _ = await chat.sign_in(Name("ann"))
    with pytest.raises(Refused, match="not found"):
        await chat.resume(myself_elsewhere, line)
    assert (await chat.list_threads(me)) == {"threads": [], "total": 0}


async def test_an_operation_that_is_cancelled_takes_its_request_back(services: Services, chat: Chat) -> None:
    _, me, line = await chat.sign_in(Name("ann"))
    room, _ = await chat.open_thread(me, Key("plans"), Title("plans"))
    owner = await asyncpg.connect(services.database_url)
    try:
        async with owner.transaction():
            await owner.execute("LOCK TABLE messages")
            posting = asyncio.create_task(chat.post(me, room, Body("never")))
            await waiting_for_lock(owner)
            posting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await posting
            frames = line.frames()
            assert isinstance(frames, AsyncGenerator)
            async with asyncio.timeout(10), aclosing(frames):
                answered = [await anext(frames) for _ in range(3)]
    finally:
        await owner.close()
    assert answered[-1] == Reply({"id": 3, "error": "cancelled"})
    assert await chat.history(me, room) == []


async def test_resuming_is_done_to_its_end_also_if_nobody_waits_for_that(services: Services, chat: Chat) -> None:
    _, me, line = await chat.sign_in(Name("ann"))
    room, _ = await chat.open_thread(me, Key("plans"), Title("plans"))
    owner = await asyncpg.connect(services.database_url)
    try:
        async with owner.transaction():
            await owner.execute("LOCK TABLE sessions")
            resuming = asyncio.create_task(chat.resume(me, line))
            await waiting_for_lock(owner)
            resuming.cancel()
            with pytest.raises(asyncio.CancelledError):
                await resuming
    finally:
        await owner.close()
    await chat.post(me, room, Body("hello"))
    assert "hello" in str(await chat.history(me, room))


async def test_what_could_not_be_resumed_is_resumed_with_another_try(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, me, line = await chat.sign_in(Name("ann"))
    room, _ = await chat.open_thread(me, Key("plans"), Title("plans"))
    await chat.subscribe(me, line, room)
    seen_among = Threads.seen_among

    async def fail(*_: object) -> frozenset[UUID]:
        monkeypatch.setattr(Threads, "seen_among", seen_among)
        raise ConnectionError

    monkeypatch.setattr(Threads, "seen_among", fail)
    successor = await chat.resume(me, line)
    await chat.post(me, room, Body("hello"))
    await successor.barrier()
    frames = successor.frames()
    _, event = await anext(frames), await anext(frames)
    assert "hello" in str(event)


async def test_a_failure_of_the_chat_is_no_refusal(services: Services, chat: Chat) -> None:
    _, me, _ = await chat.sign_in(Name("ann"))
    await services.observer.fetch(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = $1", f"app_{services.suffix}"
    )
    with pytest.raises(Unsettled, match="internal"):
        await chat.list_threads(me)
    assert await chat.list_threads(me) == {"threads": [], "total": 0}


async def test_a_reset_forgets_the_connections_that_could_be_resumed(chat: Chat) -> None:
    _, me, line = await chat.sign_in(Name("ann"))
    await line.close()
    await chat.reset()
    successor = await connected_to(line.path)
    with pytest.raises(Refused, match="not found"):
        await successor.call("resume", token=me.token, connection=line.handle)
    await successor.close()


async def test_who_lost_a_connection_that_is_forgotten_gets_a_new_one(chat: Chat) -> None:
    _, me, line = await chat.sign_in(Name("ann"))
    await chat.reset()  # it closes all that there are
    with pytest.raises(Refused):
        await (await chat.resume(me, line)).call("resume", token=me.token)
