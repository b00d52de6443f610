"""The recipe for the night can be followed: its files are well-formed, and its commands can be given."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml  # type: ignore[import-untyped]  # it ships no type information

from isofuzz.cli.app import app

NIGHTLY = Path(__file__).parents[3] / "examples" / "nightly"


def test_the_workflow_keeps_what_it_knows_and_uploads_also_what_failed() -> None:
    workflow: Any = yaml.safe_load((NIGHTLY / "isolation.yml").read_text())
    steps = workflow["jobs"]["search"]["steps"]
    uses = [step.get("uses", "").partition("@")[0] for step in steps]
    search = next(place for place, step in enumerate(steps) if "search.sh" in step.get("run", ""))
    assert uses.index("actions/cache/restore") < search
    after = steps[search + 1 :]
    assert all(step["if"] == "always()" for step in after)
    assert {"actions/cache/save", "actions/upload-artifact"} <= set(uses[search + 1 :])
    paths = {step["with"]["path"] for step in steps if "cache" in step.get("uses", "")}
    assert paths == {".isofuzz/nightly"}


def test_its_commands_can_be_given() -> None:
    text = (NIGHTLY / "search.sh").read_text()
    commands = re.findall(r"isofuzz (campaign [^&\n]*)", text)
    assert len(commands) == 2
    for line in commands:
        command: Any = typer.main.get_command(app)
        words = shlex.split(line.replace('"$folder"', "folder").replace('"${1:-6h}"', "6h"))
        command.commands[words[0]].make_context("isofuzz", words[1:])


def stand_in(folder: Path, resumed: int, begun: int, calls: Path) -> None:
    """A command that notes how it is called, and ends as it is told to."""
    command = folder / "isofuzz"
    command.write_text(
        f'#!/bin/sh\necho "$@" >> {calls}\ncase "$*" in *--resume*) exit {resumed};; *) exit {begun};; esac\n'
    )
    command.chmod(0o700)


@pytest.mark.parametrize(
    ("resumed", "begun", "status", "calls"),
    [
        (0, 0, 0, ["campaign --resume .isofuzz/nightly"]),
        (1, 0, 1, ["campaign --resume .isofuzz/nightly"]),
        (
            2,
            1,
            1,
            [
                "campaign --resume .isofuzz/nightly",
                "campaign tests.chat:Chat --for 5h --out .isofuzz/nightly",
            ],
        ),
    ],
)
def test_a_night_that_was_cut_short_comes_first(
    tmp_path: Path, resumed: int, begun: int, status: int, calls: list[str]
) -> None:
    stand_in(tmp_path, resumed, begun, calls=tmp_path / "calls")
    ended = subprocess.run(
        [NIGHTLY / "search.sh", "5h"], cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False
    )
    assert ended.returncode == status
    assert (tmp_path / "calls").read_text().splitlines() == calls


def test_cron_finds_the_command_of_the_project_and_keeps_what_it_says(tmp_path: Path) -> None:
    (entry,) = [line for line in (NIGHTLY / "crontab").read_text().splitlines() if not line.startswith("#")]
    *when, line = entry.split(maxsplit=5)
    assert len(when) == 5
    project = tmp_path / "project"
    (project / ".venv/bin").mkdir(parents=True)
    (project / "examples").mkdir()
    (project / "examples/nightly").symlink_to(NIGHTLY)
    stand_in(project / ".venv/bin", resumed=2, begun=1, calls=tmp_path / "calls")
    ended = subprocess.run(["/bin/sh", "-c", line], env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, check=False)
    assert ended.returncode == 1
    assert "--for 6h" in (tmp_path / "calls").read_text()
    assert (project / ".isofuzz/nightly.log").exists()


def test_its_isolation_test_is_one_of_the_night(tmp_path: Path) -> None:
    shutil.copy(NIGHTLY / "test_nightly.py", tmp_path)
    pytest_command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--hypothesis-profile", "isofuzz-nightly"]
    ran = subprocess.run(pytest_command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert ran.stdout.startswith("test_nightly.py::TestIsolation::")
