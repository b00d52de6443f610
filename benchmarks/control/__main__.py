"""All trials of control, in full or a fraction of each, and one JSON with every figure."""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from benchmarks import control
from benchmarks.control import chat
from benchmarks.control.chosen import orders, victims
from benchmarks.control.contended import Contended, ContendedByAlchemy
from benchmarks.control.repeated import twice
from benchmarks.control.settled import look_on
from benchmarks.control.stage import run
from benchmarks.control.timed import median_ms, settle_times
from benchmarks.control.verdicts import Verdicts, of_foreign_locks, of_locks, of_waits_in_process

Figures = dict[str, Any]


def _settled(share: float) -> Figures:
    """Rest that was none."""
    counts = run(look_on(round(10_000 * share)))
    return {
        "steps": counts.steps,
        "misdetected": counts.misdetected,
        "misdetected_how": dict(Counter(counts.reasons)),
        "waiting_processes_seen": counts.verdicts,
        "waiting_processes_wrongly_told": counts.wrong_verdicts,
    }


def _timed(share: float) -> Figures:
    """How long rest takes."""
    settles, round_trips = run(settle_times(round(2000 * share)))
    return {
        "settle_ms_median": median_ms(settles),
        "round_trip_ms_median": median_ms(round_trips),
        "settle_in_round_trips": round(median_ms(settles) / median_ms(round_trips), 1),
    }


def _verdicts(share: float) -> Figures:
    """What is said of locks."""
    told = {
        "lock": run(of_locks(round(2000 * share))),
        "in_process_wait": run(of_waits_in_process(round(400 * share))),
        "foreign_lock": run(of_foreign_locks(round(40 * share))),
    }
    return {key: figure for name, verdicts in told.items() for key, figure in _of_verdicts(name, verdicts).items()}


def _of_verdicts(name: str, verdicts: Verdicts) -> Figures:
    return {
        f"{name}_verdicts": verdicts.trials,
        f"wrong_{name}_verdicts": len(verdicts.wrong),
        f"wrong_{name}_verdicts_told": verdicts.wrong[:3],
    }


def _chosen(share: float) -> Figures:
    """What chance would decide."""
    given_way, served = run(victims(round(300 * share))), run(orders(round(400 * share)))
    return {
        "victims": given_way.trials,
        "same_victim": given_way.same,
        "victims_that_differ": given_way.others,
        "orders": served.trials,
        "same_order": served.same,
        "orders_that_differ": served.others,
    }


def _repeated(share: float) -> Figures:
    """The same once more."""
    programs = round(100 * share)
    found = [run(twice(target_class, programs)) for target_class in (Contended, ContendedByAlchemy)]
    counts = [each.counts for each in found]
    return {
        "programs_twice": sum(each.programs for each in counts),
        "differing": sum(len(each.differences) for each in counts),
        "differences": [difference for each in counts for difference in each.differences][:3],
        "not_controlled": dict(sum((each.uncontrolled for each in counts), Counter[str]())),
        "deadlocks": sum(each.deadlocks for each in found),
        "moves_while_blocked": sum(each.blocked for each in counts),
        "held_replies": sum(each.held for each in counts),
    }


def _chat(share: float) -> Figures:
    """The reference chat."""
    counts = chat.drawn_twice(round(40 * share))
    return {
        "chat_programs_twice": counts.programs,
        "chat_differing": len(counts.differences),
        "chat_differences": counts.differences[:3],
        "chat_steps_that_took_turns": counts.took_turns,
        "moves_per_operation": round(counts.moves / counts.took_turns, 2),
    }


PARTS: dict[str, Callable[[float], Figures]] = {
    "settled": _settled,
    "timed": _timed,
    "verdicts": _verdicts,
    "chosen": _chosen,
    "repeated": _repeated,
    "chat": _chat,
}


def main() -> None:
    """Print how long each part took, and then the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.control", description=control.__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, metavar="FRACTION", help="of the trials; else all")
    parser.add_argument("--part", action="append", choices=PARTS, help="one of them; else all")
    chosen = parser.parse_args()
    figures: Figures = {}
    for name in chosen.part or PARTS:
        began = time.perf_counter()
        figures |= PARTS[name](chosen.share)
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
