"""The verdict of a run, and the exit code that says it to a shell."""

from enum import Enum


class Verdict(Enum):
    """What a run concludes. A leak outranks any later error; unknown is reported as unknown."""

    ISOLATED = "isolated"
    LEAKED = "leaked"
    ERROR = "error"
    INCONCLUSIVE = "inconclusive"

    @property
    def exit_code(self) -> int:
        """0 isolated, 1 leaked, 2 error, 3 inconclusive."""
        return _EXIT_CODES[self]


_EXIT_CODES = {Verdict.ISOLATED: 0, Verdict.LEAKED: 1, Verdict.ERROR: 2, Verdict.INCONCLUSIVE: 3}


def conclude(*, leaks: int, unchecked: int) -> Verdict:
    """Green means checked: without a leak, one thing that was not exercised makes a run inconclusive."""
    if leaks:
        return Verdict.LEAKED
    return Verdict.INCONCLUSIVE if unchecked else Verdict.ISOLATED
