"""From what a run did to what it concludes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from isofuzz.oracles.hazard import Hazard
from isofuzz.oracles.verdict import Verdict, conclude
from isofuzz.oracles.violation import Oracle
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.comparing import Comparisons
from isofuzz.runs.database_watch import DatabaseWatch
from isofuzz.runs.determinism import Determinism
from isofuzz.runs.exercised import Exercised
from isofuzz.runs.hazards import bounded_staleness, over_budget, unjudged
from isofuzz.runs.keeper import Keeper
from isofuzz.runs.request import RunRequest
from isofuzz.runs.summary import Summary


@dataclass(frozen=True)
class Done:
    """What a run did.

    `replayed` counts the kept cases; `cut` says what it left out and why; `keeper` and `database`: None if the system
    never was up.
    """

    exercised: Exercised
    compared: Comparisons
    determinism: Determinism | None
    uncontrolled: Mapping[str, int]
    keeper: Keeper | None
    database: DatabaseWatch | None
    replayed: int
    cut: tuple[str, ...]
    trouble: str | None
    interrupted: bool
    services: str
    versions: Mapping[str, str]
    seconds: float


def summarised(request: RunRequest, vocabulary: Vocabulary, done: Done) -> Summary:
    """The summary of a run, with its verdict."""
    findings = tuple(done.keeper.findings.values()) if done.keeper else ()
    missing = tuple(_missing(request, vocabulary, done))
    hazards = tuple(_hazards(request, vocabulary, done))
    not_judged = (*unjudged(done.exercised, vocabulary), *(done.database.unjudged() if done.database else ()))
    verdict = conclude(
        leaks=len(findings),
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
        findings=findings,
        accepted=tuple(done.keeper.accepted.values()) if done.keeper else (),
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
    yield from bounded_staleness(done.keeper.bounded if done.keeper else {}, request.target_class.grace)
    yield from done.database.hazards() if done.database else ()
