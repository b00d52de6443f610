"""Text of the system under test on its way to a terminal: it may say anything, and must not do anything there."""


def printable(text: str) -> str:
    """`text` on one line, with everything that a terminal would obey, hide or reorder written as an escape.

    That is control characters and escape sequences, line breaks, and the marks that change the direction of writing.
    """
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
