"""Hazards: findings that are no leak, or not yet one."""

from dataclasses import dataclass
from enum import StrEnum


class HazardKind(StrEnum):
    """What is amiss."""

    OVER_BUDGET = "over-budget"


@dataclass(frozen=True)
class Hazard:
    """What is amiss, with what (the name of an operation), and both in one sentence with the figures."""

    kind: HazardKind
    subject: str
    sentence: str
