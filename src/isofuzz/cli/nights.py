"""From a night of a campaign to what its page says, and the report that is written from it."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

    from isofuzz.campaign.outcome import Outcome
    from isofuzz.campaign.state import Known
    from isofuzz.program.vocabulary import Vocabulary
    from isofuzz.report.page.contents import Contents, State

REPORT = "report"
"""The folder of the report in that of a campaign."""


def write_night(folder: Path, outcome: "Outcome", vocabulary: "Vocabulary") -> Path:
    """Write the report of a night into the folder of its campaign; the page's path. Raises UsageError."""
    from isofuzz.errors import UsageError
    from isofuzz.report.writing import write_report

    try:
        return write_report(folder / REPORT, contents_of_night(outcome, vocabulary))
    except OSError as problem:
        raise UsageError(f"the report cannot be written to {folder / REPORT}: {problem.strerror}") from problem


def contents_of_night(outcome: "Outcome", vocabulary: "Vocabulary") -> "Contents":
    """What a page says of a night."""
    from dataclasses import replace

    from isofuzz.report.page.contents import Note, Shown
    from isofuzz.report.page.of_run import contents_of

    contents = contents_of(outcome.summary, vocabulary)
    counted = {finding.case.fingerprint for finding in outcome.summary.findings}
    suspects = tuple(
        f"{suspect.at}: {suspect.reason}" + (f"; it was executing {suspect.program}" if suspect.program else "")
        for suspect in outcome.suspects
    )
    happened = tuple(f"{what} ({count} times)" if count > 1 else what for what, count in sorted(outcome.events.items()))
    notes = (Note("Workers that were lost, with what they were executing", suspects), Note("What happened", happened))
    return replace(
        contents,
        facts=(("night", str(outcome.night)), ("began", outcome.began), *contents.facts),
        outlook=str(outcome.outlook),
        findings=tuple(
            Shown(finding, _state(known, outcome.night, counted), known.first_seen, known.last_seen)
            for known, finding in outcome.found
        ),
        notes=(*contents.notes, *(note for note in notes if note.sentences)),
    )


def _state(known: "Known", night: int, counted: "Container[str]") -> "State":
    from isofuzz.campaign.state import GONE
    from isofuzz.report.page.contents import State

    if known.state == GONE:
        return State.GONE
    if known.case.fingerprint not in counted:
        return State.KNOWN
    return State.NEW if known.night == night else State.OPEN
