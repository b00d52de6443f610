"""What a run found amiss that is no leak, and what it could not judge."""

from collections.abc import Iterator

from rich.text import Text

from isofuzz.report.printable import printable
from isofuzz.runs.summary import Summary


def hazard_lines(summary: Summary) -> Iterator[Text]:
    """The hazards, one line each, and then what might be one; nothing if there is neither."""
    if summary.hazards:
        yield Text()
        yield Text("HAZARDS", style="bold yellow")
        yield from (Text(f"  · {printable(hazard.sentence)}", style="yellow") for hazard in summary.hazards)
    if summary.unjudged and not summary.findings:  # a run that ends with what it found has no time for more
        yield Text()
        yield Text("Not judged:", style="bold")
        yield from (Text(f"  · {printable(reason)}", style="yellow") for reason in summary.unjudged)
