"""From a run to a test of one's own: it is replayed, exported, fails under pytest, and passes when mended."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Isofuzz = Any

GoThrough = Callable[..., None]


@pytest.fixture
def go_through(isofuzz: Isofuzz, folder: Path, told_by_pytest: Callable[[str], str]) -> GoThrough:
    """All of the way, with a defect of a target."""

    def all_of_it(target: str, defect: str, profile: str, times: int) -> None:
        found = isofuzz("run", target, "--defect", defect, "--profile", profile, "--json", "run.json")
        assert found.returncode == 1, found.stderr
        [first, *_] = json.loads((folder / "run.json").read_text())["findings"]
        assert (first["shrunk"], first["cold"]) == (True, True)
        case = Path(first["case"])
        again = isofuzz("replay", str(case), "--times", str(times))
        assert again.returncode == 1, again.stderr
        assert f"it showed in {times} of {times} runs, all histories the same" in again.stdout
        exported = isofuzz("export", str(case))
        assert exported.returncode == 0, exported.stderr
        assert "1 failed" in told_by_pytest(exported.stdout)
        mended = folder / "mended.json"
        mended.write_text((folder / case).read_text().replace(f'"defect": "{defect}"', '"defect": null'))
        assert isofuzz("replay", "mended.json", "--times", "3").returncode == 0
        assert "1 passed" in told_by_pytest(isofuzz("export", "mended.json").stdout)

    return all_of_it


def test_of_a_small_system(go_through: GoThrough) -> None:
    go_through("notes:Notes", "read-all", "dev", times=10)


@pytest.mark.long
@pytest.mark.parametrize("defect", ["list-without-owner", "current-user-global", "lock-stranded"])
def test_of_the_chat(go_through: GoThrough, defect: str) -> None:
    """A leak of one operation alone, one that shows only where two overlap, and one of a lock."""
    go_through("chat", defect, "ci", times=100)
