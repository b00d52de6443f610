"""A target that is up, with its steps under control, and programs that are drawn for it."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from benchmarks.control.contended import LOCKS
from isofuzz.engine.control import Control, controlled
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.schedulers import Scheduler
from isofuzz.engine.system import System, running
from isofuzz.gate.loop import ControlledLoop
from isofuzz.oracles.judge import Judge
from isofuzz.program.steps import CANARY_SLOT, Argument, Burst, Call, Literal, Ref, SecretText
from isofuzz.runs.planting import new_mint
from isofuzz.services import open_services
from isofuzz.services.postgres.for_run import RunPostgres
from isofuzz.target.base import Target
from isofuzz.target.signatures import read_signatures

T = TypeVar("T")

PEOPLE = 5
BOXES = 2


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do it on a loop that isofuzz controls."""
    with asyncio.Runner(loop_factory=ControlledLoop) as runner:
        return runner.run(work)


@dataclass(frozen=True)
class Stage:
    """A system that is up, and what it takes to control it."""

    system: System
    control: Control
    postgres: RunPostgres

    def new_judge(self) -> Judge:
        """One who knows the system's words."""
        return Judge(self.system.signatures.vocabulary)

    async def begun(self) -> Execution:
        """A program that has begun: all people are there, and their boxes."""
        await self.system.reset()
        execution = Execution(self.system, self.new_judge())
        for person in range(PEOPLE):
            await execution.run(Burst((Call(person, "enter", {"name": Literal(f"person {person}")}),)))
        for number, box in enumerate(box_refs()):
            await execution.run(Burst((Call(box.step, "found", {"me": me(number)}),)))
        return execution

    async def ended(self, execution: Execution) -> None:
        """Let everything arrive, and close what is open."""
        try:
            await execution.finish()
        finally:
            await execution.close()


@asynccontextmanager
async def stage(target_class: type[Target]) -> AsyncIterator[Stage]:
    """The target's system under control, with a Postgres of its own."""
    async with open_services() as services, controlled(services) as control:
        assert control, "there is no control on this machine"
        assert services.postgres
        async with running(target_class(), read_signatures(target_class), services, new_mint(), control) as system:
            yield Stage(system, control, services.postgres)
    assert not control.gate.problems, control.gate.problems


# -- programs


def me(person: int) -> Ref:
    """The session of one of the people."""
    return Ref(person, 1)


def box_refs() -> Sequence[Ref]:
    """The boxes that are there."""
    return [Ref(PEOPLE + number) for number in range(BOXES)]


FIRST = PEOPLE + BOXES
"""The number of the first step that is free."""


def drawn_calls(chance: random.Random, first: int) -> tuple[Call, ...]:
    """Some steps that overlap, by somebody each, all about the same few boxes."""
    names = ["take", "take", "take", "swap", "swap", "upgrade", "write", "in_turn", "read"]
    people = chance.sample(range(PEOPLE), chance.choice([2, 3, 3, 4, 5]))
    return tuple(_drawn(chance, first + place, chance.choice(names), me(who)) for place, who in enumerate(people))


def _drawn(chance: random.Random, number: int, name: str, actor: Ref) -> Call:
    boxes = list(box_refs())
    chance.shuffle(boxes)
    arguments: dict[str, Argument] = {"me": actor}
    match name:
        case "take":
            keep, how = chance.random() < 0.7, chance.choice(list(LOCKS))
            arguments |= {"box": boxes[0], "how": Literal(how), "keep": Literal(keep)}
        case "swap":
            arguments |= {"one": boxes[0], "other": boxes[1]}
        case "write":
            arguments |= {"box": boxes[0], "text": SecretText(CANARY_SLOT)}
        case _:
            arguments |= {"box": boxes[0]}
    return Call(number, name, arguments)


async def drawn_program(stage: Stage, seed: int, scheduler: Callable[[int], Scheduler]) -> Execution:
    """Execute a program that is drawn, three times some steps that overlap, with a scheduler of the kind for each."""
    chance = random.Random(seed)  # noqa: S311 - it has to be drawn the same again
    execution = await stage.begun()
    number = FIRST
    for _ in range(3):
        calls = drawn_calls(chance, number)
        number += len(calls)
        await execution.run(Burst(calls), scheduler(chance.randrange(2**20)))
    await stage.ended(execution)
    return execution
