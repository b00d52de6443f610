"""What a run concludes, for people and for machines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from isofuzz.cases.store import Finding
from isofuzz.history.entries import Outcome
from isofuzz.oracles.hazard import Hazard
from isofuzz.oracles.verdict import Verdict
from isofuzz.runs.accepting import Acceptance, AcceptedFinding
from isofuzz.runs.comparing import Comparisons
from isofuzz.runs.coverage import Point
from isofuzz.runs.determinism import Determinism
from isofuzz.runs.exercised import Exercised


@dataclass(frozen=True)
class Summary:
    """A finished run.

    `replayed` is how many kept cases were executed first; `missing` says what was not exercised; `trouble` why the run
    ended early, if it did; `seconds` is wall time.
    `accepted` are findings that were seen and do not count, `lapsed` what was accepted until a day that is over.
    `hazards` are what is amiss and no leak, unless the run is `strict`; `unjudged` says of what that is unknown;
    `sessions` how many were to act at once, if that was asked for; `budgets` are those of the operations that have
    one; `compared` counts what noninterference has looked at. `uncontrolled`: why steps that took turns may do
    otherwise the next time, each reason with how often it came up, and with 0 if it goes for the whole run. `growth` is
    how coverage grew; `passed_over` are the fingerprints of what was seen and was said to be known.
    """

    target: str
    defect: str | None
    profile: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    exercised: Exercised
    missing: tuple[str, ...]
    trouble: str | None
    services: str
    versions: Mapping[str, str]
    seconds: float
    accepted: tuple[AcceptedFinding, ...] = ()
    lapsed: tuple[Acceptance, ...] = ()
    sessions: int | None = None
    strict: bool = False
    hazards: tuple[Hazard, ...] = ()
    unjudged: tuple[str, ...] = ()
    budgets: Mapping[str, float] = field(default_factory=dict)
    compared: Comparisons = field(default_factory=Comparisons)
    determinism: Determinism | None = None
    replayed: int = 0
    uncontrolled: Mapping[str, int] = field(default_factory=dict)
    growth: tuple[Point, ...] = ()
    passed_over: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The machine-readable summary; field names are stable."""
        return {
            "format": "isofuzz-summary",
            "version": 1,
            "target": self.target,
            "defect": self.defect,
            "profile": self.profile,
            "sessions": self.sessions,
            "strict": self.strict,
            "verdict": self.verdict.value,
            "exit_code": self.verdict.exit_code,
            "trouble": self.trouble,
            "findings": [finding_as_json(finding) for finding in self.findings],
            "accepted": [_accepted(accepted) for accepted in self.accepted],
            "lapsed": [_acceptance(acceptance) for acceptance in self.lapsed],
            "hazards": [_hazard(hazard) for hazard in self.hazards],
            "unjudged": list(self.unjudged),
            "replayed": self.replayed,
            "exercised": _counts(self.exercised),
            "compared": _compared(self.compared),
            "uncontrolled": dict(self.uncontrolled),
            "determinism": self.determinism and _determinism(self.determinism),
            "latency": {name: self._latency(name) for name in sorted(self.exercised.latency)},
            "missing": list(self.missing),
            "services": self.services,
            "versions": dict(self.versions),
            "seconds": round(self.seconds, 3),
        }

    def _latency(self, operation: str) -> dict[str, Any]:
        latency = self.exercised.latency[operation]
        return {
            "count": latency.count,
            "p50_ms": round(latency.percentile_ms(50), 3),
            "p95_ms": round(latency.percentile_ms(95), 3),
            "max_ms": round(latency.max_ms, 3),
            "budget_ms": self.budgets.get(operation),
        }


def _hazard(hazard: Hazard) -> dict[str, Any]:
    return {"kind": hazard.kind.value, "subject": hazard.subject, "sentence": hazard.sentence}


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """What a program wants to know of a finding; field names are stable."""
    case = finding.case
    return {
        "fingerprint": case.fingerprint,
        "oracle": case.violation.oracle.value,
        "breach": case.violation.breach.value,
        "explanation": case.explanation,
        "steps": len(case.program),
        "steps_found": case.steps_found,
        "found_by": case.found_by,
        "shrunk": case.shrunk,
        "hit_rate": [case.hit_rate.seen, case.hit_rate.runs],
        "cold": case.cold,
        "case": _case(finding),
    }


def _accepted(accepted: AcceptedFinding) -> dict[str, Any]:
    return {**_acceptance(accepted.acceptance), "case": _case(accepted.finding)}


def _acceptance(acceptance: Acceptance) -> dict[str, Any]:
    return {
        "fingerprint": acceptance.fingerprint,
        "reason": acceptance.reason,
        "until": acceptance.until.isoformat(),
    }


def _case(finding: Finding) -> str | None:
    return None if finding.unkept else str(finding.path)


def _compared(compared: Comparisons) -> dict[str, Any]:
    return {
        "programs": compared.programs,
        "users": compared.users,
        "executions": compared.executions,
        "seconds": round(compared.seconds, 3),
        "left_out": dict(sorted(compared.left_out.items())),
    }


def _determinism(determinism: Determinism) -> dict[str, Any]:
    return {
        "programs": determinism.programs,
        "uncontrolled_programs": determinism.uncontrolled_programs,
        "uncontrolled": dict(determinism.uncontrolled.most_common()),
        "succeeded": determinism.succeeded,
        "took_turns": determinism.took_turns,
        "moves": determinism.moves,
        "blocked": determinism.blocked,
        "held": determinism.held,
        "differences": determinism.differences,
    }


def _counts(exercised: Exercised) -> dict[str, Any]:
    outcomes: dict[str, dict[str, int]] = {}
    for (operation, outcome), count in sorted(exercised.outcomes.items()):
        outcomes.setdefault(operation, {each.value: 0 for each in Outcome})[outcome.value] = count
    return {
        "programs": exercised.programs,
        "operations": exercised.operations,
        "skipped": exercised.skipped,
        "frames": exercised.frames,
        "took_turns": exercised.took_turns,
        "moves": exercised.moves,
        "waited": exercised.waited,
        "decided": dict(exercised.decided.most_common()),
        "faults": {kind.value: count for kind, count in sorted(exercised.faults.items())},
        "outcomes": outcomes,
        "delivered": dict(sorted(exercised.delivered.items())),
        "cells": [
            {"operation": cell.operation, "parameter": cell.parameter, "relation": cell.relation, "count": count}
            for cell, count in sorted(exercised.cells.items())
        ],
        "unexpected": [
            {"operation": operation, "error": text, "count": count}
            for (operation, text), count in exercised.unexpected.most_common()
        ],
    }
