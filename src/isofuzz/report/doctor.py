"""What was examined, a line each, with what mends it below."""

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from isofuzz.report.printable import printable
from isofuzz.runs.doctor import Check, State
from isofuzz.services import redact

_SIGNS: Final = {State.GOOD: ("✓", "green"), State.ODD: ("!", "yellow"), State.BAD: ("✗", "bold red")}


def check_lines(check: Check) -> Iterator[Text]:
    """One thing that was looked at; no credential is in it."""
    sign, style = _SIGNS[check.state]
    first, *rest = redact(check.told).splitlines()
    yield Text.assemble((sign, style), f" {check.subject}: {printable(first)}")
    yield from (Text(f"    {printable(line)}") for line in rest)
    if check.mend:
        yield Text(f"  → {printable(redact(check.mend))}", style="bold")
