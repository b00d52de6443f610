"""`isofuzz new`: what it writes is good Python, understood by isofuzz, and says what is to be filled in."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from isofuzz.program.vocabulary import Kind
from isofuzz.runs.targets import find_target
from isofuzz.target.signatures import read_signatures

Isofuzz = Any


def checked_by(folder: Path, tool: str, *arguments: str) -> str:
    """What a tool of this environment says of the folder, if it finds nothing."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name(tool)), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_writes_a_target_and_a_test_and_says_what_comes_next(isofuzz: Isofuzz, folder: Path) -> None:
    done = isofuzz("new", "my_chat")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Written: my_chat_target.py, test_my_chat_isolation.py\n")
    assert "isofuzz check my_chat_target:MyChatTarget" in done.stdout
    assert 'target = "my_chat_target:MyChatTarget" under [tool.isofuzz]' in done.stdout
    target = (folder / "my_chat_target.py").read_text()
    assert "class MyChatTarget(Target):" in target
    assert "$" not in target
    assert "TestMyChat = isolation_test(MyChatTarget)" in (folder / "test_my_chat_isolation.py").read_text()


@pytest.mark.parametrize("name", ["chat", "X", "team_workspace"])
def test_linters_and_formatters_have_nothing_to_say(isofuzz: Isofuzz, folder: Path, name: str) -> None:
    isofuzz("new", name)
    written = (f"{name}_target.py", f"test_{name}_isolation.py")
    rules = ("--isolated", "--no-cache", "--line-length=120")
    checked_by(folder, "ruff", "check", *rules, "--select=A,ASYNC,B,E,F,I,N,RET,RUF,S,SIM,UP,W", *written)
    checked_by(folder, "ruff", "format", "--check", *rules, *written)


def test_a_type_checker_has_nothing_to_say(isofuzz: Isofuzz, folder: Path) -> None:
    isofuzz("new", "chat")
    cache = f"--cache-dir={os.devnull}"
    assert "no issues found in 2" in checked_by(
        folder, "mypy", "--strict", cache, "chat_target.py", "test_chat_isolation.py"
    )


def test_isofuzz_understands_it(isofuzz: Isofuzz, folder: Path) -> None:
    isofuzz("new", "chat")

    vocabulary = read_signatures(find_target(f"{folder}/chat_target.py:ChatTarget")).vocabulary

    kinds = {thing.kind for thing in vocabulary.things}
    assert kinds == {Kind.USER, Kind.SESSION, Kind.THREAD, Kind.RECORD, Kind.SOCKET, Kind.SUBSCRIPTION}
    assert [operation.name for operation in vocabulary.operations][:4] == ["sign_up", "new_room", "post", "edit"]


def test_run_as_it_is_it_says_what_to_fill_in(isofuzz: Isofuzz, folder: Path) -> None:
    isofuzz("new", "chat")

    done = isofuzz("run", "chat_target:ChatTarget")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "isofuzz: in chat_target.py: do what FILL IN 2 says, then delete this line\n"
    lines = (folder / "chat_target.py").read_text().splitlines()
    assert any("# FILL IN 2: how your system is started" in line for line in lines)


def test_with_that_line_deleted_it_starts_the_system(isofuzz: Isofuzz, folder: Path) -> None:
    isofuzz("new", "chat")
    target = folder / "chat_target.py"
    lines = target.read_text().splitlines(keepends=True)
    target.write_text("".join(line for line in lines if "raise UsageError" not in line))

    done = isofuzz("run", "chat_target:ChatTarget")

    assert done.returncode == 2
    assert done.stdout.startswith("ERROR: "), done.stderr
    assert "the process `uvicorn chat:app` of the system under test exited" in done.stdout
    assert 'Could not import module "chat"' in done.stdout


def test_it_can_be_written_elsewhere(isofuzz: Isofuzz, folder: Path) -> None:
    (folder / "tests").mkdir()

    done = isofuzz("new", "chat", "--folder", "tests")

    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in (folder / "tests").iterdir()) == ["chat_target.py", "test_chat_isolation.py"]
    assert "isofuzz check tests/chat_target.py:ChatTarget" in done.stdout


def test_what_is_to_be_typed_can_be_pasted_into_a_shell(isofuzz: Isofuzz, folder: Path) -> None:
    (folder / "my tests").mkdir()

    done = isofuzz("new", "chat", "--folder", "my tests")

    assert "isofuzz check 'my tests/chat_target.py:ChatTarget' " in done.stdout
    assert "isofuzz run 'my tests/chat_target.py:ChatTarget' " in done.stdout
    assert "pytest 'my tests/test_chat_isolation.py' " in done.stdout
    assert 'target = "my tests/chat_target.py:ChatTarget"' in done.stdout
    assert "isofuzz run 'my tests/chat_target.py:ChatTarget' " in (folder / "my tests/chat_target.py").read_text()


@pytest.mark.parametrize(
    ("name", "advice"), [("café", ", for example cafe\n"), ("my café-3", ", for example my_cafe_3\n")]
)
def test_a_name_is_offered_without_its_accents(isofuzz: Isofuzz, folder: Path, name: str, advice: str) -> None:
    before = sorted(folder.iterdir())

    done = isofuzz("new", name)

    assert done.returncode == 2
    assert done.stderr.endswith(f"a letter first{advice}")
    assert sorted(folder.iterdir()) == before


def test_half_of_a_name_is_not_offered(isofuzz: Isofuzz) -> None:
    assert isofuzz("new", "chat-чат").stderr.endswith("a letter first\n")


@pytest.mark.parametrize("there", ["chat_target.py", "test_chat_isolation.py"])
def test_if_either_is_there_neither_is_written(isofuzz: Isofuzz, folder: Path, there: str) -> None:
    (folder / there).write_text("mine")
    before = sorted(folder.iterdir())

    done = isofuzz("new", "chat")

    assert done.returncode == 2
    assert done.stderr.startswith(f"isofuzz: {there} is there already, and isofuzz new overwrites nothing")
    assert sorted(folder.iterdir()) == before
    assert (folder / there).read_text() == "mine"
