"""Times and sizes as people write them."""

import pytest

from isofuzz.cli.quantities import seconds, size
from isofuzz.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"), [("8h", 28800), ("1h30m", 5400), ("45s", 45), ("0.5m", 30), ("1d", 86400)]
)
def test_times(text: str, expected: float) -> None:
    assert seconds(text, "--for") == expected


@pytest.mark.parametrize("text", ["", "8", "h", "8 h", "8hours", "-1h", "0s", "1h30"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="--for"):
        seconds(text, "--for")


@pytest.mark.parametrize(
    ("text", "expected"), [("512m", 512 * 2**20), ("2g", 2**31), ("2GB", 2**31), ("1.5g", 1610612736)]
)
def test_sizes(text: str, expected: int) -> None:
    assert size(text, "--memory") == expected


@pytest.mark.parametrize("text", ["", "2", "g", "0g", "2t", "lots"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match="--memory"):
        size(text, "--memory")
