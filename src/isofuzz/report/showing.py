"""What a reporter does on a terminal, whatever it reports: a live part that goes, and lines that stay."""

from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from isofuzz.cases.store import Finding
from isofuzz.report.finding import sighting
from isofuzz.report.printable import printable


class Showing:
    """To be used as a context manager, so that the terminal is left as it was. Elsewhere there is no live part."""

    def __init__(self, console: Console, live_part: RenderableType = "") -> None:
        self._console = console
        self._live = Live(live_part, console=console, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(Text(printable(text), style=style), soft_wrap=True, highlight=False)

    def _say_leak(self, finding: Finding) -> None:
        """That it was seen, and where it is kept."""
        self._say(sighting(finding), "bold red")
