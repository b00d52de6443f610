"""From what a run concludes to what its page says."""

from isofuzz.oracles.verdict import Verdict
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.page.contents import Contents, Note, Shown, State, Timing
from isofuzz.report.terminal import verdict_in_words
from isofuzz.runs.summary import Summary

_MOST_UNEXPECTED = 20
"""Of what ended unexpectedly, so much is told."""


def contents_of(summary: Summary, vocabulary: Vocabulary) -> Contents:
    """What a page says of a run."""
    exercised = summary.exercised
    return Contents(
        target=summary.target,
        defect=summary.defect,
        verdict=summary.verdict,
        headline=verdict_in_words(summary),
        vocabulary=vocabulary,
        facts=(
            ("programs", f"{exercised.programs}"),
            ("operations", f"{exercised.operations}"),
            ("events", f"{exercised.frames}"),
            ("seconds", f"{summary.seconds:.1f}"),
            ("profile", summary.profile),
            ("services", summary.services),
            ("versions", ", ".join(f"{name} {version}" for name, version in sorted(summary.versions.items()))),
        ),
        reached=dict(exercised.reached),
        missing=summary.missing if summary.verdict is not Verdict.ERROR else (),
        growth=summary.growth,
        timings=tuple(_timings(summary)),
        findings=(
            *(Shown(finding) for finding in summary.findings),
            *(Shown(accepted.finding, State.KNOWN) for accepted in summary.accepted),
        ),
        notes=tuple(note for note in _notes(summary) if note.sentences),
    )


def _timings(summary: Summary) -> list[Timing]:
    return [
        Timing(
            name,
            latency.count,
            latency.percentile_ms(50),
            latency.percentile_ms(95),
            latency.max_ms,
            summary.budgets.get(name),
        )
        for name, latency in sorted(summary.exercised.latency.items())
    ]


def _notes(summary: Summary) -> list[Note]:
    return [
        Note("What went wrong", (summary.trouble,) if summary.trouble else ()),
        Note("Known, and seen again", summary.passed_over),
        Note("Hazards: no leak, or not yet one", tuple(hazard.sentence for hazard in summary.hazards)),
        Note("What nobody can tell", summary.unjudged),
        Note(
            "What was not controlled",
            tuple(f"{reason} ({count} times)" for reason, count in sorted(summary.uncontrolled.items()) if count),
        ),
        Note(
            "What ended unexpectedly",
            tuple(
                f"{operation}: {text} ({count} times)"
                for (operation, text), count in summary.exercised.unexpected.most_common(_MOST_UNEXPECTED)
            ),
        ),
    ]
