"""`isofuzz services`: the servers that runs stand on."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from isofuzz.cli.errors import explained
from isofuzz.cli.options import AllowedHosts, Traceback

if TYPE_CHECKING:
    from isofuzz.services import Description

services = typer.Typer(help="The database servers that runs stand on.", no_args_is_help=True)


@services.callback()
def _services() -> None:
    """The database servers that runs stand on."""


@services.command()
def adopt(
    url: Annotated[str, typer.Argument(metavar="URL", help="postgresql://user:password@localhost:5432/database")],
    yes_adopt: Annotated[
        str | None, typer.Option(metavar="NAME", help="The database's name, where nobody can be asked for it.")
    ] = None,
    allow_host: AllowedHosts = None,
    traceback: Traceback = False,
) -> None:
    """Mark a database as isofuzz's own: runs may then create databases and roles on its server, and drop those.

    What is in the adopted database itself is left alone.

    - `isofuzz services adopt postgresql://me@localhost/isofuzz` shows what is there and asks.
    """
    from isofuzz import services as real

    hosts = tuple(allow_host or ())
    with explained(traceback=traceback):
        description = asyncio.run(real.describe(url, allow_hosts=hosts))
        _print_description(description)
        name = yes_adopt or typer.prompt("To adopt it, write the database's name")
        asyncio.run(real.adopt(url, name, allow_hosts=hosts))
        typer.echo("Adopted. Use it with --database-url or ISOFUZZ_DATABASE_URL.")


def _print_description(description: "Description") -> None:
    from isofuzz.report.printable import printable

    typer.echo(f"{printable(description.place)}, Postgres {printable(description.version)}")
    if description.adopted:
        typer.echo("It is adopted already.")
    for table in description.tables:
        rows = "rows that this login may not count" if table.rows is None else f"{table.rows} rows"
        typer.echo(f"  {printable(table.name)}: {rows}")
    if not description.tables:
        typer.echo("  no tables")
