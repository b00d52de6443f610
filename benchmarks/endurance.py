"""Does a campaign take more memory the longer it goes on?

One worker searches the healthy chat until so many operations are executed, in one process with one system. Once in a
while it is looked at how much it takes, with all that it has started but the common Postgres, and how much the process
that leads the campaign takes.

    python -m benchmarks.endurance [--operations N]

A line for every tenth of the operations, and last a JSON object: `worker_growth` and `leader_growth` are what is taken
at the end by what was taken after three tenths (until then much is done for the first time), `operations` how many
there were, and `worker_mb` and `leader_mb` what is taken at the end. The exit code is 1 if either grew by more than a
tenth.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from benchmarks.campaign import UNBOUNDED, request_for
from isofuzz.campaign.campaign import campaign
from isofuzz.campaign.orders import Task
from isofuzz.campaign.request import CampaignRequest
from isofuzz.runs.events import Beat, Event

OPERATIONS_IN_A_PROGRAM = 40
"""Rather few, so that the programs suffice for the operations."""
PARTS = 10
WARM = 3
"""After so many parts nothing is done for the first time any more."""
MOST_GROWTH = 1.1


@dataclass
class Watch:
    """What was taken, by the operations after which it was."""

    operations: int
    worker: dict[int, int] = field(default_factory=dict)
    leader: dict[int, int] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        """Look at each part of the operations for the first time."""
        if not isinstance(event, Beat):
            return
        part = event.operations * PARTS // self.operations
        searching = [each for each in event.working if each.task == Task.SEARCH and each.bytes]
        if part and part not in self.worker and searching:
            self.worker[part] = searching[0].bytes or 0
            self.leader[part] = psutil.Process().memory_info().rss
            told = (
                f"{event.operations} operations: worker {mb(self.worker[part])} MB, leader {mb(self.leader[part])} MB"
            )
            print(told, flush=True)


def mb(size: int) -> int:
    """Bytes in megabytes."""
    return size // 2**20


def lasting(folder: Path, operations: int) -> CampaignRequest:
    """A campaign with orders as they are in any."""
    request = request_for(folder, operations // OPERATIONS_IN_A_PROGRAM)
    return replace(request, order_seconds=CampaignRequest.order_seconds, memory=UNBOUNDED * 2**20)


def main() -> int:
    """Print the table and the figures; 1 if it grew, or was too short to tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", type=int, default=100_000)
    watch = Watch(parser.parse_args().operations)
    with tempfile.TemporaryDirectory() as folder:
        outcome = campaign(lasting(Path(folder), watch.operations), watch)
    warm = [part for part in sorted(watch.worker) if part >= WARM]
    if len(warm) < 2:
        print("that was too short to tell", file=sys.stderr)
        return 1
    first, last, leader = warm[0], warm[-1], watch.leader
    figures = {
        "operations": outcome.summary.exercised.operations,
        "worker_growth": round(watch.worker[last] / watch.worker[first], 3),
        "leader_growth": round(leader[last] / leader[first], 3),
        "worker_mb": mb(watch.worker[last]),
        "leader_mb": mb(leader[last]),
    }
    print(json.dumps(figures))
    return int(max(figures["worker_growth"], figures["leader_growth"]) > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
