"""An answer or event as words, within the lists and objects that they stand in.

So what varies in one place, a greeting that is now longer and now shorter, says nothing of the place beside it.
"""

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple, TypeAlias, Union

from isofuzz.oracles.sameness import Sameness

_WORD = r"[\w+-]+(?:[.:][\w+-]+)*|[^\s\w]"  # with what joins it to others, as in a time or an address
_WORDS = re.compile(_WORD)
_TOKEN = re.compile(rf'(?P<string>"(?:[^"\\]|\\.)*")|(?P<open>[\[{{])|(?P<close>[\]}}])|(?P<comma>,)|{_WORD}')
_DEEPEST = 50
"""What is nested more deeply is taken as plain words."""


class Word(NamedTuple):
    """A word, and where in the text it stands."""

    text: str
    start: int


Wording: TypeAlias = Union[Word, "list[Wording]"]
"""A word, or what it is a part of: the items of a list or object, or the words of an item."""

Path: TypeAlias = tuple[int, ...]
"""The way to a part of a wording; the empty one leads to the whole."""


def words(text: str) -> tuple[str, ...]:
    """The words of a text, in which nothing counts as a list."""
    return tuple(_WORDS.findall(text))


def wording(text: str) -> "list[Wording]":
    """The text in its parts. What is no JSON, or only resembles it, has fewer of them."""
    whole: list[Wording] = []
    outer: list[list[Wording]] = []
    item = whole
    groups: list[list[Wording]] = []
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "open" and len(groups) < _DEEPEST:
            outer.append(item)
            item = []
            groups.append([item])
            outer[-1].append(groups[-1])
        elif token.lastgroup == "close" and groups:
            group = groups.pop()
            if group == [[]]:
                group.clear()
            item = outer.pop()
        elif token.lastgroup == "comma" and groups:
            item = []
            groups[-1].append(item)
        else:
            item += [Word(word[0], token.start() + word.start()) for word in _WORDS.finditer(token[0])]
    return whole


def differing(one: Wording, other: Wording, same: Sameness, path: Path = ()) -> Iterator[Path]:
    """The ways to the smallest parts that differ: words, and what has another number of parts."""
    if isinstance(one, Word) and isinstance(other, Word):
        if not same(one.text, other.text):
            yield path
    elif isinstance(one, Word) or isinstance(other, Word) or len(one) != len(other):
        yield path
    else:
        for index, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from differing(mine, theirs, same, (*path, index))


def beginning(one: Wording, other: Wording, same: Sameness, path: Path) -> tuple[int, int]:
    """Where in either text the difference begins of the parts to which the path leads."""
    for index in path:
        if not (isinstance(one, Word) or isinstance(other, Word)):
            one, other = one[index], other[index]
    starts = _start(one, 0), _start(other, 0)
    if isinstance(one, Word) or isinstance(other, Word):
        return starts
    for index, (mine, theirs) in enumerate(zip_longest(one, other)):
        if mine is None or theirs is None:
            return _start(mine, _end(one, starts[0])), _start(theirs, _end(other, starts[1]))
        if any(True for _ in differing(mine, theirs, same)):
            return beginning(one, other, same, (index,))
    return starts


def _start(part: Wording | None, otherwise: int) -> int:
    return min((word.start for word in _flat(part)), default=otherwise)


def _end(part: Wording, otherwise: int) -> int:
    return max((word.start for word in _flat(part)), default=otherwise)


def _flat(part: Wording | None) -> Iterator[Word]:
    if isinstance(part, Word):
        yield part
    else:
        for each in part or ():
            yield from _flat(each)


def excerpt(text: str, start: int, length: int) -> str:
    """So many characters at most, around the place."""
    first = max(0, min(start - length // 2, len(text) - length))
    cut = text[first : first + length]
    return ("…" if first else "") + cut + ("…" if first + length < len(text) else "")
