"""What was written may show as late as the target's `lag` says, and no later; and nothing else may show meanwhile."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from isofuzz.engine.interpreter import Execution
from isofuzz.engine.system import System, running
from isofuzz.history.entries import Completion, Storage
from isofuzz.program.steps import Call, Literal, Program, Ref, SecretText
from isofuzz.runs.planting import new_mint
from isofuzz.runs.targets import find_target
from isofuzz.services import Services
from isofuzz.target.signatures import read_signatures

pytestmark = pytest.mark.asyncio(loop_scope="session")

SYSTEMS = Path(__file__).parents[1] / "runs" / "replicas.py"
TEXT = SecretText("note {canary}")
ADA, BEN, ROOM, BENS_ROOM = Ref(0, 1), Ref(1, 1), Ref(2), Ref(3)

PROGRAM = Program.serial(
    Call(0, "enter", {"name": Literal("ada")}),
    Call(1, "enter", {"name": Literal("ben")}),
    Call(2, "new_room", {"me": ADA}),
    Call(3, "new_room", {"me": BEN}),
    Call(4, "watch", {"me": ADA, "line": Ref(0, 2), "room": ROOM}),
    Call(5, "write", {"me": BEN, "room": BENS_ROOM, "text": TEXT}),
    Call(6, "write", {"me": ADA, "room": ROOM, "text": TEXT}),
    Call(7, "read", {"me": ADA, "room": ROOM}),
    Call(8, "invite", {"me": ADA, "room": ROOM, "who": Ref(1)}),
    Call(9, "read", {"me": BEN, "room": ROOM}),
)

Executed = Callable[[System, Program], Awaitable[Execution]]
Execute = Callable[[str], Awaitable[Execution]]


@pytest.fixture
def execute(services: Services, executed: Executed) -> Execute:
    """The program, executed on one of the replicas."""

    async def on(name: str) -> Execution:
        target_class = find_target(f"{SYSTEMS}:{name}")
        async with running(target_class(), read_signatures(target_class), services, new_mint()) as system:
            return await executed(system, PROGRAM)

    return on


def found(execution: Execution) -> list[str]:
    return list(dict.fromkeys(violation.fingerprint for violation in execution.judge.violations))


async def test_what_is_late_is_awaited(execute: Execute) -> None:
    execution = await execute("Replicas")
    assert found(execution) == []
    seen = {entry.step: entry.seen for entry in execution.history if isinstance(entry, Completion)}
    assert (seen[7], seen[9]) == ((1,), (1,))
    assert execution.judge.delivery.asserted["Feed"] == 1
    [stored] = [entry for entry in execution.history if isinstance(entry, Storage)]
    assert len(stored.rows) == 2


async def test_without_a_lag_it_is_missing(execute: Execute) -> None:
    assert found(await execute("SaysNothingOfIt")) == [
        "delivery:undelivered:Room:frame:write:Text",
        "visibility:denied:Room:read:Text",
    ]


@pytest.mark.parametrize(
    ("name", "fingerprint"),
    [
        ("LosesReads", "visibility:missing:Room:read:write:Text"),
        ("LosesEvents", "delivery:undelivered:Room:frame:write:Text"),
        ("LosesRows", "integrity:lost:Room:stored:write:Text"),
    ],
)
async def test_what_never_comes_is_missing(execute: Execute, name: str, fingerprint: str) -> None:
    assert found(await execute(name)) == [fingerprint]


async def test_what_is_gone_when_the_rest_has_come_was_seen_none_the_less(execute: Execute) -> None:
    execution = await execute("Flashes")
    assert found(execution) == ["crossing:foreign:Room:read:write:Text"]
    [violation] = execution.judge.violations
    assert execution.system.mint.scan(violation.text)
    [read] = [entry for entry in execution.history if isinstance(entry, Completion) and entry.step == 7]
    assert read.seen == (0, 1), "what was missing has come"
