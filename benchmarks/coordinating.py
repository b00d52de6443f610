"""What does one coordinator of a campaign carry?

A worker searches the healthy chat in this process for some orders, and what it answers is pickled, as on its way to
the coordinator, and entered into the books.

    python -m benchmarks.coordinating [--orders N]

A line for each order, and last a JSON object with medians: `bytes_per_program` of orders and results together, and
`bytes_per_second` of one worker; `entering_ms` is how long the coordinator takes over the result of one order, and
`workers` how many workers keep it busy all the time, if each reports once in `order_seconds`.
"""

import argparse
import json
import pickle
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.campaign import UNBOUNDED, request_for
from isofuzz.campaign.agenda import Agenda
from isofuzz.campaign.books import Books
from isofuzz.campaign.state import opened
from isofuzz.campaign.worker import fulfil, leave


@dataclass(frozen=True)
class Carried:
    """What one order came to."""

    programs: int
    bytes: int
    seconds: float
    entering: float


def carried(agenda: Agenda, books: Books) -> Carried:
    """One order, from being handed out to being entered."""
    order = agenda.next_search({}, None, ())
    assert order
    began = time.perf_counter()
    result = fulfil(order)
    seconds = time.perf_counter() - began
    size = len(pickle.dumps(order)) + len(pickle.dumps(result))
    began = time.perf_counter()
    books.enter(order, result, seconds)
    return Carried(result.programs, size, seconds, time.perf_counter() - began)


def main() -> None:
    """Print the table and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=8)
    orders = parser.parse_args().orders
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as state, ExitStack() as stack:
        stack.callback(leave)
        request = request_for(Path(folder), UNBOUNDED)
        books = Books(state, state.begin_night(request.as_kept(), None, UNBOUNDED), request.folder)
        agenda = Agenda(
            first=1,
            assignment=request.assignment(),
            folder=None,
            order_seconds=type(request).order_seconds,
            part_seconds=request.part_seconds,
            for_programs=None,
        )
        each = []
        for _ in range(orders):
            each.append(now := carried(agenda, books))
            print(f"{now.programs} programs in {now.seconds:.1f} s: {now.bytes} bytes, {now.entering * 1000:.1f} ms")
    entering = median(one.entering for one in each)
    figures = {
        "bytes_per_program": median(one.bytes / one.programs for one in each),
        "bytes_per_second": median(one.bytes / one.seconds for one in each),
        "entering_ms": entering * 1000,
        "order_seconds": median(one.seconds for one in each),
        "workers": median(one.seconds for one in each) / entering,
    }
    print(json.dumps({name: round(figure, 1) for name, figure in figures.items()}))


if __name__ == "__main__":
    main()
