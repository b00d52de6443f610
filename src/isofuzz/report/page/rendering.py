"""A page as one HTML file: nothing is loaded, and nothing of the system under test can run in it.

Jinja escapes every text. Should something slip through all the same, the page's own policy lets neither a script nor a
style run whose digest it does not name, and nothing be loaded from anywhere (Content Security Policy, level 3).
"""

import base64
import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from isofuzz.history.entries import Outcome
from isofuzz.history.relations import Relation
from isofuzz.program.vocabulary import Operation, Vocabulary
from isofuzz.report.compared import compared_lines
from isofuzz.report.earlier import earlier_lines
from isofuzz.report.finding import confirmation, necessary, replay_command, title
from isofuzz.report.page.contents import Contents, Shown
from isofuzz.report.page.growth import Growth
from isofuzz.report.page.lanes import Lanes, lanes
from isofuzz.report.printable import printable
from isofuzz.runs.exercised import Reached, formable
from isofuzz.runs.fitting import misfit
from isofuzz.runs.latency import in_words

_RELATIONS = (*Relation, "")
_COLUMNS = tuple(product(_RELATIONS, Outcome))
_HOTTEST = 5
"""Shades of the heat map, from 1; each stands for ten times as much as the one before."""
_WIDTH = 110
"""Characters in a line of what is shown as on a terminal."""


@dataclass(frozen=True)
class _Told:
    """A finding with its picture. If its target has changed so that there can be none, `misfit` says what has."""

    shown: Shown
    lanes: Lanes | None
    earlier: str
    misfit: str

    @classmethod
    def of(cls, shown: Shown, vocabulary: Vocabulary) -> "_Told":
        case = shown.finding.case
        if changed := misfit(case, vocabulary):
            return cls(shown, None, "", changed)
        earlier = "\n".join(line.plain for line in earlier_lines(case, vocabulary, _WIDTH))
        return cls(shown, lanes(case, vocabulary), earlier, "")


def rendered(contents: Contents) -> str:
    """The page."""
    findings = [_Told.of(shown, contents.vocabulary) for shown in contents.findings]
    drawn = [told.lanes for told in findings if told.lanes]
    style = _asset("page.css") + "\n".join(sorted(set(_places(drawn))))
    script = _asset("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            page=contents,
            findings=findings,
            heat=list(_heat(contents)),
            relations=[relation or "nothing" for relation in _RELATIONS],
            outcomes=list(Outcome),
            growth=Growth.of(contents.growth),
            style=Markup(style),  # noqa: S704 - our own, with numbers in it
            script=Markup(script),  # noqa: S704 - our own
            policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'",
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("isofuzz.report.page", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "printable": printable,
        "ms": in_words,
        "title": lambda shown: title(shown.finding.case.violation),
        "necessary": lambda shown: necessary(shown.finding.case),
        "confirmation": lambda shown: confirmation(shown.finding.case),
        "compared": lambda shown: [line.plain for line in compared_lines(shown.finding.case, _WIDTH)],
        "command": lambda shown: replay_command(shown.finding),
    }
    return environment


def _asset(name: str) -> str:
    return files("isofuzz.report.page").joinpath("assets", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _places(drawn: Iterable[Lanes]) -> Iterator[str]:
    """A rule for each place in the lanes: attributes of style are nothing that a policy can name."""
    for story in drawn:
        yield f".lanes-{len(story.headings)}{{--lanes:{len(story.headings)}}}"
        for lane in range(len(story.headings)):
            yield f".lane-{lane}{{grid-column:{lane + 2}}}"
        for item in story.items:
            yield f".row-{item.row}-{item.until}{{grid-row:{item.row + 2}/{item.until + 3}}}"
            yield f".at-{item.row}{{grid-row:{item.row + 2}}}"
        for arrow in story.arrows:
            first, last = sorted((arrow.of, arrow.to))
            yield f".from-{first}-{last}{{grid-column:{first + 2}/{last + 3};--span:{last - first + 1}}}"


def _heat(contents: Contents) -> Iterator[tuple[str, list[tuple[int, int, bool]]]]:
    """For each operation its cells: how often, how hot, and whether it should have been tried and was not."""
    for operation in contents.vocabulary.operations:
        counts = [
            contents.reached.get(Reached(operation.name, str(relation), outcome), 0) for relation, outcome in _COLUMNS
        ]
        lacking = _lacking(contents, operation)
        yield (
            operation.name,
            [
                (count, min(_HOTTEST, 1 + int(math.log10(count))) if count else 0, not count and relation in lacking)
                for count, (relation, _) in zip(counts, _COLUMNS, strict=True)
            ],
        )


def _lacking(contents: Contents, operation: Operation) -> set[Relation]:
    """To whose things the operation could have been done, and never was."""
    tried = {reached.relation for reached in contents.reached if reached.operation == operation.name}
    return {cell.relation for cell in formable(contents.vocabulary, operation) if str(cell.relation) not in tried}
