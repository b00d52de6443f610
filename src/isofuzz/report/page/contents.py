"""Everything that a page says, whether a run or a campaign made it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from isofuzz.cases.store import Finding
from isofuzz.oracles.verdict import Verdict
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.coverage import Point
from isofuzz.runs.exercised import Reached


class State(StrEnum):
    """What a finding is to whoever looks for findings again and again."""

    NEW = "new"
    """Seen for the first time."""
    OPEN = "open"
    """Seen before, and now again."""
    KNOWN = "known"
    """Not to be told as new: it is accepted, or was named as known."""
    GONE = "gone"
    """Seen before, and shown no longer."""


@dataclass(frozen=True)
class Shown:
    """A finding, and what is known of it over time: empty if it was looked for only once.

    `first_seen` and `last_seen` are shown as they are.
    """

    finding: Finding
    state: State | None = None
    first_seen: str = ""
    last_seen: str = ""


@dataclass(frozen=True)
class Timing:
    """How long the target took over an operation. `budget_ms`: how long 95 of 100 calls may take, if it says so."""

    operation: str
    count: int
    p50_ms: float
    p95_ms: float
    max_ms: float
    budget_ms: float | None = None

    @property
    def is_over_budget(self) -> bool:
        """Does it take longer than it may?"""
        return self.budget_ms is not None and self.p95_ms > self.budget_ms


@dataclass(frozen=True)
class Note:
    """Sentences of one sort: hazards, what nobody controlled, what went wrong."""

    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Contents:
    """What a page says. All texts are plain: whoever renders them escapes them.

    `headline` is the verdict in one sentence; `facts` are labels with their values, in their order; `reached` counts
    operations by whose things they named and how they were answered, and `missing` names what was not exercised;
    `growth` is how coverage grew, and `outlook` a sentence on the chance that the next program shows something new
    (empty for a run). `vocabulary` is the target's: it tells what could have been reached, and how a case is told.
    """

    target: str
    defect: str | None
    verdict: Verdict
    headline: str
    vocabulary: Vocabulary
    facts: tuple[tuple[str, str], ...] = ()
    reached: Mapping[Reached, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    growth: tuple[Point, ...] = ()
    outlook: str = ""
    timings: tuple[Timing, ...] = ()
    findings: tuple[Shown, ...] = ()
    notes: tuple[Note, ...] = ()
