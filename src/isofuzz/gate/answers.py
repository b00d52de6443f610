"""Which replies a server of Valkey still owes to a client. Pure.

One for each command, in the order of the commands, but for what is pushed: messages of channels, and what version 3 of
the protocol marks as a push. (Un)subscribing is confirmed by one message for each channel.
"""

from collections import Counter, deque
from dataclasses import dataclass

from isofuzz.gate.commands import SUBSCRIBING, Asks, Command
from isofuzz.gate.resp import Frame, Frames

_ARRAY, _PUSH, _ERROR = b"*>-"
_MESSAGES = frozenset((b"MESSAGE", b"PMESSAGE", b"SMESSAGE"))
_ALL = 0


class Unasked(Exception):
    """The server answered what nobody asked, as far as the gate understands it."""


@dataclass
class _Asked:
    """A command that waits for its answer; `confirmations` are still to come, `_ALL` for each of its channels."""

    name: bytes
    confirmations: int


class Answers:
    """The account of one connection."""

    def __init__(self) -> None:
        self._frames = Frames(commands=False)
        self._asked: deque[_Asked] = deque()
        self.streams = False
        """Whether the server says what nobody asks, for good, or nothing of what is asked."""
        self._subscribed: Counter[bytes] = Counter()
        """How many channels, patterns (P) and shard channels (S) the client is subscribed to."""

    @property
    def owes(self) -> bool:
        """Whether an answer is still to come. Of a stream nobody can tell, so none is."""
        return bool(self._asked) and not self.streams

    def sent(self, command: Command) -> None:
        """The server got a command."""
        if command.asks is Asks.STREAM:
            self.streams = True
            self._asked.clear()
        elif command.asks is not Asks.NOTHING and not self.streams:
            confirmations = command.channels if command.asks is Asks.CONFIRMATIONS else 1
            self._asked.append(_Asked(command.name, confirmations))

    def came(self, data: bytes) -> None:
        """The server said something. Raises NotResp, and Unasked."""
        if not self.streams:
            for frame in self._frames.feed(data):
                self._take(frame)

    def _take(self, frame: Frame) -> None:
        first = frame.words[0].upper() if frame.words and frame.kind in (_ARRAY, _PUSH) else b""
        asked = self._asked[0] if self._asked else None
        if first in SUBSCRIBING and asked and asked.name == first:
            self._confirmed(asked, frame)
        elif frame.kind == _PUSH or (first in _MESSAGES and +self._subscribed):
            return
        elif asked:
            self._asked.popleft()
            if asked.name == b"RESET":
                self._subscribed.clear()
        elif frame.kind != _ERROR:  # a server that turns clients away says so unasked
            raise Unasked(f"the server answered what nobody had asked, with {frame.words[:1]}")

    def _confirmed(self, asked: _Asked, frame: Frame) -> None:
        kind = asked.name.partition(b"SUBSCRIBE")[0].removesuffix(b"UN")
        if asked.confirmations == _ALL:
            asked.confirmations = max(1, self._subscribed[kind])
        asked.confirmations -= 1
        if not asked.confirmations:
            self._asked.popleft()
        total = self._subscribed[b"S"] if kind == b"S" else self._subscribed[b""] + self._subscribed[b"P"]
        now = int(frame.words[2]) if len(frame.words) > 2 else total
        self._subscribed[kind] += now - total
