"""How many executions does it take from a failure among noise to the smallest story?

Two leaks are planted in a system in memory; to show them takes four steps and seven. For each seed the machine of
isofuzz draws programs of up to 50 steps until one fails. That failure is shrunk in both ways: by isofuzz as in a run,
with what it takes to measure the hit rate, and by Hypothesis alone, with the violation raised in the rule that shows
it. The system is no real one, so seconds would say nothing and are not measured: counted is what it is put through.
All 20 seeds take the better part of an hour, most of it for Hypothesis.

    python -m benchmarks.shrink [--seeds N] [--leak NAME]...

A line for each leak, and last a JSON object. By leak: the medians of `executions`, `executed_steps` and `steps` of the
smallest, with the largest of them in `worst_executions` and `worst_steps`, of isofuzz, and under `hypothesis` of
Hypothesis; `found` is the median of the steps that failed first. `minimal`: how many of isofuzz's are the smallest that
there is, for each leak and, at the end, for the leak of which that are the fewest.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.shrinking.club import Club, ListsEverything, OpensAll
from benchmarks.shrinking.ways import Reached, by_hypothesis, by_isofuzz

SEEDS = 20
LEAKS: dict[str, tuple[type[Club], int, int]] = {
    "four_step": (ListsEverything, 4, 25),
    "seven_step": (OpensAll, 7, 50),
}
"""The leak, the steps that it takes, and how many executions it may take at the most to get there."""


def measured(results: Sequence[Reached]) -> dict[str, float]:
    """The figures of one way over all seeds."""
    return {
        "executions": median(each.executions for each in results),
        "executed_steps": median(each.executed_steps for each in results),
        "steps": median(each.steps for each in results),
        "worst_executions": max(each.executions for each in results),
        "worst_steps": max(each.steps for each in results),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if all are minimal and within what they may take; else 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shrink", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N", help=f"else {SEEDS}")
    parser.add_argument("--leak", action="append", choices=LEAKS, help="one of them; else both")
    chosen = parser.parse_args(arguments)
    seeds, leaks = chosen.seeds, chosen.leak or list(LEAKS)
    figures: dict[str, object] = {}
    minimal, within = seeds, True
    with asyncio.Runner() as runner, tempfile.TemporaryDirectory() as folder:
        loop = runner.get_loop()
        for name in leaks:
            leaky, steps, limit = LEAKS[name]
            ours = [by_isofuzz(loop, leaky(), seed, Path(folder, name, str(seed))) for seed in range(seeds)]
            theirs = [by_hypothesis(loop, leaky(), seed) for seed in range(seeds)]
            smallest = sum(each.steps == steps for each in ours)
            minimal = min(minimal, smallest)
            mine, alone = measured(ours), measured(theirs)
            within = within and mine["executions"] <= limit
            figures[name] = {
                "found": median(each.found for each in ours),
                **mine,
                "minimal": f"{smallest} of {seeds}",
                "hypothesis": alone,
            }
            print(
                f"{name}: from {median(each.found for each in ours):.0f} steps to {mine['steps']:.0f} in "
                f"{mine['executions']:.0f} executions; Hypothesis alone to {alone['steps']:.0f} (at worst "
                f"{alone['worst_steps']:.0f}) in {alone['executions']:.0f}",
                flush=True,
            )
    print(json.dumps({**figures, "minimal": f"{minimal} of {seeds}"}))
    return 0 if within and minimal == seeds else 1


if __name__ == "__main__":
    sys.exit(main())
