"""The kept cases as pytest tests: each fails while its defect is planted, and passes on the healthy chat."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from isofuzz.cases.store import case_files, read_case
from isofuzz.report.exporting.source import test_source as exported
from isofuzz.runs.replay import target_of

CASES = {read_case(path).defect or "": path for path in case_files(Path(__file__).with_name("cases"))}
KEPT = Path(__file__).with_name("exported")

RUN = [
    "current-user-global",
    "delete-without-owner",
    "foreign-parent",
    "presence-to-all",
    "reply-left-behind",
]
"""With schedules, a fault, a comparison, what was never issued, what may be refused, and what is stored."""


def source(defect: str, *, planted: bool = True) -> str:
    case = read_case(CASES[defect])
    return exported(case if planted else replace(case, defect=None), target_of(case))


@pytest.mark.parametrize("path", sorted(KEPT.glob("*.py")), ids=lambda path: path.stem)
def test_they_look_so(path: Path) -> None:
    """What mypy and ruff read with the rest. If it is to be otherwise: isofuzz export tests/replay/cases/..."""
    assert source(path.stem.replace("_", "-")) == path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds nothing but the tests, of every case one with its defect and one without."""
    folder = tmp_path_factory.mktemp("exported")
    for defect in CASES:
        name = defect.replace("-", "_")
        (folder / f"test_{name}.py").write_text(source(defect), encoding="utf-8")
        (folder / f"test_{name}_mended.py").write_text(source(defect, planted=False), encoding="utf-8")
    return folder


@pytest.mark.parametrize("width", ["88", "120"])
def test_a_formatter_leaves_them_as_they_are(written: Path, width: str) -> None:
    ruff = [str(Path(sys.executable).with_name("ruff")), "--isolated"]
    formatted = [*ruff, "format", "--check", "--no-cache", "--line-length", width, str(written)]
    linted = [*ruff, "check", "--no-cache", "--select", "E4,E7,E9,F,I,UP,B", str(written)]
    for command in (formatted, linted):
        done = subprocess.run(command, cwd=written, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for path in written.glob("*.py") for line in path.read_text().splitlines()]
    assert max(map(len, lines)) <= 92


@pytest.mark.parametrize("defects", [RUN, pytest.param(sorted(CASES), marks=pytest.mark.long)], ids=["some", "all"])
def test_they_fail_while_the_finding_shows_and_pass_once_it_is_mended(written: Path, defects: list[str]) -> None:
    files = [f"test_{defect.replace('-', '_')}{mended}.py" for defect in defects for mended in ("", "_mended")]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CI", "PYTEST_", "ISOFUZZ_"))}
    plain = ["-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:anyio", "-W", "error", "-n", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plain, "-rA", *files],
        cwd=written,
        env=kept | {"COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    ended = {name: word for word, name in re.findall(r"^(PASSED|FAILED) (test_\w+)\.py::", done.stdout, re.MULTILINE)}
    assert ended == {name[:-3]: "PASSED" if "_mended" in name else "FAILED" for name in files}, done.stdout
    assert done.stdout.count("Failed: LEAKED: isolation is broken") >= len(defects)
    for defect in defects:
        assert read_case(CASES[defect]).fingerprint in done.stdout
