"""Imports point downwards, and what holds them there would notice if one did not."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter over the packages of a folder, by the contracts in its pyproject.toml."""
    program = f"import sys; sys.path.insert(0, {str(folder)!r}); from importlinter.cli import lint_imports_command; "
    return subprocess.run(
        [sys.executable, "-c", program + "lint_imports_command(['--no-cache'])"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_all_contracts_are_kept() -> None:
    checked = lint(ROOT)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(contracts)} kept, 0 broken." in checked.stdout


FORBIDDEN = {
    "an import upwards": ("isofuzz/program/steps.py", "import isofuzz.engine", "Imports point downwards only"),
    "an import upwards within a function": (
        "isofuzz/history/model.py",
        "def late():\n    import isofuzz.cases",
        "Imports point downwards only",
    ),
    "a clock in a pure layer": ("isofuzz/oracles/judge.py", "import time", "The pure layers do no input or output"),
    "chance in a pure layer": ("isofuzz/program/steps.py", "import random", "The pure layers do no input or output"),
    "a pack in isofuzz": ("isofuzz/runs/run.py", "import isofuzz_packs", "isofuzz never imports its packs"),
    "internals in a pack": ("isofuzz_packs/__init__.py", "import isofuzz.target", "Packs import only what isofuzz exp"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_forbidden_import_is_noticed(tmp_path: Path, what: str) -> None:
    """The contracts of this project, over a tree of empty modules with one import that must not be."""
    copy_of_the_tree(tmp_path)
    assert lint(tmp_path).returncode == 0
    place, line, contract = FORBIDDEN[what]
    (tmp_path / place).write_text(f"{line}\n")
    checked = lint(tmp_path)
    assert checked.returncode == 1
    assert "1 broken." in checked.stdout
    assert any(row.startswith(contract) and row.endswith("BROKEN") for row in checked.stdout.splitlines())


def copy_of_the_tree(folder: Path) -> None:
    """The modules of both packages, empty."""
    for root, package in ((ROOT / "src", "isofuzz"), (ROOT / "strategies", "isofuzz_packs")):
        for module in (root / package).rglob("*.py"):
            copy = folder / module.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.touch()
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
