"""Systems that do not run on isofuzz's own loop: their programs do the same twice, or it is said why they may not.

A few of the trials of `benchmarks.control_outside`, which counts many.
"""

from pathlib import Path

from benchmarks.control.stage import run, stage
from benchmarks.control_outside import busy_processors, executed

from isofuzz.history.entries import History, Move, Moved
from isofuzz.runs.determinism import Determinism, Twice
from isofuzz.runs.targets import find_target

_HERE = Path(__file__).parent


async def executed_twice(target: str, programs: int) -> tuple[Determinism, History]:
    """What came of executing some programs twice, and their histories one after the other."""
    history: History = []
    async with stage(find_target(f"{_HERE / target}")) as on:
        twice = Twice(on.system, on.new_judge)
        for seed in range(programs):
            execution = await executed(on, seed)
            assert not execution.judge.violations
            await twice.check(execution)
            history += execution.history
    return twice.counts, history


def test_a_system_in_a_process_of_its_own_does_the_same_twice() -> None:
    counts, history = run(executed_twice("halls.py:Halls", 15))

    assert (counts.differences, counts.uncontrolled, counts.diverged) == ([], {}, 0)
    assert list(counts.missing()) == []
    statements = [entry for entry in history if isinstance(entry, Moved) and entry.move is Move.STATEMENT]
    # Nothing in a statement says for which step it is, so it is told by its connection.
    assert all(moved.connection for moved in statements)
    assert len({moved.connection for moved in statements}) == 2


def test_also_while_others_want_the_processor() -> None:
    with busy_processors():
        counts, _ = run(executed_twice("halls.py:Halls", 8))

    assert (counts.differences, counts.uncontrolled, counts.diverged) == ([], {}, 0)
    assert counts.took_turns
    assert counts.blocked


def test_threads_hold_nothing_up_and_are_told() -> None:
    counts, history = run(executed_twice("threaded.py:Threaded", 3))

    assert list(counts.uncontrolled) == ["a statement of a thread: nothing says when a thread of this process moves"]
    assert counts.uncontrolled_programs == 3
    assert any(isinstance(entry, Moved) and "INSERT INTO notes" in entry.text for entry in history)


def test_a_process_that_isofuzz_did_not_start_is_told() -> None:
    counts, _ = run(executed_twice("halls.py:StartedByItself", 2))

    assert "a statement of a process that isofuzz did not start, and cannot look at" in counts.uncontrolled
    assert counts.uncontrolled_programs == 2
