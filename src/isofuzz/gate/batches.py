"""What a client sends, cut into batches: all up to the message that makes the server answer. Pure.

A batch is kept whole up to LIMIT bytes. Of a longer one the head is handed out, enough to know what it is, and then
its remainder in pieces, so that nobody needs memory for a parameter of 200 MB.
"""

from collections.abc import Sequence

from isofuzz.gate.messages import HEADER, LARGEST, NotPostgres
from isofuzz.gate.operation import CURRENT, Operation
from isofuzz.gate.statements import nature

LIMIT = 64 * 1024
"""Bytes of a batch without an end that are kept before its head is handed out."""
HEAD = 8 * 1024
"""Bytes of a message that suffice to know what it is, and of a statement's text that are remembered."""
_MOST_NAMES = 4096
"""Prepared statements, and portals, whose texts are remembered for each session."""
_SHORT = 10_000
"""What Postgres accepts of a message that holds no data."""

_MORE = " …".encode()
"""The end of a text of which only the beginning is remembered."""

_PARSE, _BIND, _EXECUTE, _QUERY, _CALL, _COPY_DATA = b"PBEQFd"
_UNKNOWN, _PLAIN, _TELLING, _ENDING = range(4)
_ROLES = [_UNKNOWN] * 256
for _kinds, _role in ((b"DCd", _PLAIN), (b"PBE", _TELLING), (b"SHFXcfpQ", _ENDING)):
    for _kind in _kinds:
        _ROLES[_kind] = _role
_EXECUTE_UNNAMED = 9
"""The length of an Execute of the unnamed portal."""
_BULKY = frozenset(b"PBQFdpf")


class Batch:
    """What the server gets in one go, and what it says; of a long one, a part."""

    prepared: Sequence[bytes] = ()
    """What it prepares."""
    continues = False
    """It is the remainder of a batch of which the server has the head."""
    ends = True
    """False if a remainder follows."""

    def __init__(
        self, data: bytes, kinds: bytes, statements: Sequence[bytes | None] = (), operation: Operation | None = None
    ) -> None:
        """`kinds` are those of its messages, in order. `statements` are the texts of what it executes; None is one that
        the gate has not seen. `operation` is for whom its last byte was written, if known.
        """
        # The rest is rarely other than what the class says: one of these is made for every statement that passes.
        self.data = data
        self.kinds = kinds
        self.statements = statements
        self.operation = operation

    @property
    def text(self) -> str:
        """The statements that it executes, else those that it prepares; of long ones the beginning."""
        texts = self.statements or self.prepared
        return "; ".join("(unknown)" if text is None else text.decode("utf-8", "replace") for text in texts)

    @property
    def executes(self) -> bool:
        """Whether it reads or changes data, or commits: what a gate holds."""
        if _CALL in self.kinds or (not self.ends and _COPY_DATA not in self.kinds):
            return True
        for text in self.statements:  # noqa: SIM110 - a generator takes longer, for every statement that is held
            if text is None or text.endswith(_MORE) or nature(text).executes:
                return True
        return False

    @property
    def commits(self) -> bool:
        """Whether it ends a transaction with COMMIT. (Outside of a transaction each statement commits: it executes.)"""
        return any(text is not None and nature(text).commits for text in self.statements)


