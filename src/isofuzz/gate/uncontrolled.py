"""What nobody controlled, in words: a program of which something is noted here may go otherwise the next time."""

from collections import Counter


class Uncontrolled:
    """The reasons of one run, each with how often it came up; 0 times if it goes for the whole run."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()

    def always(self, reason: str) -> None:
        """Something cannot be controlled in this run at all."""
        self.reasons.setdefault(reason, 0)

    def note(self, reason: str) -> None:
        """Something was not controlled."""
        self.reasons[reason] += 1
