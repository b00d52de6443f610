"""A report as Markdown, for the summary of a pull request or of a job."""

import re
from collections.abc import Iterator

from isofuzz.report.finding import confirmation, replay_command, title
from isofuzz.report.page.contents import Contents, Shown
from isofuzz.report.printable import printable

_LONGEST = 60_000
"""Characters: GitHub takes 65,536 and cuts the rest away without a word."""
_MOST_MISSING = 20
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~@&])")


def markdown(contents: Contents) -> str:
    """The verdict, what it rests on, and each finding with the command that shows it again."""
    blocks = [
        f"## isofuzz: {contents.verdict.name}",
        f"{plain(contents.headline)}: {plain(contents.target)}"
        + (f" with the planted defect {plain(contents.defect)}" if contents.defect else ""),
        "\n".join(_table(contents)),
        *(_finding(shown) for shown in contents.findings),
        *_missing(contents),
        plain(contents.outlook),
    ]
    return "\n\n".join(_cut([block for block in blocks if block])) + "\n"


def plain(text: str) -> str:
    """The text as it is, in one line: it makes no table, mentions nobody and is no HTML.

    A zero-width joiner behind `@` keeps GitHub from mentioning whoever has that name; a backslash does not.
    """
    escaped = _SPECIAL.sub(r"\\\1", " ".join(printable(text).split()))
    return escaped.replace("\\@", "@\N{ZERO WIDTH JOINER}").replace("\\<", "&lt;").replace("\\&", "&amp;")


def _table(contents: Contents) -> Iterator[str]:
    yield "| | |"
    yield "| --- | --- |"
    yield from (f"| {plain(label)} | {plain(value)} |" for label, value in contents.facts if value)


def _finding(shown: Shown) -> str:
    case = shown.finding.case
    state = f" ({shown.state})" if shown.state else ""
    again = replay_command(shown.finding)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", again)), default=2))
    return "\n\n".join(
        (
            f"<details><summary>{plain(title(case.violation))}{state}</summary>",
            plain(case.explanation),
            f"{len(case.program)} steps; leaks in {case.hit_rate} runs from reset; {confirmation(case)}.",
            f"{fence}sh\n{again}\n{fence}" if again else f"Not kept: {plain(str(shown.finding.unkept))}",
            "</details>",
        )
    )


def _missing(contents: Contents) -> Iterator[str]:
    if contents.missing:
        yield "### Not checked"
        yield "\n".join(f"- {plain(sentence)}" for sentence in contents.missing[:_MOST_MISSING])
        if len(contents.missing) > _MOST_MISSING:
            yield f"and {len(contents.missing) - _MOST_MISSING} more"


def _cut(blocks: list[str]) -> Iterator[str]:
    left = _LONGEST
    for number, block in enumerate(blocks):
        left -= len(block) + 2
        if left < 0:
            yield f"{len(blocks) - number} more parts were left out here: the page has them."
            return
        yield block
