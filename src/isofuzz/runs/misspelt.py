"""What a name that is not known was probably meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches


def meant(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'like'?)`, to stand after the name in a message; empty if none of those known is close.

    Close is what looks like it, or begins with it.
    """
    names = list(known)
    close = get_close_matches(name, names, n=1) or [longer for longer in names if name and longer.startswith(name)]
    return f" (did you mean {close[0]!r}?)" if close else ""
