"""Is a system in a process of its own under control?

Counted is how often it moves on although all were said to be at rest, and how often a program that is executed twice
does otherwise the second time: idle, and while other processes want every processor.

A move is misdetected if something comes to the gate or to a socket of isofuzz's after it was said that nothing moves,
and before the next move is made. To see that, each of the first STEPS moves is followed by 20 ms of listening. Then
come programs that are executed twice, one for 20 of these moves, without that, and the settling in them is timed.

    python -m benchmarks.control_outside [--steps N] [--target NAME]

prints one line of JSON.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.control.stage import Stage, stage
from isofuzz.engine.control import Control
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.schedulers import RandomWalk
from isofuzz.gate.loop import ControlledLoop
from isofuzz.program.steps import Program
from isofuzz.program.vocabulary import Kind
from isofuzz.runs.determinism import Twice
from isofuzz.runs.draft import Draft
from isofuzz.runs.targets import find_target
from isofuzz.target.signatures import Signatures

TARGET = "tests/integration/runs/halls.py:Halls"
LISTENING = 0.02
"""Seconds after each move during which nothing may come."""
OVERLAPPING = 4
MOVES_FOR_A_PROGRAM = 20


class ListeningLoop(ControlledLoop):
    """Counts what it hears."""

    heard = 0

    def _process_events(self, events: list[Any]) -> None:
        self.heard += len(events)
        super()._process_events(events)  # type: ignore[misc]  # not public; what the selector found


@dataclass
class Measured:
    """What came of it under one load."""

    steps: int = 0
    misdetected: int = 0
    settle_ms: list[float] = field(default_factory=list)
    listening: bool = False

    async def measure(self, on: Stage, steps: int) -> dict[str, object]:
        """Execute programs for so many moves, and then others twice."""
        self._watch(on.control)
        numbers = iter(range(1_000_000))
        self.listening = True
        while self.steps < steps:
            await executed(on, next(numbers))
        self.listening, listened = False, self.steps
        self.settle_ms.clear()
        twice = Twice(on.system, on.new_judge)
        for _ in range(steps // MOVES_FOR_A_PROGRAM):
            await twice.check(await executed(on, next(numbers)))
        counts = twice.counts
        return {
            "steps": listened,
            "misdetected": self.misdetected,
            "settle_ms_median": round(statistics.median(self.settle_ms), 2),
            "settle_ms_p99": round(statistics.quantiles(self.settle_ms, n=100)[98], 2),
            "programs": counts.programs,
            "moves": counts.moves,
            "differing": len(counts.differences),
            "uncontrolled": dict(counts.uncontrolled),
            "blocked": counts.blocked,
            "held": counts.held,
            "succeeded": counts.succeeded,
            "differences": counts.differences[:5],
        }

    def _watch(self, control: Control) -> None:
        settle = control.settling.settle

        async def watched() -> None:
            began = time.perf_counter()
            await settle()
            self.settle_ms.append((time.perf_counter() - began) * 1000)
            self.steps += 1
            if self.listening:
                before = (control.gate.activity, control.loop.heard)  # type: ignore[attr-defined]  # a ListeningLoop
                await asyncio.sleep(LISTENING)
                self.misdetected += (control.gate.activity, control.loop.heard) != before  # type: ignore[attr-defined]

        control.settling.settle = watched  # type: ignore[method-assign]  # nobody else needs to be told of it


async def executed(on: Stage, seed: int) -> Execution:
    """A program that is drawn, in which steps take turns at random."""
    await on.system.reset()
    execution = Execution(on.system, on.new_judge())
    try:
        for burst in _drawn(on.system.signatures, seed).bursts:
            await execution.run(burst, RandomWalk(seed) if len(burst.calls) > 1 else None)
    finally:
        await on.ended(execution)
    return execution


def _drawn(signatures: Signatures, seed: int) -> Program:
    chance = random.Random(seed)  # noqa: S311 - the same programs in each run
    vocabulary = signatures.vocabulary
    operations = [
        operation
        for operation in vocabulary.operations
        if not any(vocabulary.thing(name).kind is Kind.SESSION for name in operation.creates)
    ]
    draft = Draft(signatures, share=True)
    draft.together(
        *(draft.compose(chance.choice(operations), chance.choice(draft.sessions)) for _ in range(OVERLAPPING))
    )
    return draft.program


@contextmanager
def busy_processors() -> Iterator[None]:
    """Processes that never rest, one for each processor."""
    with ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            stack.callback(busy.wait)
            stack.callback(busy.kill)
        yield


async def _both(steps: int, target: str) -> dict[str, object]:
    found: dict[str, object] = {}
    async with stage(find_target(target)) as on:
        found["idle"] = await Measured().measure(on, steps)
    async with stage(find_target(target)) as on:
        with busy_processors():
            found["under_load"] = await Measured().measure(on, steps)
    return found


def main() -> None:
    """Measure, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--target", default=TARGET)
    chosen = parser.parse_args()
    with asyncio.Runner(loop_factory=ListeningLoop) as runner:
        print(json.dumps(runner.run(_both(chosen.steps, chosen.target))))


if __name__ == "__main__":
    main()
