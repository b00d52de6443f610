"""Which steps of a program are none of a user's business: the operations on threads that were never theirs."""

from collections.abc import Iterator

from isofuzz.history.model import Deed, Model
from isofuzz.history.world import BEGINNING, Thing, may_have_used
from isofuzz.program.steps import Call, Program
from isofuzz.program.vocabulary import GUARDED


def strangers_steps(program: Program, model: Model, user: Thing, until: int) -> frozenset[int]:
    """The steps that others did with threads and records to which the user was entitled at no time up to `until`.

    `model` knows what happened when the program was run. What others did elsewhere stays: they signed in and out,
    connected, looked at what is theirs. So does what one of the steps that stay cannot do without, and whatever the
    operator did.
    """
    strange = {
        call.number: call
        for call in program.calls
        if (deed := model.deeds.get(call.number)) and _is_strange(deed, user, until)
    }
    staying = [call for call in program.calls if call.number not in strange and not _is_by(call, model, user)]
    while staying:
        needed = {ref.step for ref in staying.pop().references()}
        staying += [strange.pop(step) for step in needed & strange.keys()]
    return frozenset(strange)


def _is_by(call: Call, model: Model, user: Thing) -> bool:
    deed = model.deeds.get(call.number)
    return deed is not None and deed.user is user


def _is_strange(deed: Deed, user: Thing, until: int) -> bool:
    if deed.acted_for_operator or deed.user is user:
        return False
    touched = list(_touched(deed))
    return bool(touched) and not any(may_have_used(user, thing, BEGINNING, until) for thing in touched)


def _touched(deed: Deed) -> Iterator[Thing]:
    """The threads and records that the operation names or makes, with the threads that they live in."""
    for thing in (*deed.created, *deed.things(*GUARDED)):
        if thing.kind in GUARDED:
            yield from thing.lineage()
