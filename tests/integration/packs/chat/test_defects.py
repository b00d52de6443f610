"""Each defect leaks in its smallest story, in which neither the healthy chat nor another defect does.

Those that take more than operations one after the other are in `test_races`.
"""

from collections.abc import Awaitable, Callable

import pytest
from tests.integration.packs.chat.conftest import Connect, Database

from isofuzz_packs.chat.defects import DESCRIPTIONS, Defect

pytestmark = pytest.mark.asyncio(loop_scope="session")

Start = Callable[..., Awaitable[Connect]]
Story = Callable[[Connect], Awaitable[bool]]


async def list_others_titles(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    await ann.open_thread("plans", "secret")
    return "secret" in await bob.titles()


async def search_others_messages(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    await ann.post(await ann.open_thread("plans"), "secret")
    return "secret" in await bob.search("secret")


async def open_by_a_name_that_is_a_pattern(connect: Connect) -> bool:
    ann, odd = await connect("ann"), await connect("a_n")
    await ann.open_thread("plans", "secret")
    return "secret" in str(await odd.ask("open_thread", slug="plans"))


async def open_by_a_slug_that_is_a_pattern(connect: Connect) -> bool:
    ann, slash = await connect("ann"), await connect("%")
    thread = await ann.open_thread("plans", "secret")
    return thread == await slash.open_thread("%")


async def listen_after_being_kicked(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    await ann.ok("invite", thread=thread, user=bob.user)
    await bob.ok("subscribe", thread=thread)
    await ann.ok("kick", thread=thread, user=bob.user)
    await ann.post(thread, "secret")
    return "secret" in await bob.events()


async def delete_anothers_message(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    await bob.ask("delete_message", message=await ann.post(thread, "mine"))
    return await ann.history(thread) == []


async def edit_anothers_message_through_ones_own_thread(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    message = await ann.post(thread, "mine")
    await bob.ask("edit_message", thread=await bob.open_thread("own"), message=message, body="bob was here")
    return await ann.history(thread) == ["bob was here"]


async def count_others_threads(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    await ann.open_thread("plans")
    listed = await bob.ok("list_threads")
    return bool(listed["total"] != len(listed["threads"]))


async def write_in_anothers_name(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    await ann.ok("invite", thread=thread, user=bob.user)
    message = await ann.post(thread, "from ann")
    await bob.ok("quote", thread=thread, message=message, author=ann.user, body="from bob")
    return [message["author"] for message in await ann.messages(thread)] == [ann.user, ann.user]


async def quote_a_message_of_anothers_thread(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    message = await ann.post(await ann.open_thread("plans"), "secret")
    own = await bob.open_thread("own")
    answers = [
        await bob.ask("quote", thread=own, message=number, author=bob.user, body="x")
        for number in (message, message + 1000)
    ]
    assert answers[1] == {"error": "not found"}
    return "ok" in answers[0]


async def come_back_and_be_refused(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    for do in ("invite", "kick", "invite"):
        await ann.ok(do, thread=thread, user=bob.user)
    return "error" in await bob.ask("history", thread=thread)


async def open_by_a_slug_that_another_has(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    await ann.open_thread("plans")
    assert await ann.open_thread("plans")
    return "error" in await bob.ask("open_thread", slug="plans")


async def hear_of_what_happens_in_anothers_thread(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    await ann.ok("subscribe", thread=thread)
    await ann.ok("delete_message", message=await ann.post(thread, "secret"))
    return {event["event"] for event in await bob.pushed()} == {"joined", "deleted"}


async def see_from_the_numbers_what_others_wrote(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    await ann.post(await ann.open_thread("plans"), "secret")
    own = await bob.open_thread("own")
    await bob.post(own, "mine")
    return [message["seq"] for message in await bob.messages(own)] != [1]


async def be_told_both_titles_when_left_out(connect: Connect) -> bool:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans", "old")
    await ann.ok("invite", thread=thread, user=bob.user)
    await bob.ok("subscribe", thread=thread)
    await ann.ok("share", thread=thread, members=[], title="new")
    return any({"old", "new"} <= set(event.values()) for event in await bob.pushed())


STORIES: list[tuple[Defect, Story]] = [
    (Defect.LIST_WITHOUT_OWNER, list_others_titles),
    (Defect.DELETE_WITHOUT_OWNER, delete_anothers_message),
    (Defect.WRONG_PARENT, edit_anothers_message_through_ones_own_thread),
    (Defect.SEARCH_UNFILTERED, search_others_messages),
    (Defect.COUNT_UNFILTERED, count_others_threads),
    (Defect.AUTHOR_MASS_ASSIGNED, write_in_anothers_name),
    (Defect.FOREIGN_PARENT, quote_a_message_of_anothers_thread),
    (Defect.MEMBERSHIP_CACHED, come_back_and_be_refused),
    (Defect.LIKE_WILDCARD, open_by_a_name_that_is_a_pattern),
    (Defect.LIKE_WILDCARD, open_by_a_slug_that_is_a_pattern),
    (Defect.SLUG_TAKEN, open_by_a_slug_that_another_has),
    (Defect.SUBSCRIPTION_OUTLIVES_KICK, listen_after_being_kicked),
    (Defect.PRESENCE_TO_ALL, hear_of_what_happens_in_anothers_thread),
    (Defect.SEQ_ACROSS_THREADS, see_from_the_numbers_what_others_wrote),
    (Defect.SHARE_TO_ALL, be_told_both_titles_when_left_out),
]


@pytest.mark.parametrize("planted", [None, *dict.fromkeys(defect for defect, _ in STORIES)])
async def test_a_defect_leaks_in_its_own_story_and_in_no_other(
    connect_to: Start, database: Database, planted: Defect | None
) -> None:
    connect = await connect_to(planted)
    leaking = []
    for defect, leaks in STORIES:
        await database.services.reset()
        if await leaks(connect):
            leaking.append((defect, leaks))
    assert leaking == [(defect, leaks) for defect, leaks in STORIES if defect is planted]


async def test_the_pattern_defect_shows_nothing_with_plain_names(connect_to: Start) -> None:
    connect = await connect_to(Defect.LIKE_WILDCARD.value)
    ann, bob = await connect("ann"), await connect("bob")
    mine = await ann.open_thread("plans", "mine")
    assert await bob.ok("open_thread", slug="plans") != {"thread": mine, "title": "mine"}
    assert await ann.ok("open_thread", slug="plans") == {"thread": mine, "title": "mine"}
    assert await ann.ok("open_thread", slug="plans", title="new") == {"thread": mine, "title": "new"}
    assert await ann.titles() == ["new"]


async def test_a_defect_that_does_not_exist_is_an_error(connect_to: Start) -> None:
    with pytest.raises(ValueError, match="no-such-defect"):
        await connect_to("no-such-defect")


async def test_every_defect_is_described_and_told_as_a_story_unless_it_takes_more_than_its_operations() -> None:
    assert set(DESCRIPTIONS) == set(Defect)
    assert {defect for defect, _ in STORIES} == {defect for defect in Defect if not DESCRIPTIONS[defect].needs}
