"""Do the answers to a probe say the same? Compared word by word, with what has to differ left out.

Identifiers are masked as whole words, so that an id 4 has nothing to do with a 404. A word with a digit in it may be a
time, a duration or a random value, and such ones may well agree twice and then differ: of those only the codes that
say no are compared. And what differs between two answers about what never existed says nothing of a third.
"""

import html
import json
import re
from collections.abc import Collection, Iterator
from itertools import takewhile
from urllib.parse import quote

_UNIT = r"(?:[nuµm]s|[smhd]|(?:(?:nano|micro|milli)?sec(?:ond)?|min(?:ute)?|hour|day)s?)"
_DURATION = re.compile(
    rf"(?<![\w.])(?:\d+(?:[.,]\d+)*\s?{_UNIT}\b\s?)+"
    r"|\b(?:took|elapsed|duration|latency|(?:\w+_)?time|\w+_(?:[nuµm]?s|sec|seconds|time))\W{1,4}\d[\w.]*"
)
"""A number with its unit, or after a word that says that it is one of seconds."""

_TOKEN = re.compile(r"[\w+-]+(?:[.:][\w+-]+|,\d+)*|[^\s\w]")
_CODE = re.compile(r"4[0-5]\d|50\d|4\d\d\d")
"""A status of HTTP that says no, or the reason that an application gives for closing a WebSocket."""

_MALFORMED = frozenset({"400", "422"})
_SOMETHING = "0"
"""Stands for what is not compared: a word with a digit in it."""

_CUT = "…"
_SCRAPS = 2
"""What is left of a token that was cut is at most so many tokens: `12:` of `12:30`."""


def answers_alike(before: str, about: str, after: str, ids: Collection[str]) -> bool | None:
    """Does the answer about something say what those before and after it say about what never existed?

    `ids` are what the three calls named. None if that cannot be said: of such long answers, of such as vary in length
    anyway, and where the identifiers that were made up have the wrong form for the system.
    """
    if any(text.startswith(_CUT) for text in (before, about, after)):
        return None  # what they have in common could only be guessed
    cut = any(text.endswith(_CUT) for text in (before, about, after))
    first, asked, last = (_tokens(text, ids) for text in (before, about, after))
    if _MALFORMED & set(first) & set(last) - set(asked):
        return None
    if not cut and len(first) != len(last):
        return None  # the system answers the same question at different lengths
    if not cut and len(first) != len(asked):
        return False
    places: Iterator[tuple[str, str, str]] = zip(first, asked, last, strict=not cut)
    if cut:  # after a word that differs nobody knows what belongs to what
        places = takewhile(lambda place: not _tell_apart(place[0], place[2]), places)
    return not any(one == other and _tell_apart(one, word) for one, word, other in places)


def _tell_apart(first: str, second: str) -> bool:
    if first == second:
        return False
    numbered = [any(character.isdigit() for character in word) for word in (first, second)]
    return not any(numbered) or all(map(_CODE.fullmatch, (first, second)))


def _tokens(text: str, ids: Collection[str]) -> list[str]:
    words = _TOKEN.findall(_DURATION.sub(_SOMETHING, _masked(text.removesuffix(_CUT), ids)))
    return words[: -_SCRAPS if text.endswith(_CUT) else None]


def _masked(text: str, ids: Collection[str]) -> str:
    forms = sorted({form for each in ids for form in _forms(each)}, key=len, reverse=True)
    if not forms:
        return text
    return re.sub(rf"(?<!\w)(?:{'|'.join(map(re.escape, forms))})(?!\w)", _SOMETHING, text, flags=re.IGNORECASE)


def _forms(identifier: str) -> Iterator[str]:
    """How a system may write an identifier where it quotes it."""
    if identifier:
        yield identifier
        yield json.dumps(identifier)[1:-1]
        yield json.dumps(identifier, ensure_ascii=False)[1:-1]
        yield quote(identifier)
        yield quote(identifier, safe="")
        yield html.escape(identifier)
