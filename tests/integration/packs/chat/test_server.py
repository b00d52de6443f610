import asyncio
import json

import asyncpg
import pytest
from tests.integration.packs.chat.conftest import Client, Connect, held, waiting_for_lock
from websockets.asyncio.client import connect as connect_to_url

from isofuzz_packs.chat.backing import Backing
from isofuzz_packs.chat.server import ChatServer
from isofuzz_packs.chat.transactions import POOL_SIZE, Session, Transaction

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_loopback_port_works_as_a_unix_socket_does(backing: Backing) -> None:
    async with ChatServer(backing) as server, connect_to_url(server.url) as websocket:
        client = Client(websocket)
        await client.sign_in("ann")
        assert await client.titles() == []


async def test_leaving_closes_every_connection(backing: Backing) -> None:
    async with ChatServer(backing) as server:
        websocket = await connect_to_url(server.url)
    await asyncio.wait_for(websocket.wait_closed(), 10)
    with pytest.raises(ConnectionRefusedError):
        await connect_to_url(server.url)


async def test_an_unexpected_failure_is_logged_and_answered_and_the_service_goes_on(
    connect: Connect, as_app: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    ann = await connect("ann")
    await as_app.fetch(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE usename = current_user AND pid <> pg_backend_pid()"
    )
    assert await ann.ask("list_threads") == {"error": "internal"}
    assert "a request failed" in caplog.text
    assert await ann.titles() == []


async def test_a_request_whose_client_leaves_is_still_carried_out(
    connect: Connect, as_app: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    ann, bob = await connect("ann"), await connect("bob")
    thread = await ann.open_thread("plans")
    await ann.ok("invite", thread=thread, user=bob.user)
    await bob.ok("subscribe", thread=thread)
    async with held(as_app, thread):
        await ann.websocket.send(json.dumps({"id": 0, "do": "post", "thread": thread, "body": "farewell"}))
        await waiting_for_lock(as_app)
        ann.websocket.transport.abort()
        await ann.websocket.wait_closed()
    async with asyncio.timeout(10):
        assert json.loads(await bob.websocket.recv())["body"] == "farewell"
    assert await bob.history(thread) == ["farewell"]
    assert caplog.text == ""


async def test_what_a_request_left_on_an_idle_connection_is_seen_on_that_one_alone(
    backing: Backing, monkeypatch: pytest.MonkeyPatch
) -> None:
    act_for = Transaction.act_for

    async def act_for_and_leave_a_setting(self: Transaction, session: Session) -> None:
        await act_for(self, session)
        await self.row("SELECT set_config('app.left', 'behind', false)")

    monkeypatch.setattr(Transaction, "act_for", act_for_and_leave_a_setting)
    left = "SELECT coalesce(current_setting('app.left', true), '')"
    async with ChatServer(backing) as server, connect_to_url(server.url) as websocket:
        client = Client(websocket)
        await client.sign_in("ann")
        assert await server.pooled(left) == [""] * POOL_SIZE
        await client.titles()
        assert sorted(await server.pooled(left)) == [""] * (POOL_SIZE - 1) + ["behind"]
        backends = await server.pooled("SELECT pg_backend_pid()::text")
        assert len(set(backends)) == POOL_SIZE
        assert await server.pooled("SELECT pg_backend_pid()::text") == backends
        assert await client.titles() == []
