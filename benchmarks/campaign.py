"""What a campaign costs, and what a second worker brings; all of one run.

`speedup_2_workers`: how many times as many programs a second two workers draw and execute as one does, each for as
long as there is something left to search. `overhead`: how much longer one worker takes over its programs than the very
same ones take without a campaign.

    python -m benchmarks.campaign [--programs N]
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from isofuzz.campaign.agenda import SEARCHED
from isofuzz.campaign.campaign import campaign
from isofuzz.campaign.orders import Task
from isofuzz.campaign.request import CampaignRequest
from isofuzz.campaign.state import read_only
from isofuzz.campaign.tables import ORDERS
from isofuzz.engine.machine import build_machine
from isofuzz.runs.bench import Bench, new_keeper
from isofuzz.runs.drawing import Drawing
from isofuzz.runs.events import Event, Listener, Phase
from isofuzz.runs.planting import planted
from isofuzz.runs.profiles import PROFILES
from isofuzz.runs.request import RunRequest
from isofuzz.runs.stage import Footing, own_loop, system_up
from isofuzz.target.signatures import read_signatures
from isofuzz_packs.chat import Chat

SEED = "benchmark"
UNBOUNDED = 10**6
RUN = RunRequest(
    target="chat",
    target_class=Chat,
    profile=replace(PROFILES["nightly"], seconds=UNBOUNDED, findings=0, compare_one_in=None),
)


def request_for(folder: Path, programs: int) -> CampaignRequest:
    """One worker that draws so many programs of the healthy chat."""
    return CampaignRequest(
        run=RUN,
        folder=folder,
        for_seconds=None,
        for_programs=programs,
        workers=1,
        seed=SEED,
        order_seconds=UNBOUNDED,
    )


def search_orders(request: CampaignRequest, listener: Listener = lambda event: None) -> Sequence[Row[Any]]:
    """The searches of a campaign of the healthy chat, as they stand in its books, in the order of their ends."""
    outcome = campaign(request, listener)
    assert not outcome.found, "the healthy chat leaks nothing"
    searches = select(ORDERS).where(ORDERS.c.task == Task.SEARCH.value).order_by(ORDERS.c.at)
    with read_only(request.folder) as state, state.engine.connect() as connection:
        return connection.execute(searches).all()


def searched(workers: int, programs: int) -> tuple[float, list[int]]:
    """A campaign: the programs a second of its search, and the numbers of its orders."""
    before_search: list[float] = []
    began = time.perf_counter()

    def listen(event: Event) -> None:
        if isinstance(event, Phase) and event.name == Task.SEARCH:
            before_search.append(time.perf_counter() - began)

    with tempfile.TemporaryDirectory() as folder:
        orders = search_orders(replace(request_for(Path(folder), programs), workers=workers), listen)
    executed: Counter[str] = Counter()
    for order in orders:
        executed[order.worker] += order.programs
    ends = {order.worker: order.at - before_search[0] for order in orders}
    return sum(executed[worker] / ends[worker] for worker in executed), [order.id for order in orders]


def plain(numbers: list[int], programs: int) -> float:
    """How many of the same programs a second are executed without a campaign."""
    signatures, footing = read_signatures(Chat), Footing()
    machine = build_machine(signatures)
    with ExitStack() as stack:
        loop = stack.enter_context(own_loop(gated=True))
        stage = stack.enter_context(system_up(RUN, planted(Chat, None), signatures, loop, footing))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        keeper = new_keeper(stage, RUN, footing, folder=Path(folder), listener=lambda event: None)
        bench = Bench(stage, RUN, keeper, loop, lambda event: None)
        began = time.perf_counter()
        for number in numbers:
            profile = replace(RUN.profile, programs=min(SEARCHED, programs - bench.exercised.programs))
            seed = f"{SEED}:{number}"
            Drawing(bench, machine, profile, name="Campaign", examples=None, seed=seed).draw()
        return programs / (time.perf_counter() - began)


def main() -> None:
    """Print the table and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=400)
    programs = parser.parse_args().programs
    one, numbers = searched(1, programs)
    print(f"one worker:   {one:.2f} programs/s")
    without = plain(numbers, programs)
    print(f"no campaign:  {without:.2f} programs/s")
    two, _ = searched(2, programs)
    print(f"two workers:  {two:.2f} programs/s")
    figures = {"speedup_2_workers": two / one, "overhead": without / one}
    print(json.dumps({name: round(figure, 3) for name, figure in figures.items()}))


if __name__ == "__main__":
    main()
