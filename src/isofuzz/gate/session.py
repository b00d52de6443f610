"""What every session at a gate is, whatever is spoken: what a client sent is parked, and what comes back is held."""

from asyncio import Transport
from collections import deque
from typing import Any, Generic, Protocol, TypeVar

from isofuzz.gate.batches import LIMIT
from isofuzz.gate.ledger import Ledger
from isofuzz.gate.operation import Operation


class Part(Protocol):
    """What the server gets in one go; of something long, a part."""

    @property
    def data(self) -> bytes:
        """The bytes as they came."""

    @property
    def continues(self) -> bool:
        """Whether the server has the head of it."""

    @property
    def ends(self) -> bool:
        """Whether nothing of it is still to come."""

    @property
    def executes(self) -> bool:
        """Whether it is to be held."""

    @property
    def operation(self) -> Operation | None:
        """For whom it was written, as far as that is known."""


P = TypeVar("P", bound=Part)


class Session(Generic[P]):
    """A client's session with the server."""

    def __init__(self, ledger: Ledger[Any], number: int, client: Transport, client_pid: int | None = None) -> None:
        self.number = number
        """Sessions are counted from 1."""
        self.client_pid = client_pid
        """The process that connected, where that is known."""
        self.batch: P | None = None
        """What the server got last."""
        self._ledger = ledger
        self._client = client
        self._server: Transport | None = None
        self._queue: deque[P] = deque()
        """What is parked and what came after it; `_queued` is its size."""
        self._queued = 0
        self._streams = False
        """Whether something is still to come of which the server has the head."""
        self._holds_reply = self._drops = False
        self._held = bytearray()
        """What the server answered since `hold_reply`."""
        self._server_full = self._client_full = self._server_gone = False

    # What a scheduler sees and does

    @property
    def parked(self) -> P | None:
        """What waits to be released."""
        return self._queue[0] if self._queue else None

    @property
    def reply_held(self) -> bool:
        """Whether bytes wait for the client."""
        return bool(self._held)

    @property
    def owes(self) -> bool:
        """Whether the server is not done with the answer to what it was asked."""
        raise NotImplementedError

    @property
    def is_awaited_by_nobody_known(self) -> bool:
        """Does somebody wait for a reply, of whom it is not known for which operation they work?"""
        part = self.parked or (self.batch if self.owes or self.reply_held else None)
        return part is not None and part.operation is None

    @property
    def buffered(self) -> int:
        """Bytes that the gate keeps for this session."""
        full = self._queued + len(self._held) + self._unsorted
        for transport in (self._client, self._server):
            if transport is not None:
                full += transport.get_write_buffer_size()
        return full

    def release(self) -> None:
        """Let the server have what is parked, and what came after it up to the next that is to be held.

        Raises ValueError when nothing is parked.
        """
        if not self._queue:
            raise ValueError(f"connection {self.number} has nothing parked to release")
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
        """Hang up on both sides: the server never got what is parked."""
        self._hang_up()

    def drop_after(self) -> None:
        """Hang up on both sides once the server is done with what it was sent, what is parked too.

        The client does not get the reply.
        """
        self._drops = True
        self._held.clear()
        if self._queue:
            self.release()
        self._hang_up_if_done()

    def release_all(self) -> None:
        """Let everything pass that waits."""
        while self._queue:
            self.release()
        self.deliver()

    # What the server's side and the client's side of the gate report

    def client_lost(self) -> None:
        """The client has gone; what it was waiting to send goes with it."""
        self._end()

    def server_lost(self) -> None:
        """The server has gone; a reply that is held is still the client's."""
        self._server_gone = True
        self._clear_queue()
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

    # What depends on what is spoken

    @property
    def _unsorted(self) -> int:
        """Bytes that are kept without being parked or held."""
        raise NotImplementedError

    @property
    def _unanswered(self) -> bool:
        """Whether the server is not done with what it was sent."""
        raise NotImplementedError

    def _sent(self, part: P) -> None:
        """Account for what the server gets."""
        raise NotImplementedError

    # Within

    def _take(self, part: P) -> None:
        """Park what the client sent, or let it pass."""
        if self._queue or self._is_to_be_held(part):
            self._park(part)
        else:
            self._forward(part)

    def _is_to_be_held(self, part: P) -> bool:
        return self._ledger.holding and not part.continues and part.executes

    def _answer(self, data: bytes) -> None:
        """Let the client have what the server said, unless that is held or for nobody."""
        if not self._holds_reply and not self._drops:
            self._client.write(data)
        elif self._drops:
            self._hang_up_if_done()
        else:
            self._held += data
            self._throttle_server()

    def _park(self, part: P) -> None:
        self._queue.append(part)
        self._queued += len(part.data)
        if self._queued > LIMIT or not part.ends:
            self._throttle_client()
        if self._queued > self._ledger.most_buffered:
            self._note_buffered()
        if len(self._queue) == 1:
            self._ledger.changed()

    def _dequeue(self) -> P:
        part = self._queue.popleft()
        self._queued -= len(part.data)
        return part

    def _clear_queue(self) -> None:
        self._queue.clear()
        self._queued = 0

    def _forward(self, part: P) -> None:
        if self._server is not None:
            self.batch = part
            self._write(self._server, part)

    def _write(self, server: Transport, part: P) -> None:
        self._streams = not part.ends
        self._sent(part)
        server.write(part.data)

    def _advance(self) -> None:
        """Let pass what need not be held, up to the next that must be."""
        while self._queue and not self._is_to_be_held(self._queue[0]):
            self._forward(self._dequeue())
        self._throttle_client()
        self._ledger.changed()

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
        if self._drops and not self._unanswered and not self._streams:
            self._hang_up()

    def _hang_up(self) -> None:
        self._client.abort()
        if self._server is not None:
            self._server.abort()
        self._end()

    def _end(self, last_words: bytes = b"") -> None:
        """The session is over: both sides get what was written to them, and then the end."""
        self._clear_queue()
        self._held.clear()
        if last_words:
            self._client.write(last_words)
        self._client.close()
        if self._server is not None:
            self._server.close()
        if self._ledger.connections.pop(self.number, None) is not None:
            self._ledger.changed()
