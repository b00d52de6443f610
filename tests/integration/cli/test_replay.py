"""`isofuzz replay`, with real services."""

from pathlib import Path
from typing import Any

import pytest

Isofuzz = Any


@pytest.fixture
def cases(isofuzz: Isofuzz, folder: Path) -> Path:
    """A folder with one case."""
    assert isofuzz("run", "notes:Notes", "--defect", "read-all", "--out", "cases").returncode == 1
    return folder / "cases"


def test_every_case_of_a_folder_is_replayed_and_the_gravest_decides(isofuzz: Isofuzz, cases: Path) -> None:
    (leaky,) = cases.glob("*.json")
    mended = leaky.with_name("mended.json")
    mended.write_text(leaky.read_text().replace('"defect": "read-all"', '"defect": null'))
    (cases / "torn.json").write_text(leaky.read_text()[:100])

    done = isofuzz("replay", "cases")

    assert done.returncode == 1, done.stderr
    assert [line.split("  ")[0] for line in done.stdout.splitlines()[::2]] == [
        "NO LONGER",
        "STILL LEAKS",
        "CANNOT RUN",
    ]
    clean = isofuzz("replay", "cases/mended.json", "--times", "3")
    assert (clean.returncode, clean.stdout) == (0, "NO LONGER  cases/mended.json\n  clean in 3 runs\n")
    assert isofuzz("replay", "cases/mended.json", "cases/torn.json").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["missing.json"], "missing.json cannot be read: No such file or directory"),
        (["notes.py"], "notes.py is no complete JSON"),
        (["."], "holds no case"),
        (["x.json", "--times", "0"], "--times"),
        ([], "CASE"),
    ],
)
def test_what_cannot_be_replayed_is_said(isofuzz: Isofuzz, arguments: list[str], advice: str) -> None:
    done = isofuzz("replay", *arguments)

    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert advice in said
    assert "Traceback" not in said
