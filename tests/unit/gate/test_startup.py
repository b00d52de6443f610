"""What a client says first, and what the server answers until a session is ready."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gate.cuts import cut

from isofuzz.gate.messages import NotPostgres, message
from isofuzz.gate.startup import Opening, Unauthenticated, Wish, first_packet


def packet(code: int, body: bytes = b"") -> bytes:
    return (8 + len(body)).to_bytes(4) + code.to_bytes(4) + body


CANCEL, TLS, GSS = 80877102, 80877103, 80877104
FIRST = [
    (packet(3 << 16, b"user\0ada\0\0"), Wish.SESSION),
    (packet((3 << 16) + 2, b"user\0ada\0\0"), Wish.SESSION),
    (packet(TLS), Wish.ENCRYPTION),
    (packet(GSS), Wish.ENCRYPTION),
    (packet(CANCEL, bytes(8)), Wish.CANCEL),
    (packet(CANCEL, bytes(4 + 256)), Wish.CANCEL),
]


@pytest.mark.parametrize(("data", "wish"), FIRST)
def test_a_first_packet(data: bytes, wish: Wish) -> None:
    for size in range(len(data)):
        assert first_packet(data[:size]) is None
    found = first_packet(data + b"more")
    assert found
    assert (found.wish, found.data, found.key) == (wish, data, data[8:])


@pytest.mark.parametrize(
    "data", [b"G", b"\x16\x03\x01", bytes(8), packet(3 << 16, bytes(10_000)), packet(2 << 16), packet(80877105)]
)
def test_what_no_client_says_first(data: bytes) -> None:
    with pytest.raises(NotPostgres):
        first_packet(data)


def authentication(code: int, more: bytes = b"") -> bytes:
    return message(b"R", code.to_bytes(4) + more)


END = message(b"S", b"a\0b\0") + message(b"K", b"\0\0\0\x07key!") + message(b"Z", b"I")
SCRAM = authentication(10, b"SCRAM-SHA-256\0\0") + authentication(11, b"x") + authentication(12, b"y")
NOTE = message(b"A", b"\0\0\0\x07a\0b\0")


@given(data=st.data())
def test_an_opening_does_not_depend_on_how_its_bytes_are_cut(data: st.DataObject) -> None:
    text = SCRAM + authentication(0) + END + NOTE
    opening, passed, rest = Opening(needs_password=True), b"", b""
    for piece in cut(text, data):
        if opening.ready:
            rest += piece
        else:
            passed += opening.feed(piece)
    assert passed == text.removesuffix(NOTE)
    assert opening.rest + rest == NOTE
    assert opening.key == b"\0\0\0\x07key!"
    assert opening.ready


@pytest.mark.parametrize("demand", [authentication(3), authentication(5, b"salt"), SCRAM])
def test_a_server_that_asks_for_a_password(demand: bytes) -> None:
    opening = Opening(needs_password=True)
    opening.feed(demand + authentication(0) + END)
    assert opening.ready


def test_a_server_that_lets_in_whoever_comes() -> None:
    opening = Opening(needs_password=False)
    opening.feed(authentication(0) + END)
    assert opening.ready
    with pytest.raises(Unauthenticated):
        Opening(needs_password=True).feed(authentication(0) + END)


@pytest.mark.parametrize("garbage", [b"HTTP/1.1", b"S", b"R\0\0\0\0", b"R\0\xff\xff\xff", authentication(10) + b"H"])
def test_a_server_that_is_none(garbage: bytes) -> None:
    with pytest.raises(NotPostgres, match="it answers"):
        Opening(needs_password=False).feed(garbage)
