"""Where commands and replies end, however they are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isofuzz.gate.resp import Frames, NotResp

REPLIES = (
    b"+OK\r\n",
    b"-ERR no\r\n",
    b":12\r\n",
    b"$-1\r\n",
    b"$0\r\n\r\n",
    b"$4\r\na\r\nb\r\n",
    b"*-1\r\n",
    b"*0\r\n",
    b"*3\r\n:1\r\n*2\r\n$1\r\na\r\n$-1\r\n*0\r\n",
    b"%2\r\n+a\r\n*1\r\n:1\r\n+b\r\n~1\r\n_\r\n",
    b">2\r\n+message\r\n+hello\r\n",
    b"|1\r\n+ttl\r\n:5\r\n*2\r\n+a\r\n+b\r\n",
    b"*2\r\n|1\r\n+ttl\r\n:5\r\n+a\r\n+b\r\n",
    b"#t\r\n",
    b",1.5\r\n",
    b"(3492890328409238509324850943850943825024385\r\n",
    b"=7\r\ntxt:a\r\n\r\n",
    b"!5\r\nERR x\r\n",
)
COMMANDS = (
    b"*1\r\n$4\r\nPING\r\n",
    b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$12\r\n*1\r\n$4\r\nPING\r\n",
    b"*0\r\n",
    b"*-1\r\n",
    b"PING\r\n",
    b"get key\n",
    b"\r\n",
)


def ends(frames: Frames, whole: bytes, cuts: list[int]) -> list[int]:
    found, start = [], 0
    for cut in [*sorted(cuts), len(whole)]:
        found += [start + frame.end for frame in frames.feed(whole[start:cut])]
        start = cut
    return found


def expected(parts: list[bytes]) -> list[int]:
    return [sum(map(len, parts[: number + 1])) for number in range(len(parts))]


@given(st.data(), st.lists(st.sampled_from(REPLIES), max_size=6))
def test_replies_end_where_they_end(data: st.DataObject, replies: list[bytes]) -> None:
    whole = b"".join(replies)
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=5))
    assert ends(Frames(commands=False), whole, cuts) == expected(replies)


@given(st.data(), st.lists(st.sampled_from(COMMANDS), max_size=6))
def test_commands_end_where_they_end(data: st.DataObject, commands: list[bytes]) -> None:
    whole = b"".join(commands)
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=5))
    assert ends(Frames(commands=True), whole, cuts) == expected(commands)


def test_the_beginnings_of_the_first_words_are_remembered() -> None:
    key = b"k" * 1000
    command = b"*6\r\n$3\r\nSET\r\n$1000\r\n%b\r\n$1\r\nv\r\n$2\r\nEX\r\n$2\r\n10\r\n$2\r\nNX\r\n" % key
    (frame,) = Frames(commands=True).feed(command)
    assert frame.words == (b"SET", key[:80], b"v", b"EX")
    assert frame.size == 6


def test_what_a_reply_is_about_is_told_without_its_attributes() -> None:
    (frame,) = Frames(commands=False).feed(b"|1\r\n+ttl\r\n:5\r\n*2\r\n+a\r\n+b\r\n")
    assert (chr(frame.kind), frame.size, frame.words) == ("*", 2, (b"a", b"b"))


@pytest.mark.parametrize("wrong", [b"*1\r\n:5\r\n", b"*x\r\n", b"*1\r\n*1\r\n", b"x" * 70_000])
def test_no_commands(wrong: bytes) -> None:
    with pytest.raises(NotResp):
        list(Frames(commands=True).feed(wrong))


@pytest.mark.parametrize("wrong", [b"HTTP/1.1 400\r\n", b"$x\r\n", b"\r\n", b"+" + b"x" * 70_000])
def test_no_replies(wrong: bytes) -> None:
    with pytest.raises(NotResp):
        list(Frames(commands=False).feed(wrong))
