"""What is printed of a finished run, compared whole as text."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from isofuzz.cases.case import HitRate
from isofuzz.cases.store import Finding
from isofuzz.history.entries import Outcome
from isofuzz.history.relations import Relation
from isofuzz.oracles.hazard import Hazard, HazardKind
from isofuzz.oracles.verdict import Verdict
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.faults import FaultKind
from isofuzz.program.steps import Ref
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.as_text import finding_text, summary_text
from isofuzz.report.terminal import print_summary
from isofuzz.runs.exercised import Cell, Exercised
from isofuzz.runs.summary import Summary


@pytest.fixture
def small(vocabulary: Vocabulary) -> Vocabulary:
    """The common vocabulary, with a few of its operations."""
    kept = ("sign_up", "post", "history")
    return Vocabulary(vocabulary.things, vocabulary.secrets, tuple(map(vocabulary.operation, kept)))


def a_summary(verdict: Verdict, **fields: Any) -> Summary:
    return Summary(
        **{
            "target": "chat",
            "defect": None,
            "profile": "dev",
            "verdict": verdict,
            "findings": (),
            "exercised": Exercised(),
            "missing": (),
            "trouble": None,
            "services": "Postgres 18, embedded",
            "versions": {},
            "seconds": 12.34,
        }
        | fields
    )


def printed(summary: Summary, vocabulary: Vocabulary, *, terminal: bool = False, width: int = 100) -> str:
    out = io.StringIO()
    print_summary(Console(file=out, width=width, force_terminal=terminal), summary, vocabulary)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def some_exercise() -> Exercised:
    done = Exercised(programs=3, operations=17, skipped=2, frames=5)
    done.outcomes.update({("sign_up", Outcome.OK): 6, ("post", Outcome.OK): 4, ("post", Outcome.REFUSED): 2})
    done.outcomes.update({("history", Outcome.OK): 4, ("history", Outcome.INFO): 1})
    done.cells.update({Cell("post", "room", Relation.OWN): 4, Cell("post", "room", Relation.FOREIGN): 2})
    done.delivered.update({"Feed": 9})
    done.latency["sign_up"].add(0.012)
    for seconds in (0.0005, 0.0005, 0.0005, 0.154):
        done.latency["post"].add(seconds)
    done.unexpected.update({("history", "TimeoutError: \x1b[31mafter 10 s"): 1})
    return done


def test_isolated(small: Vocabulary) -> None:
    assert (
        printed(a_summary(Verdict.ISOLATED, exercised=some_exercise()), small)
        == """\
ISOLATED: nothing crossed a boundary, and everyone still got their own
chat, profile dev, 12.3 s
services: Postgres 18, embedded

Exercised: 3 programs, 17 operations (2 more skipped), 5 frames

                                                 never   p50   p95
operation  ok  refused  ?  own  foreign  ended  issued    ms    ms
──────────────────────────────────────────────────────────────────
sign_up     6        0  0    ·        ·      ·       ·  11.9  11.9
post        4        2  0    4        2      ·       0  0.50   154
history     4        0  1    0        0      ·       0     ·     ·

events that had to arrive and did: Feed 9

