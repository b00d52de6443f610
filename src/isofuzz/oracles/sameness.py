"""When a word of one history says the same as one of another, although every run has identifiers and a time of its own.

Two words are the same if they are equal, if they are how one and the same thing is called in the two histories, or if
both look as if they came from a clock or from chance. What a thing is called may be a part of a word: `room:4`.
"""

import re
from collections.abc import Mapping
from functools import cache

_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d\S*|\d\d?:\d\d(?::\d\d)?\S*|1\d{9}(?:\d{3}){0,3}(?:\.\d+)?")
_LONG = 16
"""A word of this length may well be random; two random ones that are equally long differ nearly everywhere."""

_LONGEST = 100
"""Of longer words no part is taken for an identifier."""


class Sameness:
    """Compares words of a history with words of another, given how identifiers are written in either."""

    def __init__(self, ids: Mapping[object, tuple[str, ...]], other_ids: Mapping[object, tuple[str, ...]]) -> None:
        self._ids = frozenset(word for words in ids.values() for word in words)
        self._other_ids = frozenset(word for words in other_ids.values() for word in words)
        self._pairs = {
            pair
            for key in ids.keys() & other_ids.keys()
            if len(ids[key]) == len(other_ids[key])
            for pair in zip(ids[key], other_ids[key], strict=True)
        }

    def __call__(self, first: str, second: str) -> bool:
        """Do the two say the same?"""
        if first == second or (first, second) in self._pairs:
            return True
        if first in self._ids or second in self._other_ids:  # both are told apart by what they name
            return self._same_in_parts(first, second)
        return _both_random(first, second) or self._same_in_parts(first, second)

    def _same_in_parts(self, first: str, second: str) -> bool:
        """Are they equal up to identifiers of the same things in them?"""
        if max(len(first), len(second)) > _LONGEST:
            return False

        @cache
        def same_from(here: int, there: int) -> bool:
            if first[here:] == second[there:]:
                return True
            if first[here : here + 1] == second[there : there + 1] and same_from(here + 1, there + 1):
                return True
            return any(
                same_from(here + len(one), there + len(other))
                for one, other in self._pairs
                if _stands_at(one, first, here) and _stands_at(other, second, there)
            )

        return same_from(0, 0)


def _stands_at(identifier: str, word: str, start: int) -> bool:
    """Does it stand there, and is it not a part of a longer number or name?"""
    end = start + len(identifier)
    if not identifier or not word.startswith(identifier, start):
        return False
    return not any(0 < cut < len(word) and _belong_together(word[cut - 1], word[cut]) for cut in (start, end))


def _belong_together(one: str, other: str) -> bool:
    return (one.isdigit() and other.isdigit()) or (one.isalpha() and other.isalpha())


def _both_random(first: str, second: str) -> bool:
    if any(form.fullmatch(first) and form.fullmatch(second) for form in (_UUID, _TIME)):
        return True
    if len(first) != len(second) or len(first) < _LONG:
        return False
    different = sum(one != other for one, other in zip(first, second, strict=True))
    has_digits = any(map(str.isdigit, first)) and any(map(str.isdigit, second))
    return has_digits and 2 * different > len(first)
