"""Steps that overlap and use Valkey: each command is a move, who makes it is decided, and the same happens again."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from isofuzz.engine.control import Control, controlled
from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.overlap import OPENED
from isofuzz.engine.system import running
from isofuzz.gate.loop import ControlledLoop
from isofuzz.history.entries import Moved
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.violation import Oracle
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Burst, Call, Literal, Program, Ref, SecretText
from isofuzz.runs.planting import new_mint
from isofuzz.runs.targets import find_target
from isofuzz.services import Services, open_services
from isofuzz.services.valkey.url import ValkeyUrl
from isofuzz.target.signatures import read_signatures

CONFUSED = f"{Path(__file__).parents[1] / 'runs' / 'confused.py'}:Confused"
T = TypeVar("T")

Executes = Callable[[Schedule], Coroutine[Any, Any, Execution]]


def two_who_read(schedule: Schedule) -> Program:
    """Two users with a book each, who read it at the same time."""
    alice, bob = (Call(number, "sign_in", {"name": Literal(name)}) for number, name in enumerate("ab"))
    calls = [alice, bob]
    for user in (0, 1):
        book = len(calls)
        me = {"me": Ref(user, 1)}
        calls.append(Call(book, "new_book", me))
        calls.append(Call(book + 1, "write", me | {"book": Ref(book, 0), "text": SecretText("{canary}")}))
    reading = [Call(6 + user, "read", {"me": Ref(user, 1), "book": Ref(2 + 2 * user, 0)}) for user in (0, 1)]
    return Program((*(Burst((call,)) for call in calls), Burst(tuple(reading), schedule)))


def gated(work: Callable[[Executes, Control, Services], Coroutine[Any, Any, T]], defect: str | None = None) -> T:
    async def main() -> T:
        target_class = find_target(CONFUSED)
        target = target_class()
        target.defect = defect
        signatures = read_signatures(target_class)
        async with (
            open_services() as services,
            controlled(services) as control,
            running(target, signatures, services, new_mint(), control) as system,
        ):
            assert control

            async def executes(schedule: Schedule) -> Execution:
                await system.reset()
                judge = Judge(signatures.vocabulary)
                return await execute(system, two_who_read(schedule), judge, stop=lambda execution: False)

            found = await work(executes, control, services)
            assert control.gate.problems == []
            assert set(control.uncontrolled.reasons) <= {OPENED}  # a pool connects when it first has to
            return found

    with asyncio.Runner(loop_factory=ControlledLoop) as runner:
        return runner.run(main())


def moves(execution: Execution) -> list[tuple[int, str]]:
    return [(entry.step, entry.text) for entry in execution.history if isinstance(entry, Moved)]


def test_a_race_between_two_commands_shows_under_the_schedule_that_takes_it_and_under_no_other() -> None:
    async def work(executes: Executes, control: Control, services: Services) -> list[Execution]:
        return [await executes(Schedule.of(decisions)) for decisions in ([], [0, 0, 1, 0, 0])]

    serial, switched = gated(work, defect="one-place-for-all")
    assert [text for step, text in moves(serial) if step == 6] == ["", "SET reading", "GET reading", "LRANGE book:1"]
    assert not serial.judge.violations
    assert {violation.oracle for violation in switched.judge.violations} >= {Oracle.CROSSING}


@pytest.mark.parametrize("decisions", [[], [0, 1], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1]])
def test_the_same_schedule_makes_the_same_moves(decisions: list[int]) -> None:
    async def work(executes: Executes, control: Control, services: Services) -> list[list[tuple[int, str]]]:
        return [moves(await executes(Schedule.of(decisions))) for _ in range(20)]

    first, *others = gated(work)
    assert len(first) == 8
    assert all(other == first for other in others)


def test_what_the_system_connects_to_is_the_gate() -> None:
    async def work(executes: Executes, control: Control, services: Services) -> None:
        url = ValkeyUrl.parse(await services.valkey())
        assert url.host == "127.0.0.1"
        assert url.password
        connections = len(control.gate.connections)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(b"GET key\r\n")
        assert (await reader.readline()).startswith(b"-NOAUTH")
        assert len(control.gate.connections) == connections + 1
        writer.close()

    gated(work)
