"""JSON laid out for people who compare two versions of a file: what is changed as one stands on one line."""

import json
from typing import Any


class Line(dict[str, Any]):
    """A mapping that stands on one line, however long: with a greatest width, a change could break lines elsewhere."""


def laid_out(value: object, indent: str = "") -> str:
    """The value as JSON.

    Each item of a mapping and of a list stands on a line of its own, but a `Line`, and a list that holds no other
    list or mapping, is one line.
    """
    inner = indent + " "
    if isinstance(value, dict) and value and not isinstance(value, Line):
        items = [f"{inner}{_plain(name)}: {laid_out(item, inner)}" for name, item in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, list | dict) for item in value):
        return "[\n" + ",\n".join(inner + laid_out(item, inner) for item in value) + f"\n{indent}]"
    return _plain(value)


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
