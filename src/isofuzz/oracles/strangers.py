"""Which steps of a program are none of a user's business: the operations on threads that were never theirs."""

from collections.abc import Callable, Iterator

from isofuzz.history.deeds import Deed
from isofuzz.history.model import Model
from isofuzz.history.world import BEGINNING, Thing, may_have_used
from isofuzz.program.steps import Program
from isofuzz.program.vocabulary import GUARDED, Kind


def strangers_steps(program: Program, model: Model, user: Thing, until: int) -> frozenset[int]:
    """The steps that others did with threads and records to which the user was entitled at no time up to `until`.

    `model` knows what happened when the program was run; steps that were not done then are passed over. What others
    did elsewhere stays: they signed in and out, connected, looked at what is theirs. So does whatever the operator did,
    and all that was done with what is named by a step that stays and is not the user's: through that it may show.
    """
    deeds = {call.number: model.deeds[call.number] for call in program.calls if call.number in model.deeds}
    strange = {step: deed for step, deed in deeds.items() if _is_strange(deed, user, until)}
    others = [deed for step, deed in deeds.items() if step not in strange and deed.user is not user]
    staying = _with(others, strange, lambda deed, other: not _innermost(deed).isdisjoint(_touched(other)))
    _with(staying, strange, lambda deed, other: any(ref.step == other.act.step for ref in deed.references))
    return frozenset(strange)


def _with(staying: list[Deed], strange: dict[int, Deed], needs: Callable[[Deed, Deed], bool]) -> list[Deed]:
    """What stays, and what that needs, and so on; it is strange no longer."""
    pending, found = list(staying), list(staying)
    while pending:
        deed = pending.pop()
        needed = [strange.pop(step) for step, other in list(strange.items()) if needs(deed, other)]
        pending += needed
        found += needed
    return found


def _is_strange(deed: Deed, user: Thing, until: int) -> bool:
    if deed.acted_for_operator or deed.user is user or deed.made(Kind.USER, Kind.SESSION):
        return False
    touched = list(_touched(deed))
    return bool(touched) and not any(may_have_used(user, thing, BEGINNING, until) for thing in touched)


def _touched(deed: Deed) -> Iterator[Thing]:
    """The threads and records that the operation is about, with the threads that they live in."""
    for thing in _subjects(deed):
        yield from thing.lineage()


def _innermost(deed: Deed) -> set[Thing]:
    """The threads and records that the operation is about, without those that only hold others of them."""
    subjects = _subjects(deed)
    return {thing for thing in subjects if not any(other is not thing and other.lies_in(thing) for other in subjects)}


def _subjects(deed: Deed) -> list[Thing]:
    """The threads and records that it names or makes, and those that it had to do with through a subscription."""
    things = (*deed.created, *deed.things(*GUARDED, Kind.SUBSCRIPTION))
    subjects = (thing.scope if thing.kind is Kind.SUBSCRIPTION else thing for thing in things)
    return [thing for thing in subjects if thing and thing.kind in GUARDED]
