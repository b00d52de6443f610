"""`isofuzz run`, with real services."""

import json
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

Isofuzz = Any


def test_an_isolated_target(isofuzz: Isofuzz, folder: Path) -> None:
    done = isofuzz("run", "notes:Notes", "--json", "summary.json", "--html", "page.html", "--seed", "7")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ISOLATED: ")
    assert "embedded (no URL given, no compose file here or above)" in done.stdout
    assert done.stderr.splitlines()[1:] == ["sweep", "find"]
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["verdict"], summary["exit_code"]) == ("isolated", 0)
    page = (folder / "page.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "<h1>ISOLATED</h1>" in page
    assert 'aria-label="0 covered' not in page
    assert "behaviours and meetings of statements in" in page
    assert "not everything was checked" not in (folder / "page.junit.xml").read_text()
    assert (folder / "page.findings.jsonl").read_text() == ""
    assert (folder / "page.summary.md").read_text().startswith("## isofuzz: ISOLATED")
    for written in ("summary.json", "page.html", "page.junit.xml", "page.findings.jsonl", "page.summary.md"):
        assert stat.S_IMODE((folder / written).stat().st_mode) == 0o600


def test_a_leak_is_found_explained_and_replayed(isofuzz: Isofuzz, folder: Path) -> None:
    done = isofuzz("run", "notes.py:Notes", "--defect", "read-all", "--out", "found")

    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("LEAKED: ")
    assert "User B (named 'b') saw text that was not theirs to see" in done.stdout
    assert "→ read(Book 2) · ok · saw ◆" in done.stdout
    (case,) = (folder / "found").glob("*.json")
    assert stat.S_IMODE(case.stat().st_mode) == 0o600

    command = done.stdout.splitlines()[-1].removeprefix("replay  isofuzz ")
    again = isofuzz(*shlex.split(command))
    assert again.returncode == 1, again.stderr
    assert again.stdout == f"STILL LEAKS  found/{case.name}\n  it showed in 1 of 1 runs\n"


def test_the_reference_chat(isofuzz: Isofuzz) -> None:
    done = isofuzz("run", "chat", "--profile", "dev", "--defect", "subscription-outlives-kick", "--json", "-")

    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["findings"][0]["breach"] == "foreign"
    assert "⇠ ◆" in done.stderr


def test_a_hazard_is_told_and_fails_a_strict_run_only(isofuzz: Isofuzz, folder: Path) -> None:
    for options, code, verdict in (([], 0, "ISOLATED: "), (["--strict"], 1, "LEAKED: hazards count as leaks")):
        done = isofuzz("run", "notes:Slow", "--seed", "7", "--json", "summary.json", *options)

        assert done.returncode == code, done.stderr
        assert done.stdout.startswith(verdict)
        assert "\nHAZARDS\n  · read is too slow: p95 of " in done.stdout
        summary = json.loads((folder / "summary.json").read_text())
        assert (summary["exit_code"], summary["strict"], summary["findings"]) == (code, bool(options), [])
        assert [(hazard["kind"], hazard["subject"]) for hazard in summary["hazards"]] == [("over-budget", "read")]
        assert summary["latency"]["read"]["budget_ms"] == 0.0001


def test_many_sessions_at_once(isofuzz: Isofuzz, folder: Path) -> None:
    done = isofuzz("run", "notes:Notes", "--seed", "7", "--sessions", "10", "--json", "summary.json")

    assert done.returncode == 0, done.stdout + done.stderr
    assert " frames, with 10 sessions at once\n" in done.stdout
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["sessions"] == 10
    latency = summary["latency"]["sign_in"]
    assert 0 < latency["p50_ms"] <= latency["p95_ms"] <= latency["max_ms"]


def test_what_was_not_checked_is_named(isofuzz: Isofuzz) -> None:
    done = isofuzz("run", "notes:Broken")

    assert done.returncode == 3, done.stderr
    assert done.stdout.startswith("INCONCLUSIVE: ")
    assert "  · fail never succeeded for an entitled user\n" in done.stdout
    assert "times fail: RuntimeError: always\n" in done.stdout


def test_a_system_that_does_not_start_is_an_error(isofuzz: Isofuzz) -> None:
    done = isofuzz("run", "notes:Down")

    assert done.returncode == 2
    assert done.stdout.startswith("ERROR: ")
    assert "RuntimeError: no port is free" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_an_oracle_that_was_not_asked_reports_nothing(isofuzz: Isofuzz) -> None:
    done = isofuzz("run", "notes:Notes", "--defect", "read-all", "--only", "delivery", "--only", "visibility")

    assert done.returncode == 0, done.stdout


def test_defects_are_listed_for_loops_in_a_shell(isofuzz: Isofuzz) -> None:
    done = isofuzz("run", "notes:Notes", "--list-defects")

    assert (done.returncode, done.stdout, done.stderr) == (0, "read-all\n", "")


def test_defects_are_explained_on_a_terminal(isofuzz: Isofuzz, folder: Path, environment: dict[str, str]) -> None:
    ours, theirs = os.openpty()
    try:
        command = (Path(sys.executable).with_name("isofuzz"), "run", "notes:Notes", "--list-defects")
        subprocess.run(command, cwd=folder, env=environment, stdout=theirs, check=True)
        assert os.read(ours, 1000).decode() == "read-all  Anyone can read every book.\r\n"
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["nowhere"], "there is no pack 'nowhere'"),
        (["nowhere:Chat"], "there is no module 'nowhere'"),
        (["nowhere.py:Chat"], "there is no file nowhere.py"),
        (["notes:Nothing"], "notes has no class 'Nothing'"),
        (["notes:nothing"], "notes:nothing is no subclass of isofuzz.Target"),
        (["notes:Mistaken"], "Mistaken has no operation"),
        (["notes:Notes", "--profile", "huge"], "write one of dev, ci, nightly"),
        (["notes:Notes", "--defect", "none"], "write one of: read-all"),
        (["notes:Notes", "--only", "luck"], "write one of crossing, visibility, delivery"),
        (["notes:Notes", "--json", "no/such/folder.json"], "there is no folder no/such"),
        (["notes:Notes", "--json", "."], "is a folder"),
        (["notes:Notes", "--database-url", "mysql://me:hunter2@localhost/x"], "needs a plain postgresql:// URL"),
        (["notes:Notes", "--database-url", "postgresql://me:hunter2@db.example/x"], "--allow-host db.example"),
        (["notes:Notes", "--seed", "many"], "--seed"),
        (["notes:Notes", "--sessions", "1"], "write a number from 2 to 64, or leave it out"),
        (["notes:Hasty"], "Hasty.read: budget_ms=0 is no limit; write milliseconds above 0"),
        ([], "TARGET"),
    ],
)
def test_a_mistake_is_answered_with_advice(isofuzz: Isofuzz, arguments: list[str], advice: str) -> None:
    done = isofuzz("run", *arguments)

    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert advice in said
    assert "Traceback" not in said
    assert "hunter2" not in said


def test_a_traceback_comes_only_if_asked_for(isofuzz: Isofuzz) -> None:
    done = isofuzz("run", "nowhere", "--traceback")

    assert done.returncode == 2
    assert done.stderr.startswith("Traceback")
    assert done.stderr.splitlines()[-1].startswith("isofuzz: there is no pack 'nowhere'")


def test_a_link_is_written_through_and_stays_a_link(isofuzz: Isofuzz, folder: Path) -> None:
    """As /dev/stdout is one, or a device: another file in its place would be a loss to the whole machine."""
    (folder / "link.json").symlink_to("real.json")

    isofuzz("run", "notes:Notes", "--seed", "7", "--json", "link.json")

    assert (folder / "link.json").is_symlink()
    assert json.loads((folder / "real.json").read_text())["verdict"] == "isolated"


def test_a_pipe_is_written_to_and_stays_a_pipe(isofuzz: Isofuzz, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    reader = os.open(folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        isofuzz("run", "notes:Notes", "--seed", "7", "--json", "pipe")
        told = os.read(reader, 65536)
    finally:
        os.close(reader)

    assert (folder / "pipe").is_fifo()
    assert json.loads(told)["verdict"] == "isolated"
