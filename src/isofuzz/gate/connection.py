"""One session at the gate: what its client sent waits here, and what the server answers."""

from asyncio import Transport
from collections import deque
from collections.abc import Callable

from isofuzz.gate.batches import LIMIT, Batch, Batcher
from isofuzz.gate.ledger import Ledger
from isofuzz.gate.messages import CANCELLED, FAILING_PARSE, FAILING_QUERY, NotPostgres, Replies, error, is_fatal
from isofuzz.gate.owed import OutOfStep, Owed
from isofuzz.gate.startup import Opening, Unauthenticated

_ONE_MESSAGE = frozenset(b"QF")


class GatedConnection:
    """A client's session with the server."""

    def __init__(
        self, ledger: Ledger, number: int, client: Transport, *, needs_password: bool, on_ready: Callable[[], None]
    ) -> None:
        self.number = number
        """Sessions are counted from 1."""
        self.pid = 0
        """The server's process, once it has said so."""
        self.batch: Batch | None = None
        """What the server got last."""
        self._ledger = ledger
        self._client = client
        self._server: Transport | None = None
        self._opening: Opening | None = Opening(needs_password=needs_password)
        self._on_ready = on_ready
        self._key = b""
        self._batcher = Batcher()
        self._replies = Replies()
        self._owed = Owed()
        self._queue: deque[Batch] = deque()
        """The parked batch and what came after it; `_queued` is its size."""
        self._queued = 0
        self._streams = False
        """Whether the remainder of a batch is still to come of which the server has the head."""
        self._discards = False
        """Whether the remainder of a cancelled batch is still to come, for nobody."""
        self._holds_reply = self._drops = False
        self._held = bytearray()
        """What the server answered since `hold_reply`."""
        self._disguising: bytearray | None = None
        """What came since the server got something that fails in the place of a cancelled batch."""
        self._server_full = self._client_full = self._server_gone = self._ended = False

    # What a scheduler sees and does

    @property
    def transaction(self) -> str:
        """I idle, T in a transaction, E in one that has failed."""
        return self._owed.transaction

    @property
    def parked(self) -> Batch | None:
        """The batch that waits to be released."""
        return self._queue[0] if self._queue else None

    @property
    def owes(self) -> bool:
        """Whether the server has been asked something, or is still being asked, and is not done with the answer.

        False during a start-up (the gate is busy then), and while a reply is held that is longer than the gate keeps.
        """
        if self._opening is not None or self._keeps_too_much:
            return False
        return self._owed.owes or self._streams or self._discards or self._server_full

    @property
    def reply_held(self) -> bool:
        """Whether bytes wait for the client."""
        return bool(self._held)

    @property
    def buffered(self) -> int:
        """Bytes that the gate keeps for this session."""
        full = self._queued + self._batcher.pending + len(self._held) + len(self._disguising or b"")
        for transport in (self._client, self._server):
            if transport is not None:
                full += transport.get_write_buffer_size()
        return full

    def release(self) -> None:
        """Let the server have the parked batch, and what came after it up to the next that is to be held.

        Raises ValueError when none is parked.
        """
        if not self._queue:
            raise ValueError(f"connection {self.number} has no parked batch to release")
        self._forward(self._dequeue())
        self._advance()

    def hold_reply(self) -> None:
        """From now on keep what the server answers, until `deliver`."""
        self._holds_reply = True

    def deliver(self) -> None:
        """Let the client have the reply, and those that follow."""
        self._holds_reply = False
        held = bytes(self._held)
        self._held.clear()
        if held:
            self._client.write(held)
        if self._server_gone:
            self._end()
        else:
            self._throttle_server()

    def drop_before(self) -> None:
        """Hang up on both sides: the server never got the parked batch."""
        self._hang_up()

    def drop_after(self) -> None:
        """Hang up on both sides once the server is done with what it was sent, the parked batch too.

        The client does not get the reply.
        """
        self._drops = True
        self._held.clear()
        if self._queue:
            self.release()
        self._hang_up_if_done()

    # What the server's side and the client's side of the proxy report

    def connected(self, server: Transport, startup: bytes) -> None:
        """The server can be reached; the client asked it for a session with `startup`."""
        self._server = server
        server.write(startup)

    def from_client(self, data: bytes) -> None:
        """The client sent something."""
        ledger = self._ledger
        ledger.activity += 1
        if self._ended:
            return  # what was read together with what the session was ended for
        try:
            batches = self._batcher.feed(data)
        except NotPostgres as garbage:
            self._end(error("FATAL", "08P01", str(garbage)))
            return
        for batch in batches:
            if not ledger.holding and not self._queue:
                self._forward(batch)
            elif self._queue or (batch.executes and not batch.continues):
                self._park(batch)
            else:
                self._forward(batch)

    def from_server(self, data: bytes) -> None:
        """The server sent something."""
        ledger = self._ledger
        ledger.activity += 1
        if self._opening is not None:
            data = self._opened(self._opening, data)
            if self._opening is not None or not data:
                ledger.changed()
                return
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
        if self._disguising is not None:
            data = self._disguised(data)
        if not self._holds_reply and not self._drops:
            self._client.write(data)
        elif self._drops:
            self._hang_up_if_done()
        else:
            self._held += data
            self._throttle_server()
        ledger.changed()

    def client_lost(self) -> None:
        """The client has gone; what it was waiting to send goes with it."""
        self._end()

    def server_lost(self) -> None:
        """The server has gone; a reply that is held is still the client's."""
        self._server_gone = True
        self._clear_queue()
        if self._opening is not None and not self._opening.heard and not self._client.is_closing():
            self._ledger.fail(f"connection {self.number}: the server hung up without a word")
        if self._held:
            self._ledger.changed()
        else:
            self._end()

    def server_full(self, full: bool) -> None:
        """The server reads more slowly than the client writes, or no longer."""
        self._server_full = full
        self._note_buffered()
        self._throttle_client()
        self._ledger.changed()

    def client_full(self, full: bool) -> None:
        """The client reads more slowly than the server writes, or no longer."""
        self._client_full = full
        self._note_buffered()
        self._throttle_server()

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
            self._forward(batch)
        else:
            server.write(FAILING_QUERY)
            self._owed.sent(b"Q")
            self._discards = not batch.ends
        self._advance()
        return True

    def release_all(self) -> None:
        """Let everything pass that waits."""
        while self._queue:
            self.release()
        self.deliver()

    # Within

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

    def _park(self, batch: Batch) -> None:
        self._queue.append(batch)
        self._queued += len(batch.data)
        if self._queued > LIMIT or not batch.ends:
            self._throttle_client()
        if self._queued > self._ledger.most_buffered:
            self._note_buffered()
        if len(self._queue) == 1:
            self._ledger.changed()

    def _dequeue(self) -> Batch:
        batch = self._queue.popleft()
        self._queued -= len(batch.data)
        return batch

    def _clear_queue(self) -> None:
        self._queue.clear()
        self._queued = 0

    def _forward(self, batch: Batch) -> None:
        if self._discards and batch.continues:
            self._discards = not batch.ends
            self._ledger.changed()
            return
        assert self._server is not None
        if self._opening is None:  # a password is none of anybody's business
            self.batch = batch
        ends = batch.ends
        self._streams = not ends
        self._owed.sent(batch.kinds, flushes=ends)
        self._server.write(batch.data)

    def _advance(self) -> None:
        """Let pass what need not be held, up to the next batch that must be."""
        while self._queue:
            head = self._queue[0]
            if self._ledger.holding and not head.continues and head.executes:
                break
            self._forward(self._dequeue())
        self._throttle_client()
        self._ledger.changed()

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

    @property
    def _keeps_too_much(self) -> bool:
        return len(self._held) > LIMIT

    def _throttle_client(self) -> None:
        parked_in_part = bool(self._queue) and not self._queue[-1].ends
        if self._server_full or self._queued > LIMIT or parked_in_part:
            self._client.pause_reading()
        elif not self._client.is_closing():
            self._client.resume_reading()

    def _throttle_server(self) -> None:
        if self._server is None or self._server.is_closing():
            return
        if self._client_full or self._keeps_too_much:
            self._note_buffered()
            self._server.pause_reading()
        else:
            self._server.resume_reading()

    def _note_buffered(self) -> None:
        self._ledger.most_buffered = max(self._ledger.most_buffered, self.buffered)

    def _hang_up_if_done(self) -> None:
        if self._drops and not self._owed.owes and not self._streams:
            self._hang_up()

    def _hang_up(self) -> None:
        self._client.abort()
        if self._server is not None:
            self._server.abort()
        self._end()

    def _end(self, last_words: bytes = b"") -> None:
        """The session is over: both sides get what was written to them, and then the end."""
        self._ended = True
        self._clear_queue()
        self._held.clear()
        if last_words:
            self._client.write(last_words)
        self._client.close()
        if self._server is not None:
            self._server.close()
        self._ledger.keys.pop(self._key, None)
        if self._ledger.connections.pop(self.number, None) is not None:
            self._ledger.changed()
