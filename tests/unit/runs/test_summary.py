"""The summary for machines: its fields are a promise."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

from isofuzz.cases.case import Case, HitRate
from isofuzz.cases.store import Finding
from isofuzz.history.entries import Outcome
from isofuzz.history.relations import Relation
from isofuzz.oracles.hazard import Hazard, HazardKind
from isofuzz.oracles.verdict import Verdict
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.faults import FaultKind
from isofuzz.program.steps import Call, Program, Ref
from isofuzz.runs.accepting import Acceptance, AcceptedFinding
from isofuzz.runs.comparing import Comparisons
from isofuzz.runs.exercised import Cell, Exercised
from isofuzz.runs.summary import Summary

VIOLATION = Violation(Oracle.CROSSING, Breach.FOREIGN, 3, Ref(0), "Room", "history", "post", "Body")
CASE = Case(
    target="chat",
    defect="rust",
    violation=VIOLATION,
    explanation="B saw what is A's.",
    program=Program.serial(Call(0, "history"), Call(1, "history")),
    history=(),
    found="2026-01-02T03:04:05+00:00",
    services="Postgres",
    steps_found=9,
    found_by="a random walk",
    hit_rate=HitRate(7, 8),
    cold=None,
)


def summary(*findings: Finding) -> Summary:
    exercised = Exercised(programs=2, operations=5, skipped=1, frames=3, took_turns=2, moves=9, waited=1)
    exercised.decided["a random walk"] = 1
    exercised.faults[FaultKind.CANCEL] = 1
    exercised.outcomes.update({("post", Outcome.REFUSED): 1, ("history", Outcome.OK): 3, ("post", Outcome.OK): 1})
    exercised.delivered["Feed"] = 4
    exercised.cells[Cell("post", "room", Relation.FOREIGN)] = 1
    exercised.cells[Cell("history", "room", Relation.NEVER)] = 2
    for _ in range(20):
        exercised.latency["post"].add(0.0016)
    exercised.latency["history"].add(0.25)
    exercised.unexpected.update({("post", "TimeoutError: "): 1, ("history", "KeyError: 1"): 2})
    return Summary(
        target="chat",
        defect="rust",
        profile="ci",
        verdict=Verdict.LEAKED,
        findings=findings,
        exercised=exercised,
        compared=Comparisons(programs=1, users=2, executions=5, seconds=0.25, left_out=Counter({"post": 3})),
        missing=("edit was never tried",),
        trouble=None,
        services="Postgres 18, embedded",
        versions={"postgres": "18"},
        seconds=1.23456,
        sessions=10,
        strict=True,
        uncontrolled={"a thread": 2},
        replayed=3,
        hazards=(Hazard(HazardKind.OVER_BUDGET, "post", "post is too slow"),),
        unjudged=("budget of history not judged",),
        budgets={"post": 1.5},
    )


def test_every_field_of_it() -> None:
    assert summary(Finding(CASE, Path("cases/a.json"))).as_json() == {
        "format": "isofuzz-summary",
        "version": 1,
        "target": "chat",
        "defect": "rust",
        "profile": "ci",
        "sessions": 10,
        "strict": True,
        "verdict": "leaked",
        "exit_code": 1,
        "trouble": None,
        "findings": [
            {
                "fingerprint": "crossing:foreign:Room:history:post:Body",
                "oracle": "crossing",
                "breach": "foreign",
                "explanation": "B saw what is A's.",
                "steps": 2,
                "steps_found": 9,
                "found_by": "a random walk",
                "shrunk": None,
                "hit_rate": [7, 8],
                "cold": None,
                "case": "cases/a.json",
            }
        ],
        "accepted": [],
        "lapsed": [],
        "hazards": [{"kind": "over-budget", "subject": "post", "sentence": "post is too slow"}],
        "unjudged": ["budget of history not judged"],
        "replayed": 3,
        "exercised": {
            "programs": 2,
            "operations": 5,
            "skipped": 1,
            "frames": 3,
            "took_turns": 2,
            "moves": 9,
            "waited": 1,
            "decided": {"a random walk": 1},
            "faults": {"cancel": 1},
            "outcomes": {
                "history": {"ok": 3, "refused": 0, "info": 0},
                "post": {"ok": 1, "refused": 1, "info": 0},
            },
            "delivered": {"Feed": 4},
            "cells": [
                {"operation": "history", "parameter": "room", "relation": "never issued", "count": 2},
                {"operation": "post", "parameter": "room", "relation": "foreign", "count": 1},
            ],
            "unexpected": [
                {"operation": "history", "error": "KeyError: 1", "count": 2},
                {"operation": "post", "error": "TimeoutError: ", "count": 1},
            ],
        },
        "compared": {"programs": 1, "users": 2, "executions": 5, "seconds": 0.25, "left_out": {"post": 3}},
        "uncontrolled": {"a thread": 2},
        "determinism": None,
        "latency": {
            "history": {"count": 1, "p50_ms": 247.766, "p95_ms": 247.766, "max_ms": 250.0, "budget_ms": None},
            "post": {"count": 20, "p50_ms": 1.596, "p95_ms": 1.596, "max_ms": 1.6, "budget_ms": 1.5},
        },
        "missing": ["edit was never tried"],
        "services": "Postgres 18, embedded",
        "versions": {"postgres": "18"},
        "seconds": 1.235,
    }


def test_it_is_json() -> None:
    document = summary(Finding(CASE, Path("a.json"))).as_json()
    assert json.loads(json.dumps(document)) == document


def test_what_is_accepted_is_told_with_its_reason_and_its_date() -> None:
    known = Acceptance(CASE.fingerprint, "known", date(2027, 1, 31))
    accepted = replace(summary(), accepted=(AcceptedFinding(Finding(CASE, Path("a.json")), known),), lapsed=(known,))
    document = accepted.as_json()
    entry = {"fingerprint": CASE.fingerprint, "reason": "known", "until": "2027-01-31"}
    assert (document["accepted"], document["lapsed"]) == ([{**entry, "case": "a.json"}], [entry])
    assert document["findings"] == []


def test_without_findings_the_list_is_empty() -> None:
    assert summary().as_json()["findings"] == []