class Batcher:
    """Cuts the bytes of one session; remembers what its prepared statements say."""

    __slots__ = (
        *("_bound", "_continues", "_kinds", "_missing", "_pending", "_portals", "_prepared", "_scanned"),
        *("_statements", "_texts", "_unfinished"),
    )

    def __init__(self) -> None:
        self._texts: dict[bytes, bytes | None] = {}
        self._portals: dict[bytes, bytes | None] = {}
        self._bound = b""
        """The name of the statement that the unnamed portal was bound to."""
        self._kinds = bytearray()
        self._statements: list[bytes | None] = []
        self._prepared: list[bytes] = []
        self._pending = b""
        """The batch so far, and `_scanned`, how much of it was looked at."""
        self._scanned = 0
        self._continues = False
        self._missing = 0
        """How much is still to come of a message whose head was handed out, and `_unfinished`, its kind."""
        self._unfinished = 0

    @property
    def pending(self) -> int:
        """Bytes that are kept because their batch has no end yet."""
        return len(self._pending)

    def feed(self, data: bytes) -> list[Batch]:
        """The batches, and parts of long ones, that `data` completes. Raises NotPostgres."""
        batches: list[Batch] = []
        start = at = 0
        if self._missing:
            at = min(self._missing, len(data))
            self._missing -= at
            if self._missing or self._unfinished == _COPY_DATA or _ROLES[self._unfinished] >= _ENDING:
                batches.append(self._handed_out(data[:at], ends=not self._missing))
                start = at
        elif self._pending:
            data, at, self._pending = self._pending + data, self._scanned, b""
        end, header, roles, kinds = len(data), HEADER.unpack_from, _ROLES, self._kinds
        # This loop and what it calls are most of what the gate adds to a statement that it does not hold.
        while end - at >= 5:
            kind, length = header(data, at)
            role = roles[kind]
            if not 4 <= length <= _SHORT or not role:
                _require_sane(kind, length)
            after = at + 1 + length
            if after > end:
                break
            kinds.append(kind)
            if role == _TELLING:
                if kind == _EXECUTE and length == _EXECUTE_UNNAMED:
                    self._statements.append(self._texts.get(self._bound))
                elif kind == _BIND and not data[at + 5]:
                    self._bound = data[at + 6 : data.find(0, at + 6, after)]
                else:
                    self._note(kind, data, at + 5, after)
            elif role >= _ENDING:
                if kind == _QUERY:
                    self._statements.append(_text(data, at + 5, after))
                batches.append(self._handed_out(data[start:after] if start or after < end else data))
                start = after
            at = after
        if start < end:
            self._keep(data, start, at, batches)
        return batches

    def _keep(self, data: bytes, start: int, at: int, batches: list[Batch]) -> None:
        """Keep what has no end yet, unless it is data, or too much."""
        end = len(data)
        if at > start and self._kinds.endswith(b"d"):
            batches.append(self._handed_out(data[start:at]))
            start = at
        cut = end - at >= 5 and (data[at] == _COPY_DATA or (end - start > LIMIT and end - at >= HEAD))
        if cut:
            kind, length = HEADER.unpack_from(data, at)
            self._kinds.append(kind)
            self._note(kind, data, at + 5, end)
            self._missing, self._unfinished = at + 1 + length - end, kind
            batches.append(self._handed_out(data[start:], ends=False))
            return
        if end - start > LIMIT:
            batches.append(self._handed_out(data[start:at], ends=False))
            start = at
        self._pending, self._scanned = data[start:], at - start

    def _handed_out(self, data: bytes, *, ends: bool = True) -> Batch:
        batch = Batch(data, bytes(self._kinds), self._statements, CURRENT.get())
        self._kinds.clear()
        self._statements = []
        if self._prepared:
            batch.prepared = self._prepared
            self._prepared = []
        if self._continues or not ends:
            batch.continues, batch.ends = self._continues, ends
            self._continues = not ends
        return batch

    def _note(self, kind: int, data: bytes, at: int, end: int) -> None:
        """Remember what a message tells of statements; one without the zero bytes that it needs tells nothing."""
        if kind == _QUERY:
            self._statements.append(_text(data, at, end))
        elif kind == _EXECUTE:
            unnamed = at < end and data[at] == 0
            name = data[at : data.find(0, at, end)]
            self._statements.append(self._texts.get(self._bound) if unnamed else self._portals.get(name))
        elif kind == _PARSE:
            zero = data.find(0, at, end)
            text = _text(data, zero + 1, end)
            _remember(self._texts, data[at:zero], text)
            self._prepared.append(text)
        elif kind == _BIND:
            portal = data.find(0, at, end)
            name = data[portal + 1 : data.find(0, portal + 1, end)]
            if portal == at:
                self._bound = name
            else:
                _remember(self._portals, data[at:portal], self._texts.get(name))


def _text(data: bytes, at: int, end: int) -> bytes:
    end = min(end, at + HEAD)
    zero = data.find(0, at, end)
    return data[at:zero] if zero >= 0 else data[at:end] + _MORE


def _remember(names: dict[bytes, bytes | None], name: bytes, text: bytes | None) -> None:
    names[name] = text
    if len(names) > _MOST_NAMES:
        del names[next(iter(names))]


def _require_sane(kind: int, length: int) -> None:
    if not _ROLES[kind] or length < 4:
        raise NotPostgres(f"invalid frontend message type {kind}")
    if length > (LARGEST if kind in _BULKY else _SHORT):
        raise NotPostgres(f"invalid message length {length}")
