"""Who waits for whom is told as it is; a few of the trials of `benchmarks.control`, which counts many."""

from benchmarks.control.contended import LOCKS
from benchmarks.control.stage import run
from benchmarks.control.verdicts import Verdicts, of_foreign_locks, of_locks, of_waits_in_process


def test_who_waits_for_a_lock_waits_for_it_and_nobody_else_does() -> None:
    verdicts = run(of_locks(4 * len(LOCKS)))
    assert verdicts.trials > 4 * len(LOCKS)
    assert verdicts.wrong == []


def test_who_waits_for_a_connection_or_its_turn_keeps_nobody_up() -> None:
    assert run(of_waits_in_process(8)).wrong == []


def test_who_waits_for_somebody_outside_is_told_so_and_keeps_nobody_up() -> None:
    assert run(of_foreign_locks(2)).wrong == []


def test_a_wrong_verdict_counts() -> None:
    verdicts = Verdicts()
    verdicts.add("row", [1], [1])
    verdicts.add("row", [1], [2])
    assert (verdicts.trials, verdicts.wrong) == (2, ["row: [1] instead of [2]"])
