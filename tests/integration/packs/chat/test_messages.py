import pytest
from tests.integration.packs.chat.conftest import Client, Connect

from isofuzz_packs.chat.messages import PAGE

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEVER_ISSUED = "7d1f0c5e-9d0a-4c53-9e0b-0a3f6f1f2b11"


async def numbers(client: Client, thread: str) -> list[int]:
    return [message["seq"] for message in await client.messages(thread)]


async def test_messages_are_numbered_within_their_thread_and_a_deleted_one_leaves_its_gap(connect: Connect) -> None:
    ann, bob = await connect("ann"), await connect("bob")
    one, other = await ann.open_thread("one"), await bob.open_thread("other")
    posted = []
    for number in range(3):
        posted.append(await ann.post(one, f"{number}"))
        await bob.post(other, f"{number}")
    await ann.error("quote", thread=one, message=0, author=ann.user, body="refused")
    await ann.ok("delete_message", message=posted[1])
    await ann.ok("delete_message", message=posted[2])
    await ann.post(one, "last")

    assert await numbers(ann, one) == [1, 4]
    assert await numbers(bob, other) == [1, 2, 3]


@pytest.mark.parametrize("count", [PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 1])
async def test_history_comes_in_pages(connect: Connect, count: int) -> None:
    ann = await connect("ann")
    thread = await ann.open_thread("plans")
    bodies = [f"{number}" for number in range(count)]
    for body in bodies:
        await ann.post(thread, body)
    first = await ann.ok("history", thread=thread)
    assert [message["body"] for message in first["messages"]] == bodies[:PAGE]
    assert first["next"] == (None if count < PAGE else PAGE)
    assert await ann.history(thread) == bodies


async def test_a_message_is_edited_through_its_own_thread_only(connect: Connect) -> None:
    ann = await connect("ann")
    thread, other = await ann.open_thread("plans"), await ann.open_thread("other")
    message = await ann.post(thread, "draft")
    for wrong in (other, NEVER_ISSUED, thread.upper()):
        assert await ann.error("edit_message", thread=wrong, message=message, body="x") == "not found"
    await ann.ok("edit_message", thread=thread, message=message, body="final")
    assert await ann.history(thread) == ["final"]


async def test_a_quote_says_what_it_quotes_until_that_is_deleted(connect: Connect) -> None:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    await ann.ok("invite", thread=thread, user=bob.user)
    await ann.ok("subscribe", thread=thread)
    quoted = await ann.post(thread, "from ann")
    await bob.ok("quote", thread=thread, message=quoted, author=NEVER_ISSUED, body="from bob")
    assert await ann.events() == ["from ann", "from bob"]

    def relevant(message: dict[str, object]) -> list[object]:
        return [message[name] for name in ("author", "quotes", "quoted", "body")]

    first, second = map(relevant, await bob.messages(thread))
    assert first == [ann.user, None, None, "from ann"]
    assert second == [bob.user, quoted, NEVER_ISSUED, "from bob"]
    await ann.ok("delete_message", message=quoted)
    [left] = map(relevant, await bob.messages(thread))
    assert left == [bob.user, None, NEVER_ISSUED, "from bob"]


async def test_only_a_message_of_the_same_thread_is_quoted(connect: Connect) -> None:
    ann, bob = await connect("ann"), await connect("bob")
    thread, other = await ann.open_thread("plans"), await ann.open_thread("other")
    foreign, elsewhere = await bob.post(await bob.open_thread("plans"), "x"), await ann.post(other, "x")
    for message in (foreign, elsewhere, elsewhere + 1000, 0, -1, 2**200):
        assert await ann.error("quote", thread=thread, message=message, author=ann.user, body="x") == "not found"
    assert await ann.history(thread) == []
