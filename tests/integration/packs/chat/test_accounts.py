import pytest
from tests.integration.packs.chat.conftest import Connect

pytestmark = pytest.mark.asyncio(loop_scope="session")

REQUESTS = [
    ("log_out", {}),
    ("set_about", {"about": "x"}),
    ("read_about", {}),
    ("open_thread", {"slug": "x"}),
    ("list_threads", {}),
    ("delete_thread", {"thread": "7d1f0c5e-9d0a-4c53-9e0b-0a3f6f1f2b11"}),
    ("post", {"thread": "7d1f0c5e-9d0a-4c53-9e0b-0a3f6f1f2b11", "body": "x"}),
    ("history", {"thread": "7d1f0c5e-9d0a-4c53-9e0b-0a3f6f1f2b11"}),
    ("subscribe", {"thread": "7d1f0c5e-9d0a-4c53-9e0b-0a3f6f1f2b11"}),
    ("search", {"text": ""}),
    ("share", {"thread": "7d1f0c5e-9d0a-4c53-9e0b-0a3f6f1f2b11", "members": [], "title": "x"}),
    ("quote", {"thread": "x", "message": 1, "author": "7d1f0c5e-9d0a-4c53-9e0b-0a3f6f1f2b11", "body": "x"}),
    ("edit_message", {"thread": "7d1f0c5e-9d0a-4c53-9e0b-0a3f6f1f2b11", "message": 1, "body": "x"}),
    ("delete_message", {"message": 1}),
]


@pytest.mark.parametrize(("do", "fields"), REQUESTS)
async def test_nothing_is_done_before_signing_in(connect: Connect, do: str, fields: dict[str, object]) -> None:
    nobody = await connect()
    assert await nobody.error(do, **fields) == "not signed in"


@pytest.mark.parametrize(("do", "fields"), REQUESTS)
async def test_nothing_is_done_after_logging_out_on_any_connection(
    connect: Connect, do: str, fields: dict[str, object]
) -> None:
    ann, same_session, other_session = await connect("ann"), await connect(), await connect("ann")
    await same_session.ok("resume", token=ann.token)
    await same_session.ok("log_out")

    assert await ann.error(do, **fields) == "not signed in"
    assert await same_session.error(do, **fields) == "not signed in"
    assert await other_session.ask(do, **fields) != {"error": "not signed in"}


async def test_a_session_is_resumed_by_its_token_until_it_ends(connect: Connect) -> None:
    ann, again, late = await connect("ann"), await connect(), await connect()
    assert (await again.ok("resume", token=ann.token))["user"] == ann.user
    await ann.ok("log_out")
    assert await late.ask("resume", token=ann.token) == await late.ask("resume", token="never issued")


async def test_a_connection_belongs_to_one_session(connect: Connect) -> None:
    ann, bob = await connect("ann"), await connect("bob")
    assert await ann.error("sign_in", name="bob") == "already signed in"
    assert await ann.error("resume", token=bob.token) == "already signed in"
    await ann.ok("log_out")
    assert await ann.error("sign_in", name="bob") == "already signed in"


async def test_what_one_says_about_oneself_is_read_by_oneself_only(connect: Connect) -> None:
    ann, bob = await connect("ann"), await connect("bob")
    await ann.ok("set_about", about="about ann")
    assert await ann.ok("read_about") == {"about": "about ann"}
    assert await bob.ok("read_about") == {"about": ""}
    await bob.ok("set_about", about="about bob")
    assert await (await connect("ann")).ok("read_about") == {"about": "about ann"}
