"""`isofuzz report`: the page of a campaign."""

from pathlib import Path
from typing import Annotated

import typer

from isofuzz.cli.configured import configured
from isofuzz.cli.errors import explained
from isofuzz.cli.options import Traceback, folder


def report(
    campaign: Annotated[
        Path, typer.Argument(metavar="DIR", parser=folder, help="The folder that `isofuzz campaign --out` named.")
    ],
    traceback: Traceback = False,
) -> None:
    """Write the report of a campaign's last night, also while it goes on: a page, and what other programs read.

    `DIR/report` then holds `index.html`, `junit.xml`, `findings.jsonl` and `summary.md`.
    """
    with explained(traceback=traceback):
        from isofuzz.campaign.books import Books
        from isofuzz.campaign.outcome import concluded
        from isofuzz.campaign.request import Kept
        from isofuzz.campaign.state import read_only
        from isofuzz.cli.nights import write_night
        from isofuzz.errors import UsageError
        from isofuzz.target.signatures import read_signatures

        accept = configured().accepted_today()
        with read_only(campaign) as state:
            night = state.latest_night()
            if night is None:
                raise UsageError(f"no campaign was begun in {campaign}; isofuzz campaign TARGET --out {campaign} does")
            kept = Kept.read(night.assignment, campaign)
            run = kept.request(accept)
            vocabulary = read_signatures(run.target_class).vocabulary
            outcome = concluded(run, vocabulary, state, night, Books(state, night, campaign), kept.known)
        typer.echo(write_night(campaign, outcome, vocabulary))
