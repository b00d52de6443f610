"""`isofuzz doctor`: what would be used and why."""

from datetime import datetime
from pathlib import Path

import typer

from isofuzz.cli.errors import FAILED, explained
from isofuzz.cli.importing import import_from_here
from isofuzz.cli.options import AllowedHosts, DatabaseUrl, Traceback, ValkeyUrl, sources


def doctor(
    database_url: DatabaseUrl = None,
    valkey_url: ValkeyUrl = None,
    allow_host: AllowedHosts = None,
    traceback: Traceback = False,
) -> None:
    """See what a run here would use, and whether it could start: exit code 0 it could, 2 it could not.

    Each line begins with ✓ good, ! odd but no obstacle, or ✗ to be mended. Embedded services are started for a moment.

    - `isofuzz doctor` examines this folder's project and this machine.
    """
    with explained(traceback=traceback):
        from rich.console import Console
        from rich.text import Text

        from isofuzz.report.doctor import check_lines
        from isofuzz.report.terminal import print_lines
        from isofuzz.runs.doctor import State, examined

        import_from_here()
        console = Console()
        bad = 0
        given = sources(database_url, allow_host, valkey_url=valkey_url)
        for check in examined(Path.cwd(), given, datetime.now().astimezone().date()):
            print_lines(console, check_lines(check))
            bad += check.state is State.BAD
        verdict = "A run cannot start: mend what is marked ✗." if bad else "A run can start."
        print_lines(console, [Text(), Text(verdict, style="bold red" if bad else "bold green")])
        raise typer.Exit(FAILED if bad else 0)
