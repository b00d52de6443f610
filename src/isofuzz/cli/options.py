"""Options that several commands take."""

from typing import Annotated, TypeAlias

import typer

DatabaseUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        metavar="URL",
        envvar="ISOFUZZ_DATABASE_URL",
        help="An adopted database whose server to use (see `isofuzz services adopt`); else an embedded Postgres.",
        show_default=False,
    ),
]
AllowedHosts: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--allow-host", metavar="HOST", help="A host other than this machine that may be used."),
]
Traceback: TypeAlias = Annotated[bool, typer.Option("--traceback", help="On an error, show where it came from.")]
