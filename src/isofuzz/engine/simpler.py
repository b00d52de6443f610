"""Simpler values in place of one that was drawn, down to the plainest that its parameter can have.

A generator yields what to try and is sent whether it still shows; so it halves what lies between. Nothing is tried that
is plainer than the plainest: the target may not be asked for more than its parameter says.
"""

from collections.abc import Generator
from typing import Any, TypeAlias

Candidates: TypeAlias = Generator[Any, bool, None]


def simpler(value: Any, plainest: Any) -> Candidates:
    """What to try in the place of this value, of those that JSON has."""
    if value == plainest or (yield plainest):
        return
    if isinstance(value, bool) or value is None:
        return
    least = plainest if type(plainest) is type(value) else type(value)()  # of what may also be None, say
    if least != plainest and (yield least):
        return
    match value:
        case int():
            yield from _nearer(least, value)
        case float() if not value.is_integer():
            yield float(int(value))
        case str() | list():
            yield from _shorter(value, len(least))


def _nearer(least: int, value: int) -> Candidates:
    """Whole numbers between one that does not show it and one that does, until they are neighbours."""
    while abs(value - least) > 1:
        middle = (least + value) // 2 if value > least else -((-least - value) // 2)
        if (yield middle):
            value = middle
        else:
            least = middle


def _shorter(value: Any, least: int) -> Candidates:
    """Beginnings of a text or a list, then lists without one of the items."""
    too_short = least - 1
    while len(value) - too_short > 1:
        middle = (too_short + len(value)) // 2
        if (yield value[:middle]):
            value = value[:middle]
        else:
            too_short = middle
    if isinstance(value, list):
        for place in reversed(range(len(value))):
            without = value[:place] + value[place + 1 :]
            if len(without) >= least and (yield without):
                value = without
