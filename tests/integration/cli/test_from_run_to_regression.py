"""From a run to a test of one's own: it is replayed, exported, fails under pytest, and passes when mended."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

Isofuzz = Any

OURS = ("CI", "PYTEST_", "ISOFUZZ_")


def told_by_pytest(folder: Path, test: str) -> str:
    """How pytest ends with this test, in which nothing of the run is left."""
    (folder / "test_regression.py").write_text(test)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "test_regression.py"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(OURS)},
        text=True,
        capture_output=True,
        timeout=200,
        check=False,
    )
    return ran.stdout.splitlines()[-1]


def go_through(isofuzz: Isofuzz, folder: Path, target: str, defect: str, profile: str, times: int) -> None:
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
    assert "1 failed" in told_by_pytest(folder, exported.stdout)
    mended = folder / "mended.json"
    mended.write_text((folder / case).read_text().replace(f'"defect": "{defect}"', '"defect": null'))
    assert isofuzz("replay", "mended.json", "--times", "3").returncode == 0
    assert "1 passed" in told_by_pytest(folder, isofuzz("export", "mended.json").stdout)


def test_of_a_small_system(isofuzz: Isofuzz, folder: Path) -> None:
    go_through(isofuzz, folder, "notes:Notes", "read-all", "dev", times=10)


@pytest.mark.long
@pytest.mark.parametrize("defect", ["list-without-owner", "current-user-global", "lock-stranded"])
def test_of_the_chat(isofuzz: Isofuzz, folder: Path, defect: str) -> None:
    """A leak of one operation alone, one that shows only where two overlap, and one of a lock."""
    go_through(isofuzz, folder, "chat", defect, "ci", times=100)
