"""Replies are framed the same however their bytes are cut, and garbage is told from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gate.cuts import cut

from isofuzz.gate.messages import (
    CANCELLED,
    FAILING_PARSE,
    FAILING_QUERY,
    NotPostgres,
    Replies,
    error,
    is_fatal,
    message,
)

KINDS = b"123ACDEGHIKNRSTVWZcdnstv"
A_REPLY = st.builds(
    lambda kind, body: message(bytes((kind,)), body + b"T"), st.sampled_from(KINDS), st.binary(max_size=40)
)


@given(replies=st.lists(A_REPLY), data=st.data())
def test_the_kinds_do_not_depend_on_how_the_bytes_are_cut(replies: list[bytes], data: st.DataObject) -> None:
    framing = Replies()
    seen = b"".join(framing.feed(piece) for piece in cut(b"".join(replies), data))
    assert seen == bytes(reply[0] for reply in replies if reply[0] not in b"Dd")
    assert chr(framing.status) == ("T" if b"Z" in seen else "\0")


@given(before=st.lists(A_REPLY.filter(lambda reply: reply[:1] != b"E")), data=st.data())
def test_an_error_is_found_where_it_is(before: list[bytes], data: st.DataObject) -> None:
    text = b"".join(before) + CANCELLED + message(b"Z", b"I")
    framing, passed = Replies(), 0
    for piece in cut(text, data):
        framing.feed(piece)
        if framing.error:
            begins, ends = (passed + at for at in framing.error)
            assert text[begins:ends] == CANCELLED
            break
        passed += len(piece)
    else:
        pytest.fail("the error was not noticed")


def test_a_long_row_is_not_kept() -> None:
    framing = Replies()
    framing.feed(message(b"D", bytes(10**6))[:1000])
    for _ in range(998):
        assert framing.feed(bytes(1000)) == b""
    assert framing.feed(bytes(1005) + message(b"C", b"SELECT 1\0")) == b"C"


@pytest.mark.parametrize("garbage", [b"HTTP/1.1 400", b"\0\0\0\0\0", b"C\0\0\0\x01", b"D\xff\xff\xff\xff"])
def test_garbage(garbage: bytes) -> None:
    with pytest.raises(NotPostgres, match="sends no message of kind"):
        Replies().feed(message(b"Z", b"I") + garbage)


def test_messages_of_our_own() -> None:
    assert error("FATAL", "08P01", "why") == b"E\0\0\0\x1fSFATAL\0VFATAL\0C08P01\0Mwhy\0\0"
    assert is_fatal(error("FATAL", "08P01", "why"))
    assert not is_fatal(CANCELLED)
    for own in (CANCELLED, FAILING_QUERY, FAILING_PARSE):
        assert int.from_bytes(own[1:5]) == len(own) - 1
