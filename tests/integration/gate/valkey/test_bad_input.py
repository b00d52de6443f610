"""What is no command, what is half of one, what is very long; servers that die or are not there."""

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from tests.integration.gate.valkey.conftest import Gated, Raw
from valkey.exceptions import ConnectionError as ValkeyConnectionError

from isofuzz.errors import UsageError
from isofuzz.gate.plain import PlainConnection
from isofuzz.gate.valkey import ValkeyGate, ValkeyPlace
from isofuzz.services.folders import RunFolder

_LONG = 64 * 1024 * 1024


@pytest.mark.parametrize("garbage", [b"*1\r\n:5\r\n", b"*x\r\n", b"*1\r\n$-5\r\nx\r\n", b"*2\r\n*1\r\n$1\r\na\r\n"])
async def test_the_server_says_what_it_thinks_of_garbage(gated: Gated, raw: Raw, garbage: bytes) -> None:
    gated.gate.holding = True
    raw.send(garbage)
    assert (await raw.until_closed()).startswith(b"-ERR Protocol error")
    await gated.until(lambda: not gated.gate.connections)


async def test_a_browser_is_turned_away(gated: Gated, raw: Raw) -> None:
    gated.gate.holding = True
    raw.send(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await gated.until(lambda: gated.parked or not gated.gate.connections)
    gated.gate.holding = False
    assert await raw.until_closed() == b""


async def test_half_a_command_is_none(gated: Gated, raw: Raw) -> None:
    gated.gate.holding = True
    whole = b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n"
    (connection,) = gated.gate.connections
    for at in range(len(whole)):
        raw.send(whole[at : at + 1])
        await gated.until(partial(_keeps, connection, at + 1))
        assert bool(connection.parked) == (at == len(whole) - 1)
    connection.release()
    assert await raw.line() == b"$-1\r\n"


def _keeps(connection: PlainConnection, size: int) -> bool:
    return connection.buffered == size


async def test_nothing_asked_owes_nothing(gated: Gated, raw: Raw) -> None:
    gated.gate.holding = True
    raw.send(b"\r\n*0\r\n*-1\r\n  \r\nPING\r\n")
    assert await raw.line() == b"+PONG\r\n"
    (connection,) = gated.gate.connections
    assert not connection.owes


async def test_a_long_value_is_parked_by_its_head_and_streams_on_release(gated: Gated) -> None:
    value = b"v" * _LONG
    async with gated.client() as client:
        gated.gate.holding = True
        setting = gated.start(client.set("key", value))
        connection = await gated.one_parked()
        assert gated.texts == ["SET key"]
        assert await gated.direct.exists("key") == 0
        connection.release()
        assert connection.owes
        assert await setting
        getting = gated.start(client.get("key"))
        connection = await gated.one_parked()
        connection.hold_reply()
        connection.release()
        await gated.until(lambda: connection.reply_held and not connection.owes)
        connection.deliver()
        assert await getting == value
    assert gated.gate.most_buffered < _LONG / 50


async def test_dropped_before_a_long_value_is_whole(gated: Gated) -> None:
    async with gated.client() as client:
        gated.gate.holding = True
        setting = gated.start(client.set("key", b"v" * _LONG))
        (await gated.one_parked()).drop_before()
        with pytest.raises((ValkeyConnectionError, ConnectionError)):
            await setting
    assert await gated.direct.exists("key") == 0


async def test_many_commands_at_once_make_the_client_wait(gated: Gated, raw: Raw) -> None:
    gated.gate.holding = True
    many = 20_000
    sending = gated.start(_send(raw, b"INCR key\r\n" * many))
    connection = await gated.one_parked()
    connection.release()
    await gated.answered(connection)
    assert gated.gate.most_buffered < 10 * 64 * 1024
    gated.gate.holding = False
    for number in range(1, many + 1):
        assert await raw.line() == b":%d\r\n" % number
    await sending


async def _send(raw: Raw, data: bytes) -> None:
    raw.send(data)
    await raw.writer.drain()


async def test_a_client_that_goes_takes_what_it_sent_with_it(gated: Gated, raw: Raw) -> None:
    gated.gate.holding = True
    raw.send(b"SET key value\r\n")
    await gated.one_parked()
    raw.writer.close()
    await gated.until(lambda: not gated.gate.connections)
    assert await gated.direct.exists("key") == 0


async def test_a_server_that_dies_is_gone_for_its_clients_too(gated: Gated, raw: Raw) -> None:
    gated.gate.holding = True
    raw.send(b"GET a\r\nSET a 1\r\n")
    connection = await gated.one_parked()
    connection.hold_reply()
    connection.release()
    await gated.until(lambda: connection.reply_held and not gated.gate.busy)
    with suppress(ValkeyConnectionError):
        await gated.direct.shutdown(nosave=True)
    await gated.until(lambda: not connection.parked)
    connection.deliver()
    assert await raw.until_closed() == b"$-1\r\n"
    assert not gated.gate.connections


async def test_a_server_that_dies_while_it_owes(gated: Gated, raw: Raw) -> None:
    gated.gate.holding = True
    raw.send(b"BLPOP queue 0\r\n")
    connection = await gated.one_parked()
    connection.release()
    await gated.until(lambda: not connection.owes)
    with suppress(ValkeyConnectionError):
        await gated.direct.shutdown(nosave=True)
    assert await raw.until_closed() == b""
    assert not gated.gate.connections


async def test_a_server_that_is_not_there(folder: RunFolder) -> None:
    async def ping() -> None:
        raise AssertionError("nobody is held")

    gate = ValkeyGate(ValkeyPlace(str(folder.path / "nothing"), 0), ping)
    path = folder.path / "gate" / "valkey"
    await gate.listen_unix(path)
    try:
        reader, writer = await asyncio.open_unix_connection(str(path))
        async with asyncio.timeout(20):
            assert await reader.read() == b"-ERR isofuzz's gate cannot reach the server\r\n"
        writer.close()
        (problem,) = gate.problems
        assert "the gate cannot reach the server at" in problem
    finally:
        await gate.close()


async def test_a_port_only_before_a_server_that_asks_for_a_password(gated: Gated) -> None:
    port = await gated.gate.listen_tcp()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET key\r\n")
    async with asyncio.timeout(20):
        assert (await reader.readline()).startswith(b"-NOAUTH")
    writer.close()
    await gated.direct.config_set("requirepass", "")
    with pytest.raises(UsageError, match="lets in whoever comes"):
        await gated.gate.listen_tcp()


def test_a_place_says_where_it_is() -> None:
    assert str(ValkeyPlace("localhost", 6379)) == "localhost:6379"
    assert ValkeyPlace("localhost", 6379).path is None
    assert ValkeyPlace("/run/valkey", 0).path == Path("/run/valkey")
