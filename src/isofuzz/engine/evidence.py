"""What was seen, as a person reads it: short, with the canary in it, and without credentials."""

import dataclasses
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping

from isofuzz.program.canary import LENGTH, MARK, texts
from isofuzz.services.redaction import redact
from isofuzz.target.things import Session, Socket, Thing

_LENGTH = 400
_BEFORE = 160
_MOST = 200_000
_SHORTEST_CREDENTIAL = 8
"""Characters: what is shorter stands in texts that have nothing to do with it, and protects nothing."""
_BETWEEN_WORDS = re.compile(r"[\s=;,:\"']+")
_CANARY = re.compile(rf"{MARK}[0-9a-z]{{{LENGTH - len(MARK)}}}", re.IGNORECASE)

CANARY_OF = "◇"
"""Stands for a canary where all is kept, before the number of the step that wrote it."""


@dataclasses.dataclass(frozen=True)
class Withheld:
    """The fields of a session: looked through for canaries, but credentials, so never kept."""

    fields: Mapping[str, object]


def shown(value: object) -> Iterator[object]:
    """What an actor gets to see of a return value: of things their fields, of sockets nothing.

    A socket's frames are read apart.
    """
    for part in value if isinstance(value, tuple) else (value,):
        if isinstance(part, Socket):
            continue
        if isinstance(part, Thing):
            fields = {name: held for name, held in _fields(part) if not isinstance(held, Thing)}
            yield Withheld(fields) if isinstance(part, Session) else fields
        else:
            yield part


def credentials(session: Session) -> Iterator[str]:
    """The texts by which the bearer of a session is known, as far as its fields hold them as texts.

    That may be a token or a cookie by itself, or one in a header: so each word of what they hold is one.
    """
    for _, held in _fields(session):
        if isinstance(held, str | bytes | Collection) and not isinstance(held, Thing):
            for text in texts(list(held.values()) if isinstance(held, Mapping) else held):
                yield from (word for word in _BETWEEN_WORDS.split(text) if _may_be_credential(word))


def _may_be_credential(word: str) -> bool:
    return len(word) >= _SHORTEST_CREDENTIAL and not _CANARY.search(word)


Conceal = Callable[[str], str]
"""Masks in a text the credentials that were given out."""


def everything(values: Collection[object], symbol: Callable[[str], str], conceal: Conceal) -> str:
    """All that was seen, as text, up to a length that no person reads; credentials are masked.

    `symbol` says what stands for a canary.
    """
    return _CANARY.sub(lambda found: symbol(found[0]), _text_of(values, conceal)[:_MOST])


def identifiers(thing: Thing) -> tuple[str, ...]:
    """How the identifier of a thing is written, in its parts; nothing if it has none.

    Nor of a session: whoever knows its identifier may well be taken for its user.
    """
    return () if isinstance(thing, Session) else written(getattr(thing, "id", None))


def written(identifier: object) -> tuple[str, ...]:
    """An identifier as a system spells it; of one that has parts, each of them."""
    parts = identifier if isinstance(identifier, tuple) else (identifier,)
    return tuple(str(part) for part in parts if part is not None)


def excerpt(values: Collection[object], conceal: Conceal = str) -> str:
    """A short text of what was seen, around the first canary if there is one; credentials are masked."""
    text = _text_of(values, conceal)
    canary = re.search(MARK, text, re.IGNORECASE)
    start = max(0, canary.start() - _BEFORE) if canary else 0
    cut = text[start : start + _LENGTH]
    return ("…" if start else "") + cut + ("…" if start + _LENGTH < len(text) else "")


def _text_of(values: Collection[object], conceal: Conceal) -> str:
    return redact(conceal(" · ".join(_written(value) for value in values if _is_kept(value))))


def _is_kept(value: object) -> bool:
    # Not by comparing: what compares element by element has no single truth.
    return not (value is None or isinstance(value, Withheld) or (isinstance(value, dict) and not value))


def _written(value: object) -> str:
    if isinstance(value, str):
        return value
    name = type(value).__name__
    try:
        return f"{name}: {value}" if isinstance(value, BaseException) else _as_json(value)
    except Exception:  # noqa: BLE001  # the value's own code, or its depth: neither may end the run
        return f"{name} (which cannot be written as text)"


def _as_json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):  # keys that are no text, or a cycle
        return str(value)


def _fields(thing: Thing) -> Iterator[tuple[str, object]]:
    for field in dataclasses.fields(thing):  # type: ignore[arg-type]  # every subclass of Thing is a dataclass
        yield field.name, getattr(thing, field.name)
