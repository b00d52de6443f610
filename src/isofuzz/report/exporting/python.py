"""Python as text, laid out as formatters leave it: literals, calls, and what spans several lines.

Nothing of a case gets into code but through `Text`, which spells every character that is not plain ASCII.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from isofuzz.program.steps import Json

WIDTH = 88
"""Columns that are used where lines can be broken: what formatters take if they are told nothing."""
_WIDEST = 120
"""Columns after which a text is broken too. Not before, for a formatter joins what it has room for."""
_INDENT = 4


@dataclass(frozen=True)
class Atom:
    """Code that stands on one line whatever its length: a name, a number."""

    code: str


@dataclass(frozen=True)
class Text:
    """A string literal."""

    text: str


@dataclass(frozen=True)
class Group:
    """Items in brackets, each after what stands before it: a call with its arguments, a list, a mapping."""

    opening: str
    items: tuple[tuple[str, "Expression"], ...]
    closing: str


Expression: TypeAlias = Atom | Text | Group


def called(callee: str, *arguments: Expression) -> Group:
    """A call with positional arguments."""
    return Group(f"{callee}(", tuple(("", argument) for argument in arguments), ")")


def listed(items: Sequence[Expression]) -> Group:
    """A list."""
    return Group("[", tuple(("", item) for item in items), "]")


def literal(value: Json) -> Expression:
    """What a JSON value is in Python."""
    if isinstance(value, str):
        return Text(value)
    if isinstance(value, list):
        return listed([literal(item) for item in value])
    if isinstance(value, dict):
        return Group("{", tuple((f"{quoted(key)}: ", literal(item)) for key, item in value.items()), "}")
    if isinstance(value, float) and not math.isfinite(value):
        return called("float", Text(repr(value)))
    return Atom(repr(value))


def quoted(text: str) -> str:
    """A literal of the text in ASCII, in the quotes that formatters prefer: double ones, unless they cost escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(f"\\{each}" if each == quote else _escaped(each) for each in text) + quote


def laid_out(before: str, expression: Expression, after: str, indent: int) -> Iterator[str]:
    """The lines of an expression between what stands before and after it, from so many spaces on."""
    margin = " " * indent
    whole = f"{margin}{before}{flat(expression)}{after}"
    if isinstance(expression, Group) and expression.items and len(whole) > WIDTH:
        yield f"{margin}{before}{expression.opening}"
        for prefix, item in expression.items:
            yield from laid_out(prefix, item, ",", indent + _INDENT)
        yield f"{margin}{expression.closing}{after}"
    elif isinstance(expression, Text) and not before and len(whole) > _WIDEST:
        *parts, last = _parts(expression.text, WIDTH - indent - len(after))
        yield from (f"{margin}{part}" for part in parts)
        yield f"{margin}{last}{after}"
    else:
        yield whole


def flat(expression: Expression) -> str:
    """The expression on one line."""
    match expression:
        case Atom(code):
            return code
        case Text(text):
            return quoted(text)
        case Group(opening, items, closing):
            return f"{opening}{', '.join(prefix + flat(item) for prefix, item in items)}{closing}"


def _parts(text: str, room: int) -> Iterator[str]:
    """Literals of at most so many columns that are the text when they stand in a row."""
    part = ""
    for each in text:
        if part and len(quoted(part + each)) > room:
            yield quoted(part)
            part = ""
        part += each
    yield quoted(part)


def _escaped(character: str) -> str:
    return character if character in "'\"" else ascii(character)[1:-1]
