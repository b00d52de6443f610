"""Ways of choosing who moves when, and how many programs each takes until a race has shown."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from benchmarks.control.stage import Stage
from benchmarks.interleaving.racy import Racy
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.schedulers import Pct, RandomWalk, Scheduler, scheduler
from isofuzz.program.steps import Burst

MOST = 40
"""Programs after which a way is given up; a median of so many is that many or more."""

_LATE = 0.005

Decides = Callable[[int, tuple[int, ...]], Scheduler | None]
"""Who decides for these steps, with this seed; None: they start at once, and nobody does."""


@dataclass(frozen=True)
class Way:
    """How steps meet: `alone` they do not; else `decides` says who moves, and they are delayed by chance at most so."""

    decides: Decides = lambda seed, steps: None
    alone: bool = False
    most_delay: float = 0


WAYS: Mapping[str, Way] = {
    "alone": Way(alone=True),
    "burst": Way(),
    "random delays": Way(most_delay=_LATE),
    "random walk": Way(lambda seed, steps: RandomWalk(seed)),
    **{f"PCT {depth}": Way(partial(lambda depth, seed, steps: Pct(seed, depth, steps), depth)) for depth in (1, 2, 3)},
    "portfolio": Way(scheduler),
}


async def programs_until_found(on: Stage, way: Way, seed: int) -> int:
    """How often the program is executed until somebody sees what is not theirs."""
    target = on.system.target
    assert isinstance(target, Racy)
    target.most_delay = way.most_delay
    chance = random.Random(seed)  # noqa: S311 - it has to be drawn the same again
    for number in range(1, MOST):
        if await _shows(on, target, way, chance.randrange(2**24)):
            return number
    return MOST


async def _shows(on: Stage, target: Racy, way: Way, seed: int) -> bool:
    await on.system.reset()
    execution = Execution(on.system, on.new_judge())
    meeting = target.meeting
    decides = way.decides(seed, tuple(call.number for call in meeting.calls))
    together = [(Burst((call,)), None) for call in meeting.calls] if way.alone else [(meeting, decides)]
    for burst, who in [*((each, None) for each in target.before), *together, *((each, None) for each in target.after)]:
        await execution.run(burst, who)
    await on.ended(execution)
    return bool(execution.judge.violations)
