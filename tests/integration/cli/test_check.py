"""`isofuzz check`, with real services."""

import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

Isofuzz = Any
Started = Any

LEAKY = """
from notes import Book, Me, Notes, Text

class Leaky(Notes):
    def _own(self, me: Me, book: Book) -> list[Text]:
        return super()._own(Me(self.books[book.id][0] if book.id in self.books else me.who), book)
"""


def test_a_target_that_is_able(isofuzz: Isofuzz, folder: Path) -> None:
    done = isofuzz("check", "notes:Notes")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("ABLE TO SEE LEAKS: ")
    assert "embedded" in done.stdout
    assert "✓ PASS            replies      2 swapped between two users, 2 reported: read 2 of 2\n" in done.stdout
    assert done.stderr.splitlines()[1:] == ["sweep", "determinism", "sabotage"]
    assert not list(folder.glob("**/*.json"))


def test_a_target_that_is_not_able(isofuzz: Isofuzz) -> None:
    done = isofuzz("check", "notes:Broken")

    assert done.returncode == 3, done.stderr
    assert done.stdout.startswith("NOT ABLE TO SEE ALL LEAKS: ")
    assert "  · fail never succeeded for an entitled user\n" in done.stdout
    assert "times fail: RuntimeError: always\n" in done.stdout
    assert "What to do:\n  1. " in done.stdout


def test_a_leak_is_kept_where_it_is_told(isofuzz: Isofuzz, folder: Path) -> None:
    (folder / "leaky.py").write_text(LEAKY)
    done = isofuzz("check", "leaky:Leaky", "--out", "seen")

    assert done.returncode == 3, done.stderr
    [case] = (folder / "seen").glob("*crossing*.json")
    assert f"  · read showed a user a Text of someone else, written by write: seen/{case.name}\n" in done.stdout
    assert f"seen/{case.name}" in done.stderr
    assert "isofuzz run leaky:Leaky" in done.stdout
    assert isofuzz("replay", f"seen/{case.name}").returncode == 1


def test_the_target_of_the_project(isofuzz: Isofuzz, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.isofuzz]\ntarget = "notes:Mistaken"\n')
    done = isofuzz("check")

    assert done.returncode == 2
    assert "Mistaken has no operation" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["notes:Down"], "RuntimeError: no port is free"),
        (["nowhere"], "there is no pack 'nowhere'"),
        (["notes:Mistaken"], "Mistaken has no operation"),
        (["notes:Notes", "--database-url", "postgresql://me:hunter2@db.example/x"], "--allow-host db.example"),
        (["notes:Notes", "--out", "notes.py"], "name another folder with --out"),
        ([], "TARGET"),
    ],
)
def test_an_error_is_told_with_advice(isofuzz: Isofuzz, arguments: list[str], told: str) -> None:
    done = isofuzz("check", *arguments)

    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert told in said
    assert "Traceback" not in said
    assert "hunter2" not in said


def test_a_traceback_comes_only_if_asked_for(isofuzz: Isofuzz) -> None:
    assert "Traceback" in isofuzz("check", "nowhere", "--traceback").stderr


@pytest.mark.parametrize(("signum", "target"), [(signal.SIGINT, "chat"), (signal.SIGTERM, "notes:Stuck")])
def test_an_interruption_leaves_nothing(started: Started, signum: signal.Signals, target: str) -> None:
    process = started("check", target, until="sweep")
    helpers = psutil.Process(process.pid).children(recursive=True)
    assert helpers

    process.send_signal(signum)
    stdout, stderr = process.communicate(timeout=30)

    assert process.returncode == 130, stderr
    assert stdout == ""
    assert "isofuzz: interrupted" in stderr
    assert "Traceback" not in stderr
    _, alive = psutil.wait_procs(helpers, timeout=10)
    assert alive == []
