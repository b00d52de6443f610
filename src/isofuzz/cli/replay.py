"""`isofuzz replay`: do kept findings still show?"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from isofuzz.cli.errors import explained
from isofuzz.cli.importing import import_from_here
from isofuzz.cli.options import AllowedHosts, DatabaseUrl, Traceback, ValkeyUrl, sources

if TYPE_CHECKING:
    from isofuzz.runs.replay import Replayed

_GRAVEST_FIRST: Final = (1, 2, 3, 0)


def replay(
    cases: Annotated[list[Path], typer.Argument(metavar="CASE...|DIR", help="Case files, or folders of them.")],
    times: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="How often to run each; else as often as its hit rate demands."),
    ] = None,
    database_url: DatabaseUrl = None,
    valkey_url: ValkeyUrl = None,
    allow_host: AllowedHosts = None,
    traceback: Traceback = False,
) -> None:
    """Run kept findings again: exit code 1 if any still leaks, else 2 cannot run, 3 undecided, 0 no longer.

    - `isofuzz replay .isofuzz/cases` replays all that were found.

    - `isofuzz replay case.json --times 20` replays one of them twenty times.
    """
    with explained(traceback=traceback):
        from isofuzz.cases.store import case_files
        from isofuzz.runs.replay import replay as replay_cases

        import_from_here()
        replayed = replay_cases(
            [file for case in cases for file in case_files(case)],
            times=times,
            sources=sources(database_url, allow_host, valkey_url=valkey_url),
            on_replayed=print_replayed,
        )
        raise typer.Exit(_gravest(replayed))


def print_replayed(replayed: "Replayed") -> None:
    """One case and what became of it, on two lines."""
    from rich.console import Console
    from rich.text import Text

    from isofuzz.report.printable import printable
    from isofuzz.report.terminal import print_lines

    verdict = replayed.verdict.value
    style = {0: "bold green", 1: "bold red"}.get(replayed.verdict.exit_code, "bold yellow")
    lines = (
        Text.assemble((verdict, style), f"  {printable(str(replayed.path))}"),
        Text(f"  {printable(replayed.reason)}"),
    )
    print_lines(Console(), lines)


def _gravest(replayed: Sequence["Replayed"]) -> int:
    return min((each.verdict.exit_code for each in replayed), key=_GRAVEST_FIRST.index)
