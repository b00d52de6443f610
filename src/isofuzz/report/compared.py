"""Two observations one above the other, where it takes both to see what is wrong."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from isofuzz.cases.case import Case
from isofuzz.history.entries import Completion
from isofuzz.oracles.violation import Breach
from isofuzz.report.printable import printable

_NOTHING = "nothing"


def compared_lines(case: Case, width: int) -> Iterator[Text]:
    """Both observations in lines of at most `width` cells, cut so that where they begin to differ is seen."""
    pairs = _pairs(case)
    if pairs:
        label = max(len(name) for name, _ in pairs)
        texts = _around_difference([printable(text) for _, text in pairs], width - label - 2)
        for (name, _), text in zip(pairs, texts, strict=True):
            line = Text(f"{name:<{label}}  {text}")
            line.truncate(width, overflow="ellipsis")
            yield line


def _pairs(case: Case) -> list[tuple[str, str]]:
    """What each of the two is called, and what it showed."""
    violation = case.violation
    match violation.breach:
        case Breach.INTERFERED:
            return [("with", violation.text or _NOTHING), ("without", violation.other or _NOTHING)]
        case Breach.TOLD:
            answers = ((violation.step, violation.text), (violation.instead, violation.other))
            return [(f"step {step}", _answer(case, step, text)) for step, text in answers]
    return []


def _answer(case: Case, step: int | None, text: str) -> str:
    ended = (entry.outcome for entry in case.history if isinstance(entry, Completion) and entry.step == step)
    return " ".join(filter(None, (next(ended, ""), text)))


def _around_difference(texts: Sequence[str], room: int) -> list[str]:
    """The texts from the same place on, so that the first difference is among the first `room` characters."""
    longest = max(map(len, texts))
    pairs = enumerate(zip(*(text.ljust(longest) for text in texts), strict=True))
    differ = next((place for place, (one, other) in pairs if one != other), 0)
    start = max(0, min(differ - room // 2, longest - room))
    return [f"…{text[start + 1 :]}" if start else text for text in texts]
