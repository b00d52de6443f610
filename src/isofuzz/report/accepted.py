"""Findings that the team accepts until a date, and those whose date is over: never silenced without a word."""

from collections.abc import Iterator

from rich.text import Text

from isofuzz.report.finding import title
from isofuzz.report.printable import printable
from isofuzz.runs.accepting import Acceptance, AcceptedFinding
from isofuzz.runs.summary import Summary


def accepted_lines(summary: Summary) -> Iterator[Text]:
    """What was seen and does not count, and what is accepted no longer."""
    for accepted in summary.accepted:
        yield from _accepted(accepted)
    for acceptance in summary.lapsed:
        yield _lapsed(acceptance)


def _accepted(accepted: AcceptedFinding) -> Iterator[Text]:
    acceptance, finding = accepted.acceptance, accepted.finding
    yield Text(f"ACCEPTED until {acceptance.until}: {printable(acceptance.reason)}", style="bold yellow")
    yield Text(f"  {printable(title(finding.case.violation))}")
    yield Text(f"  {printable(acceptance.fingerprint)}", style="dim")
    place = f"NOT KEPT: {finding.unkept}" if finding.unkept else str(finding.path)
    yield Text(f"  case    {printable(place)}")


def _lapsed(acceptance: Acceptance) -> Text:
    told = f"NO LONGER ACCEPTED, for {acceptance.until} is over: {printable(acceptance.reason)}"
    return Text(f"{told} ({printable(acceptance.fingerprint)})", style="yellow")
