"""RESP, the protocol of Valkey and Redis, as far as it takes to see where a command or a reply ends. Pure.

Versions 2 and 3: https://valkey.io/topics/protocol/. Nothing is kept but the beginnings of the first few words: how
long a command or a reply is does not matter.
"""

from collections.abc import Iterator
from typing import NamedTuple

WORDS = 4
"""So many words of a frame are remembered,"""
_WORD = 80
"""and so many bytes of each."""
_LONGEST_LINE = 64 * 1024  # PROTO_INLINE_MAX_SIZE of Valkey

_AGGREGATES = frozenset(b"*~>%|")
_IN_PAIRS = frozenset(b"%|")
_BULKS = frozenset(b"$=!")
_SIMPLE = frozenset(b"+-:_#,(")
_ATTRIBUTE = ord("|")
INLINE = 0
"""The kind of a command that is a line of words."""


class NotResp(Exception):
    """Those bytes are no command, or no reply."""


class Frame(NamedTuple):
    """A whole command or reply; it ends at `end` of the bytes that were given last.

    `kind` is its first byte, and `size` how many words, or items, it has at its top.
    """

    end: int
    kind: int
    size: int
    words: tuple[bytes, ...]


class Frames:
    """Finds the frames in what one side says: a client that sends commands, or a server that replies."""

    def __init__(self, *, commands: bool) -> None:
        self.words: list[bytes] = []
        """The words so far of the frame that is not whole yet, whose kind and size are `kind` and `size`."""
        self.kind = INLINE
        self.size = 0
        self._commands = commands
        self._begun = False
        self._line = b""
        self._missing = 0
        """How much is still to come of a bulk string, with the end of its line; `_wanted` of it is remembered."""
        self._wanted = 0
        self._open: list[tuple[int, int]] = []
        """The aggregates around what comes next, each with its kind and how many of its items are still to come."""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that end within `data`; all of it must be taken. Raises NotResp at the first wrong byte."""
        at = 0
        while at < len(data):
            if self._missing:
                at, whole = self._through_a_bulk(data, at)
            else:
                newline = data.find(b"\n", at)
                line = self._line + (data[at:newline] if newline >= 0 else data[at:])
                if len(line) > _LONGEST_LINE:
                    raise NotResp("a line has no end")
                if newline < 0:
                    self._line = line
                    return
                at, self._line = newline + 1, b""
                whole = self._read(line.removesuffix(b"\r"))
            if whole and self._closes():
                frame = Frame(at, self.kind, self.size, tuple(self.words))
                self._begun = False
                self.words.clear()
                yield frame

    def _through_a_bulk(self, data: bytes, at: int) -> tuple[int, bool]:
        taken = min(self._missing, len(data) - at)
        if self._wanted:
            word = data[at : at + min(self._wanted, taken)]
            self.words[-1] += word
            self._wanted -= len(word)
        self._missing -= taken
        return at + taken, not self._missing

    def _read(self, line: bytes) -> bool:
        """Take one line; returns whether it is all of an item."""
        kind = line[0] if line else INLINE
        if not self._begun:
            self._begin(kind, line)
            if self._commands and self.kind == INLINE:
                return True
        if self._commands and kind != (ord("$") if self._open else ord("*")):
            raise NotResp(f"a command holds {line[:16]!r}")
        if kind in _AGGREGATES:
            return self._opens(kind, _number(line))
        if kind in _BULKS:
            return self._begin_bulk(_number(line))
        if kind not in _SIMPLE:
            raise NotResp(f"a reply begins with {line[:16]!r}")
        if len(self.words) < WORDS:
            self.words.append(line[1 : 1 + _WORD])
        return True

    def _begin(self, kind: int, line: bytes) -> None:
        self._begun = True
        self.kind, self.size = kind, 1
        if self._commands and kind != ord("*"):
            words = line.split()
            self.kind, self.size = INLINE, len(words)
            self.words.extend(word[:_WORD] for word in words[:WORDS])

    def _opens(self, kind: int, size: int) -> bool:
        if not self._open and kind != _ATTRIBUTE:
            self.kind, self.size = kind, max(size, 0)
        items = 2 * size if kind in _IN_PAIRS else size
        if items > 0:
            self._open.append((kind, items))
        # Attributes come before what they are about, and are no item of their own.
        return items <= 0 and kind != _ATTRIBUTE

    def _begin_bulk(self, size: int) -> bool:
        if size < 0:
            return True
        self._missing, self._wanted = size + 2, 0
        if len(self.words) < WORDS:
            self.words.append(b"")
            self._wanted = min(size, _WORD)
        return False

    def _closes(self) -> bool:
        """An item is whole; returns whether the frame is."""
        while self._open:
            kind, items = self._open.pop()
            if items > 1:
                self._open.append((kind, items - 1))
                return False
            if kind == _ATTRIBUTE:
                if not self._open:
                    self._begun = False
                    self.words.clear()
                return False
        return True


def _number(line: bytes) -> int:
    try:
        return int(line[1:])
    except ValueError:
        raise NotResp(f"no length is {line[1:17]!r}") from None
