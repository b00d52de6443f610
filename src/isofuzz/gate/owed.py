"""Which replies a server still owes to a client. Pure.

A session is counted message by message, since batches may overlap, fail half-way, or turn into a COPY. What is asked
and what settles it: Parse by `1`, Bind by `2`, Describe by `T` or `n`, Execute by `C`, `I` or `s`, Close by `3`; Sync,
Query and FunctionCall by ReadyForQuery. After an error the server skips everything up to the next Sync.
"""

from collections import deque
from functools import lru_cache

_PARSE, _BIND, _DESCRIBE, _EXECUTE, _CLOSE, _SYNC, _QUERY, _CALL = b"PBDECSQF"
_DATA_ENDS = frozenset(b"cf")
"""CopyDone and CopyFail."""
_OWING_NOTHING = b"dXpH"

_SETTLES = {
    **dict(zip(b"12Tn3", (_PARSE, _BIND, _DESCRIBE, _DESCRIBE, _CLOSE), strict=True)),
    **dict.fromkeys(b"CIs", _EXECUTE),
}
_ERROR, _READY, _COPY_IN, _COPY_BOTH = b"EZGW"
_STARTUP = 0
"""The start-up counts as something that ReadyForQuery answers."""
_ENDED_BY_READY = frozenset((*b"SQF", _STARTUP))


class OutOfStep(Exception):
    """The server answered what nobody asked, as far as the gate understands it."""


class Owed:
    """The account of one session, from its start-up on."""

    __slots__ = ("_asked", "_copying", "_flushed", "skipping", "transaction")

    def __init__(self) -> None:
        self.transaction = "I"
        """The transaction state of the last ReadyForQuery: I idle, T in a transaction, E in a failed one."""
        self.skipping = False
        """Whether the server ignores everything up to the next Sync."""
        self._asked = bytes((_STARTUP,))
        """What is not settled: kinds of messages, in order."""
        self._flushed = 0
        """How many of these the server has been told to answer now."""
        self._copying = False
        """Whether the server waits for the data of a COPY."""

    @property
    def owes(self) -> bool:
        """Whether the server is to say something before it waits for the client again."""
        return self._flushed > 0 and not self._copying

    def sent(self, kinds: bytes, *, flushes: bool = True) -> None:
        """The server was sent messages of these kinds; `flushes` is false of a part of a batch that has no end yet."""
        asks = _asks(kinds)
        if self.skipping or self._copying or asks is None:
            self._sent_specially(kinds)
        else:
            self._asked += asks
        if flushes:
            self._flushed = len(self._asked)

    def _sent_specially(self, kinds: bytes) -> None:
        asked = bytearray(self._asked)
        for kind in kinds:
            if self.skipping:
                if kind == _SYNC:
                    self.skipping = False
                    asked.append(kind)
            elif kind in _DATA_ENDS:
                self._copying = False
                # A mark: it says which Syncs come before the end of the data. A late end of a COPY that has failed
                # needs none.
                if asked:
                    asked.append(kind)
            elif kind not in _OWING_NOTHING and not (self._copying and kind == _SYNC):
                asked.append(kind)
        self._asked = bytes(asked)

    def came(self, kinds: bytes, status: int) -> None:
        """The server has sent messages of these kinds; `status` is that of the last ReadyForQuery.

        Raises OutOfStep when a reply has no request; the account goes on without it.
        """
        if self._asked in _wholly_settled_by(kinds) and not self._copying:
            self._asked, self._flushed, self.transaction = b"", 0, chr(status)
            return
        asked, unasked = deque(self._asked), bytearray()
        for kind in kinds:
            settled = _SETTLES.get(kind)
            if settled is not None:
                if asked and asked[0] == settled:
                    asked.popleft()
                    if settled == _EXECUTE:
                        _drop_marks(asked)
                elif not asked or asked[0] not in (_QUERY, _CALL):
                    unasked.append(kind)
            elif kind == _READY:
                self.transaction = chr(status)
                if not self._ready(asked):
                    unasked.append(kind)
            elif kind == _ERROR:
                self._failed(asked)
            elif kind in (_COPY_IN, _COPY_BOTH):
                self._copy(asked)
        self._flushed = max(0, self._flushed - (len(self._asked) - len(asked)))
        self._asked = bytes(asked)
        if unasked:
            raise OutOfStep(f"the server answered {unasked.decode('latin-1')!r}, which nothing asked for")

    def _ready(self, asked: deque[int]) -> bool:
        self._copying = False
        while asked:
            if asked.popleft() in _ENDED_BY_READY:
                _drop_marks(asked)
                return True
        return False

    def _failed(self, asked: deque[int]) -> None:
        self._copying = False
        if not asked:
            return  # the server says why it hangs up
        while asked and asked[0] not in _ENDED_BY_READY:
            asked.popleft()
        self.skipping = not asked

    def _copy(self, asked: deque[int]) -> None:
        """The server ignores a Sync that comes before the end of the data."""
        ends = [at for at, kind in enumerate(asked) if kind in _DATA_ENDS]
        before = ends[0] if ends else len(asked)
        kept = [kind for at, kind in enumerate(asked) if at == 0 or at > before or kind != _SYNC]
        asked.clear()
        asked.extend(kept)
        self._copying = not ends


@lru_cache(maxsize=256)
def _asks(kinds: bytes) -> bytes | None:
    """What messages of these kinds ask for; None if they may end the data of a COPY."""
    return None if _DATA_ENDS.intersection(kinds) else kinds.translate(None, _OWING_NOTHING)


@lru_cache(maxsize=256)
def _wholly_settled_by(kinds: bytes) -> frozenset[bytes]:
    """What is usual: all that one batch asked for is answered, in one go and without an error."""
    if kinds.count(_READY) != 1 or kinds[-1] != _READY or not {_ERROR, _COPY_IN, _COPY_BOTH}.isdisjoint(kinds):
        return frozenset()
    replies = bytes(_SETTLES[kind] for kind in kinds if kind in _SETTLES)
    usual = {replies + bytes((_SYNC,))}
    if {_PARSE, _BIND, _CLOSE}.isdisjoint(replies):
        usual.add(bytes((_QUERY,)))
    return frozenset(usual)


def _drop_marks(asked: deque[int]) -> None:
    while asked and asked[0] in _DATA_ENDS:
        asked.popleft()
