"""What a run tells while it goes on."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from isofuzz.cases.store import Finding
from isofuzz.report.progress import ProgressReporter
from isofuzz.runs.events import Event, Kept, LeakSeen, Phase, Progress, Replaying, Shrinking, Started


@pytest.fixture
def events(story: Any, case_of: Any) -> list[Event]:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    bob.does("overview", seen=[ada.does("post", room=ada.does("new_room").made()).text])
    finding = Finding(case_of(), Path("cases/x.json"))
    return [
        Started("chat", "leaky", "dev", "Postgres 18, \x1b[2Jembedded"),
        Phase("sweep"),
        Progress(programs=12, operations=340, seconds=2.0, findings=0),
        LeakSeen(finding),
        Phase("shrink"),
        Shrinking(executions=23, steps=7, steps_found=42),
        Phase("confirm"),
        Kept(finding),
    ]


def test_where_nobody_watches_there_is_one_line_for_each_phase_and_leak(events: list[Event]) -> None:
    out = io.StringIO()
    with ProgressReporter(Console(file=out, width=60)) as progress:
        for event in events:
            progress(event)

    assert out.getvalue().splitlines() == [
        "chat with leaky is up on Postgres 18, \\x1b[2Jembedded",
        "sweep",
        "overview showed a user a Body of someone else, written by post: cases/x.json",
        "shrink",
        "confirm",
    ]


@pytest.mark.parametrize(
    ("count", "line"),
    [
        (3, "sweep  12 programs · 340 operations · 170 operations/s · 0 findings"),
        (6, "shrink  42 → 7 steps, 23 executions"),
    ],
)
def test_a_terminal_shows_what_is_going_on(events: list[Event], count: int, line: str) -> None:
    out = io.StringIO()
    with ProgressReporter(Console(file=out, width=100, force_terminal=True, color_system=None)) as progress:
        for event in events[:count]:
            progress(event)

    assert line in out.getvalue()
    assert out.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")  # the cursor is back, and the line is gone


def test_replaying_says_which_case_and_which_run_and_makes_way_for_what_came_of_it(tmp_path: Path) -> None:
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=True, color_system=None)
    with ProgressReporter(console) as progress:
        progress(Replaying(tmp_path / "a\x1b[2J.json", number=2, of=26, runs=3, most=100))
        with progress.aside():
            told = out.getvalue()
            console.print("STILL LEAKS")
        progress(Replaying(tmp_path / "b.json", number=3, of=26, runs=100, most=100))

    assert "case 2 of 26  a\\x1b[2J.json, run 4 of 100" in told
    assert told.endswith("\x1b[?25h\r\x1b[1A\x1b[2K")  # the line is gone while something else is printed
    assert "case 3 of 26  b.json, run 100 of 100" in out.getvalue()
    assert out.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")
