"""What a gate and its connections share."""

import traceback
from asyncio import Event, Task, WriteTransport
from collections.abc import Callable
from typing import Generic, TypeVar

C = TypeVar("C")
"""The connections of a gate."""


def _nobody_listens() -> None:
    pass


class Ledger(Generic[C]):
    """Plain state: each connection reads and writes it, the gate shows it."""

    def __init__(self) -> None:
        self.holding = False
        self.on_change: Callable[[], None] = _nobody_listens
        self.activity = 0
        self.problems: list[str] = []
        self.faults: list[str] = []
        """Those of the problems that are the gate's own, or of what it understands."""
        self.connections: dict[int, C] = {}
        self.keys: dict[bytes, C] = {}
        """By what a client names in a request to cancel."""
        self.arriving: set[object] = set()
        """Clients whose wish is being read or whose session is being started."""
        self.open: set[WriteTransport] = set()
        self.closing = False
        self.all_closed = Event()
        self.tasks: set[Task[None]] = set()
        self.most_buffered = 0
        self._telling = self._again = False

    def changed(self) -> None:
        """Tell who listens that something happened.

        Whoever is told may release batches, which changes things again: they are told once more, not within itself.
        """
        self._again = True
        if self._telling:
            return
        self._telling = True
        try:
            while self._again:
                self._again = False
                self.on_change()
        finally:
            self._telling = False

    def fail(self, what: str, error: BaseException | None = None) -> None:
        """Note that the gate failed. An error brings where it was raised."""
        where = "".join(traceback.format_exception(error)) if error else ""
        self.faults.append(f"{what}\n{where}".rstrip())
        self.problems.append(self.faults[-1])

    def lose(self, what: str) -> None:
        """Note that the server cannot be reached, or has gone."""
        self.problems.append(what)
