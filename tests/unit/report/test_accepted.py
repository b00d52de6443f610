"""What is accepted is told, with its reason and its date."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from isofuzz.cases.store import Finding
from isofuzz.oracles.verdict import Verdict
from isofuzz.report.as_text import summary_text
from isofuzz.runs.accepting import Acceptance, AcceptedFinding
from isofuzz.runs.exercised import Exercised
from isofuzz.runs.summary import Summary

UNTIL = date(2027, 1, 31)


def told(verdict: Verdict, vocabulary: Any, **fields: Any) -> str:
    known: dict[str, Any] = {"target": "chat", "defect": None, "profile": "dev", "seconds": 1.0, "trouble": None}
    on: dict[str, Any] = {"services": "Postgres 18", "versions": {}, "exercised": Exercised(), "missing": ()}
    return summary_text(Summary(**known, **on, verdict=verdict, findings=(), **fields), vocabulary)


@pytest.fixture
def finding(story: Any, case_of: Any) -> Finding:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    bob.does("history", room=room, seen=[ada.does("post", room=room).text])
    return Finding(case_of(), Path("cases/a b.json"))


def test_an_accepted_finding_is_told_below_the_verdict(finding: Finding, vocabulary: Any) -> None:
    acceptance = Acceptance(finding.case.fingerprint, "until \x1b[2Jthe rewrite", UNTIL)

    said = told(Verdict.ISOLATED, vocabulary, accepted=(AcceptedFinding(finding, acceptance),))

    assert (
        said
        == """\
ISOLATED: nothing crossed a boundary, and everyone still got their own, apart from what is accepted
chat, profile dev, 1.0 s
services: Postgres 18
ACCEPTED until 2027-01-31: until \\x1b[2Jthe rewrite
  history showed a user a Body of someone else, written by post
  crossing:foreign:Room:history:post:Body
  case    cases/a b.json"""
    )


def test_what_was_said_to_be_known_is_told_below_the_verdict(vocabulary: Any) -> None:
    said = told(Verdict.ISOLATED, vocabulary, passed_over=("crossing:foreign",)).splitlines()
    assert said[0].endswith("everyone still got their own, apart from what is known")
    assert said[3] == "known, and seen again: crossing:foreign"


def test_a_case_that_could_not_be_kept_is_told_as_such(finding: Finding, vocabulary: Any) -> None:
    unkept = AcceptedFinding(
        Finding(finding.case, finding.path, unkept="the disk is full"), Acceptance("x:y", "z", UNTIL)
    )

    assert "  case    NOT KEPT: the disk is full" in told(Verdict.ISOLATED, vocabulary, accepted=(unkept,))


def test_what_is_accepted_no_longer_is_told_and_changes_no_words(vocabulary: Any) -> None:
    said = told(Verdict.ISOLATED, vocabulary, lapsed=(Acceptance("crossing:foreign", "the rewrite", UNTIL),))

    assert said.startswith("ISOLATED: nothing crossed a boundary, and everyone still got their own\n")
    assert "NO LONGER ACCEPTED, for 2027-01-31 is over: the rewrite (crossing:foreign)" in said
