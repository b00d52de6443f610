"""Stopping server processes for a moment, where the server is ours: who is stopped takes no lock."""

import os
import signal
from collections.abc import Collection, Iterable
from contextlib import suppress


class Freezer:
    """Stops server processes and lets them go on; one that `can` not does nothing."""

    def __init__(self, *, can: bool) -> None:
        self.can = can
        self._stopped: set[int] = set()

    @property
    def stopped(self) -> Collection[int]:
        """The processes that are stopped."""
        return self._stopped

    def stop(self, pids: Iterable[int]) -> None:
        """Stop these."""
        if self.can:
            for pid in pids:
                self._signal(pid, signal.SIGSTOP)
                self._stopped.add(pid)

    def thaw(self, pid: int) -> None:
        """Let one go on."""
        if pid in self._stopped:
            self._stopped.discard(pid)
            self._signal(pid, signal.SIGCONT)

    def thaw_all(self) -> None:
        """Let all go on."""
        for pid in tuple(self._stopped):
            self.thaw(pid)

    def _signal(self, pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # its connection has just ended
            os.kill(pid, number)
