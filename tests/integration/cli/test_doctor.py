"""`isofuzz doctor`: it says what a run would use, tries it, and what mends what is amiss."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from isofuzz.services.postgres.connecting import connected
from isofuzz.services.postgres.url import DatabaseUrl

Isofuzz = Any


def told(done: Any, subject: str) -> tuple[str, str]:
    """The sign and the words of one line, with the mend below it if there is one."""
    lines = done.stdout.splitlines()
    [number] = [number for number, line in enumerate(lines) if line[2:].startswith(f"{subject}: ")]
    mend = lines[number + 1] if lines[number + 1].startswith("  ") else ""
    return lines[number][0], lines[number].partition(": ")[2] + mend


def test_where_all_is_well_it_says_what_would_be_used(isofuzz: Isofuzz, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.isofuzz]\ntarget = "notes:Notes"\nprofile = "ci"\n')

    done = isofuzz("doctor", SHELL="/bin/unheard-of")

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.endswith("\nA run can start.\n")
    assert "✗" not in done.stdout
    sign, versions = told(done, "versions")
    assert sign == "✓"
    assert f"Python {'.'.join(map(str, sys.version_info[:3]))}, Hypothesis " in versions
    for service in ("Postgres", "Valkey"):
        sign, words = told(done, service)
        assert sign == "✓"
        assert " embedded (no URL given, no compose file here or above); started in " in words
    assert told(done, "configuration") == ("✓", f"{folder}/pyproject.toml says target, profile for isofuzz")
    assert told(done, "target") == ("✓", "notes:Notes: 4 operations, 4 kinds of things")
    mark, packs = told(done, "packs")
    assert (mark, packs.split(", ")[0]) == ("✓", "chat")
    assert told(done, "watchdog")[1].startswith("cleared up after a run that was killed, in ")
    assert told(done, "completion")[1] == "not looked for: the shell is unheard-of"


def test_what_is_configured_amiss_is_told_with_the_rest(isofuzz: Isofuzz, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.isofuzz]\ntarget = "notes:Mistaken"\n')
    done = isofuzz("doctor")
    assert done.returncode == 2
    assert done.stdout.endswith("\nA run cannot start: mend what is marked ✗.\n")
    assert told(done, "target") == ("✗", "Mistaken has no operation: mark what users can do with @operation")
    assert told(done, "Postgres")[0] == "✓"

    (folder / "pyproject.toml").write_text('[tool.isofuzz]\ntargt = "notes:Notes"\n')
    done = isofuzz("doctor")
    assert done.returncode == 2
    assert told(done, "configuration")[1].endswith(
        "(did you mean 'target'?); the keys are target, profile, replay, accept, budgets"
    )


def test_what_is_no_obstacle_is_told_and_mended(isofuzz: Isofuzz, folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        '[tool.isofuzz]\naccept = [{fingerprint = "a:b", reason = "known", until = 2020-01-31}]\n'
    )

    done = isofuzz("doctor", SHELL="/bin/zsh", HOME=str(folder), TMPDIR="/no/such/folder")

    assert done.returncode == 0, done.stdout
    sign, words = told(done, "accepted")
    assert (sign, words.partition("→")[0]) == ("!", "a:b was accepted until 2020-01-31: known  ")
    assert told(done, "target")[0] == "!"
    assert told(done, "temporary folder")[0] == "!"
    assert told(done, "temporary folder")[1].endswith(
        "for /no/such/folder cannot be used  → set TMPDIR to a short path that can be written"
    )
    assert told(done, "completion") == ("!", "not installed for zsh  → isofuzz --install-completion")
    (folder / ".zfunc").mkdir()
    (folder / ".zfunc" / "_isofuzz").touch()
    installed = isofuzz("doctor", "--database-url", "off", "--valkey-url", "off", SHELL="/bin/zsh", HOME=str(folder))
    assert told(installed, "completion") == ("✓", "installed for zsh")
    assert told(installed, "Postgres") == ("✓", "off (as asked for)")


@pytest.mark.parametrize(
    ("service", "option", "url"),
    [
        ("Postgres", "--database-url", "postgresql://me:hunter2@localhost:1/x"),
        ("Valkey", "--valkey-url", "redis://:hunter2@localhost:1/0"),
        ("Postgres", "--database-url", "postgresql://me:hunter2@db.example/x"),
    ],
)
def test_a_given_service_that_cannot_be_used_is_an_obstacle(
    isofuzz: Isofuzz, service: str, option: str, url: str
) -> None:
    done = isofuzz("doctor", option, url)

    assert done.returncode == 2
    assert told(done, service)[0] == "✗"
    assert "hunter2" not in done.stdout + done.stderr


def test_an_adopted_login_that_lost_its_rights_is_an_obstacle(isofuzz: Isofuzz, docker: Any, servers: Any) -> None:
    name = docker.environment("db")["POSTGRES_DB"]
    url = replace(servers.superuser.with_database(name), user=name, password="hunter2")
    execute(servers.superuser, f"CREATE ROLE {name} LOGIN PASSWORD 'hunter2' CREATEDB CREATEROLE BYPASSRLS")
    execute(servers.superuser, f"ALTER DATABASE {name} OWNER TO {name}")
    assert isofuzz("services", "adopt", str(url), "--yes-adopt", name).returncode == 0
    assert isofuzz("doctor", "--database-url", str(url), "--valkey-url", "off").returncode == 0

    execute(servers.superuser, f"ALTER ROLE {name} NOCREATEDB")

    done = isofuzz("doctor", "--database-url", str(url), "--valkey-url", "off")
    assert done.returncode == 2
    assert done.stdout.endswith("\nA run cannot start: mend what is marked ✗.\n")
    sign, words = told(done, "Postgres")
    assert sign == "✗"
    assert f'ALTER ROLE "{name}" CREATEDB' in words


def execute(url: DatabaseUrl, statement: str) -> None:
    async def run() -> None:
        async with connected(url) as connection:
            await connection.execute(statement)

    asyncio.run(run())


@pytest.fixture
def place() -> Iterator[Path]:
    """A temporary folder with a path so short that runs can use it."""
    with TemporaryDirectory(dir="/tmp", prefix="t") as folder:
        yield Path(folder)


def test_leftovers_of_killed_runs_are_cleared_and_counted(isofuzz: Isofuzz, place: Path) -> None:
    """Killed together with its watchdog, a run leaves its folder behind."""
    program = """
import os, signal, psutil
from isofuzz.services.folders import run_folder
with run_folder():
    for child in psutil.Process().children():
        child.kill()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", program], env=os.environ | {"TMPDIR": str(place)}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(place.iterdir())) == 1

    done = isofuzz("doctor", "--database-url", "off", "--valkey-url", "off", TMPDIR=str(place))

    sign, words = told(done, "leftovers")
    before, _, count = words.rpartition(" ")
    assert (sign, before) == ("✓", "killed runs that were now cleared up after:")
    assert int(count) >= 1, "and perhaps those of other tests"
    assert list(place.iterdir()) == []
