"""Which answers are owed, as a server of Valkey 9 gives them."""

import pytest

from isofuzz.gate.answers import Answers, Unasked
from isofuzz.gate.commands import Commands


def asked(*lines: str) -> Answers:
    answers, commands = Answers(), Commands()
    for line in lines:
        for command in commands.feed(line.encode() + b"\r\n"):
            answers.sent(command)
    return answers


def told(kind: str, name: str, channel: str | None, total: int) -> bytes:
    about = f"${len(channel)}\r\n{channel}" if channel else "$-1"
    return f"{kind}3\r\n${len(name)}\r\n{name}\r\n{about}\r\n:{total}\r\n".encode()


def test_one_for_each_command() -> None:
    answers = asked("GET a", "LRANGE b 0 -1", "")
    answers.came(b"$-1\r\n*2\r\n$1\r\na\r\n$1")
    assert answers.owes
    answers.came(b"\r\nb\r\n")
    assert not answers.owes


@pytest.mark.parametrize("kind", ["*", ">"])
def test_one_for_each_channel(kind: str) -> None:
    answers = asked("SUBSCRIBE a b", "PSUBSCRIBE x*", "UNSUBSCRIBE", "PUNSUBSCRIBE", "UNSUBSCRIBE", "PING")
    for name, channel, total in [
        ("subscribe", "a", 1),
        ("subscribe", "b", 2),
        ("psubscribe", "x*", 3),
        ("unsubscribe", "b", 2),
        ("unsubscribe", "a", 1),
        ("punsubscribe", "x*", 0),
        ("unsubscribe", None, 0),
    ]:
        assert answers.owes
        answers.came(told(kind, name, channel, total))
        answers.came(told(kind, "message", "a", 0) if total else b"")
    assert answers.owes
    answers.came(b"+PONG\r\n")
    assert not answers.owes


def test_channels_of_a_shard_are_counted_by_themselves() -> None:
    answers = asked("SUBSCRIBE a", "SSUBSCRIBE s t", "SUNSUBSCRIBE", "UNSUBSCRIBE")
    for name, channel, total in [
        ("subscribe", "a", 1),
        ("ssubscribe", "s", 1),
        ("ssubscribe", "t", 2),
        ("sunsubscribe", "s", 1),
        ("sunsubscribe", "t", 0),
        ("unsubscribe", "a", 0),
    ]:
        assert answers.owes
        answers.came(told("*", name, channel, total))
    assert not answers.owes


def test_a_list_that_looks_like_a_message_is_an_answer() -> None:
    answers = asked("LRANGE l 0 -1")
    answers.came(told("*", "message", "a", 1))
    assert not answers.owes


def test_a_refused_subscription_owes_nothing_more() -> None:
    answers = asked("SUBSCRIBE a b c")
    answers.came(b"-NOPERM no\r\n")
    assert not answers.owes


def test_after_a_reset_nothing_is_subscribed() -> None:
    answers = asked("SUBSCRIBE a", "RESET", "LRANGE l 0 -1")
    answers.came(told("*", "subscribe", "a", 1) + b"+RESET\r\n" + told("*", "message", "a", 1))
    assert not answers.owes


def test_of_a_stream_nothing_is_owed() -> None:
    answers = asked("GET a", "MONITOR", "GET b")
    assert not answers.owes
    answers.came(b"anything")


def test_what_nobody_asked_is_told() -> None:
    answers = asked("GET a")
    answers.came(b"-ERR max number of clients reached\r\n-ERR and goodbye\r\n>1\r\n+invalidate\r\n")
    with pytest.raises(Unasked):
        answers.came(b"+OK\r\n")
