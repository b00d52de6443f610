"""What a run exercised, as a table, and what it did not."""

from collections.abc import Iterator
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from isofuzz.history.entries import Outcome
from isofuzz.history.relations import Relation
from isofuzz.program.vocabulary import Operation, Vocabulary
from isofuzz.report.printable import printable
from isofuzz.runs.exercised import Exercised, formable
from isofuzz.runs.latency import in_words
from isofuzz.runs.summary import Summary

_HEADINGS: Final = ("ok", "refused", "?", "own", "foreign", "ended", "never\nissued", "p50\nms", "p95\nms")
_RELATIONS: Final = (Relation.OWN, Relation.FOREIGN, Relation.ENDED, Relation.NEVER)
_NOTHING: Final = Text("·", style="dim")
_MOST_ERRORS: Final = 5
_LONGEST_ERROR: Final = 200


def coverage_table(exercised: Exercised, vocabulary: Vocabulary) -> Table:
    """How often each operation ended how, with whose things it was tried, and how long it took; `·` for nothing."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("operation", vertical="bottom", overflow="fold")
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", vertical="bottom", no_wrap=True)
    for operation in vocabulary.operations:
        outcomes = (Text(str(exercised.outcomes[operation.name, outcome])) for outcome in Outcome)
        tried = _tried(exercised, vocabulary, operation)
        table.add_row(operation.name, *outcomes, *tried, *_took(exercised, operation))
    return table


def asserted_lines(exercised: Exercised, vocabulary: Vocabulary) -> Iterator[Text]:
    """What had to be so and was, besides what operations showed; nothing of what the target does not offer."""
    if exercised.took_turns:
        yield Text(
            f"steps that overlapped and took turns: {exercised.took_turns}, in {exercised.moves} moves, "
            f"{exercised.waited} of them while somebody waited for a lock"
        )
    if exercised.decided:
        counts = ", ".join(f"{name} {count}" for name, count in exercised.decided.most_common())
        yield Text(f"who moves when, decided by: {counts}")
    if exercised.faults:
        counts = ", ".join(f"{kind} {count}" for kind, count in sorted(exercised.faults.items()))
        lacking = "" if vocabulary.restarts else "; the target does not say how to restart the system"
        yield Text(f"went wrong on purpose: {counts}{lacking}")
    if exercised.delivered:
        counts = ", ".join(f"{name} {count}" for name, count in sorted(exercised.delivered.items()))
        yield Text(f"events that had to arrive and did: {counts}")
    if exercised.alike:
        yield Text(f"probes of what exists, answered as if it did not: {exercised.alike.total()}")
    if exercised.looked:
        yield Text(f"stored rows that hold a text, looked at: {exercised.rows}")


def compared_lines(summary: Summary) -> Iterator[Text]:
    """What noninterference has looked at, and what that cost; nothing if nothing was compared."""
    compared = summary.compared
    if not compared.users:
        return
    share = compared.seconds / summary.seconds if summary.seconds else 0
    yield Text(
        f"compared with what a user sees without the others: {compared.programs} programs, {compared.users} users, "
        f"{sum(compared.left_out.values())} steps left out; {compared.executions} executions, {share:.0%} of the time"
    )


def uncontrolled_lines(summary: Summary) -> Iterator[Text]:
    """What of steps that took turns nobody controlled; nothing if all was."""
    for reason, count in summary.uncontrolled.items():
        yield Text(f"not controlled{f', {count} times' if count else ''}: {printable(reason)}")


def determinism_lines(summary: Summary) -> Iterator[Text]:
    """What came of executing each program twice; nothing if that was not asked for."""
    checked = summary.determinism
    if not checked:
        return
    each = checked.moves / checked.took_turns if checked.took_turns else 0
    yield Text(
        f"executed twice: {checked.programs} programs, {len(checked.differences)} did otherwise the second time; "
        f"{checked.took_turns} steps took turns, with {each:.1f} moves each; "
        f"{checked.blocked} moves while somebody waited for a lock, {checked.held} replies held"
    )
    share = checked.uncontrolled_programs / checked.programs if checked.programs else 0
    yield Text(f"not controlled, so they may do otherwise: {checked.uncontrolled_programs} programs ({share:.0%})")
    yield from (Text(f"  · {count} times: {reason}") for reason, count in checked.uncontrolled.most_common())


def missing_lines(summary: Summary) -> Iterator[Text]:
    """What was not exercised, one line each; only how much, if it is because the run ended with what it found."""
    if summary.findings:
        yield Text(
            f"Not exercised, for the run ended with what it found: {len(summary.missing)} of what the target offers"
        )
        return
    yield Text("Not exercised:", style="bold")
    for gap in summary.missing:
        yield Text(f"  · {printable(gap)}", style="yellow")


def unexpected_lines(exercised: Exercised) -> Iterator[Text]:
    """The errors that nobody declared, the most frequent first."""
    errors = exercised.unexpected.most_common()
    for (operation, text), count in errors[:_MOST_ERRORS]:
        error = Text(f"  {count} times {operation}: {printable(text)}")
        error.truncate(_LONGEST_ERROR, overflow="ellipsis")
        yield error
    if len(errors) > _MOST_ERRORS:
        yield Text(f"  and {len(errors) - _MOST_ERRORS} other kinds")


def _tried(exercised: Exercised, vocabulary: Vocabulary, operation: Operation) -> Iterator[Text]:
    cells = list(formable(vocabulary, operation))
    for relation in _RELATIONS:
        counts = [exercised.cells[cell] for cell in cells if cell.relation is relation]
        if not counts:
            yield _NOTHING
        else:
            yield Text(str(sum(counts)), style="" if all(counts) else "bold yellow")


def _took(exercised: Exercised, operation: Operation) -> Iterator[Text]:
    latency = exercised.latency.get(operation.name)
    for percent in (50, 95):
        yield Text(in_words(latency.percentile_ms(percent))) if latency else _NOTHING
