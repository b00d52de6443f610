"""What a night of a campaign concludes."""

from collections import defaultdict
from collections.abc import Container, Mapping
from dataclasses import dataclass

from isofuzz.campaign.books import Books
from isofuzz.campaign.orders import Task
from isofuzz.campaign.outlook import Outlook
from isofuzz.campaign.state import ACCEPTED, BOUNDED, OPEN, Known, Night, State, Suspect
from isofuzz.campaign.tallies import untallied
from isofuzz.cases.store import Finding
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.accepting import AcceptedFinding
from isofuzz.runs.concluding import Done, summarised
from isofuzz.runs.request import RunRequest
from isofuzz.runs.summary import Summary


@dataclass(frozen=True)
class Outcome:
    """A night, as it is told: `summary` is that of a run that did all that the workers did.

    `found` are all findings of all nights, whatever became of them. `events` counts what happened to workers.
    """

    summary: Summary
    night: int
    began: str
    found: tuple[tuple[Known, Finding], ...]
    outlook: Outlook
    suspects: tuple[Suspect, ...]
    events: Mapping[str, int]


def concluded(
    run: RunRequest, vocabulary: Vocabulary, state: State, night: Night, books: Books, passed_over: Container[str]
) -> Outcome:
    """From the books to the outcome, with its verdict, for which the findings that are `passed_over` do not count."""
    exercised, compared = untallied(state.tallies(night.id))
    circumstances = night.circumstances
    found = tuple(books.found())
    accepted = {each.fingerprint: each for each in run.accept.entries}
    by_state: defaultdict[str, list[Finding]] = defaultdict(list)
    for known, finding in found:
        # What is not worked on yet, or was accepted since, is none that counts either.
        is_accepted = known.state == OPEN and run.accept.silences(known.case.fingerprint)
        by_state[ACCEPTED if is_accepted else known.state].append(finding)
    done = Done(
        exercised=exercised,
        compared=compared,
        determinism=None,
        uncontrolled=circumstances.uncontrolled,
        findings=tuple(each for each in by_state[OPEN] if each.case.fingerprint not in passed_over),
        accepted=tuple(
            AcceptedFinding(finding, accepted[finding.case.fingerprint])
            for finding in by_state[ACCEPTED]
            if finding.case.fingerprint in accepted
        ),
        bounded={finding.case.fingerprint: finding for finding in by_state[BOUNDED]},
        hazards=tuple(state.hazards(night.id)),
        unjudged=circumstances.unjudged,
        replayed=len(state.done(night.id, Task.REPLAY)),
        cut=circumstances.cut,
        trouble=circumstances.trouble,
        interrupted=circumstances.interrupted,
        services=circumstances.services,
        versions=circumstances.versions,
        seconds=night.seconds,
        growth=tuple(state.growth(night.id)),
        passed_over=(
            *circumstances.passed_over,
            *(each.case.fingerprint for each in by_state[OPEN] if each.case.fingerprint in passed_over),
        ),
    )
    return Outcome(
        summary=summarised(run, vocabulary, done),
        night=night.id,
        began=night.began,
        found=found,
        outlook=state.outlook(),
        suspects=tuple(state.suspects(night.id)),
        events=state.events(night.id),
    )
