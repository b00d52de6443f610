"""How far a request can be cancelled: up to the moment at which it is about to commit what it wrote.

From then on it is done to its end: whoever listens is told of what is stored, and what is remembered about connections
agrees with what is in the tables.
"""

import asyncio
from typing import Any
from weakref import WeakSet

_to_be_finished: WeakSet[asyncio.Task[Any]] = WeakSet()


def go_through_with_it() -> None:
    """Have the task that is running be done to its end, whoever cancels it from here on."""
    running = asyncio.current_task()
    assert running is not None
    _to_be_finished.add(running)


def cancel(task: asyncio.Task[Any]) -> None:
    """Cancel the task of a request, unless it has to be done to its end."""
    if task not in _to_be_finished:
        task.cancel()
