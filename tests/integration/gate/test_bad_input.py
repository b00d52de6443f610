"""Clients and servers that do what they should not: the gate says so, goes on, and keeps its memory bounded."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest
from tests.integration.gate.conftest import Gated, gate_before
from tests.integration.gate.raw import STARTUP, Raw, message, packet, query, raw

from isofuzz.services.folders import RunFolder, run_folder
from isofuzz.services.postgres.binaries import find_postgres
from isofuzz.services.postgres.cluster import running_cluster
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz.services.server_user import server_user

KEPT = 2 * 2**20
"""Bytes that the gate may keep for one session: what it reads at once, and what asyncio does."""


async def is_still_there(gated: Gated) -> None:
    connection = await asyncpg.connect(str(gated.url))
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    await gated.until(lambda: not gated.gate.connections)
    assert not gated.gate.busy


@pytest.mark.parametrize(
    ("garbage", "answer"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"too long"),
        (b"\x16\x03\x01\x02\x00\x01\x00", b"too long"),
        (bytes(8), b"says that it has 0 bytes"),
        (packet(bytes(20_000)), b"20004 bytes"),
        (packet((2 << 16).to_bytes(4) + b"user\0"), b"unsupported frontend protocol 2.0"),
        (b"\0\0\0", b""),
        (b"", b""),
        (STARTUP[:20], b""),
    ],
)
async def test_garbage_instead_of_a_start_up(gated: Gated, garbage: bytes, answer: bytes) -> None:
    async with raw(gated.socket) as client:
        client.send(garbage)
        if not answer:
            client.writer.write_eof()
        assert answer in await client.until_closed()
    await is_still_there(gated)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x99\0\0\0\x04",
        message(b"S", bytes(20_000)),
        b"Q\0\0\0\x01",
        b"Q\x7f\xff\xff\xff",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
async def test_garbage_in_a_session(gated: Gated, garbage: bytes) -> None:
    async with raw(gated.socket) as client:
        await client.start()
        client.send(garbage)
        assert b"08P01" in await client.until_closed()
    await is_still_there(gated)


@pytest.mark.parametrize("malformed", [message(b"P", b"no zero"), message(b"B", b"none"), message(b"Q", b"no zero")])
async def test_messages_that_are_framed_well_and_say_nothing(gated: Gated, malformed: bytes) -> None:
    """The server is the one to complain."""
    async with raw(gated.socket) as client:
        await client.start()
        client.send(malformed + message(b"S"))
        assert any(b"08P01" in body for _, body in await client.until(b"E"))
    await is_still_there(gated)


async def test_half_a_message_and_then_the_end(gated: Gated) -> None:
    async with raw(gated.socket) as client:
        await client.start()
        client.send(query("SELECT 1")[:7])
        client.writer.write_eof()
        assert await client.until_closed() == b""
    await is_still_there(gated)


@pytest.mark.parametrize("said", [b"", b"\0\0\0", packet((80877103).to_bytes(4))])
async def test_a_client_that_starts_no_session_is_put_out(login: DatabaseUrl, folder: RunFolder, said: bytes) -> None:
    async with gate_before(login, folder.path, patience=0.05) as gated:
        async with raw(gated.socket) as client:
            client.send(said)
            assert await client.until_closed() in (b"", b"N")
        await gated.until(lambda: not gated.gate.busy)
        assert gated.gate.problems == []


async def test_as_many_connections_as_the_server_takes(gated: Gated) -> None:
    gated.release_at_once()
    connections = await asyncio.gather(*(asyncpg.connect(str(gated.url)) for _ in range(180)))
    # Where all at once keep the loop busy for so long that it seems blocked, one is let past the gate, and counted.
    assert len(gated.gate.connections) + gated.gate.bypassed == 180
    found = await asyncio.gather(*(connection.fetchval("SELECT $1::int", 7) for connection in connections))
    assert found == [7] * 180
    await asyncio.gather(*(connection.close() for connection in connections))
    await is_still_there(gated)


PARAMETER = 200 * 10**6


def bind(size: int) -> bytes:
    """All of a Bind of one binary parameter but the parameter."""
    head = b"\0\0" + (1).to_bytes(2) + (1).to_bytes(2) + (1).to_bytes(2) + size.to_bytes(4)
    return b"B" + (4 + len(head) + size + 2).to_bytes(4) + head


async def send_large(client: Raw) -> int:
    """Ask how long a parameter of 200 MB is."""
    client.send(message(b"P", b"\0SELECT octet_length($1::bytea)\0\0\0") + bind(PARAMETER))
    chunk = bytes(10**6)
    for _ in range(PARAMETER // len(chunk)):
        client.send(chunk)
        await client.writer.drain()
    client.send(b"\0\0" + message(b"D", b"P\0") + message(b"E", bytes(5)) + message(b"S"))
    replies = await client.until(b"Z")
    assert [kind for kind, _ in replies] == [b"1", b"2", b"T", b"D", b"C", b"Z"]
    return int(replies[3][1][6:])


async def test_a_large_parameter_passes_without_being_kept(gated: Gated) -> None:
    async with raw(gated.socket) as client:
        await client.start()
        assert await send_large(client) == PARAMETER
    assert gated.gate.most_buffered < KEPT


async def test_a_large_parameter_is_parked_on_its_head(gated: Gated) -> None:
    gated.gate.holding = True
    async with raw(gated.socket) as client:
        await client.start()
        sending = gated.start(send_large(client))
        connection = await gated.one_parked()
        assert connection.parked
        assert connection.parked.executes
        assert not connection.parked.ends
        assert connection.parked.text == "SELECT octet_length($1::bytea)"
        connection.release()
        assert connection.owes
        assert await sending == PARAMETER
        assert not connection.owes
    assert 2**16 < gated.gate.most_buffered < KEPT


async def test_a_client_that_does_not_read(gated: Gated) -> None:
    """The server has to wait, and then the client."""
    async with raw(gated.socket) as client:
        await client.start()
        client.send(query("SELECT repeat('x', 100000000)") + query("SELECT 1") * 10_000)
        await gated.until(lambda: gated.gate.most_buffered > 2**16)
        kinds = [kind for kind, body in [await client.message() for _ in range(4)]]
        assert kinds == [b"T", b"D", b"C", b"Z"]
        for _ in range(10_000):
            assert [kind for kind, _ in await client.until(b"Z")] == [b"T", b"D", b"C", b"Z"]
    assert gated.gate.most_buffered < KEPT


async def test_a_held_reply_that_is_larger_than_what_is_kept(gated: Gated) -> None:
    """Then nothing more comes until it is delivered, so it is not owed either."""
    gated.gate.holding = True
    connection = await asyncpg.connect(str(gated.url))
    reading = gated.start(connection.fetchval("SELECT repeat('x', 10000000)"))
    parked = await gated.one_parked()
    parked.hold_reply()
    parked.release()
    await gated.until(lambda: parked.reply_held and not parked.owes)
    assert parked.buffered < KEPT
    parked.deliver()
    assert len(await reading) == 10_000_000
    await connection.close()
    assert gated.gate.most_buffered < KEPT


@asynccontextmanager
async def strange_server(
    folder: RunFolder, login: DatabaseUrl, answer: Callable[[asyncio.StreamWriter], None]
) -> AsyncIterator[Gated]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        answer(writer)
        await reader.read()
        writer.close()

    async with (
        await asyncio.start_unix_server(serve, str(folder.path / ".s.PGSQL.5432")),
        gate_before(replace(login, host=str(folder.path)), folder.path, patience=0.2) as gated,
    ):
        yield gated


ANSWERS: dict[str, tuple[Callable[[asyncio.StreamWriter], None], str]] = {
    "HTTP": (lambda writer: writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak as Postgres does"),
    "SSH": (lambda writer: writer.write(b"SSH-2.0-OpenSSH_9.2\r\n"), "does not speak as Postgres does"),
    "a length that cannot be": (lambda writer: writer.write(b"R\xff\xff\xff\xff"), "does not speak as Postgres does"),
    "the end": (lambda writer: writer.close(), "hung up without a word"),
    "silence": (lambda writer: None, "no session was started within 0.2 seconds"),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_a_server_that_is_none(login: DatabaseUrl, folder: RunFolder, what: str) -> None:
    answer, problem = ANSWERS[what]
    async with strange_server(folder, login, answer) as gated:
        async with raw(gated.socket) as client:
            client.send(STARTUP)
            assert await client.until_closed() == b""
        await gated.until(lambda: not gated.gate.busy)
        assert len(gated.gate.problems) == 1
        assert problem in gated.gate.problems[0]
        assert not gated.gate.connections


async def test_no_server(login: DatabaseUrl, folder: RunFolder) -> None:
    async with gate_before(replace(login, host=str(folder.path)), folder.path) as gated:
        with pytest.raises(asyncpg.ConnectionFailureError, match="cannot reach the server"):
            await asyncpg.connect(str(gated.url))
        assert "the gate cannot reach the server" in gated.gate.problems[0]


async def test_a_server_that_dies_while_a_batch_is_parked(folder: RunFolder) -> None:
    user = server_user()
    with run_folder(owner=user.owner) as place, running_cluster(find_postgres(user), place) as cluster:
        async with gate_before(cluster.superuser_url, folder.path) as gated:
            gated.gate.holding = True
            connection = await asyncpg.connect(str(gated.url))
            working = gated.start(connection.fetchval("SELECT 1"))
            await gated.one_parked()
            pid = int((cluster.socket_folder / "data" / "postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGQUIT)
            with pytest.raises((asyncpg.ConnectionDoesNotExistError, ConnectionError)):
                await working
            await gated.until(lambda: not gated.gate.connections)
            assert not gated.parked


async def test_a_port_before_a_server_that_asks_for_a_password(gated: Gated) -> None:
    port = await gated.gate.listen_tcp()
    connection = await asyncpg.connect(str(replace(gated.url, host="127.0.0.1", port=port)))
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(str(replace(gated.url, host="127.0.0.1", port=port, password="wrong")))


async def test_a_port_is_no_way_to_do_without_a_password(gated: Gated) -> None:
    port = await gated.gate.listen_tcp()
    async with raw(port) as client:
        client.send(STARTUP)
        answer = await client.until_closed()
    assert answer.startswith(b"E")
    assert b"28000" in answer
    assert b"asks for a password" in answer
    await is_still_there(gated)


async def test_the_socket_is_for_this_user_alone(gated: Gated) -> None:
    assert gated.socket.stat().st_mode & 0o777 == 0o600
    assert gated.socket.parent.stat().st_mode & 0o777 == 0o700


async def test_a_mistake_of_whoever_listens_is_a_problem(gated: Gated) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    async with raw(gated.socket) as client:
        await client.start()
        gated.gate.on_change = fail
        client.send(query("SELECT 1"))
        await client.until_closed()
    assert "ZeroDivisionError" in gated.gate.problems[0]
    gated.gate.problems.clear()
