"""A case: one violation with its program and its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from isofuzz.history.entries import Entry
from isofuzz.oracles.origin import Origin
from isofuzz.oracles.violation import Violation
from isofuzz.program.steps import Program


@dataclass(frozen=True)
class HitRate:
    """How often the program showed the violation when it was run from reset."""

    seen: int
    runs: int

    def __str__(self) -> str:
        return f"{self.seen} of {self.runs}"


@dataclass(frozen=True)
class Case:
    """What is kept of a finding.

    `target` is as on the command line; `found` a UTC time in ISO 8601; `found_by` says what had decided who moves when,
    if it showed while steps overlapped; `steps_found` the steps of the program that
    first showed it; `shrunk` whether every step that is left was tried away, so that each is necessary (False: time or
    patience ran out before; None: not tried); `cold` whether a fresh process on a fresh database showed it again (None:
    not tried); `versions` of what was involved, by name. `earlier`: programs that are to run before it, each from
    reset, on a system that was just started, for it shows what one of them left behind; `origin` says what.
    `counterpart`: of a comparison, the other history.
    """

    target: str
    defect: str | None
    violation: Violation
    explanation: str
    program: Program
    history: tuple[Entry, ...]
    found: str
    services: str
    versions: Mapping[str, str] = field(default_factory=dict)
    earlier: tuple[Program, ...] = ()
    origin: Origin | None = None
    counterpart: tuple[Entry, ...] = ()
    steps_found: int = 0
    hit_rate: HitRate = HitRate(1, 1)
    shrunk: bool | None = None
    cold: bool | None = None
    found_by: str = ""

    @property
    def was_seen_only_when_found(self) -> bool:
        """Was it tried again, and never showed a second time? What was shrunk did."""
        only_then = self.hit_rate.seen == 1 < self.hit_rate.runs and self.shrunk is None and not self.cold
        return only_then or not self.hit_rate.seen

    @property
    def fingerprint(self) -> str:
        """When two cases are the same bug."""
        return self.violation.fingerprint
