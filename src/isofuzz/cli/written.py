"""Files that an option names: written whole or not at all, and readable by their owner alone."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from isofuzz.cases.store import write_whole
from isofuzz.errors import UsageError
from isofuzz.runs.summary import Summary

if TYPE_CHECKING:
    from isofuzz.report.page.contents import Contents

STANDARD_OUTPUT = "-"
JSON, HTML = "--json", "--html"


def check_place(place: str | None, option: str = JSON) -> None:
    """Raise UsageError if nothing can be written there: better before a long run than after it."""
    if place is None or place == STANDARD_OUTPUT:
        return
    if not place:
        raise UsageError(f"{option} is empty; write the name of a file, or {STANDARD_OUTPUT} for standard output")
    path = Path(place)
    if path.is_dir():
        raise UsageError(f"{option} {place} is a folder; write the name of a file in it")
    if not path.parent.is_dir():
        raise UsageError(f"{option} {place}: there is no folder {path.parent}; create it first")


def write_summary(place: str | None, summary: Summary) -> None:
    """Write the summary for machines, where `--json` says; raises UsageError."""
    if place is not None:
        write_text(place, json.dumps(summary.as_json(), indent=1, ensure_ascii=False) + "\n")


def write_page(place: str, contents: "Contents") -> None:
    """Write the page where `--html` says, and if that is a file, beside it what programs read; raises UsageError."""
    from isofuzz.report.page.rendering import rendered
    from isofuzz.report.writing import beside_page

    write_text(place, rendered(contents), HTML)
    path = Path(place)
    if place != STANDARD_OUTPUT and path.is_file():
        for name, text in beside_page(contents).items():
            write_text(str(path.with_suffix(f".{name}")), text, HTML)


def write_text(place: str, text: str, option: str = JSON) -> None:
    """Write to the file, whole or not at all, to a device, or to standard output; raises UsageError."""
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
        raise UsageError(f"{option} {place} cannot be written: {problem.strerror}") from problem
