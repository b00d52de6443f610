"""The reference chat while it runs, once for all tests of a module, and the ways to have programs executed on it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.system import System, running
from isofuzz.history.entries import Completion, Delivery, Entry, Invocation, Storage
from isofuzz.oracles.judge import Judge
from isofuzz.program.steps import Program
from isofuzz.runs.planting import new_mint
from isofuzz.runs.targets import find_target
from isofuzz.services import Services, open_services
from isofuzz.target.signatures import read_signatures
from isofuzz_packs.chat import Chat

SYSTEMS = Path(__file__).parents[1] / "runs" / "systems.py"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def services() -> AsyncIterator[Services]:
    async with open_services() as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chat() -> AsyncIterator[System]:
    async with (
        open_services() as services,
        running(Chat(), read_signatures(Chat), services, new_mint()) as system,
    ):
        yield system


async def all_of_it(system: System, program: Program) -> Execution:
    """The program executed to its end, whatever it shows."""
    judge = Judge(system.signatures.vocabulary)
    return await execute(system, program, judge, stop=lambda execution: False)


@pytest.fixture
def executed() -> Callable[..., object]:
    return all_of_it


@pytest.fixture
def small_system(services: Services) -> Callable[[str], object]:
    """One of the small systems, by the name of its class; entered, it is up."""

    def start(name: str) -> object:
        target_class = find_target(f"{SYSTEMS}:{name}")
        return running(target_class(), read_signatures(target_class), services, new_mint())

    return start


@pytest.fixture
def masked() -> Callable[[list[Entry]], list[Entry]]:
    """A history without identifiers, and without the texts that were seen: these hold such, times and canaries."""
    return lambda history: [without_what_is_new(entry) for entry in history]


def without_what_is_new(entry: Entry) -> Entry:
    match entry:
        case Invocation():
            return replace(entry, ids={})
        case Completion():
            return replace(entry, text="", ids={})
        case Delivery():
            return replace(entry, text="")
        case Storage(rows):
            return Storage(tuple(replace(row, text="") for row in rows))
        case _:
            return entry
