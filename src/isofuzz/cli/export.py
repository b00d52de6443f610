"""`isofuzz export`: a kept finding as a pytest test."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from isofuzz.cli.errors import explained
from isofuzz.cli.importing import import_from_here
from isofuzz.cli.options import Traceback


def export(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="A case file, as a report names it.", dir_okay=False)],
    traceback: Traceback = False,
) -> None:
    """Print a kept finding as a pytest test: it fails while that shows, and passes once it is mended.

    - `isofuzz export CASE > test_regression.py` writes it to a file of your own, to read, keep and change.

    - `pytest test_regression.py` runs it. It needs isofuzz and no other plugin.
    """
    with explained(traceback=traceback):
        from isofuzz.cases.store import read_case
        from isofuzz.report.exporting.source import test_source
        from isofuzz.runs.replay import target_of

        import_from_here()
        found = read_case(case)
        with redirect_stdout(sys.stderr):  # what the target's module prints is no part of the test
            source = test_source(found, target_of(found))
        typer.echo(source, nl=False)
