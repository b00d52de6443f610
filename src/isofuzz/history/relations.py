"""How a user stands to a thing at one moment: the relation that decides what a reply to them has to be."""

from enum import StrEnum

from isofuzz.history.acts import Act
from isofuzz.history.world import Thing, may_use


class Relation(StrEnum):
    """Whose thing an argument names, seen from the actor."""

    OWN = "own"
    """The actor is entitled to it."""
    FOREIGN = "foreign"
    """It lives, and the actor is not entitled to it."""
    ENDED = "ended"
    """It lived once."""
    NEVER = "never issued"
    """The system never issued it."""


def relation(user: Thing | None, thing: Thing | None, at: int, *, apart_from: Act | None = None) -> Relation:
    """How `user` (None: the operator) stands to `thing` (None: one that was never issued) at logical time `at`.

    What the act `apart_from` brings about is left out: it is what the user is about to do.
    """
    if thing is None:
        return Relation.NEVER
    if may_use(user, thing, at, at, apart_from=apart_from):
        return Relation.OWN
    return Relation.FOREIGN if may_use(None, thing, at, at) else Relation.ENDED
