"""Each defect leaks in its smallest story, in which the healthy chat does not."""

from collections.abc import Awaitable, Callable

import pytest
from tests.integration.packs.chat.conftest import Connect

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
    return bool((await odd.ok("open_thread", slug="plans"))["title"] == "secret")


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


STORIES = [
    (Defect.LIST_WITHOUT_OWNER, list_others_titles),
    (Defect.SEARCH_UNFILTERED, search_others_messages),
    (Defect.LIKE_WILDCARD, open_by_a_name_that_is_a_pattern),
    (Defect.LIKE_WILDCARD, open_by_a_slug_that_is_a_pattern),
    (Defect.SUBSCRIPTION_OUTLIVES_KICK, listen_after_being_kicked),
]


@pytest.mark.parametrize(("defect", "leaks"), STORIES)
async def test_the_defect_leaks(connect_to: Start, defect: Defect, leaks: Story) -> None:
    assert await leaks(await connect_to(defect.value))


@pytest.mark.parametrize(("defect", "leaks"), STORIES)
async def test_no_other_defect_leaks_in_its_story(connect_to: Start, defect: Defect, leaks: Story) -> None:
    for other in Defect:
        if other is not defect:
            assert not await leaks(await connect_to(other.value))


@pytest.mark.parametrize(("defect", "leaks"), STORIES)
async def test_the_healthy_chat_does_not_leak(connect: Connect, defect: Defect, leaks: Story) -> None:
    assert not await leaks(connect)


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


async def test_every_defect_is_described_and_told_as_a_story() -> None:
    assert set(DESCRIPTIONS) == set(Defect) == {defect for defect, _ in STORIES}
