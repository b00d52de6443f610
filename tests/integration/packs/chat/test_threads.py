import pytest
from tests.integration.packs.chat.conftest import Client, Connect

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEVER_ISSUED = "7d1f0c5e-9d0a-4c53-9e0b-0a3f6f1f2b11"


async def ann_with_bob_in(connect: Connect) -> tuple[Client, Client, str]:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans", "Ann's plans")
    await ann.ok("invite", thread=thread, user=bob.user)
    return ann, bob, thread


def listed(thread: str, owner: Client, slug: str, title: str) -> dict[str, str]:
    return {"thread": thread, "owner": owner.user, "slug": slug, "title": title}


async def test_owner_opens_lists_posts_reads_and_searches(connect: Connect) -> None:
    ann = await connect("ann")
    thread = await ann.open_thread("plans", "Ann's plans")
    await ann.post(thread, "first")
    await ann.post(thread, "second")

    assert await ann.titles() == ["Ann's plans"]
    assert await ann.history(thread) == ["first", "second"]
    assert await ann.search("ir") == ["first"]
    assert await ann.search("") == ["first", "second"]


async def test_an_empty_thread_has_an_empty_history(connect: Connect) -> None:
    ann = await connect("ann")
    assert await ann.history(await ann.open_thread("plans")) == []


async def test_opening_by_the_same_slug_opens_the_same_thread(connect: Connect) -> None:
    ann, bob = await connect("ann"), await connect("bob")
    first = await ann.ok("open_thread", slug="plans", title="old")
    untouched = await ann.ok("open_thread", slug="plans")
    retitled = await ann.ok("open_thread", slug="plans", title="new")

    assert first == untouched
    assert retitled == {"thread": first["thread"], "title": "new"}
    assert await ann.titles() == ["new"]
    assert await bob.open_thread("plans") != first["thread"]
    assert await bob.titles() == [""]


@pytest.mark.parametrize(
    "slug", ["%", "_", "a%", "a/b", "\\", "\uff21", "a ", " a", "A", "a\u0301", "á", "'", "1", "01"]
)
async def test_slugs_are_exactly_what_they_are(connect: Connect, slug: str) -> None:
    ann, bob = await connect("ann"), await connect("bob")
    others = [await ann.open_thread("a"), await bob.open_thread("a"), await bob.open_thread(slug)]
    mine = await ann.open_thread(slug)
    assert mine not in others
    assert await ann.open_thread(slug) == mine


@pytest.mark.parametrize(
    ("one", "other"), [("ann", "Ann"), ("ann", "ann "), ("á", "a\u0301"), ("a%", "ab"), ("\u0131", "i")]
)
async def test_names_are_exactly_what_they_are(connect: Connect, one: str, other: str) -> None:
    first, second, again = await connect(one), await connect(other), await connect(one)
    assert first.user != second.user
    assert first.user == again.user


