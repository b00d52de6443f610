"""The table, and the JSON."""

import json
import statistics
import sys

from rich.console import Console
from rich.table import Table

from benchmarks.control.stage import run, stage
from benchmarks.interleaving.racy import SYSTEMS, Racy
from benchmarks.interleaving.ways import MOST, WAYS, programs_until_found

_SEEDS = 20


async def medians(system: type[Racy], seeds: int) -> dict[str, float]:
    """Programs until the race of this system has shown, by way: the median of so many seeds."""
    async with stage(system) as on:
        return {
            name: statistics.median([await programs_until_found(on, way, seed) for seed in range(seeds)])
            if not way.alone
            else await programs_until_found(on, way, 0)
            for name, way in WAYS.items()
        }


def main() -> None:
    """Measure all, and print it."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else _SEEDS
    found = {system.__name__: run(medians(system, seeds)) for system in SYSTEMS}
    table = Table("way", *found, title=f"Programs until found: medians of {seeds} seeds; {MOST}: not found")
    for name in WAYS:
        table.add_row(name, *(f"{by_way[name]:g}" for by_way in found.values()))
    Console().print(table)
    worst = max(by_way["portfolio"] for by_way in found.values())
    print(json.dumps({"seeds": seeds, "medians": found, "worst_median_executions": worst}))


if __name__ == "__main__":
    main()
