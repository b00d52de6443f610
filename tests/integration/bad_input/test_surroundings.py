"""Places, files and terminals that are not as commands expect them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import pytest
from tests.integration.bad_input.conftest import COMMAND, check_manners

Isofuzz = Any

GONE = "isofuzz: the current folder does not exist any more; change to one that does\n"


@pytest.mark.parametrize("arguments", ["run chat", "replay x.json", "new chat", "check chat", "doctor", "demo"])
def test_a_current_folder_that_was_deleted_is_told(tmp_path: Path, environment: dict[str, str], arguments: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"import os, sys; os.rmdir({str(gone)!r}); os.execv({COMMAND!r}, [{COMMAND!r}, *sys.argv[1:]])"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, *arguments.split()],
        cwd=gone,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", GONE)


def printed_to(
    outlet: int | IO[bytes], folder: Path, environment: Mapping[str, str], *arguments: str
) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [COMMAND, *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=outlet,
        stderr=subprocess.PIPE,
        text=True,
        timeout=100,
        check=False,
    )
    check_manners(done.stderr)
    return done


@pytest.mark.parametrize(("defect", "code"), [((), 0), (("--defect", "read-all"), 1)])
def test_a_reader_that_leaves_costs_nothing(
    folder: Path, environment: dict[str, str], defect: tuple[str, ...], code: int
) -> None:
    """As with `| head`: the exit code still is the verdict, and nothing is said about the rest."""
    ours, theirs = os.pipe()
    os.close(ours)
    try:
        done = printed_to(theirs, folder, environment, "run", "notes:Notes", *defect)
    finally:
        os.close(theirs)
    assert done.returncode == code
    assert "isofuzz: " not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--version"], 2),
        (["run", "notes:Notes", "--list-defects"], 2),
        (["run", "notes:Notes", "--defect", "read-all"], 1),
    ],
)
def test_a_full_disk_is_told_and_a_leak_outranks_it(
    folder: Path, environment: dict[str, str], arguments: list[str], code: int
) -> None:
    if not Path("/dev/full").exists():
        return  # only Linux has it
    with Path("/dev/full").open("wb") as full:
        done = printed_to(full, folder, environment, *arguments)
    assert done.returncode == code
    assert "isofuzz: standard output cannot be written: No space left on device\n" in done.stderr


def test_an_argument_that_is_no_text(installed: Isofuzz) -> None:
    done = installed("run", b"caf\xe9")
    assert done.returncode == 2
    assert done.stderr.startswith("isofuzz: there is no pack 'caf")


def test_a_name_in_another_script(installed: Isofuzz) -> None:
    done = installed("new", "чат")
    assert done.returncode == 2
    assert done.stderr.startswith("isofuzz: 'чат' cannot name a module")


def test_a_terminal_without_utf_8_does_not_cost_the_report(installed: Isofuzz) -> None:
    done = installed("run", "notes:Notes", "--defect", "read-all", PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert done.stdout.startswith("LEAKED: ")


def test_no_home_is_needed(folder: Path, environment: dict[str, str]) -> None:
    del environment["HOME"]
    done = printed_to(subprocess.PIPE, folder, environment, "run", "notes:Notes", "--only", "delivery")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_temporary_folder_that_cannot_be_used_is_passed_over(installed: Isofuzz, folder: Path) -> None:
    done = installed("run", "notes:Notes", "--only", "delivery", TMPDIR=str(folder / "notes.py"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_case_that_leads_in_circles(installed: Isofuzz, folder: Path) -> None:
    (folder / "loop.json").symlink_to("loop.json")
    done = installed("replay", "loop.json")
    assert done.returncode == 2
    assert "CANNOT RUN  loop.json\n  loop.json cannot be read: Too many levels of symbolic links" in done.stdout


def test_a_case_that_is_no_text(installed: Isofuzz, folder: Path) -> None:
    (folder / "binary.json").write_bytes(bytes(range(256)))
    done = installed("replay", "binary.json")
    assert done.returncode == 2
    assert "binary.json is not an isofuzz case: it is no UTF-8 text" in done.stdout


def test_a_configuration_that_is_no_text(installed: Isofuzz, folder: Path) -> None:
    (folder / "pyproject.toml").write_bytes(b"[tool.isofuzz]\ntarget = '\xff'\n")
    done = installed("run")
    assert done.returncode == 2
    assert done.stderr.endswith("pyproject.toml is no UTF-8 text, as TOML must be: save it as UTF-8\n")


def test_a_case_of_a_target_elsewhere_is_not_imported(installed: Isofuzz, folder: Path) -> None:
    """Cases are passed on, and importing runs code."""
    assert installed("run", "notes.py:Notes", "--defect", "read-all", "--out", "cases").returncode == 1
    [case] = (folder / "cases").glob("*.json")
    with TemporaryDirectory() as elsewhere:
        trap = Path(elsewhere, "notes.py")
        shutil.copy(folder / "notes.py", trap)
        trap.write_text(f"open('trapped', 'w')\n{trap.read_text()}")
        case.write_text(case.read_text().replace('"notes.py:Notes"', f'"{trap}:Notes"'))

        done = installed("replay", "cases")

    assert done.returncode == 2
    assert "is outside of this folder" in done.stdout
    assert not (folder / "trapped").exists()
