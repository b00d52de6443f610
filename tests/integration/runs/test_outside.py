"""Systems that do not run on isofuzz's own loop: their programs do the same twice, or it is said why they may not."""

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isofuzz.engine.control import controlled
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.schedulers import RandomWalk
from isofuzz.engine.system import System, running
from isofuzz.gate.loop import ControlledLoop
from isofuzz.history.entries import History, Move, Moved
from isofuzz.oracles.judge import Judge
from isofuzz.program.steps import Program
from isofuzz.program.vocabulary import Kind
from isofuzz.runs.determinism import Determinism, Twice
from isofuzz.runs.draft import Draft
from isofuzz.runs.planting import new_mint
from isofuzz.runs.targets import find_target
from isofuzz.services import open_services
from isofuzz.target.signatures import Signatures, read_signatures

_HERE = Path(__file__).parent
_OVERLAPPING = 5


def executed_twice(target: str, programs: int) -> tuple[Determinism, History]:
    """What came of executing some programs twice, and their histories one after the other."""
    with asyncio.Runner(loop_factory=ControlledLoop) as runner:
        return runner.run(_executed_twice(target, programs))


async def _executed_twice(target: str, programs: int) -> tuple[Determinism, History]:
    target_class = find_target(f"{_HERE / target}")
    signatures = read_signatures(target_class)
    histories: History = []
    async with (
        open_services() as services,
        controlled(services) as control,
        running(target_class(), signatures, services, new_mint(), control) as system,
    ):
        twice = Twice(system, lambda: Judge(signatures.vocabulary))
        for seed in range(programs):
            execution = await _executed(system, drawn(signatures, seed), seed)
            await twice.check(execution)
            histories += execution.history
        assert control
        assert not control.gate.problems
    return twice.counts, histories


def drawn(signatures: Signatures, seed: int) -> Program:
    """Two users who share what there is, and what they do with it at the same time."""
    chance = random.Random(seed)
    vocabulary = signatures.vocabulary
    operations = [
        operation
        for operation in vocabulary.operations
        if not any(vocabulary.thing(name).kind is Kind.SESSION for name in operation.creates)
    ]
    draft = Draft(signatures, share=True)
    draft.together(
        *(draft.compose(chance.choice(operations), chance.choice(draft.sessions)) for _ in range(_OVERLAPPING))
    )
    return draft.program


async def _executed(system: System, program: Program, seed: int) -> Execution:
    await system.reset()
    execution = Execution(system, Judge(system.signatures.vocabulary))
    try:
        for burst in program.bursts:
            await execution.run(burst, RandomWalk(seed) if len(burst.calls) > 1 else None)
        await execution.finish()
    finally:
        await execution.close()
    assert not execution.judge.violations
    return execution


@contextmanager
def busy_processor() -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-ISc", "while True: pass"]) as busy:
        try:
            yield
        finally:
            busy.kill()


def test_a_system_in_a_process_of_its_own_does_the_same_twice() -> None:
    counts, history = executed_twice("halls.py:Halls", 12)

    assert (counts.differences, counts.uncontrolled, counts.diverged) == ([], {}, 0)
    assert list(counts.missing()) == []
    statements = [entry for entry in history if isinstance(entry, Moved) and entry.move is Move.STATEMENT]
    # Nothing in a statement says for which step it is, so it is told by its connection.
    assert all(moved.connection for moved in statements)
    assert len({moved.connection for moved in statements}) == 2


def test_also_while_others_want_the_processor() -> None:
    with busy_processor():
        counts, _ = executed_twice("halls.py:Halls", 6)

    assert (counts.differences, counts.uncontrolled, counts.diverged) == ([], {}, 0)
    assert counts.took_turns
    assert counts.blocked


def test_threads_hold_nothing_up_and_are_told() -> None:
    counts, history = executed_twice("threaded.py:Threaded", 3)

    assert list(counts.uncontrolled) == ["a statement of a thread: nothing says when a thread of this process moves"]
    assert counts.uncontrolled_programs == 3
    assert any(isinstance(entry, Moved) and "INSERT INTO notes" in entry.text for entry in history)


def test_a_process_that_isofuzz_did_not_start_is_told() -> None:
    counts, _ = executed_twice("halls.py:StartedByItself", 2)

    assert "a statement of a process that isofuzz did not start, and cannot look at" in counts.uncontrolled
    assert counts.uncontrolled_programs == 2
