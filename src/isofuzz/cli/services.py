"""`isofuzz services`: the servers that runs stand on."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isofuzz.cli.errors import explained
from isofuzz.cli.options import AllowedHosts, Traceback
from isofuzz.errors import UsageError

if TYPE_CHECKING:
    from isofuzz.services import Description, ValkeyDescription

services = typer.Typer(help="The Postgres and Valkey servers that runs stand on.", no_args_is_help=True)


@services.callback()
def _services() -> None:
    """The Postgres and Valkey servers that runs stand on.

    By themselves runs start their own, and need none of this. Use it to test on the version and the extensions that you
    run in production: `up` starts what your compose file labels `isofuzz.service`, `adopt` gives isofuzz a server.
    """


@services.command()
def up(traceback: Traceback = False) -> None:
    """Start the compose services that are labelled for isofuzz, wait until they are healthy, and adopt them.

    Runs in this folder then use them by themselves. Labelled is what has `isofuzz.service: postgres` or `valkey` under
    `labels` in the compose file; adopted is what is reached from this machine alone and keeps its data in memory.
    """
    from isofuzz import services as real
    from isofuzz.report.starting import StartingReporter

    with explained(traceback=traceback):
        with StartingReporter() as reporter:
            ready = asyncio.run(real.compose_up(Path.cwd(), reporter))
        for line in ready:
            typer.echo(line)
        typer.echo("Runs in this folder use them. `isofuzz services down` removes them.")


@services.command()
def down(traceback: Traceback = False) -> None:
    """Stop and remove the compose services that are labelled for isofuzz. Volumes, if they have any, stay."""
    from isofuzz import services as real

    with explained(traceback=traceback):
        names = asyncio.run(real.compose_down(Path.cwd()))
        typer.echo(f"Removed: {', '.join(names)}." if names else "No compose service is labelled for isofuzz.")


@services.command()
def adopt(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL", help="postgresql://user:password@localhost:5432/database or redis://localhost:6379/15"
        ),
    ],
    yes_adopt: Annotated[
        str | None, typer.Option(metavar="NAME", help="The database's name, where nobody can be asked for it.")
    ] = None,
    allow_host: AllowedHosts = None,
    traceback: Traceback = False,
) -> None:
    """Mark a database as isofuzz's own, after showing what is in it and asking for its name.

    Postgres: runs may then create databases and roles on its server, and drop those. What is in the adopted database
    itself is left alone, so nothing is lost.

    Valkey or Redis: runs delete EVERY KEY of this numbered database, and of no other. One run uses a server at a time.
    When the server was started again, adopt again: what it loaded then may be anybody's.

    - `isofuzz services adopt postgresql://me@localhost:5432/isofuzz` adopts the server of the database `isofuzz`.

    - `isofuzz services adopt redis://localhost:6379/15` adopts database 15; its name is `localhost:6379/15`.
    """
    from isofuzz import services as real

    hosts = tuple(allow_host or ())
    with explained(traceback=traceback):
        if real.is_valkey(url):
            _print_valkey(asyncio.run(real.describe_valkey(url, allow_hosts=hosts)))
            asyncio.run(real.adopt_valkey(url, yes_adopt or _asked(), allow_hosts=hosts))
            typer.echo("Adopted. Use it with --valkey-url or ISOFUZZ_VALKEY_URL.")
        else:
            _print_postgres(asyncio.run(real.describe(url, allow_hosts=hosts)))
            asyncio.run(real.adopt(url, yes_adopt or _asked(), allow_hosts=hosts))
            typer.echo("Adopted. Use it with --database-url or ISOFUZZ_DATABASE_URL.")


def _asked() -> str:
    # Not typer.prompt: it raises the same for Ctrl-C as for the end of the input.
    typer.echo("To adopt it, write the database's name: ", nl=False)
    try:
        return input()
    except (EOFError, RuntimeError):  # the latter where standard input is closed
        typer.echo()
        raise UsageError("Nobody answered: give the name with --yes-adopt NAME. Nothing was changed") from None
    except KeyboardInterrupt:
        typer.echo()
        raise


def _print_postgres(found: "Description") -> None:
    tables = [
        f"{table.name}: " + ("rows that this login may not count" if table.rows is None else f"{table.rows} rows")
        for table in found.tables
    ]
    _print(f"{found.place}, Postgres {found.version}", adopted=found.adopted, there=tables or ["no tables"])
    typer.echo("None of this is lost: runs make databases of their own beside it.")


def _print_valkey(found: "ValkeyDescription") -> None:
    others = [f"database {number}: {keys} keys, which are left alone" for number, keys in found.others]
    there = [f"{found.keys} keys, ALL OF WHICH EVERY RUN DELETES" if found.keys else "no keys", *others]
    _print(f"database {found.name}, {found.product} {found.version}", adopted=found.adopted, there=there)
    typer.echo("Whatever is put into this database is deleted by the next run.")


def _print(title: str, *, adopted: bool, there: Sequence[str]) -> None:
    from isofuzz.report.printable import printable

    typer.echo(printable(title))
    if adopted:
        typer.echo("It is adopted already.")
    for line in there:
        typer.echo(f"  {printable(line)}")
