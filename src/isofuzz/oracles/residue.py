"""Residue: a connection of the system's pool came back otherwise than it was when it was last looked at.

Whoever gets it next begins with what was left: a role, a setting that policies read, a lock that nobody lets go of.
What became again as in a new connection is no residue.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from isofuzz.history.entries import Entry, Invocation, Pooled
from isofuzz.oracles.hazard import Hazard, HazardKind

ROLE = "role"
SEARCH_PATH = "search_path"
SETTING = "setting "
TEMPORARY_TABLE = "temporary table "
ADVISORY_LOCK = "advisory lock "
OPEN_TRANSACTION = "open transaction"
"""How the state of a connection names what is on it; where there is a space at the end, its own name follows."""

_NUMBER = re.compile(r"\d+")


@dataclass
class _Left:
    """What was left on a connection: once as an example, and how often."""

    name: str
    was: str | None
    became: str
    operations: tuple[str, ...]
    times: int = 1

    @property
    def sentence(self) -> str:
        times = "once" if self.times == 1 else f"{self.times} times"
        return f"a pooled connection came back {self._what()} after {', '.join(self.operations)}; {times}"

    def _what(self) -> str:
        if self.name == ROLE:
            was = "its own" if not self.was else f"`{self.was}`"
            return f"as the role `{self.became}` (it was {was})" if self.became else f"as its own role (it was {was})"
        if self.name == OPEN_TRANSACTION:
            return "in an open transaction"
        if self.name.startswith((TEMPORARY_TABLE, ADVISORY_LOCK)):
            return f"with the {self.name}"
        name = self.name.removeprefix(SETTING)
        # Settings without a dot are the server's own: these always have a value.
        as_new = "unset" if "." in name else "as in a new one"
        was, became = (f"'{value}'" if value else as_new for value in (self.was, self.became))
        return f"with `{name}` {became if became == as_new else f'set to {became}'} (it was {was})"


class Residue:
    """What is left on pooled connections in any of the histories that it is fed, one after the other."""

    def __init__(self) -> None:
        self._left: dict[str, _Left] = {}
        self._states: dict[str, Mapping[str, str]] = {}
        self._operations: dict[str, None] = {}

    def feed(self, at: int, entry: Entry) -> None:
        """Take the next entry of a history; its first one, at time 0, begins another program."""
        if at == 0:
            self._states, self._operations = {}, {}
        if isinstance(entry, Invocation):
            self._operations.setdefault(entry.operation)
        elif isinstance(entry, Pooled):
            if self._operations:  # before any, it is how the program found the pool
                self._compare(self._states.get(entry.connection, {}), entry.state)
            self._states[entry.connection] = entry.state

    @property
    def hazards(self) -> tuple[Hazard, ...]:
        """Each thing that was left, once: those whose names differ only in numbers are the same."""
        return tuple(Hazard(HazardKind.RESIDUE, subject, left.sentence) for subject, left in self._left.items())

    def _compare(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        for name, became in after.items():
            was = before.get(name)
            if was != became:
                self._note(_Left(name, was, became, tuple(self._operations)))

    def _note(self, left: _Left) -> None:
        subject = _NUMBER.sub("*", left.name)
        known = self._left.get(subject)
        if known is None:
            self._left[subject] = left
            return
        # The fewer operations there were, the more the example says.
        clearer = left if len(left.operations) < len(known.operations) else known
        clearer.times = known.times + 1
        self._left[subject] = clearer
