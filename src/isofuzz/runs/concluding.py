"""From what a run did to what it concludes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from isofuzz.cases.store import Finding
from isofuzz.oracles.hazard import Hazard
from isofuzz.oracles.verdict import Verdict, conclude
from isofuzz.oracles.violation import Oracle
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.accepting import AcceptedFinding
from isofuzz.runs.comparing import Comparisons
from isofuzz.runs.coverage import Point
from isofuzz.runs.determinism import Determinism
from isofuzz.runs.exercised import Exercised
from isofuzz.runs.hazards import bounded_staleness, over_budget, unjudged
from isofuzz.runs.request import RunRequest
from isofuzz.runs.summary import Summary


@dataclass(frozen=True)
class Done:
    """What a run did.

    `findings`, `accepted` and `bounded` are as in `Keeper`; `hazards` those of the database, of which `unjudged` says
    what nobody can tell. `replayed` counts the kept cases; `cut` says what was left out and why, and
    `passed_over` are the fingerprints of what was seen and does not count, for it was said to be known.
    """

    exercised: Exercised
    compared: Comparisons
    determinism: Determinism | None
    uncontrolled: Mapping[str, int]
    findings: tuple[Finding, ...]
    accepted: tuple[AcceptedFinding, ...]
    bounded: Mapping[str, Finding]
    hazards: tuple[Hazard, ...]
    unjudged: tuple[str, ...]
    replayed: int
    cut: tuple[str, ...]
    trouble: str | None
    interrupted: bool
    services: str
    versions: Mapping[str, str]
    seconds: float
    growth: tuple[Point, ...] = ()
    passed_over: tuple[str, ...] = ()


def summarised(request: RunRequest, vocabulary: Vocabulary, done: Done) -> Summary:
    """The summary of a run, with its verdict."""
    missing = tuple(_missing(request, vocabulary, done))
    hazards = tuple(_hazards(request, vocabulary, done))
    not_judged = (*unjudged(done.exercised, vocabulary), *done.unjudged)
    verdict = conclude(
        leaks=len(done.findings),
        unchecked=len(missing) + done.interrupted,
        hazards=len(hazards),
        unjudged=len(not_judged),
        strict=request.strict,
    )
    if done.trouble and not done.interrupted and verdict is not Verdict.LEAKED:
        verdict = Verdict.ERROR
    return Summary(
        target=request.target,
        defect=request.defect,
        profile=request.profile.name,
        verdict=verdict,
        findings=done.findings,
        accepted=done.accepted,
        lapsed=request.accept.lapsed(),
        exercised=done.exercised,
        compared=done.compared,
        determinism=done.determinism,
        uncontrolled=dict(done.uncontrolled),
        missing=missing,
        replayed=done.replayed,
        trouble=done.trouble,
        services=done.services,
        versions=done.versions,
        seconds=done.seconds,
        growth=done.growth,
        passed_over=done.passed_over,
        sessions=request.sessions,
        strict=request.strict,
        hazards=hazards,
        unjudged=not_judged,
        budgets=vocabulary.budgets,
    )


def _missing(request: RunRequest, vocabulary: Vocabulary, done: Done) -> Iterator[str]:
    yield from done.cut
    yield from done.exercised.missing(vocabulary)
    if Oracle.NONINTERFERENCE in request.only:
        yield from done.compared.missing(vocabulary)
    if done.determinism:
        yield from done.determinism.missing()


def _hazards(request: RunRequest, vocabulary: Vocabulary, done: Done) -> Iterator[Hazard]:
    yield from over_budget(done.exercised, vocabulary)
    yield from bounded_staleness(done.bounded, request.target_class.grace)
    yield from done.hazards
