"""Bounded staleness: a right that was taken away may still show for a while, if the target says for how long."""

from collections.abc import Sequence

from isofuzz.history.entries import Entry
from isofuzz.history.model import Model
from isofuzz.history.world import BEGINNING, may_have_used
from isofuzz.oracles.violation import Breach, Violation
from isofuzz.program.vocabulary import Vocabulary


def is_about_a_lost_right(history: Sequence[Entry], violation: Violation, vocabulary: Vocabulary) -> bool:
    """Did the user see what they once had the right to, though not any more? Only that may be staleness."""
    if violation.breach not in (Breach.FOREIGN, Breach.STALE) or violation.serial is None:
        return False
    model = Model(vocabulary)
    for at, entry in enumerate(history):
        model.feed(at, entry)
    canary = model.canaries.get(violation.serial)
    return canary is not None and may_have_used(model.things[violation.user], canary.home, BEGINNING, violation.at)
