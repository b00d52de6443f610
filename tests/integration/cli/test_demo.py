"""`isofuzz demo`, as a newcomer sees it."""

from pathlib import Path
from typing import Any

Isofuzz = Any


def test_everything_that_it_promises_happens(isofuzz: Isofuzz, folder: Path) -> None:
    done = isofuzz("demo")

    assert done.returncode == 0, done.stdout + done.stderr
    told = iter(done.stdout.splitlines())
    for milestone in (
        "A leak is planted in a small chat",
        "LEAKED: ",
        "saw text that was not theirs to see",
        "⇠ ◆",
        "steps   ",
        "STILL LEAKS",
        "The healthy chat",
        "ISOLATED: ",
        "Found, shrunk, explained and replayed; and the healthy chat is isolated.",
    ):
        assert any(milestone in line for line in told), f"{milestone!r} is not told, or too early"
    assert not (folder / ".isofuzz").exists()
