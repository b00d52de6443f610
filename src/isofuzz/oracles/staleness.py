"""Bounded staleness: a right that was taken away may still count for a while, if the target says for how long."""

from collections.abc import Iterator, Sequence

from isofuzz.history.acts import Standing
from isofuzz.history.entries import Entry
from isofuzz.history.model import Model, model_of
from isofuzz.history.world import BEGINNING, Canary, Thing, may_have_used
from isofuzz.oracles.rights import holders, in_order, what_took
from isofuzz.oracles.violation import Breach, Violation
from isofuzz.program.vocabulary import Vocabulary


def lost_by(history: Sequence[Entry], violation: Violation, vocabulary: Vocabulary) -> str | None:
    """The operation that had taken away the right that the violation would have needed.

    None: whoever it was never had that right, or nobody took it. Only what is about a lost right may be staleness.
    """
    if violation.serial is None:
        return None
    model = model_of(history, vocabulary)
    canary = model.canaries.get(violation.serial)
    if canary is None:
        return None
    for user, at in _in_need_of_a_right(model, canary, violation):
        if canary.spec.private and user is not canary.author:
            continue
        home = canary.home
        lost = [
            act for act in in_order((*what_took(home, user), *home.ended_by())) if act.possible and act.invoked < at
        ]
        if lost and any(may_have_used(user, holder, BEGINNING, at) for holder in holders(home)):
            return lost[-1].operation
    return None


def _in_need_of_a_right(model: Model, canary: Canary, violation: Violation) -> Iterator[tuple[Thing, int]]:
    """Who needed a right to the text's place for that to be right, and when: to write it, to see it, to take it."""
    if canary.written.standing is Standing.NONE:
        if canary.author:
            yield canary.author, canary.written.invoked
    elif violation.breach in (Breach.FOREIGN, Breach.STALE):
        yield model.things[violation.user], violation.at
    else:
        for act in (*canary.ends, *canary.home.ended_by()):
            user = model.deeds[act.step].user
            if user and not act.possible:
                yield user, act.invoked
