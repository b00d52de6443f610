"""`isofuzz campaign`: a long run with many workers, whose state survives whatever happens."""

import os
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isofuzz.cli.configured import chosen_target, configured
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
from isofuzz.cli.quantities import seconds, size
from isofuzz.errors import UsageError

if TYPE_CHECKING:
    from isofuzz.campaign.request import CampaignRequest, Kept

_FOLDER = Path(".isofuzz/campaign")
_PROFILE = "nightly"


def campaign(
    target: TargetName = None,
    duration: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="How long to search: 8h, 90m, 1h30m, 45s.")
    ] = None,
    programs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many programs to draw; with --for, what comes first.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="How many processes work; else one for each processor."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=folder,
            help=f"Where the state, the cases and the report are; else {_FOLDER}.",
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="DIR", parser=folder, help="Go on with the campaign that was interrupted in this folder."),
    ] = None,
    known: Annotated[
        Path | None,
        typer.Option(metavar="DIR", parser=folder, help="Pass over what is among the cases in this folder."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Have the workers of this Dask scheduler do the work, tcp://127.0.0.1:8786 for instance.",
        ),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE", help="How much memory a worker may take before it is replaced: 512m, 4g; else 2g."
        ),
    ] = None,
    guided: Annotated[
        bool,
        typer.Option(
            "--guided", help="Draw half of the programs only, and for the rest vary those that showed something new."
        ),
    ] = False,
    defect: Defect = None,
    only: OnlyOracles = None,
    sessions: ManySessions = None,
    strict: Annotated[bool, typer.Option("--strict", help="Count hazards as leaks.")] = False,
    no_gate: Annotated[bool, typer.Option("--no-gate", help="Control no interleaving.")] = False,
    database_url: DatabaseUrl = None,
    valkey_url: ValkeyUrl = None,
    allow_host: AllowedHosts = None,
    traceback: Traceback = False,
) -> None:
    """Search for a long time, with many workers: exit code 0 isolated, 1 leaked, 2 error, 3 inconclusive.

    - `isofuzz campaign chat --for 8h --out nightly` fuzzes the reference chat through the night; kill it, and
      `isofuzz campaign --resume nightly` goes on.

    - The same command the next night goes on from what the last one knew: what it covered, and what it found.

    - `isofuzz report nightly` writes the page that the campaign also writes at its end.
    """
    with explained(traceback=traceback):
        from isofuzz.campaign.request import CampaignRequest
        from isofuzz.runs.request import RunRequest
        from isofuzz.runs.targets import find_target

        given = sources(database_url, allow_host, valkey_url=valkey_url)
        configuration = configured()
        accept = configuration.accepted_today()
        anew = {
            "TARGET": target,
            "--for": duration,
            "--programs": programs,
            "--known": known,
            "--guided": guided,
            "--defect": defect,
            "--only": only,
            "--sessions": sessions,
            "--strict": strict,
            "--no-gate": no_gate,
            "--out": out,
        }
        kept = _kept(resume, [name for name, value in anew.items() if value]) if resume else None
        if kept:
            run = kept.request(accept, given)
        else:
            name = chosen_target(target, configuration)
            run = RunRequest(
                target=name,
                target_class=find_target(name),
                profile=configuration.profile_named(_PROFILE),
                defect=defect,
                only=oracles(only),
                sources=given,
                sessions=sessions,
                strict=strict,
                gated=not no_gate,
                accept=accept,
            )
        request = CampaignRequest(
            run=replace(run, replay=configuration.replayed_first(Path.cwd())),
            folder=resume or out or _FOLDER,
            for_seconds=seconds(duration, "--for") if duration else None,
            for_programs=programs,
            workers=workers or (kept.workers if kept else _processors()),
            seed=kept.seed if kept else secrets.token_hex(8),
            known=kept.known if kept else _known(known),
            memory=size(memory, "--memory") if memory else (kept.memory if kept else CampaignRequest.memory),
            guided=kept.guided if kept else guided,
            cluster=cluster or (kept.cluster if kept else None),
        )
        if request.cluster and (workers or memory):
            raise UsageError(
                "--workers and --memory are for processes of this machine: how many workers the cluster has, and how "
                "much memory each may take, is for whoever starts it to say"
            )
        if not (resume or duration or programs):
            raise UsageError("a campaign has to end: write how long it may take, as in --for 8h, or --programs N")
        raise typer.Exit(_run_and_tell(request, resume=resume is not None))


def _processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _kept(folder: Path, anew: list[str]) -> "Kept":
    """What the campaign in the folder was asked to do; raises UsageError if it is asked for something else, `anew`."""
    from isofuzz.campaign.request import Kept
    from isofuzz.campaign.state import read_only

    if anew:
        raise UsageError(f"--resume goes on with what was asked for then: leave out {', '.join(anew)}")
    with read_only(folder) as state:
        night = state.latest_night()
    if night is None:
        raise UsageError(
            f"no campaign was begun in {folder}; isofuzz campaign TARGET --for 8h --out {folder} begins one"
        )
    return Kept.read(night.assignment, folder)


def _known(folder: Path | None) -> dict[str, str]:
    """The findings among the cases in the folder, with who observed them; raises CaseUnreadable."""
    from isofuzz.cases.store import case_files, read_case

    cases = [read_case(path) for path in case_files(folder)] if folder else []
    return {case.fingerprint: case.violation.observer for case in cases}


def _run_and_tell(request: "CampaignRequest", *, resume: bool) -> int:
    from rich.console import Console
    from rich.text import Text

    from isofuzz.campaign.campaign import campaign as run_campaign
    from isofuzz.cli.nights import write_night
    from isofuzz.report.live import LiveView
    from isofuzz.report.terminal import print_lines, print_summary
    from isofuzz.target.signatures import read_signatures

    vocabulary = read_signatures(request.run.target_class).vocabulary
    with LiveView(Console(stderr=True)) as view:
        outcome = run_campaign(request, view, resume=resume)
    print_summary(Console(), outcome.summary, vocabulary)
    try:
        place = f"report  {write_night(request.folder, outcome, vocabulary)}"
    except UsageError as problem:
        place = f"NO REPORT: {problem}"
    print_lines(Console(), [Text(str(outcome.outlook)), Text(place)])
    return outcome.summary.verdict.exit_code
