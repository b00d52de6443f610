"""What a campaign is asked to do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from isofuzz.campaign.orders import Assignment
from isofuzz.errors import UsageError
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.accepting import AcceptList
from isofuzz.runs.profiles import Profile
from isofuzz.runs.request import RunRequest
from isofuzz.runs.targets import find_target
from isofuzz.services.sources import Sources

MOST_MEMORY = 2 * 2**30
"""Bytes that a worker may take, with all that it has started, unless told otherwise."""


@dataclass(frozen=True)
class CampaignRequest:
    """What to do, and how long: `for_seconds`, `for_programs`, or what comes first of both.

    `run` says what to run, as for a single run; its profile says how long programs are, and how long a finding is
    shrunk. `folder` is where the state is; `known` maps the fingerprints of findings that are to be passed over to who
    observed them. `memory` bounds each worker, in bytes. `guided`: half of the programs are varied from what showed
    something new. `cluster` is the address of a Dask scheduler whose workers do the work instead of `workers`
    processes.

    `order_seconds` is how long a worker searches before it reports, and `part_seconds` what it may take over anything
    else; who takes longer by more than `patience` seconds counts as hung.
    """

    run: RunRequest
    folder: Path
    for_seconds: float | None
    for_programs: int | None
    workers: int
    seed: str
    known: Mapping[str, str] = field(default_factory=dict)
    memory: int = MOST_MEMORY
    guided: bool = False
    cluster: str | None = None
    order_seconds: float = 15.0
    part_seconds: float = 120.0
    patience: float = 60.0

    def assignment(self) -> Assignment:
        """What each worker has to know of it."""
        run = self.run
        return Assignment(
            target=run.target,
            defect=run.defect,
            only=run.only,
            sessions=run.sessions,
            gated=run.gated,
            profile=run.profile,
            accept=run.accept,
            sources=run.sources,
            seed=self.seed,
        )

    def as_kept(self) -> dict[str, Any]:
        """What another process has to know to go on with it; where services come from is not kept with it."""
        run = self.run
        return {
            "target": run.target,
            "defect": run.defect,
            "only": sorted(run.only),
            "sessions": run.sessions,
            "strict": run.strict,
            "gated": run.gated,
            "profile": asdict(run.profile),
            "seed": self.seed,
            "guided": self.guided,
            "known": dict(self.known),
            "workers": self.workers,
            "memory": self.memory,
            "cluster": self.cluster,
        }


@dataclass(frozen=True)
class Kept:
    """What is kept of a request; see `CampaignRequest.as_kept`."""

    target: str
    defect: str | None
    only: frozenset[Oracle]
    sessions: int | None
    strict: bool
    gated: bool
    profile: Profile
    seed: str
    guided: bool
    known: Mapping[str, str]
    workers: int
    memory: int
    cluster: str | None

    def request(self, accept: AcceptList, sources: Sources = Sources()) -> RunRequest:  # noqa: B008 - it is immutable
        """What to run; raises UsageError if the target is not there any more."""
        return RunRequest(
            target=self.target,
            target_class=find_target(self.target),
            profile=self.profile,
            defect=self.defect,
            only=self.only,
            sources=sources,
            sessions=self.sessions,
            strict=self.strict,
            gated=self.gated,
            accept=accept,
        )

    @classmethod
    def read(cls, kept: Mapping[str, Any], where: Path) -> "Kept":
        """From the state in this folder; raises UsageError if it is none of this version."""
        try:
            return cls(
                **{
                    **kept,
                    "only": frozenset(map(Oracle, kept["only"])),
                    "profile": Profile(**kept["profile"]),
                }
            )
        except (KeyError, TypeError, ValueError) as problem:
            raise UsageError(
                f"the campaign in {where} cannot be gone on with ({problem}): another version of isofuzz began it"
            ) from None
