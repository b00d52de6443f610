"""Ctrl-C and SIGTERM, turned into exceptions that are raised only where raising is safe."""

import asyncio
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Never


class Terminated(KeyboardInterrupt):
    """SIGTERM asked to end."""


@contextmanager
def interrupted_by(interruptions: Mapping[signal.Signals, type[KeyboardInterrupt]]) -> Iterator[None]:
    """While this lasts, each signal raises its exception in the main thread.

    Where an event loop runs, it is raised between two callbacks and leaves `run_until_complete`. Anywhere else within a
    callback is not safe: asyncpg's, written in C, crash the process or swallow it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are not for this thread
        return

    def handle(signum: int, frame: FrameType | None) -> None:
        interruption = interruptions[signal.Signals(signum)]
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise interruption from None
        loop.call_soon_threadsafe(_interrupt, interruption)

    previous = {signum: signal.signal(signum, handle) for signum in interruptions}
    try:
        yield
    finally:
        for signum, handler in previous.items():
            signal.signal(signum, handler)


def _interrupt(interruption: type[KeyboardInterrupt]) -> Never:
    raise interruption
