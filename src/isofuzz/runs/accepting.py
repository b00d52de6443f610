"""Findings that a team knows and accepts until a date: each run keeps and tells them, and does no more about them."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isofuzz.cases.store import Finding  # not needed to read what is accepted


@dataclass(frozen=True)
class Acceptance:
    """One known finding: why it may be, and the last day on which it may."""

    fingerprint: str
    reason: str
    until: date


@dataclass(frozen=True)
class AcceptedFinding:
    """A finding that was seen, and what says that it may be."""

    finding: "Finding"
    acceptance: Acceptance


@dataclass(frozen=True)
class AcceptList:
    """What is accepted, as of `today`. Without entries the day does not matter."""

    entries: tuple[Acceptance, ...] = ()
    today: date = date.min

    def silences(self, fingerprint: str) -> Acceptance | None:
        """What says that this finding is accepted today."""
        return next((each for each in self.entries if each.fingerprint == fingerprint and not self._over(each)), None)

    def lapsed(self) -> tuple[Acceptance, ...]:
        """The entries whose date is over: they silence nothing any more."""
        return tuple(filter(self._over, self.entries))

    def _over(self, acceptance: Acceptance) -> bool:
        return self.today > acceptance.until
