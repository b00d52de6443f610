"""`isofuzz check`: is a target able to see leaks?"""

from pathlib import Path
from typing import Annotated

import typer

from isofuzz.cli.configured import chosen_target, configured
from isofuzz.cli.errors import explained
from isofuzz.cli.options import AllowedHosts, DatabaseUrl, TargetName, Traceback, ValkeyUrl, folder, sources


def check(
    target: TargetName = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", parser=folder, help="Where cases of what leaks meanwhile are kept.")
    ] = Path(".isofuzz/check"),
    database_url: DatabaseUrl = None,
    valkey_url: ValkeyUrl = None,
    allow_host: AllowedHosts = None,
    traceback: Traceback = False,
) -> None:
    """Is a target able to see leaks? Exit code 0 it is, 2 error, 3 it is not.

    Everything is exercised once, some of it twice to compare, and then leaks are made on purpose: replies of two users
    are swapped, and frames are copied to a stranger's socket. Each must be reported.

    - `isofuzz check chat` checks the target of the reference chat.
    """
    with explained(traceback=traceback):
        from rich.console import Console

        from isofuzz.report.check import check_lines
        from isofuzz.report.progress import ProgressReporter
        from isofuzz.report.terminal import print_lines
        from isofuzz.runs.check import CheckRequest
        from isofuzz.runs.check import check as check_target
        from isofuzz.runs.targets import find_target

        configuration = configured()
        name = chosen_target(target, configuration)
        request = CheckRequest(
            target=name,
            target_class=find_target(name),
            cases=out,
            sources=sources(database_url, allow_host, valkey_url=valkey_url),
            accept=configuration.accepted_today(),
        )
        with ProgressReporter(Console(stderr=True)) as progress:
            checked = check_target(request, progress)
        print_lines(Console(), check_lines(checked))
        raise typer.Exit(checked.exit_code)
