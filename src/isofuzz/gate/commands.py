"""What a client of Valkey sends, cut into commands, and what each of them is to the gate. Pure.

Held is what reads or changes data, what publishes and what subscribes: its order with what others do matters. What
sets up a connection passes, and so does what a transaction only queues: its EXEC is held. When in doubt, a command is.
"""

from dataclasses import dataclass, field, replace
from enum import Enum, auto

from isofuzz.gate.batches import LIMIT
from isofuzz.gate.operation import CURRENT, Operation
from isofuzz.gate.resp import Frames, NotResp

SUBSCRIBING = frozenset(b"SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE".split())
_PASSING = frozenset(
    b"ASKING AUTH CLIENT COMMAND DISCARD ECHO HELLO INFO LASTSAVE MONITOR MULTI PING PSYNC QUIT READONLY READWRITE"
    b" REPLCONF RESET SELECT SYNC TIME UNWATCH".split()
)
_STREAMING = frozenset((b"MONITOR", b"SYNC", b"PSYNC", b"CLIENT REPLY"))
"""After these the server says what nobody asks, or nothing of what is asked."""
_TOLD = frozenset((b"AUTH", b"HELLO"))
"""Of these nothing but the name is told: what follows lets people in."""
_ENDING = frozenset((b"EXEC", b"DISCARD", b"RESET"))
_MOST_TOLD = 10
"""Commands of a transaction that the text of its EXEC names."""


class Asks(Enum):
    """What the server is to answer."""

    NOTHING = auto()
    ONE = auto()
    """One reply, or an error."""
    CONFIRMATIONS = auto()
    """One message for each channel; without a channel, for each that is subscribed to."""
    STREAM = auto()
    """Nobody can tell."""


@dataclass(eq=False, slots=True)
class Command:
    """What the server gets in one go: a command, or a part of a long one."""

    data: bytes = field(repr=False)
    name: bytes
    """In upper case; empty if it is none, or none that can be understood."""
    channels: int
    """How many words follow the name."""
    text: str
    """Its name and the first word after it, a key mostly; of EXEC what it executes. Never a credential."""
    asks: Asks
    executes: bool
    """Whether a gate holds it."""
    transaction: str
    """The connection's state after it: I idle, T if a transaction has begun."""
    continues: bool = False
    """The server has the head of it."""
    ends: bool = True
    """False if a remainder follows."""
    operation: Operation | None = None
    """For whom the last byte was written, as far as that is known."""


class Commands:
    """Cuts the bytes of one client; knows whether a transaction has begun."""

    def __init__(self) -> None:
        self._frames = Frames(commands=True)
        self._pending = b""
        self._head: Command | None = None
        """A long command of which a remainder is still to come."""
        self._opaque = False
        """Nothing is understood any more."""
        self._queued: list[str] | None = None
        """What the transaction is to execute; None outside of one."""

    @property
    def pending(self) -> int:
        """Bytes that are kept because their command has no end yet."""
        return len(self._pending)

    def feed(self, data: bytes) -> list[Command]:
        """The commands, and parts of long ones, that `data` completes.

        After what is no command everything passes as it is: the server says what it thinks of it, and hangs up.
        """
        commands: list[Command] = []
        start = 0
        if not self._opaque:
            try:
                for frame in self._frames.feed(data):
                    commands.append(self._cut(data[start : frame.end], frame.words, frame.size))
                    start = frame.end
                    if commands[-1].asks is Asks.STREAM:
                        self._opaque = True
                        break
            except NotResp:
                self._opaque = True
        rest = data[start:]
        if self._opaque:
            if rest or self._pending:
                commands.append(self._handed_out(rest, Command(b"", b"", 0, "", Asks.STREAM, False, "I")))
        elif self._head and rest:
            commands.append(self._cut(rest, (), 0, ends=False))
        else:
            self._pending += rest
            if len(self._pending) > LIMIT:
                commands.append(self._cut(b"", tuple(self._frames.words), self._frames.size, ends=False))
        return commands

    def _cut(self, data: bytes, words: tuple[bytes, ...], size: int, *, ends: bool = True) -> Command:
        if self._head:
            command = replace(self._head, asks=Asks.NOTHING, continues=True, ends=ends)
        else:
            command = self._understood(words, size)
            command.ends = ends
        self._head = None if ends else command
        return self._handed_out(data, command)

    def _handed_out(self, data: bytes, command: Command) -> Command:
        command.data, self._pending = self._pending + data, b""
        command.operation = CURRENT.get()
        return command

    def _understood(self, words: tuple[bytes, ...], size: int) -> Command:
        if not words:
            return Command(b"", b"", 0, "", Asks.NOTHING, False, self._transaction)
        name = words[0].upper()
        within = self._queued is not None
        text = self._follow(name, _told(name, words))
        passes = name in _PASSING or (within and name != b"EXEC")
        return Command(b"", name, size - 1, text, _asked(name, words), not passes, self._transaction)

    @property
    def _transaction(self) -> str:
        return "I" if self._queued is None else "T"

    def _follow(self, name: bytes, text: str) -> str:
        """Follow the transaction; returns what is told of the command."""
        queued = self._queued
        if name == b"MULTI":
            self._queued = []
        elif name in _ENDING:
            self._queued = None
            if name == b"EXEC" and queued is not None:
                return "; ".join(("MULTI", *queued, "EXEC"))
        elif queued is not None and len(queued) <= _MOST_TOLD:
            queued.append(text if len(queued) < _MOST_TOLD else "…")
        return text


def _told(name: bytes, words: tuple[bytes, ...]) -> str:
    told = [name] if name in _TOLD else [name, *words[1:2]]
    return b" ".join(told).decode("utf-8", "replace")


def _asked(name: bytes, words: tuple[bytes, ...]) -> Asks:
    if name in _STREAMING or b" ".join(words[:2]).upper() in _STREAMING:
        return Asks.STREAM
    return Asks.CONFIRMATIONS if name in SUBSCRIBING else Asks.ONE
