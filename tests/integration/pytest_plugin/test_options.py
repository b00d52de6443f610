"""What isolation tests and fixtures are told, and what the top of every pytest run says."""

import json
from pathlib import Path
from typing import Any

import pytest

Pytest = Any

NOTES = "from memory import Notes\nTestNotes = isolation_test(Notes)\n"
OPEN = "from memory import Open\nTestOpen = isolation_test(Open)\n"


def header_of(output: str) -> str:
    return next(line for line in output.splitlines() if line.startswith("isofuzz: "))


def test_the_header_says_which_services_would_be_used_and_never_who_logs_in(run_pytest: Pytest) -> None:
    done = run_pytest(
        "def test_nothing(): ...",
        "--isofuzz-valkey-url",
        "embedded",
        ISOFUZZ_DATABASE_URL="postgresql://ann:hunter2@localhost:5433/team",
    )

    header = header_of(done.stdout)
    assert "Postgres given by ISOFUZZ_DATABASE_URL (localhost:5433/team)" in header
    assert header.endswith("Valkey embedded (--isofuzz-valkey-url)")
    assert "hunter2" not in done.stdout
    assert "ann" not in header


def test_the_header_starts_and_imports_nothing(run_pytest: Pytest) -> None:
    """Not even what a service needs: pytest runs of everybody pay for it."""
    done = run_pytest(
        """
import sys

def test_nothing_slow_is_imported():
    assert not {"hypothesis", "asyncpg", "sqlalchemy", "rich", "typer"} & set(sys.modules)
""",
        ISOFUZZ_DATABASE_URL="postgresql://nobody@nowhere.invalid/x",
    )

    assert done.returncode == 0, done.stdout
    assert "(nowhere.invalid/x)" in header_of(done.stdout)


def test_what_is_wrong_in_the_configuration_is_the_failure_of_what_needs_it(run_pytest: Pytest, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.isofuzz]\nprofil = 'ci'\n")

    done = run_pytest(NOTES + "def test_other(): ...\n")

    assert "1 failed, 1 passed" in done.stdout
    assert done.stdout.count("there is no key 'profil' (did you mean 'profile'?)") >= 2, "in the header and the failure"
    assert "Traceback" not in done.stdout


def test_the_configuration_chooses_profile_budget_and_what_is_accepted(run_pytest: Pytest, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        """
[tool.isofuzz]
profile = "nightly"
accept = [{fingerprint = "crossing:foreign:Book:read:write:Text", reason = "known", until = 2999-01-01}]
[tool.isofuzz.budgets.nightly]
programs = 3
"""
    )

    done = run_pytest(OPEN)

    assert ", profile nightly, " in header_of(done.stdout)
    assert "1 passed" in done.stdout, done.stdout


def test_a_profile_that_there_is_not_ends_pytest_before_any_test(run_pytest: Pytest) -> None:
    done = run_pytest("def test_other(): ...\n", "--isofuzz-profile", "hugee")

    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout + done.stderr
    assert "ERROR: --isofuzz-profile: there is no profile 'hugee'" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_option_outranks_the_variable(run_pytest: Pytest) -> None:
    done = run_pytest(
        NOTES,
        "--isofuzz-database-url",
        "embedded",
        ISOFUZZ_DATABASE_URL="postgresql://nobody@nowhere.invalid/x",
    )

    assert "1 passed" in done.stdout, done.stdout


def test_a_host_is_refused_unless_it_is_allowed(run_pytest: Pytest) -> None:
    url = "postgresql://nobody@nowhere.invalid/x"

    refused = run_pytest(NOTES, "--isofuzz-database-url", url)
    assert "nowhere.invalid, which is not this machine" in refused.stdout

    allowed = run_pytest(NOTES, "--isofuzz-database-url", url, "--isofuzz-allow-host", "nowhere.invalid")
    assert "which is not this machine" not in allowed.stdout
    assert "1 failed" in allowed.stdout


def test_cases_go_where_they_are_told(run_pytest: Pytest, tmp_path: Path) -> None:
    done = run_pytest(OPEN, "--isofuzz-cases", "kept", "--isofuzz-seed", "7")

    assert "1 failed" in done.stdout
    [case] = (tmp_path / "kept").glob("*.json")
    assert json.loads(case.read_text())["fingerprint"] == "crossing:foreign:Book:read:write:Text"
    assert not (tmp_path / ".isofuzz").exists()


def test_too_many_sessions(run_pytest: Pytest) -> None:
    done = run_pytest(NOTES, "--isofuzz-sessions", "1")

    assert "1 failed" in done.stdout
    assert "1 sessions cannot act at the same time" in done.stdout


