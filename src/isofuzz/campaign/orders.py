"""What a worker is asked to do and what it answers: values that go from one process or machine to another."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from isofuzz.campaign.tallies import Tallies
from isofuzz.oracles.hazard import Hazard
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.accepting import AcceptList
from isofuzz.runs.again import ReplayVerdict
from isofuzz.runs.profiles import Profile
from isofuzz.services.sources import Sources


class Task(StrEnum):
    """What there is to do."""

    REPLAY = "replay"
    """Execute what was found in an earlier night, to see whether it still leaks."""
    SWEEP = "sweep"
    """Execute some of the fixed programs."""
    SEARCH = "search"
    """Draw programs, for so many seconds."""
    SHRINK = "shrink"
    """Work on what was found: shrink it, and confirm it in a process of its own."""


@dataclass(frozen=True)
class Assignment:
    """What is the same for all orders of a campaign; see `RunRequest`. `seed`: from which all is drawn."""

    target: str
    defect: str | None
    only: frozenset[Oracle]
    sessions: int | None
    gated: bool
    profile: Profile
    accept: AcceptList
    sources: Sources
    seed: str


@dataclass(frozen=True)
class Order:
    """One piece of work.

    `number` is like no other's of the campaign, and `part` says which part of the task it is, if that has parts.
    `known` maps the fingerprints of what was found to who observed it: nobody is to stop for these. `exercises`: which
    programs of the sweep, from the first number up to the second. `case`: the one to work on or to execute again, as
    the text of its file. `corpus`: programs to vary, as texts.
    `folder`: where the worker may leave what must not get lost with it, if it shares a disk with who asks.
    """

    number: int
    task: Task
    assignment: Assignment
    seconds: float
    programs: int
    known: Mapping[str, str] = field(default_factory=dict)
    exercises: tuple[int, int] = (0, 0)
    case: str | None = None
    corpus: tuple[str, ...] = ()
    folder: str | None = None
    part: str = ""

    @property
    def seed(self) -> str:
        """From which all is drawn that this order draws."""
        return f"{self.assignment.seed}:{self.number}"


@dataclass(frozen=True)
class Discovery:
    """A program that showed something that its worker had not seen: what that was, and the program as a text."""

    covered: frozenset[str]
    program: str


@dataclass(frozen=True)
class Result:
    """What came of an order.

    `covered` counts the programs in which something was covered, by what that is. `found` are new findings as the texts
    of their case files: of a shrink, the finding as it is in the end. `bounded` is what was no leak once the target's
    grace was over; `again` are the fingerprints of what is known and was seen. `replayed` is the verdict on `case`
    (`unknown`: why none could be had), and `trouble` why the order could not be done to its end, if so.
    """

    number: int
    worker: str
    tallies: Tallies
    covered: Counter[str] = field(default_factory=Counter)
    discoveries: tuple[Discovery, ...] = ()
    found: tuple[str, ...] = ()
    bounded: tuple[str, ...] = ()
    again: frozenset[str] = frozenset()
    replayed: ReplayVerdict | None = None
    unknown: str = ""
    accepted: tuple[str, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    unjudged: tuple[str, ...] = ()
    uncontrolled: Mapping[str, int] = field(default_factory=dict)
    services: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    trouble: str | None = None

    @property
    def programs(self) -> int:
        """How many programs were executed."""
        return self.tallies["programs", "[]"]

    @property
    def operations(self) -> int:
        """How many operations they had."""
        return self.tallies["operations", "[]"]
