"""What is not answered at once, and what is said unasked: nothing of it makes anybody wait for ever."""

from typing import Any

import pytest
from tests.integration.gate.valkey.conftest import Gated, Raw
from valkey.exceptions import ConnectionError as ValkeyConnectionError

from isofuzz.gate.plain import PlainConnection


def of(gated: Gated, text: str) -> PlainConnection:
    """The connection that got this last, or waits to send it."""
    (found,) = (
        each
        for each in gated.gate.connections
        if text in {each.parked.text if each.parked else None, each.batch.text if each.batch else None}
    )
    return found


def _got(connection: PlainConnection, text: str) -> bool:
    return connection.batch is not None and connection.batch.text == text


async def released(gated: Gated, text: str) -> PlainConnection:
    """Let a command pass, and return its connection once nothing moves any more."""
    await gated.until(lambda: text in gated.texts)
    connection = of(gated, text)
    connection.release()
    await gated.until(lambda: not connection.owes and not gated.gate.busy)
    return connection


async def test_who_waits_for_somebody_else_owes_nothing_and_is_answered_in_a_step_of_its_own(gated: Gated) -> None:
    async with gated.client() as waiting, gated.client() as bringing:
        gated.gate.holding = True
        popping = gated.start(waiting.blpop("queue", 0))
        connection = await released(gated, "BLPOP queue")
        assert not connection.reply_held
        pushing = gated.start(bringing.rpush("queue", "job"))
        await released(gated, "RPUSH queue")
        assert await pushing == 1
        assert connection.reply_held
        assert not popping.done()
        connection.deliver()
        assert await popping == (b"queue", b"job")


async def test_who_waited_before_anything_was_held_owes_nothing(gated: Gated) -> None:
    async with gated.client() as waiting:
        popping = gated.start(waiting.blpop("queue", 0))
        await gated.until(lambda: any(_got(each, "BLPOP queue") for each in gated.gate.connections))
        gated.gate.holding = True
        await gated.until(lambda: not any(each.owes for each in gated.gate.connections))
        await gated.direct.rpush("queue", "job")
        await gated.until(lambda: of(gated, "BLPOP queue").reply_held)
        gated.gate.holding = False
        assert await popping == (b"queue", b"job")


async def test_what_answers_slowly_is_waited_for(gated: Gated) -> None:
    slow = "local i = 0; while i < 20000000 do i = i + 1 end; return i"
    async with gated.client() as client:
        gated.gate.holding = True
        counting = gated.start(client.eval(slow, 0))
        await gated.one_parked()
        connection = await released(gated, f"EVAL {slow}")
        assert not connection.reply_held
        assert await counting == 20_000_000


async def test_dropped_after_what_waits_for_somebody_else(gated: Gated) -> None:
    async with gated.client() as waiting:
        gated.gate.holding = True
        popping = gated.start(waiting.blpop("queue", 0))
        (await gated.one_parked()).drop_after()
        await gated.until(lambda: not gated.gate.connections)
        with pytest.raises((ValkeyConnectionError, ConnectionError)):
            await popping


@pytest.mark.parametrize("hello", ["", "HELLO 3\r\n"])
async def test_what_is_published_has_arrived_once_nothing_moves(gated: Gated, raw: Raw, hello: str) -> None:
    async with gated.client() as publisher:
        gated.gate.holding = True
        raw.send(f"{hello}SUBSCRIBE a b\r\n".encode())
        subscriber = await released(gated, "SUBSCRIBE a")
        subscriber.hold_reply()
        for number in range(50):
            publishing = gated.start(publisher.publish("b", f"message {number}"))
            await released(gated, "PUBLISH b")
            assert subscriber.reply_held  # it has come, with nothing more to wait for
            subscriber.deliver()
            subscriber.hold_reply()
            assert await publishing == 1
        subscriber.deliver()


async def test_messages_of_channels_are_no_answers(gated: Gated, raw: Raw) -> None:
    gated.gate.holding = True
    raw.send(b"PSUBSCRIBE x*\r\nSUBSCRIBE a\r\nUNSUBSCRIBE\r\nUNSUBSCRIBE\r\nPUNSUBSCRIBE\r\nLRANGE l 0 -1\r\n")
    texts = ["PSUBSCRIBE x*", "SUBSCRIBE a", "UNSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE"]
    await gated.direct.rpush("l", "message", "a", "b")
    for text in texts:
        connection = await released(gated, text)
        await gated.direct.publish("xyz", "hello")
        await gated.direct.publish("a", "hello")
    assert connection.parked
    connection.release()
    assert connection.owes
    await gated.until(lambda: not connection.owes)
    assert connection.batch
    assert connection.batch.text == "LRANGE l"
    assert not connection.reply_held


async def test_a_monitor_owes_nothing(gated: Gated, raw: Raw) -> None:
    gated.gate.holding = True
    raw.send(b"MONITOR\r\n")
    assert await raw.line() == b"+OK\r\n"
    await gated.direct.get("key")
    while b'"GET" "key"' not in await raw.line():
        pass
    await gated.until(lambda: not gated.gate.busy)
    (connection,) = gated.gate.connections
    assert not connection.owes


async def test_an_answer_is_held_for_each_of_several_who_waited(gated: Gated) -> None:
    async with gated.client() as one, gated.client() as two:
        gated.gate.holding = True
        popping: list[Any] = []
        for client, queue in ((one, "q1"), (two, "q2")):
            popping.append(gated.start(client.blpop(queue, 0)))
            await released(gated, f"BLPOP {queue}")
        await gated.direct.eval("redis.call('RPUSH', 'q1', 'x'); redis.call('RPUSH', 'q2', 'y')", 0)
        await gated.until(lambda: all(each.reply_held for each in gated.gate.connections))
        of(gated, "BLPOP q2").deliver()
        assert await popping[1] == (b"q2", b"y")
        assert not popping[0].done()
        of(gated, "BLPOP q1").deliver()
        assert await popping[0] == (b"q1", b"x")
