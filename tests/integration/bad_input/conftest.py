"""The installed command in a folder of its own; whatever it answers, it keeps its manners."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest
from tests.integration.forking import Forking

Isofuzz: TypeAlias = Callable[..., "subprocess.CompletedProcess[str]"]

NOTES = Path(__file__).parents[1] / "cli" / "notes.py"
COMMAND = str(Path(sys.executable).with_name("isofuzz"))
CREDENTIAL = "hunter2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where commands are run: it holds a small target."""
    shutil.copy(NOTES, tmp_path)
    return tmp_path


@pytest.fixture
def environment() -> dict[str, str]:
    ours = ("CI", "ISOFUZZ_DATABASE_URL", "ISOFUZZ_VALKEY_URL")
    return {name: value for name, value in os.environ.items() if name not in ours} | {"COLUMNS": "200"}


@pytest.fixture(scope="session")
def forking() -> Iterator[Forking]:
    with closing(Forking(COMMAND, patience=100)) as forking:
        yield forking


@pytest.fixture
def isofuzz(forking: Forking, folder: Path, environment: dict[str, str]) -> Isofuzz:
    """Run a command to its end; its answer holds no traceback, no bug of isofuzz's own, and no credential."""

    def run(*arguments: str | bytes, stdin: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
        done = forking.run(*arguments, cwd=folder, env=environment | variables, stdin=stdin)
        check_manners(done.stdout + done.stderr)
        return done

    return run


@pytest.fixture
def installed(folder: Path, environment: dict[str, str]) -> Isofuzz:
    """As `isofuzz`, by the installed command, which imports everything where it finds itself."""

    def run(*arguments: str | bytes, stdin: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [COMMAND, *arguments],
            cwd=folder,
            env=environment | variables,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        check_manners(done.stdout + done.stderr)
        return done

    return run


def check_manners(said: str) -> None:
    """What holds of every answer to a mistake."""
    assert "Traceback" not in said, said
    assert "a bug in isofuzz" not in said, said
    assert "Exception ignored" not in said, said
    assert CREDENTIAL not in said, said
