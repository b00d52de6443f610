"""A canary is found in whatever shape a system shows it, and nothing else is taken for one."""

import base64
import html
import json
import random
import re
import unicodedata
from collections import UserDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final, NamedTuple
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isofuzz.program.canary import LENGTH, MARK, Mint, held_by_chance, texts

MINT: Final = Mint("k3x9fz")
OTHER: Final = Mint("0aaaaa")

serials = st.integers(0, 36**5 - 1)
nonces = st.text("0123456789abcdefghijklmnopqrstuvwxyz", min_size=6, max_size=6)


@given(nonces, serials)
def test_a_canary_is_lower_case_alphanumeric_of_fixed_length_and_found(nonce: str, serial: int) -> None:
    mint = Mint(nonce)
    canary = mint.mint(serial)
    assert re.fullmatch(rf"{MARK}[0-9a-z]+", canary)
    assert len(canary) == LENGTH <= 24
    assert mint.scan(canary) == (serial,)
    assert mint.alien(canary) == ()


@pytest.mark.parametrize("nonce", ["", "abcde", "abcdefg", "ABCDEF", "abc-ef", "abcdé1", "abcde\n", "abcde\u0661"])
def test_a_malformed_nonce_is_refused(nonce: str) -> None:
    with pytest.raises(ValueError, match="6 lower-case"):
        Mint(nonce)


@pytest.mark.parametrize("serial", [-1, 36**5])
def test_a_serial_that_does_not_fit_is_refused(serial: int) -> None:
    with pytest.raises(ValueError, match="serial"):
        MINT.mint(serial)


def test_serials_come_in_order_of_first_appearance_each_once() -> None:
    hidden = base64.b64encode(MINT.mint(4).encode()).decode()
    shown = f"{MINT.mint(3)} {hidden} {MINT.mint(1).upper()}{MINT.mint(2)} {MINT.mint(3)}"
    assert MINT.scan(shown) == (3, 4, 1, 2)


def test_a_mark_or_a_torn_canary_before_a_canary_does_not_hide_it() -> None:
    canary = MINT.mint(7)
    for torn in range(LENGTH):
        assert MINT.scan(canary[:torn] + canary) == (7,)


def test_another_run_s_canaries_are_alien_and_not_ours() -> None:
    shown = f"{OTHER.mint(1).upper()} {MINT.mint(2)} {OTHER.mint(3)} {OTHER.mint(1)}"
    assert MINT.scan(shown) == (2,)
    assert MINT.alien(shown) == (OTHER.mint(1), OTHER.mint(3))


@given(serials, st.integers(len(MARK), LENGTH - 1), st.sampled_from("0123456789abcdefghijklmnopqrstuvwxyz"))
def test_changing_one_character_makes_a_forgery(serial: int, place: int, character: str) -> None:
    canary = MINT.mint(serial)
    forged = canary[:place] + character + canary[place + 1 :]
    if forged == canary:
        return
    # Two serials that differ in a digit have equal checksums once in 36^4: then it is the other's genuine canary.
    assert all(MINT.mint(found) == forged for found in MINT.scan(forged))
    if place >= LENGTH - 4:
        assert not MINT.scan(forged)
        assert not MINT.alien(forged)


def test_no_canary_is_found_in_a_million_random_characters() -> None:
    chance = random.Random(20)
    noise = "".join(chance.choices("0123456789abcdefghijklmnopqrstuvwxyz", k=1_000_000))
    assert not MINT.scan(noise)
    assert not MINT.alien(noise)


def test_random_characters_after_a_mark_are_no_canary() -> None:
    chance = random.Random(21)
    tails = ("".join(chance.choices("0123456789abcdefghijklmnopqrstuvwxyz", k=15)) for _ in range(20_000))
    noise = " ".join(MARK + tail for tail in tails)
    assert not MINT.scan(noise)
    assert not MINT.alien(noise)


ESCAPES: Final[dict[str, Callable[[str], str]]] = {
    "percent": lambda text: "".join(f"%{ord(character):02X}" for character in text),
    "json": lambda text: "".join(f"\\u{ord(character):04x}" for character in text),
    "json in json": lambda text: "".join(f"\\\\\\u{ord(character):04X}" for character in text),
    "repr": lambda text: "".join(f"\\x{ord(character):02x}" for character in text),
    "decimal entities": lambda text: "".join(f"&#{ord(character)};" for character in text),
    "hexadecimal entities": lambda text: "".join(f"&#x{ord(character):x};" for character in text),
    "turkish upper case": lambda text: text.replace("i", "İ").upper(),
    "upper case": str.upper,
    "full-stop separated words": lambda text: f"a.{text}.b",
}


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
@given(serial=serials)
def test_a_canary_is_found_behind_every_escape(escape: Callable[[str], str], serial: int) -> None:
    assert MINT.scan(f"a {escape(MINT.mint(serial))} b") == (serial,)


