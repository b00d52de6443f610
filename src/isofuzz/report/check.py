"""A finished check for a terminal: the answer first, a line for each part with what is wrong in it, then what to do."""

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from rich.text import Text

from isofuzz.report.coverage import unexpected_lines
from isofuzz.report.finding import title
from isofuzz.report.printable import printable
from isofuzz.runs.check import Checked, Compared, Swept, answer_of
from isofuzz.runs.sabotage import Answer, Attempt

_MARKS: Final = {
    Answer.PASS: ("✓ PASS", "bold green"),
    Answer.FAIL: ("✗ FAIL", "bold red"),
    Answer.NOT_APPLICABLE: ("· NOT APPLICABLE", "bold yellow"),
}
_EXERCISE: Final = (
    "let what is named above happen: see whether the operations succeed for whom the things belong to, and whether "
    "the target can share, take back and delete what it makes"
)
_DETERMINE: Final = (
    "let the system answer the same to the same program: order what it lists, decide nothing by chance or by the "
    "clock, and forget in `reset()` what it remembers outside its database"
)
_SHOW: Final = (
    "declare what operations show to users (`All[...]`, `Some[...]`) and what is pushed to them (`Subscription[...]`), "
    "of things that are not everybody's: that is where a leak is seen"
)


def check_lines(checked: Checked) -> Iterator[Text]:
    """All that a check says."""
    yield _verdict(checked)
    yield Text(printable(f"{checked.target}, {checked.seconds:.1f} s"))
    yield Text(printable(f"services: {checked.services}"))
    yield Text()
    yield from _swept(checked.swept)
    yield from _compared(checked.compared)
    yield from _attempts("replies", checked.replies, "swapped between two users", "no operation shows anything")
    yield from _attempts("frames", checked.frames, "copied to a stranger's socket", "there are no subscriptions")
    advice = list(dict.fromkeys(_advice(checked)))
    if advice:
        yield Text()
        yield Text("What to do:", style="bold")
        yield from (Text(printable(f"  {number}. {each}")) for number, each in enumerate(advice, start=1))


def _verdict(checked: Checked) -> Text:
    if checked.able:
        return Text("ABLE TO SEE LEAKS: what leaked on purpose was reported, and nothing else was", style="bold green")
    if not checked.shows:
        return Text("NOT ABLE TO SEE LEAKS: nothing could be made to leak so that it was reported", style="bold red")
    return Text("NOT ABLE TO SEE ALL LEAKS: not everything is as it has to be", style="bold red")


def _swept(swept: Swept) -> Iterator[Text]:
    counts = f"{_number(swept.exercised.programs, 'program')}, {_number(swept.exercised.operations, 'operation')}"
    leaks = f", {_number(len(swept.findings), 'leak')}" if swept.findings else ""
    yield _part("sweep", swept.answer, f"{counts}; {len(swept.missing) or 'nothing'} missing{leaks}")
    for finding in swept.findings:
        yield _point(f"{title(finding.case.violation)}: {finding.unkept or finding.path}")
    for accepted in swept.accepted:
        told = f"{title(accepted.finding.case.violation)} (until {accepted.acceptance.until})"
        yield Text(printable(f"  · accepted: {told}"))
    yield from map(_point, swept.missing)
    if swept.missing and swept.exercised.unexpected:
        yield Text("  ended unexpectedly:")
        yield from unexpected_lines(swept.exercised)


def _compared(compared: Compared) -> Iterator[Text]:
    done = f"{_number(compared.programs, 'program')} with {_number(compared.steps, 'step')}, each twice"
    differ = _number(len(compared.differences), "difference") if compared.differences else "the same both times"
    yield _part("determinism", compared.answer, f"{done}; {differ}")
    yield from map(_point, compared.differences)
    if compared.among:
        share = f"of {compared.among} steps of one more program {compared.overlapping} overlap"
        what = f"it differs at {compared.uncontrolled}" if compared.uncontrolled else "it did the same, too"
        yield Text(printable(f"  · not controlled: {share}; {what}"))


def _attempts(name: str, attempts: Sequence[Attempt], what: str, nothing: str) -> Iterator[Text]:
    answer = answer_of(attempts)
    done, reported = sum(each.done for each in attempts), sum(each.reported for each in attempts)
    each_of = ", ".join(f"{each.name} {each.reported} of {each.done}" for each in attempts if each.done)
    counts = f"{done} {what}, {reported} reported" if done else "none " + what
    yield _part(name, answer, (f"{counts}: {each_of}" if each_of else counts) if attempts else nothing)
    for each in attempts:
        if each.answer is Answer.FAIL:
            yield _point(f"{each.name}: {each.reason}")
        elif each.answer is Answer.NOT_APPLICABLE:
            yield Text(printable(f"  · {each.name}, not applicable: {each.reason}"))


def _advice(checked: Checked) -> Iterator[str]:
    if checked.swept.findings:
        yield f"run `isofuzz run {shlex.quote(checked.target)}`, which shrinks what leaks and confirms it; then mend it"
    if checked.swept.missing:
        yield _EXERCISE
    if checked.compared.answer is Answer.FAIL:
        yield _DETERMINE
    yield from (each.advice for each in (*checked.replies, *checked.frames) if each.advice)
    if not checked.shows and not any(each.advice for each in (*checked.replies, *checked.frames)):
        yield _SHOW


def _part(name: str, answer: Answer, told: str) -> Text:
    mark, style = _MARKS[answer]
    return Text.assemble((f"{mark:<16}", style), f"  {name:<11}  ", printable(told))


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _point(told: str) -> Text:
    return Text(printable(f"  · {told}"), style="red")
