"""What a run concludes, for people and for machines."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isofuzz.cases.case import Case
from isofuzz.history.entries import Outcome
from isofuzz.oracles.verdict import Verdict
from isofuzz.runs.exercised import Exercised


@dataclass(frozen=True)
class Finding:
    """A case and where it is kept."""

    case: Case
    path: Path


@dataclass(frozen=True)
class Summary:
    """A finished run.

    `missing` says what was not exercised; `trouble` why the run ended early, if it did; `seconds` is wall time.
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

    def as_json(self) -> dict[str, Any]:
        """The machine-readable summary; field names are stable."""
        return {
            "format": "isofuzz-summary",
            "version": 1,
            "target": self.target,
            "defect": self.defect,
            "profile": self.profile,
            "verdict": self.verdict.value,
            "exit_code": self.verdict.exit_code,
            "trouble": self.trouble,
            "findings": [_finding(finding) for finding in self.findings],
            "exercised": _counts(self.exercised),
            "missing": list(self.missing),
            "services": self.services,
            "versions": dict(self.versions),
            "seconds": round(self.seconds, 3),
        }


def _finding(finding: Finding) -> dict[str, Any]:
    case = finding.case
    return {
        "fingerprint": case.fingerprint,
        "oracle": case.violation.oracle.value,
        "breach": case.violation.breach.value,
        "explanation": case.explanation,
        "steps": len(case.program),
        "steps_found": case.steps_found,
        "hit_rate": [case.hit_rate.seen, case.hit_rate.runs],
        "cold": case.cold,
        "case": str(finding.path),
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
