"""Does the same program do the same? Programs that are drawn, each executed twice by what checks that in a run."""

from dataclasses import dataclass

from benchmarks.control.stage import drawn_program, stage
from isofuzz.engine.schedulers import RandomWalk
from isofuzz.history.entries import Completion
from isofuzz.runs.determinism import Determinism, Twice
from isofuzz.target.base import Target


@dataclass(frozen=True)
class Repeated:
    """What came of executing programs twice; `deadlocks` are steps of the first time that had to give way."""

    counts: Determinism
    deadlocks: int


async def twice(target_class: type[Target], programs: int, seed: int = 0) -> Repeated:
    """Execute so many programs twice, and count what there was to control."""
    deadlocks = 0
    async with stage(target_class) as on:
        check = Twice(on.system, on.new_judge)
        for number in range(programs):
            execution = await drawn_program(on, seed + number, RandomWalk)
            ends = [entry.text for entry in execution.history if isinstance(entry, Completion)]
            deadlocks += sum("deadlock detected" in text for text in ends)
            await check.check(execution)
    return Repeated(check.counts, deadlocks)
