"""What each command is to the gate, and what is told of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isofuzz.gate.batches import LIMIT
from isofuzz.gate.commands import Asks, Command, Commands


def command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def only(line: str) -> Command:
    (found,) = Commands().feed(command(*line.encode().split()))
    return found


@pytest.mark.parametrize(
    "line",
    ["GET k", "set k v", "EVAL script 0", "PUBLISH c m", "SUBSCRIBE c", "WATCH k", "EXEC", "FLUSHALL", "X.Y"],
)
def test_what_is_held(line: str) -> None:
    assert only(line).executes


@pytest.mark.parametrize("line", ["AUTH p", "hello 3", "CLIENT SETNAME x", "SELECT 1", "PING", "MULTI", "RESET"])
def test_what_passes(line: str) -> None:
    assert not only(line).executes


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("get user:1", "GET user:1"),
        ("SET user:1 a-secret", "SET user:1"),
        ("AUTH user a-secret", "AUTH"),
        ("AUTH a-secret", "AUTH"),
        ("HELLO 3 AUTH user a-secret", "HELLO"),
        ("CONFIG SET requirepass a-secret", "CONFIG SET"),
        ("ACL SETUSER user >a-secret", "ACL SETUSER"),
        ("MIGRATE host 6379 key 0 1000 AUTH a-secret", "MIGRATE host"),
        ("PING", "PING"),
    ],
)
def test_what_is_told(line: str, text: str) -> None:
    assert only(line).text == text
    assert "a-secret" not in repr(only(line))


def test_a_transaction_is_told_with_what_executes_it() -> None:
    lines = ["MULTI", "SET a 1", "GET b", "EXEC", "GET c"]
    found = Commands().feed(b"".join(command(*line.encode().split()) for line in lines))
    assert [each.executes for each in found] == [False, False, False, True, True]
    assert [each.transaction for each in found] == ["T", "T", "T", "I", "I"]
    assert found[3].text == "MULTI; SET a; GET b; EXEC"


def test_of_a_long_transaction_the_beginning_is_told() -> None:
    lines = ["MULTI", *(f"SET k{number} v" for number in range(1000)), "EXEC"]
    found = Commands().feed(b"".join(command(*line.encode().split()) for line in lines))
    assert found[-1].text == "; ".join(["MULTI", *(f"SET k{number}" for number in range(10)), "…", "EXEC"])


@pytest.mark.parametrize("line", ["DISCARD", "RESET"])
def test_a_transaction_that_is_given_up_holds_nothing(line: str) -> None:
    commands = Commands()
    given_up = commands.feed(b"MULTI\r\nSET a 1\r\n" + line.encode() + b"\r\n")
    assert not any(each.executes for each in given_up)
    (after,) = commands.feed(b"EXEC\r\n")
    assert after.text == "EXEC"


@given(st.data(), st.lists(st.sampled_from([command(b"GET", b"k"), b"PING\r\n", command(b"SET", b"k", b"v" * 300)])))
def test_nothing_is_lost_or_added(data: st.DataObject, parts: list[bytes]) -> None:
    whole = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    commands, found = Commands(), list[Command]()
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        found += commands.feed(whole[start:end])
    assert [each.data for each in found] == parts
    assert commands.pending == 0


def test_of_a_long_command_the_head_is_handed_out_and_then_its_parts() -> None:
    whole = command(b"SET", b"key", b"v" * (4 * LIMIT)) + command(b"GET", b"key")
    commands, found = Commands(), list[Command]()
    for start in range(0, len(whole), 1000):
        found += commands.feed(whole[start : start + 1000])
        assert commands.pending <= LIMIT
    *parts, get = found
    assert b"".join(each.data for each in found) == whole
    assert [each.continues for each in parts] == [False] + [True] * (len(parts) - 1)
    assert [each.ends for each in parts] == [False] * (len(parts) - 1) + [True]
    assert {each.text for each in parts} == {"SET key"}
    assert [each.asks for each in parts] == [Asks.ONE] + [Asks.NOTHING] * (len(parts) - 1)
    assert get.data == command(b"GET", b"key")


@pytest.mark.parametrize("last", [b"*1\r\n:5\r\n", b"MONITOR\r\n", command(b"CLIENT", b"REPLY", b"OFF")])
def test_after_what_cannot_be_followed_everything_passes(last: bytes) -> None:
    commands = Commands()
    found = commands.feed(b"GET key\r\n" + last + b"GET key\r\n")
    assert b"".join(each.data for each in found) == b"GET key\r\n" + last + b"GET key\r\n"
    assert found[0].executes
    (after,) = commands.feed(b"SET key value\r\n")
    assert not after.executes
    assert after.asks is Asks.STREAM
