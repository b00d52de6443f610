"""One connection to Valkey at the gate: its commands wait here, and what the server answers."""

from asyncio import Transport
from collections.abc import Callable

from isofuzz.gate.answers import Answers, Unasked
from isofuzz.gate.commands import Command, Commands
from isofuzz.gate.ledger import Ledger
from isofuzz.gate.resp import NotResp
from isofuzz.gate.session import Session


class PlainConnection(Session[Command]):
    """A client's connection to the server."""

    pid = 0
    """There is no process of the server's for it."""

    def __init__(
        self, ledger: Ledger["PlainConnection"], number: int, client: Transport, stirred: Callable[[], None]
    ) -> None:
        """`stirred` is called when the server was asked something or said something: it may be about to say more."""
        super().__init__(ledger, number, client)
        self._stirred = stirred
        self._commands = Commands()
        self._answers = Answers()
        self._sounded = self._waits = False
        """Whether the server keeps the client waiting, as BLPOP does, until somebody else brings what it waits for.

        `_sounded`: nothing was said since the gate began to find that out.
        """

    @property
    def transaction(self) -> str:
        """I idle, T in a transaction."""
        return self.batch.transaction if self.batch else "I"

    @property
    def owes(self) -> bool:
        """Whether the server has been asked something, or is still being asked, and is about to answer.

        False while it keeps the client waiting, and while a reply is held that is longer than the gate keeps.
        """
        if self._keeps_too_much or self._waits:
            return False
        return self._answers.owes or self._streams or self._server_full

    def sound(self) -> None:
        """The gate begins to find out whether the server is about to answer, if that has all of the question."""
        sent = self._server is not None and not self._server.get_write_buffer_size()
        self._sounded = sent and self._answers.owes and not self._streams

    def sounded(self) -> None:
        """The server has got to all that it had been sent; if it has not answered, a later answer is held."""
        if self._sounded and not self._waits:
            self._waits = True
            self.hold_reply()
            self._hang_up_if_done()
            self._ledger.changed()

    # What the server's side and the client's side of the gate report

    def connected(self, server: Transport) -> None:
        """The server can be reached."""
        self._server = server

    def from_client(self, data: bytes) -> None:
        """The client sent something."""
        self._ledger.activity += 1
        for command in self._commands.feed(data):
            self._take(command)
        self._ledger.changed()

    def from_server(self, data: bytes) -> None:
        """The server sent something."""
        ledger = self._ledger
        ledger.activity += 1
        if not self._answers.streams:  # a monitor tells of each PING of the gate's, too
            self._stir()
        try:
            self._answers.came(data)
        except (NotResp, Unasked) as problem:
            ledger.fail(f"connection {self.number} of Valkey: {problem}")
            self._end()
            return
        self._answer(data)
        ledger.changed()

    # What depends on what is spoken

    def _sent(self, part: Command) -> None:
        self._answers.sent(part)
        self._stir()

    def _stir(self) -> None:
        self._sounded = self._waits = False
        self._stirred()

    @property
    def _unanswered(self) -> bool:
        return self._answers.owes and not self._waits

    @property
    def _unsorted(self) -> int:
        return self._commands.pending
