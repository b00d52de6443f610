"""A target ready for a run: its defect planted, and canaries like no other run's."""

from secrets import choice
from string import ascii_lowercase, digits

from isofuzz.errors import UsageError
from isofuzz.program.canary import Mint
from isofuzz.runs.misspelt import meant
from isofuzz.target.base import Target


def planted(target_class: type[Target], defect: str | None) -> Target:
    """The target, with the defect planted; raises UsageError that lists the defects that there are."""
    try:
        target = target_class()
    except Exception as problem:
        raise UsageError(
            f"{target_class.__name__}() cannot be made: {type(problem).__name__}: {problem}; a target is made without "
            "arguments, and starts its system in `lifespan`"
        ) from problem
    if defect is not None and defect not in target_class.defects:
        known = ", ".join(target_class.defects) or "it has none"
        nearest = meant(defect, target_class.defects)
        raise UsageError(f"{target_class.__name__} has no defect {defect!r}{nearest}; write one of: {known}")
    target.defect = defect
    return target


def new_mint() -> Mint:
    """Canaries like no other run's. Not from `random`, which Hypothesis reseeds for every example."""
    return Mint("".join(choice(ascii_lowercase + digits) for _ in range(6)))
