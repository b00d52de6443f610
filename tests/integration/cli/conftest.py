"""The installed command line, run from outside in a folder of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

Isofuzz: TypeAlias = Callable[..., "subprocess.CompletedProcess[str]"]
Started: TypeAlias = Callable[..., "subprocess.Popen[str]"]

COMMAND = str(Path(sys.executable).with_name("isofuzz"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the command is run: it holds a small target."""
    shutil.copy(Path(__file__).with_name("notes.py"), tmp_path)
    return tmp_path


@pytest.fixture
def environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("CI", "ISOFUZZ_DATABASE_URL", "ISOFUZZ_VALKEY_URL")
    }
    return kept | {"COLUMNS": "100"}


@pytest.fixture
def isofuzz(folder: Path, environment: dict[str, str]) -> Isofuzz:
    """Run a command to its end."""

    def run(
        *arguments: str, stdin: str = "", cwd: Path = folder, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [COMMAND, *arguments],
            cwd=cwd,
            env=environment | variables,
            input=stdin,
            text=True,
            capture_output=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture
def told_by_pytest(folder: Path) -> Callable[[str], str]:
    """What pytest says of a test, in a process in which nothing of this run is left."""

    def told(test: str) -> str:
        (folder / "test_regression.py").write_text(test)
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "test_regression.py"],
            cwd=folder,
            env={
                name: value for name, value in os.environ.items() if not name.startswith(("CI", "PYTEST_", "ISOFUZZ_"))
            },
            text=True,
            capture_output=True,
            timeout=200,
            check=False,
        )
        return ran.stdout + ran.stderr

    return told


@pytest.fixture
def started(folder: Path, environment: dict[str, str]) -> Iterator[Started]:
    """Start a command and return when it has said on stderr what is waited for."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str, until: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [COMMAND, *arguments],
            cwd=folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        processes.append(process)
        assert process.stderr
        assert any(until in line for line in process.stderr)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()
