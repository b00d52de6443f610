"""What a case says, as comments: whatever its texts are, none of them ends a line or is more than a comment."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Final

from isofuzz.cases.case import Case
from isofuzz.history.entries import Entry, Move, Moved, Struck
from isofuzz.program.steps import Burst
from isofuzz.report.exporting.python import WIDTH
from isofuzz.report.finding import title
from isofuzz.report.printable import printable
from isofuzz.report.storyline import fault_in_words
from isofuzz.runs.reproduction import tries_for
from isofuzz.services import redact

_QUOTED: Final = "> "
_ROOM: Final = 4
_TOOLS: Final = "type|mypy|pyright|fmt|yapf|isort|ruff|flake8|pylint|noqa|nosec|pragma"
_DIRECTIVE: Final = re.compile(rf"[\s#]*({_TOOLS})\b", re.IGNORECASE)


def comment(text: str, indent: int = 0) -> Iterator[str]:
    """The text as comment lines. None is a directive: type checkers, formatters and linters read comments too."""
    margin = f"{' ' * indent}# "
    for line in textwrap.wrap(printable(redact(text)), WIDTH - len(margin) - len(_QUOTED)):
        yield margin + (_QUOTED if _DIRECTIVE.match(line) else "") + line


def evidence(case: Case, beside: str | None) -> Iterator[str]:
    """What was found, why it is wrong and when that was; `beside`: the file beside which the test has to stand."""
    rate = case.hit_rate
    found = f"Found {case.found or 'at an unknown time'}, and seen again in {rate} runs."
    if (runs := tries_for(rate)) > 1:
        found += f" So it is told up to {runs} times until it shows."
    if case.defect is not None:
        found += f" It was planted: the defect {case.defect!r}."
    place = f" Keep it beside {beside}, which it imports." if beside else ""
    run = f"Run it with pytest, and the isofuzz that it was exported by or a newer one.{place}"
    for paragraph in (title(case.violation), case.fingerprint, "", case.explanation, "", found, run):
        yield from comment(paragraph) if paragraph else ["#"]


def turns(burst: Burst, history: tuple[Entry, ...], called: Mapping[int, str], indent: int) -> Iterator[str]:
    """Who moved when as it was found, if that is a part of the story; `called` says what each step is called."""
    if burst.schedule is None or not burst.schedule.switches:
        return
    moves = [move for entry in history if (move := _move(entry, burst, called))]
    if moves:
        yield from comment("They take turns. This is how it was found, one move at a time:", indent)
    for move in moves:
        said = printable(" ".join(move.split()))
        yield from comment(textwrap.shorten(f"- {said}", WIDTH - indent - _ROOM, placeholder=" ..."), indent)


def _move(entry: Entry, burst: Burst, called: Mapping[int, str]) -> str | None:
    match entry:
        case Moved(step, move, text) if step in called:
            return f"{called[step]}{_MOVES[move]}{text}"
        case Struck(step, kind, of) if step in {fault.number for fault in burst.faults}:
            return fault_in_words(kind, called.get(of.step, "a socket"))
    return None


_MOVES: Final[Mapping[Move, str]] = {
    Move.START: " starts",
    Move.STATEMENT: ": ",
    Move.REPLY: " gets its answer: ",
    Move.TASK: " goes on",
}
