"""`isofuzz replay`: do kept findings still show?"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from isofuzz.cli.errors import explained
from isofuzz.cli.importing import import_from_here
from isofuzz.cli.options import AllowedHosts, DatabaseUrl, Traceback, ValkeyUrl, sources

if TYPE_CHECKING:
    from isofuzz.runs.fitting import Changes
    from isofuzz.runs.replay import Replayed
    from isofuzz.services import Sources

_GRAVEST_FIRST: Final = (1, 2, 3, 0)
_INTERRUPTED: Final = 3


def _print_schema(wanted: bool) -> None:
    if wanted:
        from isofuzz.cases.schema import schema_text

        typer.echo(schema_text(), nl=False)
        raise typer.Exit


def replay(
    cases: Annotated[list[Path], typer.Argument(metavar="CASE...|DIR", help="Case files, or folders of them.")],
    times: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="How often to run each, and whether all runs did the same; else as often as its hit rate demands.",
        ),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OLD=NEW",
            help="What the target calls otherwise now: an operation, a thing, a kind of text, or a parameter, "
            "as in `post.text=post.body`.",
        ),
    ] = None,
    drop_gone: Annotated[
        bool,
        typer.Option(
            "--drop-gone",
            help="Leave out what the target no longer has, with what cannot do without it. That it is clean then says "
            "nothing.",
        ),
    ] = False,
    database_url: DatabaseUrl = None,
    valkey_url: ValkeyUrl = None,
    allow_host: AllowedHosts = None,
    schema: Annotated[  # its callback does all there is to do
        bool,
        typer.Option(
            "--schema", callback=_print_schema, is_eager=True, help="Print the JSON Schema of case files, and exit."
        ),
    ] = False,
    traceback: Traceback = False,
) -> None:
    """Run kept findings again: exit code 1 if any still leaks, else 2 cannot run, 3 undecided, 0 no longer.

    - `isofuzz replay .isofuzz/cases` replays all that were found.

    - `isofuzz replay case.json --times 20` replays one of them twenty times, and compares what happened.

    - `isofuzz replay case.json --rename post=send` replays one found when `send` was still called `post`.
    """
    with explained(traceback=traceback):
        from isofuzz.cases.store import case_files
        from isofuzz.runs.fitting import Changes, read_renames

        changes = Changes(read_renames(rename or ()), drop_gone)
        import_from_here()
        files = [file for case in cases for file in case_files(case)]
        services = sources(database_url, allow_host, valkey_url=valkey_url)
        raise typer.Exit(min(_replay(files, times, services, changes), key=_GRAVEST_FIRST.index))


def _replay(files: Sequence[Path], times: int | None, services: "Sources", changes: "Changes") -> list[int]:
    """Replay them one after the other, up to Ctrl-C, and tell each; their exit codes."""
    from rich.console import Console

    from isofuzz.report.progress import ProgressReporter
    from isofuzz.runs.replay import replay as replay_cases

    codes: list[int] = []
    interrupted = False
    with ProgressReporter(Console(stderr=True)) as progress:
        try:
            for each in replay_cases(files, times=times, sources=services, changes=changes, listener=progress):
                codes.append(each.verdict.exit_code)
                interrupted = each.interrupted
                with progress.aside():
                    print_replayed(each)
        except KeyboardInterrupt:
            interrupted = True
    if interrupted:
        typer.echo(f"isofuzz: interrupted; cases not replayed: {len(files) - len(codes)} of {len(files)}", err=True)
        codes.append(_INTERRUPTED)
    return codes


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
