"""What a run is asked to do."""

from dataclasses import dataclass, field
from pathlib import Path

from isofuzz.errors import UsageError
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.accepting import AcceptList
from isofuzz.runs.profiles import Profile
from isofuzz.runs.targets import means
from isofuzz.services.sources import Sources
from isofuzz.target.base import Target

_FEWEST_SESSIONS, _MOST_SESSIONS = 2, 64
"""One alone overlaps with nobody; more than the most would take longer to sign in than to do anything."""


@dataclass(frozen=True)
class RunRequest:
    """What to run. `target` is the name under which another process finds `target_class`; `cases` where cases go;
    `replay` the folder of those that are replayed first, if there is one.

    `sessions` is how many users act at the same time, each with a session: by themselves programs have two or three.
    `strict`: a hazard counts as a leak. `gated`: who moves while steps overlap is controlled where it can be.
    `check_determinism`: each program is executed twice, and has to do the same.
    """

    target: str
    target_class: type[Target]
    profile: Profile
    defect: str | None = None
    seed: int | None = None
    only: frozenset[Oracle] = frozenset(Oracle)
    cases: Path = Path(".isofuzz/cases")
    replay: Path | None = None
    sources: Sources = field(default_factory=Sources)
    accept: AcceptList = field(default_factory=AcceptList)
    sessions: int | None = None
    strict: bool = False
    gated: bool = True
    check_determinism: bool = False

    def is_target(self, name: str) -> bool:
        """Does a case that calls its target so speak of this one?"""
        return name == self.target or means(name, self.target_class)


def check_sessions(sessions: int | None) -> None:
    """Raises UsageError if so many sessions at once make no sense."""
    if sessions is not None and not _FEWEST_SESSIONS <= sessions <= _MOST_SESSIONS:
        raise UsageError(
            f"{sessions} sessions cannot act at the same time in one program; write a number from "
            f"{_FEWEST_SESSIONS} to {_MOST_SESSIONS}, or leave it out"
        )
