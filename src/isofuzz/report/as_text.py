"""Reports as plain text, without colours: for logs and the messages of failing tests."""

from collections.abc import Iterable
from typing import Final

from rich.text import Text

from isofuzz.cases.case import Case
from isofuzz.cases.store import Finding
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.finding import finding_lines, story_lines
from isofuzz.report.terminal import reason_lines, verdict_lines
from isofuzz.runs.summary import Summary

_WIDTH: Final = 100


def finding_text(finding: Finding, vocabulary: Vocabulary) -> str:
    """One finding, with its picture and the command that replays it."""
    return _joined(finding_lines(finding, vocabulary, _WIDTH))


def story_text(case: Case, vocabulary: Vocabulary) -> str:
    """What a case shows, with its picture; nothing of where it is kept."""
    return _joined(story_lines(case, vocabulary, _WIDTH))


def summary_text(summary: Summary, vocabulary: Vocabulary) -> str:
    """The verdict, what speaks against a better one, and every finding."""
    findings = (finding_text(finding, vocabulary) for finding in summary.findings)
    return "\n\n".join((_joined((*verdict_lines(summary), *reason_lines(summary))), *findings))


def _joined(lines: Iterable[Text]) -> str:
    return "\n".join(line.plain.rstrip() for line in lines)
