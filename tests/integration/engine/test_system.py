"""A system that does not stop as it should is noted and logged; one that does not come up again cannot be used."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator

import pytest

from isofuzz import Name, Secret, Session, Target, User, operation
from isofuzz import Services as Lent
from isofuzz.engine import system as systems
from isofuzz.engine.system import System, running
from isofuzz.errors import SystemDown
from isofuzz.runs.planting import new_mint
from isofuzz.services import Services
from isofuzz.target.signatures import read_signatures


class Person(User):
    pass


class Visit(Session):
    pass


class Text(Secret):
    pass


class Still(Target):
    """Does nothing."""

    @operation
    async def enter(self, name: Name) -> tuple[Person, Visit]:
        return Person(), Visit()

    @operation
    async def describe(self, visit: Visit, text: Text) -> None:
        pass


class Hanging(Still):
    async def lifespan(self, services: Lent) -> AsyncIterator[None]:
        yield
        await asyncio.Event().wait()


class Failing(Still):
    async def lifespan(self, services: Lent) -> AsyncIterator[None]:
        yield
        raise OSError("password=hunter2")


async def stopped(target_class: type[Target], services: Services) -> System:
    """A system of this target that was started and stopped."""
    async with running(target_class(), read_signatures(target_class), services, new_mint()) as system:
        assert system.stop_problem is None
    return system


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    ("target_class", "problem"),
    [
        (Hanging, "the system under test of Hanging did not stop within 0.1 s"),
        (Failing, "the system under test of Failing did not stop in order: OSError: password=***"),
        (Still, None),
    ],
)
async def test_a_problem_with_stopping_is_noted_and_logged(
    services: Services,
    target_class: type[Target],
    problem: str | None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(systems, "_SECONDS_TO_STOP", 0.1)
    with caplog.at_level(logging.WARNING, "isofuzz"):
        system = await stopped(target_class, services)

    assert system.stop_problem == problem
    assert [record.getMessage() for record in caplog.records] == ([problem] if problem else [])


class Lost(Still):
    async def restart(self) -> None:
        raise OSError("no space left")


class Slow(Still):
    start_within = 0.1

    async def restart(self) -> None:
        await asyncio.Event().wait()


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    ("target_class", "problem"),
    [
        (Lost, "the system under test of Lost cannot be used further: `restart` failed: OSError: no space left"),
        (Slow, "the system under test of Slow did not come up again: `restart` did not return within 0.1 s"),
    ],
)
async def test_a_system_that_does_not_come_up_again_is_down(
    services: Services, target_class: type[Target], problem: str
) -> None:
    async with running(target_class(), read_signatures(target_class), services, new_mint()) as system:
        with pytest.raises(SystemDown, match=re.escape(problem)):
            await system.restart()
