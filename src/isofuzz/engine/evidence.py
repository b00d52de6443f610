"""What was seen, as a person reads it: short, with the canary in it, and without credentials."""

import dataclasses
import json
from collections.abc import Collection, Iterator, Mapping

from isofuzz.program.canary import MARK
from isofuzz.services.redaction import redact
from isofuzz.target.things import Session, Socket, Thing

_LENGTH = 400
_BEFORE = 160


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


def excerpt(values: Collection[object]) -> str:
    """A short text of what was seen, around the first canary if there is one; credentials are masked."""
    text = redact(" · ".join(_written(value) for value in values if _is_kept(value)))
    start = max(0, text.lower().find(MARK) - _BEFORE)
    cut = text[start : start + _LENGTH]
    return ("…" if start else "") + cut + ("…" if start + _LENGTH < len(text) else "")


def _is_kept(value: object) -> bool:
    return value not in (None, {}) and not isinstance(value, Withheld)


def _written(value: object) -> str:
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):  # keys that are no text, or a cycle
        return str(value)


def _fields(thing: Thing) -> Iterator[tuple[str, object]]:
    for field in dataclasses.fields(thing):  # type: ignore[arg-type]  # every subclass of Thing is a dataclass
        yield field.name, getattr(thing, field.name)
