"""Isolation tests in a project of their own, run by pytest from outside."""

from pathlib import Path
from typing import Any

import pytest

Pytest = Any


def test_a_leak_fails_with_its_story_instead_of_a_traceback(run_pytest: Pytest, tmp_path: Path) -> None:
    done = run_pytest(
        """
from isofuzz_packs.chat import Chat
TestChat = isolation_test(Chat, defect="subscription-outlives-kick")
"""
    )

    assert done.returncode == 1, done.stdout + done.stderr
    kept = list((tmp_path / ".isofuzz" / "cases").glob("*-delivery-frame-*.json"))
    assert any(f"replay  isofuzz replay {case}" in done.stdout for case in kept)
    for part in ("LEAKED: ", "A · 'a'", "⇠ ◆", *(f"case    {case}" for case in kept)):
        assert part in done.stdout
    assert "Traceback" not in done.stdout
    assert "pytest_plugin.py" not in done.stdout
    assert "\x1b" not in done.stdout


def test_two_workers_do_not_disturb_each_other(run_pytest: Pytest) -> None:
    done = run_pytest(
        """
from isofuzz_packs.chat import Chat
from memory import Notes
TestNotes = isolation_test(Notes)
TestAgain = isolation_test(Notes)
TestLeaky = isolation_test(Chat, defect="subscription-outlives-kick")
TestAlso = isolation_test(Chat, defect="subscription-outlives-kick")
""",
        "-n",
        "2",
    )

    assert "2 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert done.stdout.count("LEAKED: ") == 2 + 2, "each in its report and in the list of failures"


def test_marks_fixtures_and_subclasses_work_as_on_any_class(run_pytest: Pytest) -> None:
    done = run_pytest(
        """
import pytest
from memory import Notes

@pytest.fixture
def prepared():
    print("prepared")

@pytest.mark.slow
@pytest.mark.usefixtures("prepared")
class TestMine(isolation_test(Notes)):
    pass

TestMarked = pytest.mark.skip(isolation_test(Notes))

class TestOther:
    def test_it(self): ...
""",
        "-v",
        "-s",
        "-m",
        "slow or skip",
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_project.py::TestMine::test_isolation prepared\nPASSED" in done.stdout
    assert "test_project.py::TestMarked::test_isolation SKIPPED" in done.stdout
    assert "1 passed, 1 skipped, 1 deselected" in done.stdout


INCONCLUSIVE = "from memory import Broken\nTestBroken = isolation_test(Broken)\n"


def test_inconclusive_fails(run_pytest: Pytest) -> None:
    done = run_pytest(
        "from memory import Broken\nTestBroken = isolation_test(Broken, profile='ci')\n", "--isofuzz-profile", "dev"
    )

    assert done.returncode == 1
    assert "INCONCLUSIVE: " in done.stdout
    assert "  · fail never succeeded for an entitled user" in done.stdout


def test_inconclusive_is_a_warning_while_developing(run_pytest: Pytest) -> None:
    done = run_pytest(INCONCLUSIVE, "-W", "default")

    assert done.returncode == 0, done.stdout
    assert "1 passed, 1 warning" in done.stdout
    assert "InconclusiveWarning: INCONCLUSIVE: " in done.stdout


def test_what_keeps_a_test_from_running_is_its_failure(run_pytest: Pytest) -> None:
    done = run_pytest(
        """
from isofuzz import Target
from memory import Down, Notes
TestDown = isolation_test(Down)
TestDefect = isolation_test(Notes, defect="x")
TestProfile = isolation_test(Notes, profile="x")
TestEmpty = isolation_test(Target)

class Asks(Notes):
    async def lifespan(self, services):
        services.database_url
        yield

TestAsks = isolation_test(Asks)
""",
        "--isofuzz-database-url",
        "off",
    )

    assert "5 failed" in done.stdout
    for message in (
        "did not start: RuntimeError: no port is free",
        "Notes has no defect 'x'",
        "write one of dev, ci, nightly",
        "Target has no operation",
        "the target asks for Postgres, which is switched off",
    ):
        assert message in done.stdout
    assert "Traceback" not in done.stdout
    assert "During handling of the above exception" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "variables", "profile"),
    [
        ([], {}, "dev"),
        ([], {"CI": "1"}, "ci"),
        (["--hypothesis-profile", "isofuzz-nightly"], {"CI": "1"}, "nightly"),
        (["--hypothesis-profile", "default"], {}, "dev"),
        (["--isofuzz-profile", "isofuzz-ci", "--hypothesis-profile", "isofuzz-nightly"], {}, "ci"),
    ],
)
def test_which_profile_is_used(
    run_pytest: Pytest, arguments: list[str], variables: dict[str, str], profile: str
) -> None:
    done = run_pytest("def test_nothing(): ...", *arguments, **variables)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f", profile {profile}, services: " in done.stdout


def test_a_run_without_isolation_tests_pays_nothing(run_pytest: Pytest) -> None:
    done = run_pytest(
        """
import sys

def test_nothing_slow_is_imported():
    assert not {"hypothesis", "asyncpg", "sqlalchemy", "rich", "typer"} & set(sys.modules)
"""
    )

    assert done.returncode == 0, done.stdout


def test_a_noisy_system_does_not_drown_its_story(run_pytest: Pytest) -> None:
    done = run_pytest(
        """
import logging
from memory import Open

class Loud(Open):
    async def reset(self):
        await super().reset()
        print("noise\\n" * 50)
        logging.getLogger("loud").warning("warned")

TestLoud = isolation_test(Loud)

def test_other():
    print("mine\\n" * 50)
    assert False
"""
    )

    assert "2 failed" in done.stdout
    assert "LEAKED: " in done.stdout
    assert 0 < done.stdout.count("noise") <= 40
    assert 0 < done.stdout.count("loud:") <= 40
    assert " lines before]" in done.stdout
    assert done.stdout.count("mine\n") >= 50, "what other tests print is theirs"
