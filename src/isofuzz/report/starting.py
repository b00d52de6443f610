"""Services while they start: one live line on a terminal, a line for each change elsewhere."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status
from rich.text import Text

from isofuzz.report.printable import printable


class StartingReporter:
    """A listener for the states of services, to be used as a context manager so that the terminal is left as it was."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._live: Status | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, states: Mapping[str, str]) -> None:
        """Take the states of all services, each of which is a word."""
        line = Text(printable(", ".join(f"{name}: {state}" for name, state in states.items())))
        if not self._console.is_terminal:
            self._console.print(line, soft_wrap=True, highlight=False)
        elif self._live:
            self._live.update(line)
        else:  # not before: compose shows its own progress until then
            self._live = self._console.status(line)
            self._live.start()
