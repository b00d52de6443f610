"""The commands. What a command needs is imported when it runs, so that help and version come at once."""

from importlib.metadata import version
from typing import Annotated

import typer

from isofuzz.cli.campaign import campaign
from isofuzz.cli.check import check
from isofuzz.cli.demo import demo
from isofuzz.cli.doctor import doctor
from isofuzz.cli.export import export
from isofuzz.cli.new import new
from isofuzz.cli.replay import replay
from isofuzz.cli.report import report
from isofuzz.cli.run import run
from isofuzz.cli.services import services

app = typer.Typer(
    help="Find one user's data reaching another, on your real database and sockets.",
    epilog="Begin with `isofuzz demo`. Exit codes: 0 isolated, 1 leaked, 2 error, 3 inconclusive.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,  # they show local variables, and so may show credentials
)
app.command()(demo)
app.command()(run)
app.command()(check)
app.command()(replay)
app.command()(export)
app.command()(campaign)
app.command()(report)
app.command()(new)
app.command()(doctor)
app.add_typer(services, name="services")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"isofuzz {version('isofuzz')}")
        raise typer.Exit


@app.callback()
def _isofuzz(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of the command itself."""
