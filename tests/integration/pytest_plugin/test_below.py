"""What is told of a test that passes: what it ran on, and what is accepted; here and in the processes of xdist."""

import re
from pathlib import Path
from typing import Any

import pytest

RunPytest = Any

TESTS = "from memory import Open\nfrom isofuzz import isolation_test\nTestOpen = isolation_test(Open)\n"
CONFIGURATION = """
[tool.isofuzz]
accept = [{fingerprint = "crossing:foreign:Book:read:write:Text", reason = "readers are few", until = 9999-01-31}]
[tool.isofuzz.budgets.dev]
programs = 2
"""


@pytest.mark.parametrize("processes", [(), ("-n", "1")])
def test_it_is_told_below_the_results(run_pytest: RunPytest, tmp_path: Path, processes: tuple[str, ...]) -> None:
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION)

    done = run_pytest(TESTS, *processes)

    assert done.returncode == 0, done.stdout + done.stderr
    _, section, below = done.stdout.partition(" isofuzz: accepted findings ")
    assert section, done.stdout
    told = [line.strip() for line in below.splitlines()[1:4]]
    assert told[0].endswith("test_project.py::TestOpen::test_isolation")
    assert told[1] == "ACCEPTED until 9999-01-31: readers are few"
    assert told[2] == "read showed a user a Text of someone else, written by write"


def test_without_any_there_is_no_section(run_pytest: RunPytest) -> None:
    done = run_pytest(
        "from memory import Notes\nfrom isofuzz import isolation_test\nTestNotes = isolation_test(Notes)\n"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "accepted" not in done.stdout


@pytest.mark.parametrize("arguments", [(), ("-n", "1"), ("-q",)])
def test_what_ran_and_on_which_services(run_pytest: RunPytest, arguments: tuple[str, ...]) -> None:
    done = run_pytest(
        "from memory import Notes\nfrom isofuzz import isolation_test\nTestNotes = isolation_test(Notes)\n", *arguments
    )

    assert done.returncode == 0, done.stdout + done.stderr
    _, _, below = done.stdout.partition(" isofuzz: isolation tests ")
    line = below.splitlines()[1]
    assert re.fullmatch(
        r"test_project.py::TestNotes::test_isolation: ISOLATED, [1-9]\d* programs, [1-9]\d* operations; "
        r"services: Postgres \d+\.\d+, embedded \(no URL given, no compose file .*\)",
        line,
    ), line


def test_without_isolation_tests_nothing_is_told(run_pytest: RunPytest) -> None:
    done = run_pytest("def test_other(): ...\n", "-q")

    assert "isofuzz" not in done.stdout
