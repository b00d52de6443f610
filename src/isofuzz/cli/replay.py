"""`isofuzz replay`: do kept findings still show?"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from isofuzz.cli.configured import configured
from isofuzz.cli.errors import explained
from isofuzz.cli.options import AllowedHosts, DatabaseUrl, Traceback, ValkeyUrl, folder, sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from isofuzz.runs.replay import Replayed

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
    out: Annotated[
        Path, typer.Option(metavar="DIR", parser=folder, help="Where cases of what else leaks meanwhile are kept.")
    ] = Path(".isofuzz/cases"),
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

    If something else leaks meanwhile, that counts too: it is told, and kept.

    - `isofuzz replay .isofuzz/cases` replays all that were found.

    - `isofuzz replay case.json --times 20` replays one of them twenty times, and compares what happened.

    - `isofuzz replay case.json --rename post=send` replays one found when `send` was still called `post`.
    """
    with explained(traceback=traceback):
        from isofuzz.cases.store import case_files
        from isofuzz.runs.fitting import Changes, read_renames
        from isofuzz.runs.replay import replay as replay_cases

        changes = Changes(read_renames(rename or ()), drop_gone)
        accept = configured().accepted_today()
        files = [file for case in cases for file in case_files(case)]
        replayed = partial(
            replay_cases,
            files,
            times=times,
            sources=sources(database_url, allow_host, valkey_url=valkey_url),
            changes=changes,
            cases=out,
            accept=accept,
        )
        raise typer.Exit(min(_replay(len(files), replayed), key=_GRAVEST_FIRST.index))


def _replay(files: int, replayed: "Callable[..., Iterator[Replayed]]") -> list[int]:
    """Replay so many files one after the other, up to Ctrl-C, and tell each; their exit codes."""
    from rich.console import Console

    from isofuzz.report.progress import ProgressReporter

    codes: list[int] = []
    interrupted = False
    with ProgressReporter(Console(stderr=True)) as progress:
        try:
            for each in replayed(listener=progress):
                codes.append(each.exit_code)
                interrupted = each.interrupted
                with progress.aside():
                    print_replayed(each)
        except KeyboardInterrupt:
            interrupted = True
    if interrupted:
        typer.echo(f"isofuzz: interrupted; cases not replayed: {files - len(codes)} of {files}", err=True)
        codes.append(_INTERRUPTED)
    return codes


def print_replayed(replayed: "Replayed") -> None:
    """One case and what became of it, on two lines, and a line for each other leak that showed meanwhile."""
    from rich.console import Console
    from rich.text import Text

    from isofuzz.report.finding import sighting
    from isofuzz.report.printable import printable
    from isofuzz.report.terminal import print_lines

    verdict = replayed.verdict.value
    style = {0: "bold green", 1: "bold red"}.get(replayed.verdict.exit_code, "bold yellow")
    lines = (
        Text.assemble((verdict, style), f"  {printable(str(replayed.path))}"),
        Text(f"  {printable(replayed.reason)}"),
        *(Text(f"  besides, {sighting(finding)}", style="bold red") for finding in replayed.besides),
    )
    print_lines(Console(), lines)
