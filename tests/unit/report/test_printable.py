"""Text that may say anything, and must not do anything."""

import pytest

from isofuzz.report.printable import printable


@pytest.mark.parametrize("harmless", ["plain", "naïve 愛 ◆ [bold]not markup[/bold]", "e\N{COMBINING ACUTE ACCENT}"])
def test_what_can_be_printed_stays(harmless: str) -> None:
    assert printable(harmless) == harmless


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x07\x08\x7f\x9b", "\\x07\\x08\\x7f\\x9b"),
        ("\u202etfel", "\\u202etfel"),
        ("\u2028\u200b", "\\u2028\\u200b"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_written_out(hostile: str, shown: str) -> None:
    assert printable(hostile) == shown
