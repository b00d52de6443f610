"""`isofuzz export`, from a case to the test that pytest runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isofuzz.cases.case import Case
from isofuzz.cases.codec import to_json
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import Call, Literal, Program, Ref, SecretText

Isofuzz = Any

PROGRAM = Program.serial(
    Call(0, "sign_in", {"name": Literal("a")}),
    Call(1, "sign_in", {"name": Literal("b")}),
    Call(2, "new_book", {"me": Ref(0, 1)}),
    Call(3, "write", {"me": Ref(0, 1), "book": Ref(2), "text": SecretText("it's {canary}")}),
    Call(4, "read", {"me": Ref(1, 1), "book": Ref(2)}),
)
LOUD = "import notes\nprint('loud')\n\n\nclass Notes(notes.Notes):\n    pass\n"


def case_of(target: str, defect: str | None = None) -> str:
    violation = Violation(Oracle.CROSSING, Breach.FOREIGN, 0, Ref(1), "Book", "read", "write", "Text", step=4)
    return to_json(Case(target, defect, violation, "B saw what is A's.", PROGRAM, (), "", ""))


@pytest.mark.parametrize(
    ("target", "defect", "imported", "ended"),
    [
        ("loud:Notes", None, "from loud import Notes\nfrom notes import Text\n", "1 passed"),
        ("./loud.py:Notes", "read-all", "from loud import Notes\nfrom notes import Text\n", "1 failed"),
    ],
)
def test_what_it_prints_is_a_test_and_nothing_else(
    isofuzz: Isofuzz,
    folder: Path,
    told_by_pytest: Callable[[str], str],
    target: str,
    defect: str | None,
    imported: str,
    ended: str,
) -> None:
    (folder / "loud.py").write_text(LOUD)
    (folder / "case.json").write_text(case_of(target, defect))
    done = isofuzz("export", "case.json")
    assert (done.returncode, done.stderr) == (0, "loud\n")
    assert done.stdout.startswith('"""A finding of isofuzz, kept as a test.\n')
    assert imported in done.stdout
    assert ("beside loud.py" in done.stdout.replace("\n# ", " ")) == (".py" in target)

    told = told_by_pytest(done.stdout)
    assert ended in told
    assert ("crossing:foreign:Book:read:write:Text" in told) == (defect is not None)
