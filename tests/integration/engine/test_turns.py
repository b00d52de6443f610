"""Steps that take turns, and what goes wrong meanwhile: on the reference chat, through the product's own gate."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from isofuzz.engine.control import controlled
from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.system import System, running
from isofuzz.errors import InfrastructureError
from isofuzz.gate.loop import ControlledLoop
from isofuzz.history.entries import Closed, Completion, Invocation, Move, Moved, Outcome, Struck
from isofuzz.history.sameness import first_difference
from isofuzz.oracles.judge import Judge
from isofuzz.program.faults import FaultKind
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Burst, Call, Fault, Literal, Program, Ref, SecretText
from isofuzz.runs.planting import new_mint
from isofuzz.services import open_services
from isofuzz.target.signatures import read_signatures
from isofuzz_packs.chat import Chat

ADA, BEN = Ref(0, 1), Ref(1, 1)
PROLOGUE = (
    Burst((Call(0, "sign_in", {"name": Literal("ada")}),)),
    Burst((Call(1, "sign_in", {"name": Literal("ben")}),)),
    Burst((Call(2, "set_about", {"me": ADA, "about": SecretText("{canary}")}),)),
    Burst((Call(3, "set_about", {"me": BEN, "about": SecretText("{canary}")}),)),
)
TOGETHER = (
    Call(4, "set_about", {"me": ADA, "about": SecretText("{canary}")}),
    Call(5, "list_threads", {"me": BEN}),
)
Work = Callable[[System], Awaitable[None]]


def on_chat(work: Work) -> None:
    """Have the work done on a chat that is controlled."""

    async def main() -> None:
        signatures = read_signatures(Chat)
        async with (
            open_services() as services,
            controlled(services) as control,
            running(Chat(), signatures, services, new_mint(), control) as system,
        ):
            await work(system)

    with asyncio.Runner(loop_factory=ControlledLoop) as runner:
        runner.run(main())


async def executed(system: System, *bursts: Burst) -> Execution:
    program = Program((*PROLOGUE, *bursts))
    return await execute(system, program, Judge(system.signatures.vocabulary), stop=lambda execution: False)


def moves(execution: Execution) -> list[int]:
    return [entry.step for entry in execution.history if isinstance(entry, Moved)]


def outcome(execution: Execution, step: int) -> Outcome:
    [found] = [each.outcome for each in execution.history if isinstance(each, Completion) and each.step == step]
    return found


def test_a_schedule_decides_who_moves_and_is_kept_as_it_was_taken() -> None:
    async def work(system: System) -> None:
        serial = await executed(system, Burst(TOGETHER, Schedule()))
        steps = moves(serial)
        assert steps == sorted(steps)
        assert set(steps) == {4, 5}
        switched = await executed(system, Burst(TOGETHER, Schedule.of([0, 1, 1])))
        assert moves(switched)[:4] == [4, 5, 4, 4]
        assert switched.program.bursts[-1].schedule == Schedule.of([0, 1, 1])
        assert switched.turns.diverged == []
        began = [entry.step for entry in switched.history if isinstance(entry, Invocation)]
        assert began[-2:] == [4, 5]

    on_chat(work)


def test_the_same_program_does_the_same() -> None:
    async def work(system: System) -> None:
        for decisions in ([], [0, 1], [1, 1, 0, 1], [0, 0, 1, 1, 1]):
            first, second = [(await executed(system, Burst(TOGETHER, Schedule.of(decisions)))) for _ in range(2)]
            assert first_difference(first.history, second.history) is None
            assert first.turns.uncontrolled == frozenset()

    on_chat(work)


def test_a_schedule_that_does_not_fit_says_from_where_on() -> None:
    async def work(system: System) -> None:
        execution = await executed(system, Burst(TOGETHER, Schedule.of([0, 7, 1])))
        assert execution.turns.diverged == ["the schedule 071 of steps 4 and 5 no longer fits from its decision 2 on"]
        assert outcome(execution, 4) is outcome(execution, 5) is Outcome.OK
        assert execution.program.bursts[-1].schedule == Schedule()

    on_chat(work)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FaultKind.CANCEL, Outcome.INFO),
        (FaultKind.DROP_BEFORE, Outcome.INFO),
        (FaultKind.DROP_AFTER, Outcome.INFO),
        (FaultKind.TERMINATE, Outcome.INFO),
        (FaultKind.HOLD_REPLY, Outcome.OK),
    ],
)
def test_what_goes_wrong_hits_one_step_and_spares_the_other(kind: FaultKind, expected: Outcome) -> None:
    async def work(system: System) -> None:
        # Step 4 has its first statement executed and its next one parked when the fault, which comes last, is chosen.
        burst = Burst(TOGETHER, Schedule.of([0, 0, 2]), (Fault(6, kind, Ref(4)),))
        executions = [await executed(system, burst) for _ in range(2)]
        for execution in executions:
            assert [entry for entry in execution.history if isinstance(entry, Struck)] == [Struck(6, kind, Ref(4))]
            assert outcome(execution, 4) is expected
            assert outcome(execution, 5) is Outcome.OK
            assert execution.program.bursts[-1].faults == burst.faults
            assert execution.judge.violations == []

    on_chat(work)


@pytest.mark.parametrize("kind", [FaultKind.ABORT, FaultKind.HALF_CLOSE])
def test_a_socket_is_lost(kind: FaultKind) -> None:
    async def work(system: System) -> None:
        opened = Burst((Call(10, "connect", {"me": BEN}),))
        burst = Burst(TOGETHER, Schedule.of([0, 2]), (Fault(6, kind, Ref(10)),))
        execution = await executed(system, opened, burst)
        assert Struck(6, kind, Ref(10)) in execution.history
        assert outcome(execution, 4) is outcome(execution, 5) is Outcome.OK

    on_chat(work)


RESTART = Burst(TOGETHER, Schedule.of([0, 0, 2]), (Fault(6, FaultKind.RESTART, Ref(4)),))


def test_the_system_is_restarted_and_what_was_stored_is_there() -> None:
    async def work(system: System) -> None:
        came_back = [
            Burst((Call(7, "resume", {"me": ADA, "line": Ref(0, 2)}),)),
            Burst((Call(8, "resume", {"me": BEN, "line": Ref(1, 2)}),)),
            Burst((Call(9, "read_about", {"me": BEN}),)),
        ]
        executions = [await executed(system, RESTART, *came_back) for _ in range(2)]
        for execution in executions:
            assert Struck(6, FaultKind.RESTART, Ref(4)) in execution.history
            assert outcome(execution, 4) is outcome(execution, 5) is Outcome.INFO
            assert {entry.socket for entry in execution.history if isinstance(entry, Closed)} >= {Ref(0, 2), Ref(1, 2)}
            [shown] = [each for each in execution.history if isinstance(each, Completion) and each.step == 9]
            assert (shown.outcome, len(shown.seen)) == (Outcome.OK, 1)
            assert execution.judge.violations == []
            assert execution.turns.uncontrolled == frozenset()
        assert first_difference(executions[0].history, executions[1].history) is None

    on_chat(work)


def test_what_is_started_anew_is_controlled_and_attributed() -> None:
    async def work(system: System) -> None:
        again = [
            Burst((Call(10, "sign_in", {"name": Literal("ada")}),)),
            Burst((Call(11, "sign_in", {"name": Literal("ben")}),)),
            Burst(
                (
                    Call(12, "set_about", {"me": Ref(10, 1), "about": SecretText("{canary}")}),
                    Call(13, "list_threads", {"me": Ref(11, 1)}),
                ),
                Schedule.of([0, 1, 1, 1]),
            ),
        ]
        execution = await executed(system, RESTART, *again)
        moved = [entry for entry in execution.history if isinstance(entry, Moved) and entry.step in (12, 13)]
        assert [entry.step for entry in moved][:5] == [12, 13, 12, 13, 13]
        assert all(entry.connection is None for entry in moved)
        assert {entry.move for entry in moved} >= {Move.START, Move.STATEMENT}
        assert outcome(execution, 12) is outcome(execution, 13) is Outcome.OK
        assert execution.turns.uncontrolled == frozenset()

    on_chat(work)


def test_the_system_is_restarted_where_nobody_decides_who_moves() -> None:
    async def work(system: System) -> None:
        resume, read = Call(7, "resume", {"me": BEN, "line": Ref(1, 2)}), Call(8, "read_about", {"me": BEN})
        execution = await executed(system, replace(RESTART, schedule=None), Burst((resume,)), Burst((read,)))
        assert Struck(6, FaultKind.RESTART, Ref(4)) in execution.history
        assert outcome(execution, 8) is Outcome.OK
        assert execution.judge.violations == []

    on_chat(work)


def test_without_a_switch_nothing_goes_wrong() -> None:
    async def work(system: System) -> None:
        burst = Burst(TOGETHER, Schedule(), (Fault(6, FaultKind.CANCEL, Ref(4)),))
        execution = await executed(system, burst)
        assert not [entry for entry in execution.history if isinstance(entry, Struck)]
        assert execution.program.bursts[-1] == replace(burst, faults=())

    on_chat(work)


def test_trouble_at_the_gate_is_trouble_of_the_run() -> None:
    async def work(system: System) -> None:
        assert system.control
        system.control.database.faults.append("the gate failed")
        with pytest.raises(InfrastructureError, match="The gate before the system's services failed: the gate failed"):
            await executed(system)

    on_chat(work)
