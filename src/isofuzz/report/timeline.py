"""A case as a picture: a column for each session, time from top to bottom, and the breach where nobody overlooks it."""

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from isofuzz.cases.case import Case
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.storyline import CROSSED, Mark, Row, Storyline, storyline

_GAP: Final = 2
_STYLES: Final = {Mark.NONE: "", Mark.WRITTEN: "", Mark.LEFT_OUT: "dim", Mark.BREACH: "bold red"}


def timeline(case: Case, vocabulary: Vocabulary, width: int) -> list[Text]:
    """The lines of the picture, none wider than `width` terminal cells; it can be understood without colours."""
    story = storyline(case, vocabulary)
    number = max((len(str(row.step)) for row in story.rows if row.step is not None), default=1)
    gutter = number + 4
    room = width - gutter - _GAP * (len(story.headings) - 1)
    widths = _shared(room, _natural_widths(story))
    starts = [gutter + sum(widths[:column]) + _GAP * column for column in range(len(widths))]
    heading = Text()
    for column, title in enumerate(story.headings):
        heading = _placed(heading, starts[column], _cut(title, widths[column]), "bold")
    return [heading, *(_line(row, number, starts[row.column], widths[row.column]) for row in story.rows)]


def _line(row: Row, number: int, start: int, width: int) -> Text:
    step = "" if row.step is None else str(row.step)
    line = Text(f"{row.bracket}{row.mark.value} {step:>{number}} ", style=_STYLES[row.mark])
    line = _placed(line, start, _cut(row.text, width, keep=row.ending), "")
    line.highlight_words([CROSSED], "bold magenta")
    return line


def _placed(line: Text, start: int, text: str, style: str) -> Text:
    line.append(" " * (start - line.cell_len))
    return line.append(text, style=style)


def _cut(text: str, width: int, keep: str = "") -> str:
    """As much of `text` as fits into `width` together with all of `keep`; what is missing shows as `…`."""
    if cell_len(text) + cell_len(keep) <= width:
        return text + keep
    left = width - cell_len(keep)
    if left < width // 3:  # then there is too much to keep
        text, left, keep = text + keep, width, ""
    cut = Text(text)
    cut.truncate(max(left, 1), overflow="ellipsis")
    return cut.plain + keep


def _natural_widths(story: Storyline) -> list[int]:
    widths = [cell_len(title) for title in story.headings]
    for row in story.rows:
        widths[row.column] = max(widths[row.column], cell_len(row.text + row.ending))
    return widths


def _shared(room: int, wanted: Sequence[int]) -> list[int]:
    """The room that each column gets: what it wants, or an equal share of what the modest ones leave."""
    widths = [0] * len(wanted)
    for place, column in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        widths[column] = min(wanted[column], max(1, room // (len(wanted) - place)))
        room -= widths[column]
    return widths
