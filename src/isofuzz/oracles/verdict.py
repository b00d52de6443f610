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


def conclude(*, leaks: int, unchecked: int, hazards: int = 0, unjudged: int = 0, strict: bool = False) -> Verdict:
    """Green means checked: without a leak, one thing that was not exercised makes a run inconclusive.

    Of a strict run, a hazard counts as a leak, and what could not be judged to be one counts as not exercised. Any
    other run tells of both, and neither touches its verdict.
    """
    if leaks or (strict and hazards):
        return Verdict.LEAKED
    return Verdict.INCONCLUSIVE if unchecked or (strict and unjudged) else Verdict.ISOLATED
