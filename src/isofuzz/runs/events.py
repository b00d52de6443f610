"""What a run tells while it goes on. Reporters listen; a run knows none of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from isofuzz.cases.store import Finding


@dataclass(frozen=True)
class Started:
    """The system under test is up. `services` says which services it uses, and why those."""

    target: str
    defect: str | None
    profile: str
    services: str


@dataclass(frozen=True)
class Phase:
    """Another part of the run begins.

    These are the `replay` of kept cases, `sweep` and `find`, and for a finding `wait for the grace`, `shrink` and
    `confirm`. Of a campaign they are the tasks that workers are given, each told when it is given for the first time.
    """

    name: str


@dataclass(frozen=True)
class Progress:
    """A program has ended; counts since the start of the run, `seconds` of executing programs."""

    programs: int
    operations: int
    seconds: float
    findings: int


@dataclass(frozen=True)
class LeakSeen:
    """A violation was seen and is on disk, if it could be written there; it is not yet shrunk."""

    finding: Finding


@dataclass(frozen=True)
class Shrinking:
    """A candidate was executed."""

    executions: int
    steps: int
    steps_found: int


@dataclass(frozen=True)
class Kept:
    """A finding is final: shrunk, and confirmed or not."""

    finding: Finding


@dataclass(frozen=True)
class Unconfirmed:
    """No process of its own could tell whether the finding shows there, and why not."""

    finding: Finding
    reason: str


@dataclass(frozen=True)
class Replaying:
    """Of case `number` of so many, `runs` have been done out of at most so many."""

    path: Path
    number: int
    of: int
    runs: int
    most: int


@dataclass(frozen=True)
class Working:
    """What one worker of a campaign is doing, for how many seconds; `bytes` of memory, if that is known."""

    worker: str
    task: str
    seconds: float
    bytes: int | None


@dataclass(frozen=True)
class Beat:
    """How a campaign stands.

    `seconds` of it are over, of `for_seconds` if it has such a budget; likewise `programs` and `operations`, of which
    `programs_a_second` and `operations_a_second` were counted lately. `covered` is how much was seen of what can be
    told apart; `lost` counts workers that had to be replaced.
    """

    seconds: float
    for_seconds: float | None
    programs: int
    for_programs: int | None
    operations: int
    programs_a_second: float
    operations_a_second: float
    covered: int
    findings: int
    lost: int
    working: tuple[Working, ...]


@dataclass(frozen=True)
class WorkerLost:
    """A worker had to be replaced, and why."""

    worker: str
    reason: str


Event = Beat | WorkerLost | Started | Phase | Progress | LeakSeen | Shrinking | Kept | Unconfirmed | Replaying
Listener = Callable[[Event], None]
