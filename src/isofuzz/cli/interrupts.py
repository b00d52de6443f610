"""Ctrl-C and SIGTERM, turned into KeyboardInterrupt only where raising it is safe."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from types import FrameType


@contextmanager
def interrupted_by(*signals: signal.Signals) -> Iterator[None]:
    """While this lasts, each of the signals raises KeyboardInterrupt in the main thread.

    Where an event loop runs, it is raised between two callbacks and leaves `run_until_complete`. Within a callback is
    not safe: asyncpg's, written in C, crash the process or swallow it. A second signal is raised at once all the same:
    a callback that blocks would keep the loop from ever getting there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are not for this thread
        return
    received = count()

    def handle(_signum: int, _frame: FrameType | None) -> None:
        _interrupt_now_or_between_callbacks(at_once=next(received) > 0)

    previous = {signum: signal.signal(signum, handle) for signum in signals}
    try:
        yield
    finally:
        for signum, handler in previous.items():
            signal.signal(signum, handler)


def _interrupt_now_or_between_callbacks(*, at_once: bool) -> None:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        raise KeyboardInterrupt from None
    if at_once:
        raise KeyboardInterrupt
    loop.call_soon_threadsafe(_interrupt, loop, asyncio.all_tasks(loop))


def _interrupt(loop: asyncio.AbstractEventLoop, tasks: set[asyncio.Task[object]]) -> None:
    """Leave the loop, unless one of these tasks has just ended.

    It may be the one that the loop runs for. Then the loop is about to stop, and what was to stop it would be left
    behind, to stop it the next time that it runs.
    """
    unfinished = asyncio.all_tasks(loop)
    if tasks <= unfinished:
        raise KeyboardInterrupt
    loop.call_soon(_interrupt, loop, unfinished)