async def test_a_member_reads_and_posts(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_in(connect)
    await ann.post(thread, "from ann")
    await bob.post(thread, "from bob")

    assert await bob.history(thread) == await ann.history(thread) == ["from ann", "from bob"]
    assert await bob.titles() == ["Ann's plans"]
    assert await bob.search("from") == ["from ann", "from bob"]


async def test_a_member_may_not_do_what_only_the_owner_may(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_in(connect)
    message = await ann.post(thread, "from ann")

    for user in (ann.user, bob.user, NEVER_ISSUED):
        assert await bob.error("invite", thread=thread, user=user) == "forbidden"
        assert await bob.error("kick", thread=thread, user=user) == "forbidden"
        assert await bob.error("share", thread=thread, members=[user], title="x") == "forbidden"
    assert await bob.error("delete_thread", thread=thread) == "forbidden"
    assert await bob.error("edit_message", thread=thread, message=message, body="changed") == "forbidden"
    assert await bob.error("delete_message", message=message) == "forbidden"
    assert await ann.history(thread) == ["from ann"]


async def test_the_owner_may_not_edit_what_a_member_wrote(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_in(connect)
    message = await bob.post(thread, "from bob")
    assert await ann.error("edit_message", thread=thread, message=message, body="changed") == "forbidden"
    assert await ann.error("delete_message", message=message) == "forbidden"
    assert await bob.history(thread) == ["from bob"]


async def test_authors_edit_and_delete_their_messages(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_in(connect)
    edited, deleted = await bob.post(thread, "draft"), await bob.post(thread, "oops")
    await bob.ok("edit_message", thread=thread, message=edited, body="final")
    await bob.ok("delete_message", message=deleted)

    assert await ann.history(thread) == ["final"]
    assert await ann.search("draft") == []
    assert await bob.error("delete_message", message=deleted) == "not found"


async def test_inviting_again_changes_nothing(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_in(connect)
    await ann.ok("invite", thread=thread, user=bob.user)
    await ann.ok("invite", thread=thread, user=ann.user)
    await ann.ok("kick", thread=thread, user=bob.user)
    assert await bob.titles() == []


async def test_the_owner_cannot_be_kicked_and_strangers_are_not_there_to_kick(connect: Connect) -> None:
    ann, _, thread = await ann_with_bob_in(connect)
    stranger = await connect("stranger")
    assert await ann.error("kick", thread=thread, user=ann.user) == "forbidden"
    assert await ann.error("kick", thread=thread, user=stranger.user) == "not found"
    assert await ann.error("kick", thread=thread, user=NEVER_ISSUED) == "not found"
    assert await ann.error("invite", thread=thread, user=NEVER_ISSUED) == "not found"


async def test_one_who_was_kicked_is_a_stranger_until_invited_again(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_in(connect)
    message = await bob.post(thread, "from bob")
    await ann.ok("kick", thread=thread, user=bob.user)

    assert await bob.titles() == []
    assert await bob.search("") == []
    assert await bob.error("history", thread=thread) == "not found"
    assert await bob.error("post", thread=thread, body="again") == "not found"
    assert await bob.error("edit_message", thread=thread, message=message, body="changed") == "not found"
    assert await bob.error("delete_message", message=message) == "not found"
    assert await bob.error("subscribe", thread=thread) == "not found"
    assert await ann.history(thread) == ["from bob"]

    await ann.ok("invite", thread=thread, user=bob.user)
    assert await bob.history(thread) == ["from bob"]


async def test_deleting_a_thread_deletes_everything_in_it(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_in(connect)
    message = await bob.post(thread, "from bob")
    await ann.ok("delete_thread", thread=thread)

    for client in (ann, bob):
        assert await client.titles() == []
        assert await client.search("") == []
        assert await client.error("history", thread=thread) == "not found"
    assert await bob.error("edit_message", thread=thread, message=message, body="changed") == "not found"
    assert await ann.open_thread("plans") != thread


async def test_what_is_foreign_and_what_never_was_are_answered_alike(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_in(connect)
    message = await ann.post(thread, "from ann")
    stranger = await connect("stranger")
    own = await stranger.open_thread("own", "mine")
    not_found = {"error": "not found"}

    for one in (thread, NEVER_ISSUED, thread.upper(), "", "%", "none"):
        assert await stranger.ask("history", thread=one) == not_found
        assert await stranger.ask("post", thread=one, body="x") == not_found
        assert await stranger.ask("subscribe", thread=one) == not_found
        assert await stranger.ask("edit_message", thread=one, message=message, body="x") == not_found
        assert await stranger.ask("quote", thread=one, message=message, author=ann.user, body="x") == not_found
        assert await stranger.ask("delete_thread", thread=one) == not_found
        for user in (stranger.user, ann.user, bob.user, NEVER_ISSUED):
            assert await stranger.ask("invite", thread=one, user=user) == not_found
            assert await stranger.ask("kick", thread=one, user=user) == not_found
            assert await stranger.ask("share", thread=one, members=[user], title="x") == not_found
    for number in (message, message + 1000, 0, -1, 2**63, 2**200):
        assert await stranger.ask("edit_message", thread=own, message=number, body="x") == not_found
        assert await stranger.ask("delete_message", message=number) == not_found
        for user in (stranger.user, ann.user, NEVER_ISSUED):
            assert await stranger.ask("quote", thread=own, message=number, author=user, body="x") == not_found
    assert await stranger.ok("list_threads") == {"threads": [listed(own, stranger, "own", "mine")], "total": 1}
    assert await stranger.search("") == []
    assert await ann.history(thread) == ["from ann"]


async def test_the_total_counts_the_threads_that_one_is_in(connect: Connect) -> None:
    ann, bob, _ = await ann_with_bob_in(connect)
    await bob.open_thread("own")
    stranger = await connect("stranger")
    assert [(await client.ok("list_threads"))["total"] for client in (ann, bob, stranger)] == [1, 2, 0]


async def test_sharing_lets_in_just_these_and_renames(connect: Connect) -> None:
    ann, bob, thread = await ann_with_bob_in(connect)
    eve = await connect("eve")
    await ann.ok("share", thread=thread, members=[eve.user, eve.user, ann.user], title="Ours")
    assert await ann.titles() == await eve.titles() == ["Ours"]
    assert await bob.titles() == []
    await ann.ok("share", thread=thread, members=[], title="Mine")
    assert await ann.titles() == ["Mine"]
    assert await eve.titles() == []


@pytest.mark.parametrize("unknown", [NEVER_ISSUED, "", "none"])
async def test_sharing_with_somebody_who_does_not_exist_changes_nothing(connect: Connect, unknown: str) -> None:
    ann, bob, thread = await ann_with_bob_in(connect)
    eve = await connect("eve")
    assert await ann.error("share", thread=thread, members=[eve.user, unknown], title="Ours") == "not found"
    assert await ann.titles() == await bob.titles() == ["Ann's plans"]
    assert await eve.titles() == []


@pytest.mark.parametrize("wanted", ["%", "_", "\\", "50%", "a_b", "\\%", "'"])
async def test_search_takes_the_text_literally(connect: Connect, wanted: str) -> None:
    ann = await connect("ann")
    thread = await ann.open_thread("plans")
    await ann.post(thread, "nothing special: 50 acb")
    await ann.post(thread, f"<{wanted}>")
    assert await ann.search(wanted) == [f"<{wanted}>"]