Ended unexpectedly:
  1 times history: TimeoutError: \\x1b[31mafter 10 s
"""
    )


def test_the_table_of_a_long_run_fits_a_narrow_terminal(small: Vocabulary) -> None:
    exercised = Exercised(programs=20_000)
    operations = tuple(replace(each, name=f"{each.name}_of_the_customer") for each in small.operations)
    for operation in operations:
        exercised.outcomes.update({(operation.name, outcome): 123_456 for outcome in Outcome})
        exercised.latency[operation.name].add(10.3)
    vocabulary = replace(small, operations=operations)

    lines = printed(a_summary(Verdict.ISOLATED, exercised=exercised), vocabulary, width=80).splitlines()

    assert max(map(len, lines)) <= 80
    assert sum(line.count("123456") for line in lines) == 9, "no figure is cut or folded"
    told = "".join(line.split()[0] for line in lines[8:] if line)
    assert all(operation.name in told for operation in operations), "a name is folded and never cut"


def test_many_sessions_are_told_where_the_figures_are(small: Vocabulary) -> None:
    shown = printed(a_summary(Verdict.ISOLATED, exercised=some_exercise(), sessions=10), small)
    assert "5 frames, with 10 sessions at once\n" in shown


@pytest.mark.parametrize(
    ("restarts", "told"),
    [
        (True, "went wrong on purpose: cancel 2, restart 1\n"),
        (False, "went wrong on purpose: cancel 2; the target does not say how to restart the system\n"),
    ],
)
def test_what_went_wrong_on_purpose_and_what_could_not(small: Vocabulary, restarts: bool, told: str) -> None:
    done = some_exercise()
    done.faults.update([FaultKind.CANCEL] * 2 + [FaultKind.RESTART] * restarts)
    assert told in printed(a_summary(Verdict.ISOLATED, exercised=done), replace(small, restarts=restarts))


TOO_SLOW = Hazard(HazardKind.OVER_BUDGET, "post", "post is too slow: p95 of 41 calls was 16.2 ms")


def test_hazards_come_under_a_verdict_that_they_do_not_touch(small: Vocabulary) -> None:
    summary = a_summary(Verdict.ISOLATED, hazards=(TOO_SLOW,), unjudged=("budget of edit (5 ms) not judged",))

    assert (
        printed(summary, small)
        == """\
ISOLATED: nothing crossed a boundary, and everyone still got their own
chat, profile dev, 12.3 s
services: Postgres 18, embedded

HAZARDS
  · post is too slow: p95 of 41 calls was 16.2 ms

Not judged:
  · budget of edit (5 ms) not judged"""
    )


def test_hazards_of_a_strict_run_are_its_leaks(small: Vocabulary) -> None:
    summary = a_summary(Verdict.LEAKED, hazards=(TOO_SLOW,), strict=True, missing=("edit was never tried",))

    assert (
        printed(summary, small)
        == """\
LEAKED: hazards count as leaks, for the run is strict
chat, profile dev, 12.3 s
services: Postgres 18, embedded

HAZARDS
  · post is too slow: p95 of 41 calls was 16.2 ms

Not exercised:
  · edit was never tried"""
    )


def test_inconclusive_says_first_why(small: Vocabulary) -> None:
    missing = ("history never showed any Body", "post was never tried with a foreign room")

    shown = printed(a_summary(Verdict.INCONCLUSIVE, missing=missing, exercised=some_exercise()), small)

    assert shown.startswith(
        """\
INCONCLUSIVE: no leak was seen, but not everything was checked
chat, profile dev, 12.3 s
services: Postgres 18, embedded

Not exercised:
  · history never showed any Body
  · post was never tried with a foreign room

Exercised: 3 programs"""
    )


def test_an_error_is_told_and_nothing_is_claimed(small: Vocabulary) -> None:
    summary = a_summary(Verdict.ERROR, trouble="the system died\nlast line of \x1b[2Jits log", missing=("post",))

    assert (
        printed(summary, small)
        == """\
ERROR: the run failed, so nothing can be said about isolation
chat, profile dev, 12.3 s
services: Postgres 18, embedded

the system died
last line of \\x1b[2Jits log"""
    )


@pytest.fixture
def leaked(story: Any, case_of: Any) -> Summary:
    ada, bob = story.sign_up("ada"), story.sign_up("[red]bob[/red]")
    room = ada.does("new_room").made()
    bob.does("history", room=room, seen=[ada.does("post", room=room).text])
    finding = Finding(case_of(), Path("cases/a b.json"))
    return a_summary(Verdict.LEAKED, defect="history-for-all", findings=(finding,), missing=("one", "two"))


FINDING = """\
history showed a user a Body of someone else, written by post
crossing:foreign:Room:history:post:Body

User B (named '[red]bob[/red]') saw text that was not theirs to see: step 5 `history` by user B
returned the Body that user A (named 'ada') wrote in step 4 (`post`) into A's Room (step 3). B was
never given access to that Room. B was then entitled to no Body.

     A · 'ada'                 B · '[red]bob[/red]'
   1 → sign_up('ada') · ok
   2                           → sign_up('[red]bob[/red]') · ok
   3 → new_room() · ok
 ◆ 4 → post(Room 3, '◆') · ok
 ✗ 5                           → history(Room 3) · ok · saw ◆
◆ the text in question   ◇n the text of step n   ✗ what is wrong

steps   5 (found with 42); each was tried away, and it takes them all
leaks   in 2 of 2 runs from reset; confirmed by a fresh process on a fresh database
case    cases/a b.json
replay  isofuzz replay 'cases/a b.json'"""

VERDICT = """\
LEAKED: isolation is broken
chat with the planted defect history-for-all, profile dev, 12.3 s
services: Postgres 18, embedded

Not exercised, for the run ended with what it found: 2 of what the target offers
"""


def test_leaked(leaked: Summary, vocabulary: Vocabulary) -> None:
    rule = "FINDING 1 OF 1 " + "─" * 85
    assert printed(leaked, vocabulary) == f"{VERDICT}{rule}\n{FINDING}"


def test_as_plain_text_for_test_failures(leaked: Summary, vocabulary: Vocabulary) -> None:
    (finding,) = leaked.findings

    assert finding_text(finding, vocabulary) == FINDING
    assert summary_text(leaked, vocabulary) == f"{VERDICT}\n{FINDING}"


def test_a_finding_that_could_not_be_kept_says_so_and_offers_no_replay(leaked: Summary, vocabulary: Vocabulary) -> None:
    (finding,) = leaked.findings
    told = finding_text(
        replace(finding, unkept="it could not be written to a.json: No space left on device"), vocabulary
    )

    assert told.endswith("\ncase    NOT KEPT: it could not be written to a.json: No space left on device")
    assert "isofuzz replay" not in told


def test_a_terminal_gets_colours_and_no_other_escapes(leaked: Summary, vocabulary: Vocabulary) -> None:
    shown = printed(leaked, vocabulary, terminal=True)

    assert "\x1b[1;31mLEAKED" in shown
    assert "[red]bob[/red]" in shown


@pytest.mark.parametrize(
    ("shrunk", "found", "words"),
    [
        (True, 42, "1 (found with 42); each was tried away, and it takes them all"),
        (False, 42, "1 (found with 42); NOT each was tried away, for the time to shrink was up"),
        (None, 42, "1 (found with 42); not each was tried away"),
        (None, 1, "1 (found with 1); not shrunk"),
    ],
)
def test_whether_it_takes_every_step_is_said(
    story: Any, case_of: Any, vocabulary: Vocabulary, shrunk: bool | None, found: int, words: str
) -> None:
    story.sign_up("ada")
    leak = Violation(Oracle.VISIBILITY, Breach.MISSING, 1, Ref(1), "Room", "overview")
    case = case_of(violation=leak, shrunk=shrunk, steps_found=found)
    assert f"\nsteps   {words}\n" in finding_text(Finding(case, Path("case.json")), vocabulary)


def test_how_often_it_leaks_is_said(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    story.sign_up("ada").does("overview", seen=[-1])
    told = finding_text(Finding(case_of(hit_rate=HitRate(7, 20)), Path("case.json")), vocabulary)
    assert "\nleaks   in 7 of 20 runs from reset; " in told


@pytest.mark.parametrize(
    ("cold", "words"),
    [
        (None, "no fresh process has told whether it shows there"),
        (False, "NOT shown again by a fresh process on a fresh database"),
    ],
)
def test_what_was_not_confirmed_is_said(
    story: Any, case_of: Any, vocabulary: Vocabulary, cold: bool | None, words: str
) -> None:
    story.sign_up("ada").does("overview", seen=[-1])

    assert words in finding_text(Finding(case_of(cold=cold), Path("case.json")), vocabulary)
