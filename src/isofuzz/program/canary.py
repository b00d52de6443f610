"""The unforgeable marker inside each secret, and how it is found again in whatever a system shows.

    q7090  k3x9fz  0000a  7m2c
    mark   nonce   serial checksum

Fixed length, lower-case letters and digits only: no escaping, quoting, splitting at punctuation or case mapping
that keeps letters and digits can break it. The nonce tells one run from another; the checksum is keyed by it, so
that a text that merely looks like a canary is none. Nothing here draws: the nonce comes from the caller.
"""

import binascii
import html
import re
from collections.abc import Collection, Iterator, Mapping
from hashlib import blake2s
from types import ModuleType
from typing import Final, NamedTuple, Self
from urllib.parse import unquote

MARK: Final = "q7090"
"""How every canary begins. It starts with a letter, so that nothing takes a canary for a number, and with one
that is no hexadecimal digit, so that no escape sequence before a canary can swallow its beginning."""

LENGTH: Final = 20
"""Characters of every canary."""

_LONG_ENOUGH: Final = 4
"""Letters and digits that no canary, most of which is random, holds but once in 100,000 runs."""

_NONCE: Final = 6
_SERIAL: Final = 5
_CHECKSUM: Final = 4
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_SERIALS: Final = len(_DIGITS) ** _SERIAL

# The digits of the mark come first and its letter is looked back at: a caseless pattern is searched for as a
# literal only while that has no case, which is ten times quicker. The rest is looked ahead at, so that one mark
# before another does not hide it.
_CANARY: Final = re.compile(
    rf"{MARK[1:]}(?<={MARK})(?=([0-9a-z]{{{_NONCE}}})([0-9a-z]{{{_SERIAL}}})([0-9a-z]{{{_CHECKSUM}}}))",
    re.IGNORECASE,
)
# Outside ASCII, four letters have an ASCII letter as their other case; a caseless pattern matches them too.
_OTHER_CASES: Final = str.maketrans("İıſ\N{KELVIN SIGN}", "iisk")

_ESCAPED: Final = re.compile(r"\\+(?:u00|x)([0-7][0-9a-f])", re.IGNORECASE)  # \u0061, \\u0061, \x61


def held_by_chance(text: str) -> bool:
    """Is the text so short that some canaries hold it? What one run finds by it, the next may not."""
    return text.isalnum() and len(text) < _LONG_ENOUGH


class Mint:
    """Makes the canaries of one run and tells them from all other text."""

    def __init__(self, nonce: str) -> None:
        """`nonce`: six lower-case letters and digits, different for each run; anything else is a `ValueError`."""
        if not re.fullmatch(rf"[0-9a-z]{{{_NONCE}}}", nonce):
            raise ValueError(f"a nonce is {_NONCE} lower-case ASCII letters and digits, not {nonce!r}")
        self.nonce = nonce

    def mint(self, serial: int) -> str:
        """The canary of this number; `ValueError` if it does not fit into five base-36 digits."""
        if not 0 <= serial < _SERIALS:
            raise ValueError(f"a canary's serial is at least 0 and below {_SERIALS}, not {serial}")
        number = _base36(serial, _SERIAL)
        return MARK + self.nonce + number + _checksum(self.nonce, number)

    def scan(self, text: str) -> tuple[int, ...]:
        """The serials of this run's canaries in `text`, in order of first appearance, each once."""
        serials = (int(serial, 36) for nonce, serial in _genuine(text) if nonce == self.nonce)
        return tuple(dict.fromkeys(serials))

    def alien(self, text: str) -> tuple[str, ...]:
        """The genuine canaries of *other* runs in `text`: what a database that was not emptied still shows."""
        canaries = (
            MARK + nonce + serial + _checksum(nonce, serial) for nonce, serial in _genuine(text) if nonce != self.nonce
        )
        return tuple(dict.fromkeys(canaries))


def texts(value: object) -> Iterator[str]:
    """Every text within a value that an operation returned or raised, in order.

    Looks into mappings (keys and values), other collections, exceptions with their causes, contexts and notes, and
    the public attributes of anything else. Numbers hold no canary; iterators are left alone, since looking uses them
    up. Each object is visited once and none recursively, so cycles and deep nesting do no harm.
    """
    seen: dict[int, object] = {}  # keeps what it has seen alive: the id of something collected is given out again
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, str):
            yield current
        elif isinstance(current, bytes | bytearray | memoryview):
            yield bytes(current).decode(errors="replace")
        elif id(current) not in seen:
            seen[id(current)] = current
            waiting.extend(reversed(_parts(current)))


