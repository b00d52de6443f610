"""Options that several commands take."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from isofuzz.cli import completion
from isofuzz.errors import UsageError

if TYPE_CHECKING:
    from isofuzz.oracles.violation import Oracle
    from isofuzz.services import Sources

TargetName: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="TARGET",
        autocompletion=completion.targets,
        help="A pack, `module:Class`, or `path/to/file.py:Class`; else the target of pyproject.toml.",
    ),
]
Defect: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", autocompletion=completion.defects, help="Plant this leak, to see whether it is found."
    ),
]
OnlyOracles: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="ORACLE", autocompletion=completion.oracles, help="Report only what these oracles find."
    ),
]
ManySessions: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--sessions", metavar="N", help="Have so many users act at the same time, each with a session; 2 to 64."
    ),
]
DatabaseUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        metavar="URL",
        envvar="ISOFUZZ_DATABASE_URL",
        help="An adopted Postgres database whose server to use (see `isofuzz services adopt`), `embedded` or `off`; "
        "else what runs under docker compose here, else an embedded Postgres.",
        show_default=False,
    ),
]
ValkeyUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--valkey-url",
        metavar="URL",
        envvar="ISOFUZZ_VALKEY_URL",
        help="An adopted Valkey or Redis database to empty and use (redis://localhost:6379/15), `embedded` or `off`; "
        "else what runs under docker compose here, else an embedded Valkey. Used only by a target that asks for it.",
        show_default=False,
    ),
]
AllowedHosts: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--allow-host", metavar="HOST", help="A host other than this machine that may be used."),
]
Traceback: TypeAlias = Annotated[bool, typer.Option("--traceback", help="On an error, show where it came from.")]


def folder(text: str | Path) -> Path:
    """A folder that an option names. Raises BadParameter if it is empty: that would quietly be the current folder."""
    if not str(text):
        raise typer.BadParameter("it is empty; write the name of a folder, or . for this one")
    return Path(text)


def oracles(names: Sequence[str] | None) -> "frozenset[Oracle]":
    """The oracles of these names, all if none is named; raises UsageError that lists them."""
    from isofuzz.oracles.violation import Oracle
    from isofuzz.runs.misspelt import meant

    known = {str(oracle): oracle for oracle in Oracle}
    if unknown := sorted(set(names or ()) - set(known)):
        nearest = meant(unknown[0], known)
        raise UsageError(f"there is no oracle {unknown[0]!r}{nearest}; write one of {', '.join(known)}")
    return frozenset(known[name] for name in names) if names else frozenset(Oracle)


def sources(database_url: str | None, allow_hosts: Sequence[str] | None, *, valkey_url: str | None = None) -> "Sources":
    """Where services may come from, as these options say; the project is that of the current folder."""
    from isofuzz.services import Sources

    return Sources(
        database_url=database_url or None,
        valkey_url=valkey_url or None,
        allow_hosts=tuple(allow_hosts or ()),
        project=Path.cwd(),
    )
