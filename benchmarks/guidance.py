"""Does it help to vary the programs that showed something new?

For each seed two campaigns of the healthy chat search with one worker until they have executed so many programs: one
only draws them, the other varies half of the time what it has kept (`--guided`). Both begin with the same sweep, and
are compared after as many operations as the shorter of them executed: so neither gains by longer programs, nor by what
else the machine does.

    python -m benchmarks.guidance [--programs N] [--seeds N]

A line for each seed, and last a JSON object: `drawn` and `guided` are the medians of how many behaviours and meetings
of statements were covered by searching that the sweep had not, `ratio` that of the second by the first, and `better`
in how many of the seeds the guided one covered more.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Row

from benchmarks.campaign import request_for, search_orders

ORDER_SECONDS = 5.0
"""How long an order searches: the corpus is asked anew for each."""


def searches(seed: int, programs: int, *, guided: bool) -> Sequence[Row[Any]]:
    """The orders of one campaign."""
    with tempfile.TemporaryDirectory() as folder:
        request = request_for(Path(folder), programs)
        return search_orders(replace(request, seed=str(seed), guided=guided, order_seconds=ORDER_SECONDS))


def covered_after(orders: Sequence[Row[Any]], operations: int) -> int:
    """How much the orders had covered that was new when so many operations were executed."""
    executed = accumulate(order.operations for order in orders)
    return sum(order.new for order, so_far in zip(orders, executed, strict=True) if so_far <= operations)


def main() -> None:
    """Print the table and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=5)
    chosen = parser.parse_args()
    pairs = []
    for seed in range(chosen.seeds):
        both = [searches(seed, chosen.programs, guided=guided) for guided in (False, True)]
        budget = min(sum(order.operations for order in orders) for orders in both)
        drawn, guided = (covered_after(orders, budget) for orders in both)
        print(f"seed {seed}: {drawn} drawn, {guided} guided, after {budget} operations", flush=True)
        pairs.append((drawn, guided))
    drawn, guided = (median(each) for each in zip(*pairs, strict=True))
    better = sum(guided > drawn for drawn, guided in pairs)
    figures = {"drawn": drawn, "guided": guided, "ratio": round(guided / drawn, 3), "better": better}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
