"""The table, and the JSON."""

import argparse
import asyncio
import json
import statistics

from rich.console import Console
from rich.table import Table

from benchmarks import interleaving
from benchmarks.control.stage import run, stage
from benchmarks.interleaving import peer
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
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.interleaving", description=interleaving.__doc__.splitlines()[0]
    )
    parser.add_argument("--seeds", type=int, default=_SEEDS, metavar="N", help=f"else {_SEEDS}")
    seeds = parser.parse_args().seeds
    found = {system.__name__: run(medians(system, seeds)) for system in SYSTEMS}
    table = Table("way", *found, title=f"Programs until found: medians of {seeds} seeds; {MOST}: not found")
    for name in WAYS:
        table.add_row(name, *(f"{by_way[name]:g}" for by_way in found.values()))
    peers = {system.__name__: asyncio.run(peer.executions_until_found(system)) for system in SYSTEMS}
    table.add_row(peer.NAME, *map(str, peers.values()))
    Console().print(table)
    worst = max(by_way["portfolio"] for by_way in found.values())
    print(json.dumps({"seeds": seeds, "medians": found, peer.NAME: peers, "worst_median_executions": worst}))


if __name__ == "__main__":
    main()
