"""Hazards: findings that are no leak, or not yet one."""

from dataclasses import dataclass
from enum import StrEnum


class HazardKind(StrEnum):
    """What is amiss."""

    OVER_BUDGET = "over-budget"
    """An operation takes longer than it may."""
    BOUNDED_STALENESS = "bounded-staleness"
    """What was taken away shows for a while, and the target says that it may."""
    RESIDUE = "residue"
    """A connection goes back to the system's pool with something left on it."""
    POSTURE = "posture"
    """There is a way around the database's policies."""


@dataclass(frozen=True)
class Hazard:
    """What is amiss, with what (the name of an operation, say, or of a role), and both in one sentence."""

    kind: HazardKind
    subject: str
    sentence: str
