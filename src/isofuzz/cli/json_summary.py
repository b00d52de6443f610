"""The machine-readable summary as a file that only its owner can read."""

import json
from pathlib import Path

import typer

from isofuzz.cases.store import write_whole
from isofuzz.errors import UsageError
from isofuzz.runs.summary import Summary

STANDARD_OUTPUT = "-"


def check_place(place: str | None) -> None:
    """Raise UsageError if nothing can be written there: better before a long run than after it."""
    if place is None or place == STANDARD_OUTPUT:
        return
    if not place:
        raise UsageError(f"--json is empty; write the name of a file, or {STANDARD_OUTPUT} for standard output")
    path = Path(place)
    if path.is_dir():
        raise UsageError(f"--json {place} is a folder; write the name of a file in it")
    if not path.parent.is_dir():
        raise UsageError(f"--json {place}: there is no folder {path.parent}; create it first")


def write_summary(place: str | None, summary: Summary) -> None:
    """Write the summary to the file, whole or not at all, to a device, or to standard output; raises UsageError."""
    if place is None:
        return
    text = json.dumps(summary.as_json(), indent=1, ensure_ascii=False) + "\n"
    if place == STANDARD_OUTPUT:
        typer.echo(text, nl=False)
        return
    path = Path(place)
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            path.write_text(text, encoding="utf-8")  # a device, a pipe: written to, and never put another in its place
        else:
            write_whole(path, text)
    except OSError as problem:
        raise UsageError(f"--json {place} cannot be written: {problem.strerror}") from problem