@given(serials, st.binary(max_size=20), st.binary(max_size=20), st.booleans(), st.booleans())
def test_a_canary_is_found_in_base64_at_any_alignment(
    serial: int, before: bytes, after: bytes, upper: bool, url_safe: bool
) -> None:
    canary = MINT.mint(serial)
    stored = before + (canary.upper() if upper else canary).encode() + after
    encoded = (base64.urlsafe_b64encode if url_safe else base64.b64encode)(stored).decode()
    assert MINT.scan(encoded) == (serial,)
    assert MINT.scan(encoded.rstrip("=")) == (serial,)
    assert MINT.scan(f'{{"cursor": "ab{encoded}"}}') == (serial,)


@given(st.text(max_size=30), st.text(max_size=30), serials)
def test_a_canary_is_found_within_any_text(before: str, after: str, serial: int) -> None:
    shown = before + MINT.mint(serial) + after
    for view in (shown, json.dumps(shown), json.dumps(json.dumps(shown)), html.escape(shown), quote(shown)):
        assert MINT.scan(view) == (serial,)
    assert MINT.scan(quote_plus(shown)) == (serial,)
    assert MINT.scan(shown.upper()) == (serial,)


def test_every_canary_in_base64_is_found() -> None:
    rows = " ".join(base64.b64encode(MINT.mint(serial).encode()).decode() for serial in range(5))
    assert MINT.scan(rows) == (0, 1, 2, 3, 4)


def test_base64_that_begins_or_ends_within_a_canary_is_no_canary_and_no_error() -> None:
    encoded = base64.b64encode(b"ab" + MINT.mint(5).encode()).decode()
    for begin in range(3, len(encoded)):
        assert MINT.scan(encoded[begin:]) == ()
    for end in range(len(encoded.rstrip("="))):
        assert MINT.scan(encoded[:end]) == MINT.scan(encoded[:end] + "é") == ()


@dataclass(slots=True)
class Slotted:
    one: str
    two: object = None


class Pair(NamedTuple):
    one: str
    two: str


class Lookalike:
    """What pydantic's models have: fields in `__dict__`, undeclared ones in a private slot."""

    __slots__ = ("__dict__", "__pydantic_extra__")

    def __init__(self) -> None:
        self.declared = "a"
        self.__pydantic_extra__ = {"undeclared": "b"}


class Response:
    def __init__(self) -> None:
        self._content = b"body"
        self._connection = SimpleNamespace(of="someone else")


@pytest.mark.parametrize(
    ("value", "within"),
    [
        (None, []),
        (3, []),
        (True, []),
        (range(10**12), []),
        (Slotted, []),
        ("a", ["a"]),
        (b"a\xff", ["a\ufffd"]),
        (bytearray(b"a"), ["a"]),
        (memoryview(b"a"), ["a"]),
        (["a", ("b", {"c"}), frozenset(), deque(["d"])], ["a", "b", "c", "d"]),
        ({"a": ["b"], "c": 1, ("d",): None}, ["a", "b", "c", "d"]),
        (UserDict(a="b"), ["a", "b"]),
        ({"a": 1}.keys(), ["a"]),
        (Pair("a", "b"), ["a", "b"]),
        (Slotted("a", Slotted("b")), ["a", "b"]),
        (SimpleNamespace(one="a", two=["b"]), ["a", "b"]),
        (Lookalike(), ["a", "undeclared", "b"]),
        (Response(), ["body"]),
        (ExceptionGroup("a", [ValueError("b"), KeyError("c")]), ["a", "b", "c"]),
    ],
)
def test_texts_looks_into(value: object, within: list[str]) -> None:
    assert list(dict.fromkeys(texts(value))) == within


def test_texts_looks_into_exceptions_with_all_that_hangs_on_them() -> None:
    cause = ValueError("cause", {"detail": "deep"})
    failure = LookupError("failure")
    failure.__cause__ = cause
    failure.__context__ = OSError(2, "context")
    failure.add_note("note")
    failure.reply = "attribute"  # type: ignore[attr-defined]  # libraries hang the server's reply on their errors
    assert set(texts(failure)) >= {"failure", "note", "cause", "deep", "context", "attribute"}


def test_texts_survives_cycles_and_depth() -> None:
    cycle: list[object] = ["a"]
    cycle.append({"again": cycle})
    assert list(texts(cycle)) == ["a", "again"]

    nested: object = "core"
    for _ in range(50_000):
        nested = [nested]
    assert list(texts(nested)) == ["core"]


def test_texts_leaves_iterators_alone() -> None:
    pages = iter(["a"])
    assert list(texts({"pages": pages})) == ["pages"]
    assert list(pages) == ["a"]


def test_normalisation_does_not_touch_a_canary() -> None:
    canary = MINT.mint(11)
    assert all(unicodedata.normalize(form, canary) == canary for form in ("NFC", "NFD", "NFKC", "NFKD"))


def test_a_short_text_may_be_held_by_chance() -> None:
    assert held_by_chance("7")
    assert held_by_chance("abc")
    assert not held_by_chance("note")
    assert not held_by_chance("a b")
