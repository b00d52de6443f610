"""What a violation shows besides a canary: the stored row that is wrong, the thing that a probe was about."""

from collections.abc import Sequence

from isofuzz.history.entries import Entry, Invocation, Row, Storage
from isofuzz.history.model import Model
from isofuzz.history.world import Thing
from isofuzz.oracles.violation import Breach, Violation


def row_of(history: Sequence[Entry], violation: Violation) -> Row | None:
    """The stored row that the violation is about, if it is about one that is there."""
    entry = history[violation.at] if -1 < violation.at < len(history) else None
    rows = entry.rows if isinstance(entry, Storage) else ()
    return next((row for row in rows if violation.serial in row.seen and row.text == violation.text), None)


def probed(model: Model, violation: Violation) -> Thing | None:
    """What the two answers are about that tell it from what never existed."""
    if violation.step is None or violation.instead is None:
        return None
    asked, never = model.deeds[violation.step].arguments, model.deeds[violation.instead].arguments
    return next((things[0] for name, things in asked.items() if never[name] == [None] != things), None)


def steps_of_probe(history: Sequence[Entry], violation: Violation) -> set[int]:
    """The steps that asked about what never existed, before and after the one that was told of something."""
    if violation.instead is None:
        return set()
    asked = [entry.step for entry in history if isinstance(entry, Invocation)]
    place = asked.index(violation.instead)
    return set(asked[place : place + 3])


def steps_of_row(model: Model, history: Sequence[Entry], violation: Violation) -> set[int]:
    """The steps that made what a stored row names; of a row that is gone, what tried to take it, and wrote its like."""
    row = row_of(history, violation)
    if row:
        return {ref.step for ref in (*(row.threads or ()), *(row.owners or ()))}
    entry = history[violation.at] if violation.breach is Breach.LOST else None
    if violation.serial is None or not isinstance(entry, Storage):
        return set()
    canary = model.canaries[violation.serial]
    stored = (model.canaries[serial] for row in entry.rows for serial in row.seen if serial in model.canaries)
    alike = (each.written for each in stored if each.written.operation == canary.written.operation)
    tried = [act for act in (*canary.ends, *canary.home.ended_by()) if not act.possible]
    return {act.step for act in (*tried, *list(alike)[:1])}
