"""A campaign while it goes on: a live view on a terminal, a plain line a minute elsewhere."""

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from isofuzz.report.finding import title
from isofuzz.report.showing import Showing
from isofuzz.runs.events import Beat, Event, Kept, LeakSeen, Phase, WorkerLost, Working

_SECONDS_BETWEEN_LINES = 60.0


class LiveView(Showing):
    """A listener for one campaign."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._line_due = 0.0

    def __call__(self, event: Event) -> None:
        """Take one event of the campaign."""
        match event:
            case Beat() if self._live:
                self._live.update(Group(Text(status(event), style="bold"), _workers(event)), refresh=True)
            case Beat() if event.seconds >= self._line_due:
                self._line_due = event.seconds + _SECONDS_BETWEEN_LINES
                self._say(status(event))
            case Phase(name=name) if not self._live:
                self._say(name)
            case LeakSeen(finding=finding):
                self._say_leak(finding)
            case Kept(finding=finding):
                self._say(f"shrunk to {len(finding.case.program)} steps: {title(finding.case.violation)}", "red")
            case WorkerLost(worker=worker, reason=reason):
                self._say(f"worker {worker} was replaced: {reason}", "yellow")


def status(beat: Beat) -> str:
    """How the campaign stands, in one line."""
    time = in_words(beat.seconds) + (f" of {in_words(beat.for_seconds)}" if beat.for_seconds else "")
    programs = f"{beat.programs} programs" + (f" ({beat.for_programs} to draw)" if beat.for_programs else "")
    return (
        f"{time} · {programs}, {beat.programs_a_second:.1f}/s · {beat.operations} operations, "
        f"{beat.operations_a_second:.0f}/s · {len(beat.working)} workers"
        + (f", {beat.lost} replaced" if beat.lost else "")
        + f" · {beat.covered} covered · {beat.findings} findings"
    )


def in_words(seconds: float) -> str:
    """A time as people write it: 1 h 05 min, 12 min 30 s, 8 s."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _workers(beat: Beat) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("worker", "does", "for", "memory"):
        table.add_column(heading)
    for each in beat.working:
        table.add_row(*_row(each))
    return table


def _row(working: Working) -> tuple[str, str, str, str]:
    memory = "" if working.bytes is None else f"{working.bytes // 2**20} MB"
    return working.worker, working.task, in_words(working.seconds), memory
