"""Which replies a server still owes to a client. Pure.

A session is counted message by message, since batches may overlap, fail half-way, or turn into a COPY. What is asked
and what settles it: Parse by `1`, Bind by `2`, Describe by `T` or `n`, Execute by `C`, `I` or `s`, Close by `3`; Sync,
Query and FunctionCall by ReadyForQuery. After an error the server skips everything up to the next Sync.
"""

from collections import deque

_PARSE, _BIND, _DESCRIBE, _EXECUTE, _CLOSE, _SYNC, _QUERY, _CALL, _FLUSH = b"PBDECSQFH"
_DONE, _FAIL = b"cf"
_OWING_NOTHING = b"dXpH"

_SETTLES = {
    **dict(zip(b"12Tn3", (_PARSE, _BIND, _DESCRIBE, _DESCRIBE, _CLOSE), strict=True)),
    **dict.fromkeys(b"CIs", _EXECUTE),
}
_ERROR, _READY, _COPY_IN, _COPY_BOTH = b"EZGW"
_ROUNDS = frozenset(b"SQF")
"""What ReadyForQuery answers."""
_STARTUP = 0
"""The start-up counts as something that ReadyForQuery answers."""


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
        self._asked: deque[int] = deque([_STARTUP])
        self._flushed = 0
        """How many of these the server has been told to answer now."""
        self._copying = False
        """Whether the server waits for the data of a COPY."""

    @property
    def owes(self) -> bool:
        """Whether the server is to say something before it waits for the client again."""
        return self._flushed > 0 and not self._copying

    @property
    def starting(self) -> bool:
        """Whether the session is not ready for its first statement yet."""
        return bool(self._asked) and self._asked[0] == _STARTUP

    def sent(self, kinds: bytes, *, flushes: bool = True) -> None:
        """The server was sent messages of these kinds; `flushes` is false of a part of a batch that has no end yet."""
        if self.skipping or self._copying or _DONE in kinds or _FAIL in kinds:
            self._sent_specially(kinds)
        else:
            self._asked.extend(kinds.translate(None, _OWING_NOTHING))
        if flushes:
            self._flushed = len(self._asked)

    def _sent_specially(self, kinds: bytes) -> None:
        for kind in kinds:
            if self.skipping:
                if kind == _SYNC:
                    self.skipping = False
                    self._asked.append(kind)
            elif kind in (_DONE, _FAIL):
                self._copying = False
                # The marker says which Syncs come before the end of the data. A late end of a COPY that has failed
                # needs none.
                if self._asked:
                    self._asked.append(kind)
            elif kind not in _OWING_NOTHING and not (self._copying and kind == _SYNC):
                self._asked.append(kind)

    def came(self, kinds: bytes, status: int) -> None:
        """The server has sent messages of these kinds; `status` is that of the last ReadyForQuery.

        Raises OutOfStep when a reply has no request; the account goes on without it.
        """
        asked, unasked = self._asked, bytearray()
        for kind in kinds:
            settled = _SETTLES.get(kind)
            if settled is not None:
                if asked and asked[0] == settled:
                    asked.popleft()
                    self._flushed -= 1
                    if settled == _EXECUTE:
                        self._drop_markers()
                elif not asked or asked[0] not in (_QUERY, _CALL):
                    unasked.append(kind)
            elif kind == _READY:
                self.transaction = chr(status)
                if not self._ready():
                    unasked.append(kind)
            elif kind == _ERROR:
                self._failed()
            elif kind in (_COPY_IN, _COPY_BOTH):
                self._copy()
        if self._flushed < 0:
            self._flushed = 0
        if unasked:
            raise OutOfStep(f"the server answered {unasked.decode('latin-1')!r}, which nothing asked for")

    def _ready(self) -> bool:
        self._copying = False
        while self._asked:
            self._flushed -= 1
            if self._asked.popleft() in _ENDED_BY_READY:
                self._drop_markers()
                return True
        return False

    def _failed(self) -> None:
        self._copying = False
        if not self._asked:
            return  # the server says why it hangs up
        while self._asked and self._asked[0] not in _ENDED_BY_READY:
            self._asked.popleft()
            self._flushed -= 1
        self.skipping = not self._asked

    def _copy(self) -> None:
        """The server ignores a Sync that comes before the end of the data."""
        command = self._asked.popleft() if self._asked else _QUERY
        ends = [at for at, kind in enumerate(self._asked) if kind in (_DONE, _FAIL)]
        before = ends[0] if ends else len(self._asked)
        kept = [kind for at, kind in enumerate(self._asked) if at >= before or kind != _SYNC]
        self._asked = deque([command, *kept])
        self._flushed = min(self._flushed, len(self._asked))
        self._copying = not ends

    def _drop_markers(self) -> None:
        while self._asked and self._asked[0] in (_DONE, _FAIL):
            self._asked.popleft()
            self._flushed -= 1


_ENDED_BY_READY = _ROUNDS | {_STARTUP}
