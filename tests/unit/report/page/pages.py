"""A page of kept cases of the reference chat, with texts in it that would run if they could."""

from dataclasses import replace
from pathlib import Path

from isofuzz.cases.case import Case
from isofuzz.cases.store import Finding, case_files, read_case
from isofuzz.history.entries import Completion, Outcome
from isofuzz.oracles.verdict import Verdict
from isofuzz.report.page.contents import Contents, Note, Shown, State, Timing
from isofuzz.runs.coverage import Point
from isofuzz.runs.exercised import Reached
from isofuzz.target.signatures import read_signatures
from isofuzz_packs.chat import Chat

CASES = Path(__file__).parents[3] / "replay" / "cases"
EVIL = "</style></script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> ' \u202e"


def read_kept_cases() -> list[Case]:
    """The kept cases of the chat."""
    return [read_case(path) for path in case_files(CASES)]


def hostile_contents() -> Contents:
    """A campaign with some findings, of which the first has hostile texts wherever the system may put them."""
    first, *others = read_kept_cases()
    evil = replace(
        first,
        shrunk=True,
        explanation=f"{first.explanation} {EVIL}",
        history=tuple(
            replace(entry, text=f"{entry.text} {EVIL}") if isinstance(entry, Completion) else entry
            for entry in first.history
        ),
    )
    return Contents(
        target=f"chat {EVIL}",
        defect="search-unfiltered",
        verdict=Verdict.LEAKED,
        headline="isolation is broken",
        vocabulary=read_signatures(Chat).vocabulary,
        facts=(("programs", "196"), ("services", EVIL)),
        reached={
            Reached("post", "own", Outcome.OK): 1200,
            Reached("post", "foreign", Outcome.REFUSED): 7,
            Reached("sign_in", "", Outcome.OK): 30,
        },
        missing=(f"kick was never tried {EVIL}",),
        growth=(Point(0, 0, 0), Point(10, 20, 80), Point(30, 60, 100)),
        outlook="The chance that the next program shows something new is at most 1 in 50.",
        timings=(Timing("post", 1200, 4.25, 12.5, 300, budget_ms=10), Timing("search", 3, 1, 2, 3)),
        findings=(
            Shown(Finding(evil, Path("cases/it's evil.json")), State.NEW, "2026-01-02", "2026-01-03"),
            Shown(Finding(others[0], Path("cases/gone.json")), State.GONE, "2026-01-01", "2026-01-01"),
            *(Shown(Finding(case, Path("cases/more.json"), unkept="no room")) for case in others[1:3]),
        ),
        notes=(Note("Hazards", (f"a role bypasses row security {EVIL}",)),),
    )
