"""What `[tool.isofuzz]` in pyproject.toml says is what commands do, unless they are told otherwise."""

import json
from pathlib import Path
from typing import Any

import pytest

Isofuzz = Any

KNOWN = "crossing:foreign:Book:read:write:Text"


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "pyproject.toml").write_text(
        f"""
[tool.isofuzz]
target = "notes:Notes"
profile = "ci"
accept = [
    {{fingerprint = "{KNOWN}", reason = "readers are few", until = 9999-01-31}},
    {{fingerprint = "delivery:echoed:Book:Feed", reason = "old clients", until = 2020-01-31}},
]

[tool.isofuzz.budgets.ci]
programs = 2

[tool.isofuzz.budgets.dev]
programs = 1
"""
    )
    return folder


def test_target_profile_budget_and_accepted_findings(isofuzz: Isofuzz, project: Path) -> None:
    done = isofuzz("run", "--defect", "read-all", "--only", "crossing", "--json", "summary.json")

    assert done.returncode == 0, done.stdout + done.stderr
    verdict, what, _, accepted, title, fingerprint, case, lapsed = done.stdout.splitlines()[:8]
    assert verdict.startswith("ISOLATED: ")
    assert verdict.endswith(", apart from what is accepted")
    assert what.startswith("notes:Notes with the planted defect read-all, profile ci, ")
    assert accepted == "ACCEPTED until 9999-01-31: readers are few"
    assert (title.strip(), fingerprint.strip()) == (
        "read showed a user a Text of someone else, written by write",
        KNOWN,
    )
    assert lapsed == "NO LONGER ACCEPTED, for 2020-01-31 is over: old clients (delivery:echoed:Book:Feed)"
    summary = json.loads((project / "summary.json").read_text())
    assert (summary["verdict"], summary["findings"]) == ("isolated", [])
    assert [(each["fingerprint"], each["until"]) for each in summary["accepted"]] == [(KNOWN, "9999-01-31")]
    assert (project / summary["accepted"][0]["case"]).is_file()
    assert case.split() == ["case", summary["accepted"][0]["case"]]


def test_the_budget_is_the_projects(isofuzz: Isofuzz, project: Path) -> None:
    """One random program after the sweep, whichever way the profile was chosen."""
    counts = []
    for options in (["--profile", "dev"], []):
        done = isofuzz("run", *options, "--json", "-", "--seed", "1", "--only", "crossing")
        assert done.returncode == 0, done.stderr
        counts.append(json.loads(done.stdout)["exercised"]["programs"])
    assert counts[1] == counts[0] + 1


def test_the_command_line_comes_first(isofuzz: Isofuzz, project: Path) -> None:
    done = isofuzz("run", "notes:Stuck", "--list-defects", "--profile", "dev")
    assert (done.returncode, done.stdout) == (0, "read-all\n")
    assert "there is no profile 'huge'" in isofuzz("run", "--profile", "huge").stderr


@pytest.mark.parametrize("target", ["notes:Notes", "notes.py:Notes"])
def test_the_target_is_found_from_wherever_in_the_project_a_command_runs(
    isofuzz: Isofuzz, folder: Path, target: str
) -> None:
    (folder / "pyproject.toml").write_text(f'[tool.isofuzz]\ntarget = "{target}"\n')
    below = folder / "deep" / "below"
    below.mkdir(parents=True)

    leaked = isofuzz("run", "--defect", "read-all", cwd=below)

    assert leaked.returncode == 1, leaked.stderr
    assert "confirmed by a fresh process on a fresh database" in leaked.stdout
    assert isofuzz("replay", "deep/below/.isofuzz/cases").returncode == 1


def test_without_a_target_it_is_said_where_to_write_one(isofuzz: Isofuzz, folder: Path) -> None:
    done = isofuzz("run")

    assert done.returncode == 2
    assert done.stderr.startswith("isofuzz: no TARGET is given; write it after the command, or target = ")
    assert "isofuzz new NAME" in done.stderr
