"""`isofuzz run`: one fuzz run of a target."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isofuzz.cli import completion
from isofuzz.cli.configured import chosen_profile, chosen_target, configured
from isofuzz.cli.errors import explained
from isofuzz.cli.options import (
    AllowedHosts,
    DatabaseUrl,
    Defect,
    ManySessions,
    OnlyOracles,
    TargetName,
    Traceback,
    ValkeyUrl,
    folder,
    oracles,
    sources,
)

if TYPE_CHECKING:
    from isofuzz.runs.request import RunRequest
    from isofuzz.target.base import Target


def run(
    target: TargetName = None,
    profile: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.profiles,
            help="How much to do: dev, ci, nightly or replay; else the profile of pyproject.toml, or dev.",
        ),
    ] = None,
    defect: Defect = None,
    list_defects: Annotated[
        bool, typer.Option("--list-defects", help="Print the names of the leaks that can be planted, and exit.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Draw the same programs in every run with this number.")
    ] = None,
    only: OnlyOracles = None,
    sessions: ManySessions = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Count hazards as leaks: an operation over its budget, or something left on a pooled connection.",
        ),
    ] = False,
    no_gate: Annotated[
        bool,
        typer.Option(
            "--no-gate", help="Control no interleaving: steps that overlap start at once, and take their luck."
        ),
    ] = False,
    check_determinism: Annotated[
        bool,
        typer.Option(
            "--check-determinism", help="Execute each program twice: what isofuzz controls must happen the same way."
        ),
    ] = False,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the summary for machines; `-` is standard output.")
    ] = None,
    html: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write a page for people, which opens without a network; beside FILE.html, FILE.junit.xml, "
            "FILE.findings.jsonl and FILE.summary.md for programs.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", parser=folder, help="Where cases are kept.")] = Path(
        ".isofuzz/cases"
    ),
    database_url: DatabaseUrl = None,
    valkey_url: ValkeyUrl = None,
    allow_host: AllowedHosts = None,
    traceback: Traceback = False,
) -> None:
    """Fuzz a target: exit code 0 isolated, 1 leaked, 2 error, 3 inconclusive.

    - `isofuzz run chat` fuzzes the reference chat.

    - `isofuzz run chat --defect like-wildcard` plants a leak in it, and finds it.

    - `isofuzz run tests.chat:Chat --profile ci --json summary.json` fuzzes a target of your own, as CI would.
    """
    with explained(traceback=traceback):
        from isofuzz.runs.request import RunRequest
        from isofuzz.runs.targets import find_target

        configuration = configured()
        name = chosen_target(target, configuration)
        target_class = find_target(name)
        if list_defects:
            _print_defects(target_class)
            return
        request = RunRequest(
            target=name,
            target_class=target_class,
            profile=chosen_profile(profile, configuration),
            defect=defect,
            seed=seed,
            only=oracles(only),
            cases=out,
            replay=configuration.replayed_first(Path.cwd()),
            sources=sources(database_url, allow_host, valkey_url=valkey_url),
            sessions=sessions,
            strict=strict,
            gated=not no_gate,
            check_determinism=check_determinism,
            accept=configuration.accepted_today(),
        )
        raise typer.Exit(_run_and_tell(request, json, html))


def _run_and_tell(request: "RunRequest", json: str | None, html: str | None) -> int:
    from rich.console import Console

    from isofuzz.cli.written import HTML, STANDARD_OUTPUT, check_place, write_page, write_summary
    from isofuzz.report.progress import ProgressReporter
    from isofuzz.report.terminal import print_summary
    from isofuzz.runs.run import run as run_request
    from isofuzz.target.signatures import read_signatures

    check_place(json)
    check_place(html, HTML)
    vocabulary = read_signatures(request.target_class).vocabulary
    with ProgressReporter(Console(stderr=True)) as progress:
        summary = run_request(request, progress)
    print_summary(Console(stderr=STANDARD_OUTPUT in (json, html)), summary, vocabulary)
    write_summary(json, summary)
    if html is not None:
        from isofuzz.report.page.of_run import contents_of

        write_page(html, contents_of(summary, vocabulary))
    return summary.verdict.exit_code


def _print_defects(target_class: "type[Target]") -> None:
    """One a line: the bare name where a program reads it, with what it is where a person does."""
    for name, sentence in target_class.defects.items():
        typer.echo(f"{name}  {sentence}" if sys.stdout.isatty() else name)
