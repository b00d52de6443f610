"""A question of the gate's own on somebody else's session: how it is put, and what of the answer is whose. Pure."""

from struct import Struct

from isofuzz.gate.messages import HEADER

_COLUMN = Struct(">Hi")
_ROW = ord("D")
_FOR_THE_CLIENT = frozenset(b"ANS")
"""Notification, notice, and what a setting is now: they come when they will."""


def question(query: str) -> bytes:
    """The message that asks it."""
    text = query.encode() + b"\0"
    return HEADER.pack(ord("Q"), len(text) + 4) + text


def answer(data: bytes) -> tuple[str | None, bytes]:
    """The one text that the query returned, None if it did not, and what came meanwhile that is the client's.

    `data` is all that the server said from the question to its being ready again.
    """
    text, others, at = None, bytearray(), 0
    while len(data) - at >= HEADER.size:
        kind, length = HEADER.unpack_from(data, at)
        message, at = data[at : at + length + 1], at + length + 1
        if kind in _FOR_THE_CLIENT:
            others += message
        elif kind == _ROW and text is None:
            columns, size = _COLUMN.unpack_from(message, HEADER.size)
            begins = HEADER.size + _COLUMN.size
            text = message[begins : begins + size].decode() if columns == 1 and size >= 0 else None
    return text, bytes(others)
