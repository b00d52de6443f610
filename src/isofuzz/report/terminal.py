"""A finished run for a terminal: the verdict first, then what it rests on, then each finding."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

from isofuzz.cases.store import Finding
from isofuzz.oracles.verdict import Verdict
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.accepted import accepted_lines
from isofuzz.report.coverage import (
    asserted_lines,
    compared_lines,
    coverage_table,
    determinism_lines,
    missing_lines,
    uncontrolled_lines,
    unexpected_lines,
)
from isofuzz.report.finding import finding_lines
from isofuzz.report.hazards import hazard_lines
from isofuzz.report.printable import printable
from isofuzz.runs.summary import Summary

_WORDS: Final = {
    Verdict.ISOLATED: ("bold green", "nothing crossed a boundary, and everyone still got their own"),
    Verdict.LEAKED: ("bold red", "isolation is broken"),
    Verdict.INCONCLUSIVE: ("bold yellow", "no leak was seen, but not everything was checked"),
    Verdict.ERROR: ("bold red", "the run failed, so nothing can be said about isolation"),
}
_STRICT: Final = "hazards count as leaks, for the run is strict"


def print_summary(console: Console, summary: Summary, vocabulary: Vocabulary) -> None:
    """Print all that a run concludes."""
    print_lines(console, verdict_lines(summary))
    print_lines(console, reason_lines(summary))
    _print_exercised(console, summary, vocabulary)
    for number, finding in enumerate(summary.findings, start=1):
        print_finding(console, finding, vocabulary, heading=f"FINDING {number} OF {len(summary.findings)}")


def print_finding(console: Console, finding: Finding, vocabulary: Vocabulary, *, heading: str) -> None:
    """Print one finding."""
    console.rule(Text(heading), align="left", characters="─")
    print_lines(console, finding_lines(finding, vocabulary, console.width))


def print_lines(console: Console, lines: Iterable[Text]) -> None:
    """Print each line as it is: no markup, no highlighting, no folding, so that what is copied is whole."""
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False)


def verdict_in_words(summary: Summary) -> str:
    """What the verdict says of the system."""
    _, words = _WORDS[summary.verdict]
    if summary.verdict is Verdict.LEAKED and not summary.findings:
        words = _STRICT
    apart = ["what is accepted"] * bool(summary.accepted) + ["what is known"] * bool(summary.passed_over)
    return words + (f", apart from {' and '.join(apart)}" if apart else "")


def verdict_lines(summary: Summary) -> Iterator[Text]:
    """The verdict in plain words, of what, and on which services."""
    style, _ = _WORDS[summary.verdict]
    planted = f" with the planted defect {summary.defect}" if summary.defect else ""
    yield Text(f"{summary.verdict.name}: {verdict_in_words(summary)}", style=style)
    yield Text(printable(f"{summary.target}{planted}, profile {summary.profile}, {summary.seconds:.1f} s"))
    yield Text(printable(f"services: {summary.services}"))
    yield from accepted_lines(summary)
    for fingerprint in summary.passed_over:
        yield Text(printable(f"known, and seen again: {fingerprint}"), style="yellow")


def reason_lines(summary: Summary) -> Iterator[Text]:
    """Why the verdict is no better: what went wrong, what is amiss, and what was not exercised."""
    if summary.trouble:
        yield Text()
        yield from (Text(printable(line), style="red") for line in summary.trouble.splitlines())
    yield from hazard_lines(summary)
    if summary.missing and summary.verdict is not Verdict.ERROR:
        yield Text()
        yield from missing_lines(summary)


def _print_exercised(console: Console, summary: Summary, vocabulary: Vocabulary) -> None:
    exercised = summary.exercised
    if not exercised.programs:
        return
    counts = (
        f"{exercised.programs} programs, {exercised.operations} operations"
        f" ({exercised.skipped} more skipped), {exercised.frames} frames"
    )
    if summary.sessions:
        counts += f", with {summary.sessions} sessions at once"
    if summary.replayed:
        counts += f"; kept cases replayed first: {summary.replayed}"
    print_lines(console, [Text(), Text.assemble(("Exercised: ", "bold"), counts)])
    console.print()
    console.print(coverage_table(exercised, vocabulary))
    console.print()
    print_lines(console, asserted_lines(exercised, vocabulary))
    print_lines(console, compared_lines(summary))
    print_lines(console, uncontrolled_lines(summary))
    print_lines(console, determinism_lines(summary))
    if exercised.unexpected:
        print_lines(console, [Text(), Text("Ended unexpectedly:", style="bold")])
        print_lines(console, unexpected_lines(exercised))
    console.print()
