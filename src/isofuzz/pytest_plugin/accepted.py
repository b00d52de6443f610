"""Findings that the project accepts, told below the results: a test that passes would otherwise hide them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from isofuzz.runs.summary import Summary

_PROPERTY = "isofuzz_accepted"


def note_accepted(item: pytest.Item, summary: "Summary") -> None:
    """Remember what was accepted with the test: its reports, also those of other processes, carry it on."""
    from isofuzz.report.accepted import accepted_lines

    if text := "\n".join(line.plain for line in accepted_lines(summary)):
        item.user_properties.append((_PROPERTY, text))


def tell_accepted(reporter: pytest.TerminalReporter) -> None:
    """A section on what was accepted in this run, if anything was."""
    noted = list(_noted(reporter))
    if noted:
        reporter.section("isofuzz: accepted findings")
    for test, text in noted:
        reporter.line(test)
        for line in text.splitlines():
            reporter.line(f"  {line}")


def _noted(reporter: pytest.TerminalReporter) -> Iterator[tuple[str, str]]:
    for reports in reporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.when == "call":
                yield from ((report.nodeid, str(text)) for name, text in report.user_properties if name == _PROPERTY)
