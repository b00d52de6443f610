"""Ids that no system has issued, shaped so that only looking them up can tell them from issued ones."""

import re
from hashlib import blake2s
from itertools import count
from typing import Final, get_args, get_origin
from uuid import UUID

from isofuzz.errors import TargetMistake

# An id that is malformed or out of range is refused for that, which says nothing about what exists. So a number stays
# within the smallest of these that holds its example: a Postgres integer, a JavaScript number, a Postgres bigint.
_CEILINGS: Final = (2**31 - 1, 2**53 - 1, 2**63 - 1)
_FAR: Final = 1_000_003  # no run issues so many ids
_APART: Final = 7_919

_LOOKS_LIKE_UUID: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_LOOKS_LIKE_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}|0")
_WORD: Final = re.compile(r"[0-9A-Za-z]+")

# An id keeps to the first of these that it is written in. Crockford's alphabets (as in ULIDs) leave out i, l, o and u.
_DIGITS: Final = "0123456789"
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_ALPHABETS: Final = (
    _DIGITS,
    *("abcdef", "ABCDEF"),
    *(_LETTERS, _LETTERS.upper()),
    *(_DIGITS + "abcdef", _DIGITS + "ABCDEF"),
    *(_CROCKFORD, _CROCKFORD.upper()),
    *(_DIGITS + _LETTERS, _DIGITS + _LETTERS.upper()),
    _DIGITS + _LETTERS + _LETTERS.upper(),
)
_CHANGED_IN_LONG: Final = 12
"""How much of a long word is new. The rest stays: it may be a time, a kind or a shard, and checked for form."""
_CHANGED_AT_LEAST: Final = 8


def never_issued(id_type: object, variant: int, example: object | None = None) -> object:
    """An id of `id_type` (str, int, UUID, or a tuple of those) that nothing has, in the likeness of `example`.

    Equal arguments give equal ids, and each `variant` another one. `example`: an id that the system issued; it is
    never returned, and one of another type is ignored. Raises `TargetMistake` for an unsupported type.
    """
    if id_type is tuple or get_origin(id_type) is tuple:
        return _tuple(id_type, variant, example)
    if id_type is int:
        return _int(variant, example if type(example) is int else None)
    if id_type is str:
        return _str(variant, example if isinstance(example, str) else None)
    if id_type is UUID:
        return _uuid(variant, example if isinstance(example, UUID) else None)
    raise TargetMistake(
        f"isofuzz cannot make up an id of type {getattr(id_type, '__name__', id_type)}, so it could not ask for what "
        f"does not exist: declare the field `id` as str, int, uuid.UUID or a tuple of these"
    )


def _tuple(id_type: object, variant: int, example: object | None) -> tuple[object, ...]:
    examples = example if isinstance(example, tuple) else ()
    types = get_args(id_type)
    if not types:  # a bare tuple: the example alone says what is in it
        types = tuple(type(part) for part in examples) or (str,)
    elif types[-1] is ...:
        types = types[:1] * (len(examples) or 1)
    if len(examples) != len(types):
        examples = (None,) * len(types)
    return tuple(never_issued(*part) for part in zip(types, (variant,) * len(types), examples, strict=True))


def _int(variant: int, example: int | None) -> int:
    start = example or 0
    distance = _FAR + variant * _APART
    ceiling = next((ceiling for ceiling in _CEILINGS if abs(start) <= ceiling), None)
    if ceiling is not None and abs(start) + distance > ceiling:
        distance = -distance
    return start - distance if start < 0 else start + distance


def _uuid(variant: int, example: UUID | None) -> UUID:
    made = bytearray(_digest(variant, str(example))[:16])
    version = (example.version if example else None) or 4
    if example and version in (6, 7):  # they begin with the time: an id from no time at all would stand out
        made[:6] = example.bytes[:6]
    made[6] = made[6] & 0x0F | version << 4
    made[8] = made[8] & 0x3F | 0x80
    return UUID(bytes=bytes(made))


def _str(variant: int, example: str | None) -> str:
    words = list(_WORD.finditer(example or ""))
    if example is None or not words:
        return str(_uuid(variant, None))
    if _LOOKS_LIKE_UUID.fullmatch(example):
        made = _uuid(variant, UUID(example))
        text = str(made) if "-" in example else made.hex
        return text.upper() if example.upper() == example else text
    # What tells one id from the next is the last part with a digit (room_17), or else the longest.
    numbered = [word for word in words if any(character in _DIGITS for character in word[0])]
    word = numbered[-1] if numbered else max(words, key=lambda word: len(word[0]))
    return example[: word.start()] + _word(variant, word[0]) + example[word.end() :]


def _word(variant: int, example: str) -> str:
    if _LOOKS_LIKE_NUMBER.fullmatch(example):
        return str(_int(variant, int(example)))
    alphabet = next(alphabet for alphabet in _ALPHABETS if set(example) <= set(alphabet))
    kept = example[:-_CHANGED_IN_LONG] if len(example) > _CHANGED_IN_LONG + 2 else ""
    length = max(len(example) - len(kept), _CHANGED_AT_LEAST)
    candidates = (kept + _spell(_digest(variant, f"{attempt} {example}"), alphabet, length) for attempt in count())
    return next(candidate for candidate in candidates if candidate != example)


def _spell(digest: bytes, alphabet: str, length: int) -> str:
    number = int.from_bytes(digest, "big")
    spelled = []
    for _ in range(length):
        number, index = divmod(number, len(alphabet))
        spelled.append(alphabet[index])
    return "".join(spelled)


def _digest(variant: int, example: str) -> bytes:
    return blake2s(f"never issued {variant} {example}".encode()).digest()
