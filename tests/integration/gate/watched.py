"""A gate that is watched: what changes there is awaited, and never slept for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from isofuzz.gate.listening import Listening
from isofuzz.gate.session import Session

PATIENCE = 20.0
"""Seconds after which a condition is taken to never come true."""

C = TypeVar("C", bound=Session[Any])


class Watched(Generic[C]):
    """Knows of each change at the gate."""

    def __init__(self, gate: Listening[C]) -> None:
        self._watched = gate
        self._changed = asyncio.Event()
        gate.on_change = self.notice

    @property
    def parked(self) -> list[C]:
        return [connection for connection in self._watched.connections if connection.parked]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something holds that changes at the gate, or those whom it keeps waiting, bring about."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def start(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Do it meanwhile; its end is a change, too."""
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(lambda _: self._changed.set())
        return task

    async def one_parked(self) -> C:
        """The only connection with something parked, once there is one."""
        await self.until(lambda: self.parked)
        (connection,) = self.parked
        return connection

    def notice(self) -> None:
        """Something has changed."""
        self._changed.set()
