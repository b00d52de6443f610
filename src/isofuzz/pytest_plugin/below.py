"""What isolation tests say below the results, for a test that passes says nothing else.

One line of each: its verdict, how much was exercised, and which services it ran on, and why on these. And the findings
that the project accepts.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from isofuzz.runs.summary import Summary

_RAN = "isofuzz_ran"
_ACCEPTED = "isofuzz_accepted"


def note_summary(item: pytest.Item, summary: "Summary") -> None:
    """Remember with the test what is to be told: its reports, also those of other processes, carry it on."""
    from isofuzz.report.accepted import accepted_lines
    from isofuzz.report.printable import printable

    exercised = summary.exercised
    counts = f"{exercised.programs} programs, {exercised.operations} operations"
    services = printable(summary.services)
    item.user_properties.append((_RAN, f"{summary.verdict.name}, {counts}; services: {services}"))
    if text := "\n".join(line.plain for line in accepted_lines(summary)):
        item.user_properties.append((_ACCEPTED, text))


def tell_below(reporter: pytest.TerminalReporter) -> None:
    """A section on the isolation tests of this run and one on what was accepted, if there is anything to tell."""
    if ran := list(_noted(reporter, _RAN)):
        reporter.section("isofuzz: isolation tests")
    for test, text in ran:
        reporter.line(f"{test}: {text}")
    if accepted := list(_noted(reporter, _ACCEPTED)):
        reporter.section("isofuzz: accepted findings")
    for test, text in accepted:
        reporter.line(test)
        for line in text.splitlines():
            reporter.line(f"  {line}")


def _noted(reporter: pytest.TerminalReporter, name: str) -> Iterator[tuple[str, str]]:
    for reports in reporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.when == "call":
                yield from ((report.nodeid, str(text)) for noted, text in report.user_properties if noted == name)
