"""One session with Postgres: its start-up, its batches and what is owed for them, and what a cancellation does."""

from asyncio import Future, Transport, get_running_loop
from collections.abc import Callable

from isofuzz.gate.asking import answer, question
from isofuzz.gate.batches import Batch, Batcher
from isofuzz.gate.ledger import Ledger
from isofuzz.gate.messages import CANCELLED, FAILING_PARSE, FAILING_QUERY, NotPostgres, Replies, error, is_fatal
from isofuzz.gate.owed import OutOfStep, Owed
from isofuzz.gate.session import Session
from isofuzz.gate.startup import Opening, Unauthenticated

_ONE_MESSAGE = frozenset(b"QF")
_TERMINATE = ord("X")

_NOTIFICATION = b"A"


class GatedConnection(Session[Batch]):
    """A client's session with the server."""

    def __init__(
        self,
        ledger: Ledger["GatedConnection"],
        number: int,
        client: Transport,
        *,
        client_pid: int | None = None,
        needs_password: bool,
        on_ready: Callable[[], None],
    ) -> None:
        super().__init__(ledger, number, client, client_pid)
        self.pid = 0
        """The server's process, once it has said so."""
        self._opening: Opening | None = Opening(needs_password=needs_password)
        self._on_ready = on_ready
        self._key = b""
        self._batcher = Batcher()
        self._replies = Replies()
        self._owed = Owed()
        self._discards = False
        """Whether the remainder of a cancelled batch is still to come, for nobody."""
        self._asking: tuple[Future[str | None], bytearray] | None = None
        """Who waits for the answer to a question of the gate's own, and what has come of it."""
        self._disguising: bytearray | None = None
        """What came since the server got something that fails in the place of a cancelled batch."""
        self._leaving = False
        """Whether the server was told that the session is over: it hangs up, and clients may wait for that."""

    # What a scheduler sees and does

    @property
    def transaction(self) -> str:
        """I idle, T in a transaction, E in one that has failed."""
        return self._owed.transaction

    @property
    def owes(self) -> bool:
        """Whether the server has been asked something, or is still being asked, and is not done with the answer.

        The answer to a farewell is that it hangs up.

        False during a start-up (the gate is busy then), and while a reply is held that is longer than the gate keeps.
        """
        if self._opening is not None or self._keeps_too_much:
            return False
        return self._owed.owes or self._streams or self._discards or self._server_full or self._leaving

    # What the server's side and the client's side of the proxy report

    def connected(self, server: Transport, startup: bytes) -> None:
        """The server can be reached; the client asked it for a session with `startup`."""
        self._server = server
        server.write(startup)

    def from_client(self, data: bytes) -> None:
        """The client sent something."""
        self._ledger.activity += 1
        try:
            batches = self._batcher.feed(data)
        except NotPostgres as garbage:
            self._end(error("FATAL", "08P01", str(garbage)))
            return
        for batch in batches:
            self._take(batch)

    def from_server(self, data: bytes) -> None:
        """The server sent something."""
        ledger = self._ledger
        ledger.activity += 1
        if self._opening is not None:
            data = self._opened(self._opening, data)
            if self._opening is not None or not data:
                ledger.changed()
                return
        if ledger.holding and data[:1] == _NOTIFICATION and not self._owed.owes:
            self.hold_reply()  # else it would race with the reply to whoever notified
        try:
            kinds = self._replies.feed(data)
            if kinds:
                self._owed.came(kinds, self._replies.status)
        except OutOfStep as unasked:
            ledger.fail(f"connection {self.number}: {unasked}")
        except NotPostgres as garbage:
            ledger.fail(f"connection {self.number}: {garbage}")
            self._end()
            return
        if self._asking is not None:
            data = self._heard(*self._asking, data)
        if self._disguising is not None:
            data = self._disguised(data)
        self._answer(data)
        ledger.changed()

    def server_lost(self) -> None:
        """The server has gone; a reply that is held is still the client's."""
        if self._opening is not None and not self._opening.heard and not self._client.is_closing():
            self._ledger.lose(f"connection {self.number}: the server hung up without a word")
        super().server_lost()

    def cancel(self) -> bool:
        """Answer the parked batch as Postgres answers when it is cancelled; False if that is the server's to do.

        The server has not got the batch, so it gets something in its place that fails at once, and its error is
        replaced: what else an error brings about (the transaction fails, what follows up to Sync is skipped) is then
        the server's own doing. In the extended protocol a Parse that fails, and then the batch, which the server skips.
        """
        server = self._server
        if not self._queue or self._owed.owes or self._owed.skipping or server is None:
            return False
        batch = self._dequeue()
        self._disguising = bytearray()
        if _ONE_MESSAGE.isdisjoint(batch.kinds):
            server.write(FAILING_PARSE)
            self._owed.sent(b"P", flushes=False)
            self._write(server, batch)
        else:
            server.write(FAILING_QUERY)
            self._owed.sent(b"Q")
            self._discards = not batch.ends
        self._advance()
        return True

    async def ask(self, query: str) -> str | None:
        """The one text that a query returns on this session, of which its client knows nothing.

        None if the session is busy or has failed. What the client sends meanwhile waits.
        """
        idle = self._opening is None and not (self.owes or self._queue or self.reply_held)
        if self._server is None or not idle or self.transaction == "E":
            return None
        answered: Future[str | None] = get_running_loop().create_future()
        self._asking = answered, bytearray()
        self._server.write(question(query))
        self._owed.sent(b"Q")
        return await answered

    # Within

    def _is_to_be_held(self, part: Batch) -> bool:
        return self._asking is not None or super()._is_to_be_held(part)

    def _heard(self, answered: "Future[str | None]", said: bytearray, data: bytes) -> bytes:
        """Nothing for the client until all of the answer has come, and then what is none of it."""
        said += data
        if self._owed.owes:
            return b""
        self._asking = None
        text, others = answer(bytes(said))
        answered.set_result(text)
        self._advance()
        return others

    def _opened(self, opening: Opening, data: bytes) -> bytes:
        """Pass on the server's part of the start-up; what comes after its end is returned."""
        try:
            passed = opening.feed(data)
        except Unauthenticated:
            self._end(
                error(
                    "FATAL",
                    "28000",
                    "isofuzz's gate listens on a port only before a server that asks for a password, and this one lets"
                    " in whoever comes: demand scram-sha-256 in its pg_hba.conf, or connect to the gate's Unix socket",
                )
            )
            return b""
        except NotPostgres as garbage:
            self._ledger.fail(f"what the gate stands before does not speak as Postgres does: {garbage}")
            self._end()
            return b""
        self._client.write(passed)
        if opening.key and not self.pid:
            self._key = opening.key
            self.pid = int.from_bytes(opening.key[:4])
            self._ledger.keys[self._key] = self
        if not opening.ready:
            return b""
        self._opening = None
        self._owed.came(b"Z", passed[-1])
        self._on_ready()
        return opening.rest

    def _forward(self, batch: Batch) -> None:
        if self._discards and batch.continues:
            self._discards = not batch.ends
            self._ledger.changed()
        elif self._opening is None:
            super()._forward(batch)
        elif self._server is not None:  # a password, which is none of anybody's business
            self._write(self._server, batch)

    def _sent(self, part: Batch) -> None:
        self._owed.sent(part.kinds, flushes=part.ends)
        self._leaving = self._leaving or _TERMINATE in part.kinds

    @property
    def _unanswered(self) -> bool:
        return self._owed.owes

    @property
    def _unsorted(self) -> int:
        return self._batcher.pending + len(self._disguising or b"")

    def _disguised(self, data: bytes) -> bytes:
        """Nothing until the error has come that a cancelled batch is answered with."""
        assert self._disguising is not None
        before = len(self._disguising)
        self._disguising += data
        if self._replies.error is None:
            return b""
        begins, ends = (before + at for at in self._replies.error)
        came = bytes(self._disguising)
        self._disguising = None
        return came if is_fatal(came[begins:ends]) else came[:begins] + CANCELLED + came[ends:]

    def _end(self, last_words: bytes = b"") -> None:
        """The session is over: both sides get what was written to them, and then the end."""
        self._ledger.keys.pop(self._key, None)
        if self._asking is not None:
            self._asking[0].set_result(None)
            self._asking = None
        super()._end(last_words)
