"""The frontend/backend protocol of Postgres, as much of it as the gate reads: framing, and answers of its own.

Source: "Frontend/Backend Protocol" in the documentation of Postgres 18. Pure: bytes in, facts out.
"""

from struct import Struct

HEADER = Struct(">BI")
"""What each message after the start-up begins with: its kind and its length, which counts itself but not the kind."""

LARGEST = 0x3FFFFFFF
"""The longest message that Postgres itself accepts."""

_READY, _ERROR = b"ZE"
_UNKNOWN, _PLAIN, _BULK, _TELLING = range(4)
_ROLES = [_UNKNOWN] * 256
for _kinds, _role in ((b"123ACGHIKNRSTVWcnstv", _PLAIN), (b"Dd", _BULK), (b"ZE", _TELLING)):
    for _kind in _kinds:
        _ROLES[_kind] = _role


class NotPostgres(Exception):
    """The bytes are none that the other side may send."""


class Replies:
    """Frames what a server sends, without keeping it: a message may be of any length and come in any pieces."""

    __slots__ = ("_cut", "_head", "_missing", "error", "status")

    def __init__(self) -> None:
        self.status = 0
        """The transaction status of the last ReadyForQuery."""
        self.error: tuple[int, int] | None = None
        """Where the first ErrorResponse of the bytes that came last begins and ends in them; it may begin before."""
        self._head = b""
        """The first bytes of a message of which not even kind and length have come."""
        self._missing = 0
        """How many bytes of a message that has begun are still to come."""
        self._cut = (0, 0)
        """Kind and length of that message."""

    def feed(self, data: bytes) -> bytes:
        """The kinds of the messages that end in `data`, without DataRow and CopyData. Raises NotPostgres."""
        at, before, kinds = 0, 0, bytearray()
        self.error = None
        if self._missing:
            at = self._missing
            if at > len(data):
                self._missing -= len(data)
                return b""
            self._missing = 0
            kind, length = self._cut
            if _ROLES[kind] != _BULK:
                kinds.append(kind)
                self._note(kind, at - length, at, data[at - 1])
        elif self._head:
            before = len(self._head)
            data = self._head + data
            self._head = b""
        end, header, roles = len(data), HEADER.unpack_from, _ROLES
        while end - at >= 5:
            kind, length = header(data, at)
            begins, at = at, at + length + 1
            if at > end:
                self._cut_off(kind, length + 1, at - end)
                return bytes(kinds)
            role = roles[kind]
            if role == _BULK:  # there may be very many, and they settle nothing
                continue
            if not role or length < 4:
                raise _not_a_reply(kind, length)
            kinds.append(kind)
            if kind == _READY:
                self.status = data[at - 1]
            elif role == _TELLING:
                self._note(kind, begins - before, at - before, data[at - 1])
        self._head = data[at:]
        return bytes(kinds)

    def _cut_off(self, kind: int, length: int, missing: int) -> None:
        if not _ROLES[kind] or length > LARGEST:
            raise _not_a_reply(kind, length)
        self._missing = missing
        self._cut = (kind, length)

    def _note(self, kind: int, begins: int, ends: int, last: int) -> None:
        if kind == _READY:
            self.status = last
        elif kind == _ERROR and self.error is None:
            self.error = (begins, ends)


def _not_a_reply(kind: int, length: int) -> NotPostgres:
    return NotPostgres(f"a server of Postgres sends no message of kind {chr(kind)!r} and {length} bytes")


def message(kind: bytes, body: bytes) -> bytes:
    """One message as it is sent."""
    return HEADER.pack(kind[0], len(body) + 4) + body


def error(severity: str, code: str, text: str) -> bytes:
    """An ErrorResponse; `code` is an SQLSTATE."""
    fields = (f"S{severity}", f"V{severity}", f"C{code}", f"M{text}")
    return message(b"E", b"".join(field.encode() + b"\0" for field in fields) + b"\0")


CANCELLED = error("ERROR", "57014", "canceling statement due to user request")
"""What Postgres answers when a statement was cancelled."""

_NOT_SQL = b"cancelled at the gate"
FAILING_QUERY = message(b"Q", _NOT_SQL + b"\0")
FAILING_PARSE = message(b"P", b"isofuzz\0" + _NOT_SQL + b"\0\0\0")
"""What fails at once in every state of a session. It has a name, for the unnamed statement must survive it."""


def is_fatal(message: bytes) -> bool:
    """Whether the server ends the connection after this ErrorResponse."""
    return b"\0VFATAL\0" in message or b"\0VPANIC\0" in message