@pytest.mark.parametrize(("arguments", "result"), [([], "1 passed"), (["--isofuzz-strict"], "1 failed")])
def test_a_hazard_fails_only_a_strict_run(run_pytest: Pytest, arguments: list[str], result: str) -> None:
    done = run_pytest("from memory import Slow\nTestSlow = isolation_test(Slow)\n", *arguments)

    assert result in done.stdout, done.stdout


class TestReplay:
    """The profile `replay`: what is known and nothing new."""

    def test_the_kept_cases_come_first(self, run_pytest: Pytest, tmp_path: Path) -> None:
        found = run_pytest(OPEN)
        assert "1 failed" in found.stdout
        [case] = (tmp_path / ".isofuzz" / "cases").glob("*.json")

        again = run_pytest(OPEN, "--isofuzz-profile", "replay")

        assert "1 failed" in again.stdout
        assert f"case    {case}" in again.stdout

    def test_a_case_that_the_target_no_longer_knows_is_told(self, run_pytest: Pytest, tmp_path: Path) -> None:
        run_pytest(OPEN)
        memory = tmp_path / "memory.py"
        mended = memory.read_text().replace('self.books.get(book.id, ("", []))[1]', "self.own(me, book)")
        memory.write_text(mended.replace("def read(", "def look("))

        done = run_pytest(OPEN, "--isofuzz-profile", "replay")

        assert "INCONCLUSIVE: " in done.stdout, done.stdout
        assert "there is no operation 'read' any more" in done.stdout

    def test_hypothesis_draws_nothing_new(self, run_pytest: Pytest) -> None:
        done = run_pytest(NOTES, "--hypothesis-profile", "isofuzz-replay")

        assert ", profile replay, " in header_of(done.stdout)
        assert "1 passed" in done.stdout, done.stdout


def test_a_case_of_the_project_runs_first_in_every_run(run_pytest: Pytest, tmp_path: Path) -> None:
    """Kept in `tests/isolation_cases`, it is asked for even if the sweep would not, and missed if it is lost."""
    assert "1 failed" in run_pytest(OPEN).stdout
    [case] = (tmp_path / ".isofuzz" / "cases").glob("*.json")
    kept = tmp_path / "tests" / "isolation_cases"
    kept.mkdir(parents=True)
    case.rename(kept / case.name)
    memory = tmp_path / "memory.py"
    lines = memory.read_text()

    mended = lines.replace('self.books.get(book.id, ("", []))[1]', "self.own(me, book)")
    memory.write_text(mended)
    passed = run_pytest(OPEN)
    assert "1 passed" in passed.stdout, passed.stdout

    memory.write_text(mended.replace("def read(", "def look("))
    lost = run_pytest(OPEN)
    assert "there is no operation 'read' any more" in lost.stdout, lost.stdout


class TestReplayedAsTests:
    """`--isofuzz-replay`: each case of a folder is a test."""

    @pytest.fixture
    def kept(self, run_pytest: Pytest, tmp_path: Path) -> Path:
        """A folder with the case of a leak and with one that was cut."""
        assert "1 failed" in run_pytest(OPEN, "--isofuzz-cases", "kept").stdout
        [case] = (tmp_path / "kept").glob("*.json")
        (tmp_path / "kept" / "torn.json").write_text(case.read_text()[:100])
        return case

    def test_each_comes_before_all_others_and_fails_while_it_leaks(self, run_pytest: Pytest, kept: Path) -> None:
        done = run_pytest("def test_other(): pass\n", "--isofuzz-replay", "kept", "-v")

        assert "2 failed, 1 passed" in done.stdout, done.stdout
        assert done.stdout.index(f"kept/{kept.name}::replay FAILED") < done.stdout.index("test_other PASSED")
        assert "STILL LEAKS: it showed in 1 of 1 runs" in done.stdout
        assert "read showed a user a Text of someone else, written by write" in done.stdout
        assert "CANNOT RUN: " in done.stdout
        assert "torn.json is no complete JSON" in done.stdout
        assert "Traceback" not in done.stdout

    def test_it_passes_once_it_is_mended(self, run_pytest: Pytest, kept: Path, tmp_path: Path) -> None:
        (kept.parent / "torn.json").unlink()
        memory = tmp_path / "memory.py"
        memory.write_text(memory.read_text().replace('self.books.get(book.id, ("", []))[1]', "self.own(me, book)"))

        done = run_pytest("def test_other(): pass\n", "--isofuzz-replay", "kept", "kept")

        assert "1 passed" in done.stdout, done.stdout

    @pytest.mark.parametrize("folder", ["", "nowhere", "memory.py"])
    def test_a_folder_that_is_none(self, run_pytest: Pytest, folder: str) -> None:
        done = run_pytest(NOTES, "--isofuzz-replay", folder)

        assert done.returncode == 4
        assert f"--isofuzz-replay: there is no folder {folder!r}" in done.stderr
