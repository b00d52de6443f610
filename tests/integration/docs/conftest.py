"""The pages of the documentation as data, and the examples to hold them against."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

import pytest

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "fastapi_chat"

_FENCED = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """A page of the documentation."""

    text: str

    def blocks(self, *languages: str) -> list[Block]:
        """Its blocks in these languages, in order; without any, all."""
        found = [Block(match["language"], match["text"]) for match in _FENCED.finditer(self.text)]
        return [block for block in found if block.language in languages or not languages]

    def section(self, heading: str) -> str:
        """What stands under a heading, up to the next of its level or a higher one."""
        level = len(heading) - len(heading.lstrip("#"))
        [head] = re.finditer(f"^{re.escape(heading)}$", self.text, re.MULTILINE)
        rest = self.text[head.end() :]
        end = re.search(f"^#{{1,{level}}} ", rest, re.MULTILINE)
        return rest[: end.start()] if end else rest

    def rows(self, heading: str) -> list[list[str]]:
        """The cells of each row of the tables under a heading, without the heads."""
        lines = [line for line in self.section(heading).splitlines() if line.startswith("|")]
        rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
        rules = [number for number, line in enumerate(lines) if set(line) <= set("|- ")]
        heads = {number - 1 for number in rules}
        return [row for number, row in enumerate(rows) if number not in heads and number not in rules]


ReadPage: TypeAlias = Callable[[str], Page]
Run: TypeAlias = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def read_page() -> ReadPage:
    """A page by its path from the root of the repository."""
    return lambda path: Page((ROOT / path).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def leaky_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a run has found a leak: `summary.json` and a case are there."""
    folder = tmp_path_factory.mktemp("notes")
    shutil.copy(ROOT / "tests" / "integration" / "cli" / "notes.py", folder)
    _run_in(folder, "isofuzz", "run", "notes:Notes", "--defect", "read-all", "--json", "summary.json")
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command, in a folder with a copy of the example."""
    shutil.copytree(EXAMPLE, tmp_path, ignore=shutil.ignore_patterns(".*", "__pycache__"), dirs_exist_ok=True)
    return lambda *arguments: _run_in(tmp_path, *arguments)


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of the example's target."""
    monkeypatch.syspath_prepend(EXAMPLE)
    monkeypatch.delitem(sys.modules, "target", raising=False)
    import target as module

    monkeypatch.setitem(sys.modules, "target", module)
    assert isinstance(module, ModuleType)
    return module


def _run_in(folder: Path, command: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    ours = ("CI", "ISOFUZZ_", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(
        [str(Path(sys.executable).with_name(command)), *arguments],
        cwd=folder,
        env=kept | {"COLUMNS": "80", "PATH": os.defpath},  # as where the virtual environment is not activated
        text=True,
        capture_output=True,
        timeout=300,
        check=False,
    )
