"""The system of a run while it is up: its services, what controls it, and the loop on which everything happens."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from isofuzz.engine.control import controlled
from isofuzz.engine.system import System, running
from isofuzz.gate.loop import ControlledLoop
from isofuzz.runs.planting import new_mint
from isofuzz.runs.request import RunRequest
from isofuzz.services import Services, open_services
from isofuzz.target.base import Target
from isofuzz.target.signatures import Signatures

T = TypeVar("T")


@dataclass
class Footing:
    """What a run stands on, as far as that is known: it is told also when the system never came up."""

    services: str = "none: they were not available"
    versions: Mapping[str, str] = field(default_factory=dict)
    uncontrolled: Mapping[str, int] = field(default_factory=dict)
    """Why steps that took turns may do otherwise the next time, with how often that came up."""

    def note(self, services: Services) -> None:
        """These are the services, with what was asked for so far."""
        self.services, self.versions = services.origin, dict(services.versions)


class Loop:
    """The event loop of a run, from the outside."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.interrupted = False
        """Did somebody press Ctrl-C?"""

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run this to its end. An interruption also ends the work, so that it does not go on behind the rest."""
        task = self._loop.create_task(work)
        try:
            return self._loop.run_until_complete(task)
        except KeyboardInterrupt:
            self.interrupted = True
            task.cancel()
            self._loop.run_until_complete(asyncio.wait({task}))
            raise
        finally:
            if task.done() and not task.cancelled():
                task.exception()  # it is being raised, or an interruption outranks it


@contextmanager
def own_loop(*, gated: bool) -> Iterator[Loop]:
    """A loop for one run; `gated`: one that can decide who moves when."""
    with asyncio.Runner(loop_factory=ControlledLoop if gated else asyncio.SelectorEventLoop) as runner:
        yield Loop(runner.get_loop())


@dataclass(frozen=True)
class Stage:
    """A system that is up, with its services."""

    system: System
    services: Services


@contextmanager
def system_up(
    request: RunRequest, target: Target, signatures: Signatures, loop: Loop, footing: Footing
) -> Iterator[Stage]:
    """Start the services and the system, and stop them at the end; raises InfrastructureError.

    The system is controlled where its loop is one that can do so.
    """
    stack = AsyncExitStack()
    try:
        yield loop.do(_start(stack, request, target, signatures, footing))
    finally:
        loop.do(stack.aclose())


async def _start(
    stack: AsyncExitStack, request: RunRequest, target: Target, signatures: Signatures, footing: Footing
) -> Stage:
    services = await stack.enter_async_context(open_services(request.sources))
    footing.note(services)
    control = await stack.enter_async_context(controlled(services))
    footing.uncontrolled = control.uncontrolled.reasons if control else {}
    system = await stack.enter_async_context(running(target, signatures, services, new_mint(), control))
    footing.note(services)  # with what the start of the system asked for
    return Stage(system, services)
