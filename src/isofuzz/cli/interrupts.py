"""Ctrl-C and SIGTERM, turned into KeyboardInterrupt only where raising it is safe."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupted_by(*signals: signal.Signals) -> Iterator[None]:
    """While this lasts, each of the signals raises KeyboardInterrupt in the main thread.

    Where an event loop runs, it is raised between two callbacks and leaves `run_until_complete`. Within a callback is
    not safe: asyncpg's, written in C, crash the process or swallow it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are not for this thread
        return
    previous = {signum: signal.signal(signum, _handle) for signum in signals}
    try:
        yield
    finally:
        for signum, handler in previous.items():
            signal.signal(signum, handler)


def _handle(signum: int, frame: FrameType | None) -> None:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        raise KeyboardInterrupt from None
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
