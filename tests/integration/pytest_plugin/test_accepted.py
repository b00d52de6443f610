"""What a project accepts does not fail its tests, and is none the less told; here and in the processes of xdist."""

from pathlib import Path
from typing import Any

import pytest

RunPytest = Any

TESTS = "from memory import Open\nfrom isofuzz import isolation_test\nTestOpen = isolation_test(Open)\n"
OPEN = """
from memory import *
from memory import Notes

class Open(Notes):
    @operation
    async def read(self, me: Me, book: Book) -> All[Text]:
        return list(self.books[book.id][1]) if book.id in self.books else self.own(me, book)
"""
CONFIGURATION = """
[tool.isofuzz]
accept = [{fingerprint = "crossing:foreign:Book:read:write:Text", reason = "readers are few", until = 9999-01-31}]
[tool.isofuzz.budgets.dev]
programs = 2
"""


@pytest.mark.parametrize("processes", [(), ("-n", "1")])
def test_it_is_told_below_the_results(run_pytest: RunPytest, tmp_path: Path, processes: tuple[str, ...]) -> None:
    (tmp_path / "open.py").write_text(OPEN)
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION)

    done = run_pytest(TESTS.replace("memory", "open"), *processes)

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
