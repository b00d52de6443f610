"""What kind of event a frame is, as far as its text says so without anything that differs from run to run.

Systems name the kind of an event in one of a few fields. Where none of these is there, its fields tell one kind from
another. A kind is part of a fingerprint, so nothing with a digit in it is taken: that may be an identifier or a time.
"""

import json
import re
from collections.abc import Iterator

_NAMING = ("type", "event", "kind", "action", "op", "method", "command")
"""Fields that say what kind of event it is, in the order in which they are told."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z_./-]{0,39}")
_MOST_FIELDS = 8


def kind_of_event(text: str) -> str:
    """The kind, such as `joined`, or `thread,user` by the fields; empty if the text is no JSON or tells nothing."""
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if isinstance(event, list):  # as in Socket.IO and Phoenix: the name stands beside what it comes with
        return next(filter(_is_name, event), "")
    if not isinstance(event, dict):
        return ""
    return ".".join(_named(event)) or ",".join(sorted(filter(_is_name, event))[:_MOST_FIELDS])


def _named(event: dict[str, object]) -> Iterator[str]:
    for field in _NAMING:
        if _is_name(name := event.get(field)):
            yield str(name)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None
