"""`isofuzz replay`, with real services."""

import json
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # likewise
from tests.integration.cli.conftest import COMMAND

from isofuzz.cases.schema import schema_text

Isofuzz = Any


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case, found once for all tests here."""
    place = tmp_path_factory.mktemp("found")
    shutil.copy(Path(__file__).with_name("notes.py"), place)
    command = [COMMAND, "run", "notes:Notes", "--defect", "read-all", "--out", "cases"]
    done = subprocess.run(command, cwd=place, capture_output=True, timeout=300, check=False)
    assert done.returncode == 1, done
    [case] = (place / "cases").glob("*.json")
    return case


@pytest.fixture
def cases(found: Path, folder: Path) -> Path:
    """A folder with one case."""
    (folder / "cases").mkdir()
    shutil.copy(found, folder / "cases")
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
    assert (clean.returncode, clean.stdout) == (
        0,
        "NO LONGER  cases/mended.json\n  clean in 3 runs, all histories the same\n",
    )
    assert isofuzz("replay", "cases/mended.json", "cases/torn.json").returncode == 2


def test_a_case_of_before_an_operation_was_renamed(isofuzz: Isofuzz, cases: Path) -> None:
    (case,) = cases.glob("*.json")
    case.write_text(case.read_text().replace('"read"', '"peek"').replace(":read:", ":peek:"))

    refused = isofuzz("replay", "cases")
    assert refused.returncode == 2
    assert "notes:Notes has changed: there is no operation 'peek' any more (step " in refused.stdout
    assert "--rename OLD=NEW" in refused.stdout
    renamed = isofuzz("replay", "cases", "--rename", "peek=read")
    assert (renamed.returncode, renamed.stdout.splitlines()[1]) == (1, "  it showed in 1 of 1 runs")
    dropped = isofuzz("replay", "cases", "--drop-gone")
    assert dropped.returncode == 2
    assert "without that nothing is left that could show it: find it anew" in dropped.stdout


def test_a_folder_of_ten_thousand(isofuzz: Isofuzz, cases: Path) -> None:
    """What cannot be read is told of each, and whatever can be is replayed."""
    (case,) = cases.glob("*.json")
    torn = case.read_text()[:1000]
    for number in range(10_000):
        (cases / f"{number:05}.json").write_text(torn)
    done = isofuzz("replay", "cases")
    answers = [line.split("  ")[0] for line in done.stdout.splitlines()[::2]]
    assert done.returncode == 1, done.stderr
    assert (answers.count("CANNOT RUN"), answers.count("STILL LEAKS"), len(answers)) == (10_000, 1, 10_001)


def test_nothing_is_written_beside_the_cases(isofuzz: Isofuzz, cases: Path, folder: Path) -> None:
    """So a folder that may only be read will do. By what is there afterwards: modes refuse a superuser nothing."""
    (folder / "__pycache__").mkdir(exist_ok=True)
    before = {path for path in folder.rglob("*") if "__pycache__" not in path.parts}
    cases.chmod(0o555)
    try:
        assert isofuzz("replay", "cases").returncode == 1
    finally:
        cases.chmod(0o755)
    assert {path for path in folder.rglob("*") if "__pycache__" not in path.parts} == before


def test_a_system_that_does_not_start_any_more(isofuzz: Isofuzz, cases: Path) -> None:
    (case,) = cases.glob("*.json")
    text = case.read_text().replace('"notes:Notes"', '"notes:Down"').replace('"defect": "read-all"', '"defect": null')
    case.write_text(text)
    done = isofuzz("replay", "cases")
    assert done.returncode == 2
    assert "CANNOT RUN  cases/" in done.stdout
    assert "no port is free" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


WAITS = """
import asyncio, sys
from isofuzz import All, operation
from notes import Book, Me, Notes, Text

class Waits(Notes):
    answer_within = 1000

    @operation
    async def read(self, me: Me, book: Book) -> All[Text]:
        print("waiting", file=sys.stderr, flush=True)
        await asyncio.Event().wait()
        return []
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_told_and_leaves_nothing_behind(
    started: Any, folder: Path, cases: Path, signum: signal.Signals
) -> None:
    (folder / "waits.py").write_text(WAITS)
    (case,) = cases.glob("*.json")
    text = case.read_text().replace('"notes:Notes"', '"waits:Waits"').replace('"defect": "read-all"', '"defect": null')
    for name in ("a.json", "b.json"):
        (folder / name).write_text(text)

    process = started("replay", "a.json", "b.json", until="waiting")
    helpers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signum)
    stdout, stderr = process.communicate(timeout=30)

    assert (process.returncode, stdout) == (3, "UNDECIDED  a.json\n  interrupted before it ran\n")
    assert stderr == "isofuzz: interrupted; cases not replayed: 1 of 2\n"
    _, alive = psutil.wait_procs(helpers, timeout=10)
    assert alive == []


def test_the_schema_of_case_files(isofuzz: Isofuzz, cases: Path) -> None:
    printed = isofuzz("replay", "--schema")
    assert (printed.returncode, printed.stdout) == (0, schema_text())
    (case,) = cases.glob("*.json")
    Draft202012Validator(json.loads(printed.stdout)).validate(json.loads(case.read_text()))


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["missing.json"], "missing.json cannot be read: No such file or directory"),
        (["notes.py"], "notes.py is no complete JSON"),
        (["."], "holds no case"),
        (["x.json", "--times", "0"], "--times"),
        (["x.json", "--rename", "read"], "'read' renames nothing; write OLD=NEW"),
        ([], "CASE"),
    ],
)
def test_what_cannot_be_replayed_is_said(isofuzz: Isofuzz, arguments: list[str], advice: str) -> None:
    done = isofuzz("replay", *arguments)

    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert advice in said
    assert "Traceback" not in said
