"""How a session begins: what a client says before messages have kinds, and the server's answer until it is ready.

A client asks for encryption, for another session's statement to be cancelled, or for a session. Pure.
"""

from dataclasses import dataclass
from enum import Enum, auto
from struct import Struct

from isofuzz.gate.messages import HEADER, NotPostgres

_HEADER = Struct(">II")
_LONGEST = 10_000  # MAX_STARTUP_PACKET_LENGTH of Postgres
_CANCEL, _TLS, _GSS = 80877102, 80877103, 80877104

_AUTHENTICATION, _ERROR, _VERSION, _NOTICE, _KEY, _READY = b"REvNKZ"
_FIRST_REPLIES = frozenset((_AUTHENTICATION, _ERROR, _VERSION, _NOTICE))
_REPLIES = frozenset(b"REvNKZSA")
_LONGEST_REPLY = 30_000  # what libpq accepts of a message that holds no data
_ACCEPTED = 0
_DEMANDS = frozenset((3, 5, 10))
"""AuthenticationCleartextPassword, AuthenticationMD5Password, AuthenticationSASL."""


class Wish(Enum):
    """What a first packet asks for."""

    ENCRYPTION = auto()
    CANCEL = auto()
    SESSION = auto()


@dataclass(frozen=True)
class Packet:
    """One packet as it came; `key` is what names a session that is to be cancelled: process id and secret."""

    wish: Wish
    data: bytes

    @property
    def key(self) -> bytes:
        return self.data[8:]


def first_packet(data: bytes) -> Packet | None:
    """The packet that `data` begins with; None if it is not whole yet.

    The secret of a cancellation has 4 bytes in protocol 3.0 and up to 256 since 3.2. Raises NotPostgres.
    """
    # A wrong length shows in its first bytes; nobody shall wait for the rest of an HTTP request.
    if data and data[0]:
        raise NotPostgres("the first packet is too long")
    if len(data) < 8:
        return None
    length, code = _HEADER.unpack_from(data)
    if not 8 <= length <= _LONGEST:
        raise NotPostgres(f"the first packet says that it has {length} bytes")
    if code not in (_CANCEL, _TLS, _GSS) and code >> 16 != 3:
        raise NotPostgres(f"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}")
    if len(data) < length:
        return None
    wishes = {_CANCEL: Wish.CANCEL, _TLS: Wish.ENCRYPTION, _GSS: Wish.ENCRYPTION}
    return Packet(wishes.get(code, Wish.SESSION), data[:length])


class Unauthenticated(Exception):
    """The server lets in whoever comes, without a password."""


class Opening:
    """The server's part of a start-up."""

    def __init__(self, *, needs_password: bool) -> None:
        self.heard = False
        """Whether the server said anything."""
        self.key = b""
        """What names the session in a request to cancel: the server's process id and a secret."""
        self.ready = False
        self.rest = b""
        """What came after the message that is not whole yet, or after ReadyForQuery, began."""
        self._demanded = not needs_password

    def feed(self, data: bytes) -> bytes:
        """The messages that are whole now, up to ReadyForQuery. Raises NotPostgres, Unauthenticated."""
        data, at = self.rest + data, 0
        while at < len(data) and not self.ready:
            kind = data[at]
            if kind not in (_REPLIES if self.heard else _FIRST_REPLIES):
                raise _not_an_opening(data[at:])
            if len(data) - at < 5:
                break
            _, length = HEADER.unpack_from(data, at)
            if not 4 <= length <= _LONGEST_REPLY:
                raise _not_an_opening(data[at:])
            if len(data) - at < length + 1:
                break
            self._take(kind, data[at + 5 : at + 1 + length])
            at += length + 1
        self.rest = data[at:]
        return data[:at]

    def _take(self, kind: int, body: bytes) -> None:
        self.heard = True
        if kind == _AUTHENTICATION:
            code = int.from_bytes(body[:4])
            self._demanded |= code in _DEMANDS
            if code == _ACCEPTED and not self._demanded:
                raise Unauthenticated
        elif kind == _KEY:
            self.key = body
        elif kind == _READY:
            self.ready = True


def _not_an_opening(data: bytes) -> NotPostgres:
    return NotPostgres(f"it answers {data[:16]!r}")
