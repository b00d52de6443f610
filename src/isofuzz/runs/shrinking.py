"""A finding on its way to its smallest program: how often it shows, and the shrinker run with that."""

import time

from isofuzz.cases.case import HitRate
from isofuzz.engine.shrinker import Shrinker
from isofuzz.program.steps import Program
from isofuzz.runs.events import Listener, Shrinking
from isofuzz.runs.keeper import Keeper
from isofuzz.runs.reproduction import Reproducer, overlaps, tries_for

_FIRST_TRIES = 8
"""How often a program that does not show its violation every time is run, to learn how often it does."""


async def shrink(reproducer: Reproducer, keeper: Keeper, seconds: float, listener: Listener) -> HitRate:
    """Shrink the finding as far as it reproduces, for at most so many seconds; the hit rate of what is left."""
    found = keeper.findings[reproducer.fingerprint].case.program
    first = await reproducer.rate(1, found)
    if overlaps(found) or not first.seen:
        first = await reproducer.rate(_FIRST_TRIES, found)
    if not first.seen:
        return HitRate(1, first.runs + 2)
    tries = tries_for(first)
    until = time.monotonic() + seconds

    async def reproduces(candidate: Program) -> bool:
        execution = await reproducer.within(tries, candidate)
        if execution:
            keeper.improve(reproducer.fingerprint, execution)
        return execution is not None

    shrinker = Shrinker(
        found,
        reproducer.system.signatures.vocabulary,
        reproduces,
        may_go_on=lambda: time.monotonic() < until,
        on_progress=lambda at: listener(Shrinking(at.executions, len(at.best), len(found))),
    )
    best = await shrinker.shrink()
    last = await reproducer.rate(_FIRST_TRIES if tries > 1 or overlaps(best) else 2, best)
    # The execution that made it the best did show it, whatever the ones after say.
    return last if last.seen else HitRate(1, last.runs + 1)