def _parts(value: object) -> list[object]:
    if value is None or isinstance(value, int | float | complex | range | type | ModuleType):
        return []
    if isinstance(value, Mapping):
        return [part for pair in value.items() for part in pair]
    parts: list[object] = list(value) if isinstance(value, Collection) else []
    if isinstance(value, BaseException):
        parts += [*value.args, *getattr(value, "__notes__", ()), value.__cause__, value.__context__]
    return parts + _attributes(value)


def _attributes(value: object) -> list[object]:
    # A private attribute counts only if it is itself text (the body of a response often is). Behind the others lie
    # connections and the event loop, and from there everything in this process: other users' secrets too, which the
    # system under test never showed to anyone. Pydantic keeps undeclared fields under a private name.
    named: dict[str, object] = dict(getattr(value, "__dict__", {}))
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name != "__dict__":
                named.setdefault(name, getattr(value, name, None))
    return [
        part
        for name, part in named.items()
        if name == "__pydantic_extra__" or not name.startswith("_") or isinstance(part, str | bytes | bytearray)
    ]


def _genuine(text: str) -> list[tuple[str, str]]:
    """Nonce and serial of each canary in `text` whose checksum is right, in order of appearance."""
    text = _unescaped(text)
    places = [(match.start(), match) for match in _CANARY.finditer(text)]
    for place, shown in _from_base64(text):
        places += [(place, match) for match in _CANARY.finditer(shown)]
    genuine: list[tuple[str, str]] = []
    for _, match in sorted(places, key=lambda found: found[0]):
        nonce, serial, checksum = (field.translate(_OTHER_CASES).lower() for field in match.groups())
        if checksum == _checksum(nonce, serial):
            genuine.append((nonce, serial))
    return genuine


def _unescaped(text: str) -> str:
    """`text` without the escapes that can stand for letters and digits.

    A canary has no character that begins an escape, and its first cannot end one, so undoing escapes never hides
    one. Each is undone once: JSON within JSON only adds backslashes, and those are all taken.
    """
    if "%" in text:
        text = unquote(text)
    if "\\" in text:
        text = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), text)
    if "&#" in text:
        text = html.unescape(text)
    return text


class _Hidden(NamedTuple):
    """How a canary looks in base64 if its first byte is the `alignment`-th of a group of three."""

    alignment: int
    needle: str
    """The characters that hold nothing but bits of the mark's digits; its letter has two cases."""
    offset: int
    """Of the needle from the beginning of the group."""
    whole: re.Pattern[str]
    """As many characters as hold the canary, from the beginning of the group."""

    @classmethod
    def at(cls, alignment: int) -> Self:
        before = alignment + 1
        offset, end = -(-before * 8 // 6), (before + len(MARK) - 1) * 8 // 6
        encoded = binascii.b2a_base64(bytes(before) + MARK[1:].encode(), newline=False).decode()
        length = -(-(alignment + LENGTH) * 8 // 6)
        return cls(alignment, encoded[offset:end], offset, re.compile(f"[A-Za-z0-9+/_-]{{{length}}}"))


_HIDDEN: Final = tuple(_Hidden.at(alignment) for alignment in range(3))
_FROM_URL_SAFE: Final = str.maketrans("-_", "+/")


def _from_base64(text: str) -> Iterator[tuple[int, str]]:
    """Where `text` may hold a canary in base64 (either alphabet, unwrapped), and its characters decoded.

    Decoding every long run at each alignment would cost more than all the rest. But the mark is known, and so is what
    it looks like at each of the three: three plain searches, and 32 characters to decode for each hit. Other text
    has a hit every 64^4 characters.
    """
    for hidden in _HIDDEN:
        place = text.find(hidden.needle)
        while place != -1:
            begin = place - hidden.offset
            if begin >= 0 and (run := hidden.whole.match(text, begin)):
                decoded = binascii.a2b_base64(run[0].translate(_FROM_URL_SAFE).ljust(32, "A"))
                yield begin, decoded[hidden.alignment : hidden.alignment + LENGTH].decode("latin-1")
            place = text.find(hidden.needle, place + 1)


def _base36(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def _checksum(nonce: str, serial: str) -> str:
    keyed = blake2s(serial.encode(), key=nonce.encode(), digest_size=8)
    return _base36(int.from_bytes(keyed.digest(), "big"), _CHECKSUM)
