"""A campaign as it goes on, where nobody can see a live view: a line a minute, and whatever happens at once."""

from io import StringIO
from pathlib import Path

from rich.console import Console
from tests.unit.report.page.pages import read_kept_cases

from isofuzz.cases.store import Finding
from isofuzz.report.finding import title
from isofuzz.report.live import LiveView, in_words
from isofuzz.runs.events import Beat, Kept, LeakSeen, Phase, WorkerLost, Working


def beat(seconds: float) -> Beat:
    working = (Working("12", "search", 5, 300 * 2**20),)
    return Beat(seconds, 3600, 120, None, 4000, 2.5, 80.0, 350, 1, 2, working)


def test_a_line_a_minute() -> None:
    told = StringIO()
    with LiveView(Console(file=told, width=40)) as view:
        view(Phase("sweep"))
        for seconds in (0, 1, 59, 60, 61, 130):
            view(beat(seconds))
        view(WorkerLost("12", "it hung"))
    lines = told.getvalue().splitlines()
    assert lines[0] == "sweep"
    assert [line.split(" · ")[0] for line in lines[1:-1]] == [
        "0 s of 1 h 00 min",
        "1 min 00 s of 1 h 00 min",
        "2 min 10 s of 1 h 00 min",
    ]
    assert "120 programs, 2.5/s · 4000 operations, 80/s · 1 workers, 2 replaced · 350 covered · 1 findings" in lines[1]
    assert lines[-1] == "worker 12 was replaced: it hung"


def test_what_is_found_is_told_at_once() -> None:
    told = StringIO()
    finding = Finding(read_kept_cases()[0], Path("case.json"))
    with LiveView(Console(file=told, width=200)) as view:
        view(LeakSeen(finding))
        view(Kept(finding))
    seen, shrunk = told.getvalue().splitlines()
    assert title(finding.case.violation) in seen
    assert shrunk == f"shrunk to {len(finding.case.program)} steps: {title(finding.case.violation)}"


def test_a_live_view_on_a_terminal() -> None:
    told = StringIO()
    with LiveView(Console(file=told, force_terminal=True, width=120)) as view:
        view(beat(61))
    assert "300 MB" in told.getvalue()
    assert "search" in told.getvalue()


def test_times_in_words() -> None:
    assert [in_words(seconds) for seconds in (8.9, 61, 3900)] == ["8 s", "1 min 01 s", "1 h 05 min"]
