"""What a run is doing, while it does it: one live line on a terminal, a line for each phase elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.spinner import Spinner
from rich.text import Text

from isofuzz.report.printable import printable
from isofuzz.report.showing import Showing
from isofuzz.runs.events import Event, Kept, LeakSeen, Phase, Progress, Replaying, Shrinking, Started, Unconfirmed


class ProgressReporter(Showing):
    """A listener for one run."""

    def __init__(self, console: Console) -> None:
        self._phase = "starting"
        self._status = ""
        self._spinner = Spinner("dots", text=self._line())
        super().__init__(console, self._spinner)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the terminal to what is printed meanwhile."""
        if self._live:
            self._live.stop()
        yield
        if self._live:
            self._live.start()

    def __call__(self, event: Event) -> None:
        """Take one event of the run."""
        match event:
            case Started(target=target, defect=defect, services=services):
                planted = f" with {defect}" if defect else ""
                self._say(f"{target}{planted} is up on {services}")
            case Phase(name=name):
                self._phase = name
                self._status = ""
                if not self._live:
                    self._say(name)
            case Progress():
                self._status = _counts(event)
            case Shrinking(executions=executions, steps=steps, steps_found=found):
                self._status = f"{found} → {steps} steps, {executions} executions"
            case LeakSeen(finding=finding):
                self._say_leak(finding)
            case Replaying(path=path, number=number, of=of):
                self._phase = f"case {number} of {of}"
                self._status = f"{printable(path.name)}, run {min(event.runs + 1, event.most)} of {event.most}"
            case Unconfirmed(reason=reason):
                self._say(f"not confirmed: {reason}", "yellow")
            case Kept():
                pass  # the summary tells it whole
        self._spinner.update(text=self._line())

    def _line(self) -> Text:
        return Text.assemble((self._phase, "bold"), "  ", self._status)


def _counts(progress: Progress) -> str:
    rate = progress.operations / progress.seconds if progress.seconds else 0
    return (
        f"{progress.programs} programs · {progress.operations} operations · {rate:.0f} operations/s"
        f" · {progress.findings} findings"
    )
