"""What a shell is offered on Tab, by the protocol that its script speaks."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

Isofuzz = Any


def offered(isofuzz: Isofuzz, line: str) -> list[str]:
    """What is offered for the last word of the line, which may be empty."""
    words = line.split(" ")
    done = isofuzz(_ISOFUZZ_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1))
    assert (done.returncode, done.stderr) == (0, "")
    return [word for word in done.stdout.splitlines() if word]


def test_commands(isofuzz: Isofuzz) -> None:
    assert {"demo", "run", "replay", "services", "doctor", "new", "check"} <= set(offered(isofuzz, "isofuzz "))
    assert offered(isofuzz, "isofuzz services ado") == ["adopt"]


def test_options(isofuzz: Isofuzz) -> None:
    assert offered(isofuzz, "isofuzz run --prof") == ["--profile"]
    assert offered(isofuzz, "isofuzz replay --ti") == ["--times"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("isofuzz run ch", ["chat", "chat-processes"]),
        ("isofuzz check ", ["chat", "chat-processes"]),
        ("isofuzz run chat --profile n", ["nightly"]),
        ("isofuzz run chat --only v", ["visibility"]),
        ("isofuzz run chat --defect list-w", ["list-without-owner"]),
        ("isofuzz run notes.py:Notes --seed 3 --defect ", ["read-all"]),
        ("isofuzz run notes.py:Notes --defect z", []),
    ],
)
def test_what_only_isofuzz_knows(isofuzz: Isofuzz, line: str, words: list[str]) -> None:
    assert offered(isofuzz, line) == words


def test_defects_of_the_projects_own_target(isofuzz: Isofuzz, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.isofuzz]\ntarget = "notes:Notes"\n')
    assert offered(isofuzz, "isofuzz run --defect ") == ["read-all"]
    defects = ["list-without-owner", "like-wildcard", "list-kept-on-service"]
    assert offered(isofuzz, "isofuzz run chat --defect li") == defects


@pytest.mark.parametrize("line", ["isofuzz run bad.py:Bad --defect ", "isofuzz run no:where --defect "])
def test_what_a_target_does_when_it_is_imported_never_reaches_the_shell(
    isofuzz: Isofuzz, folder: Path, line: str
) -> None:
    (folder / "bad.py").write_text("import sys\nprint('hello')\nprint('hello', file=sys.stderr)\nsys.exit('no')\n")
    assert offered(isofuzz, line) == []


def test_a_mistake_in_pyproject_toml_never_reaches_the_shell(isofuzz: Isofuzz, folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.isofuzz\n")
    assert offered(isofuzz, "isofuzz run chat --defect ") == []
    assert offered(isofuzz, "isofuzz run --profile d") == ["dev"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(isofuzz: Isofuzz, shell: str) -> None:
    done = isofuzz(_ISOFUZZ_COMPLETE=f"source_{shell}")
    assert done.returncode == 0, done.stderr
    assert f"complete_{shell}" in done.stdout


def test_bash_itself_completes_with_the_script(isofuzz: Isofuzz, folder: Path, environment: dict[str, str]) -> None:
    bash = shutil.which("bash")
    assert bash
    (folder / "completion.sh").write_text(isofuzz(_ISOFUZZ_COMPLETE="source_bash").stdout)
    asked = (
        "source ./completion.sh; COMP_WORDS=(isofuzz run chat --profile n); COMP_CWORD=4; "
        '_isofuzz_completion isofuzz; echo "${COMPREPLY[@]}"'
    )
    path = f"{Path(isofuzz.__globals__['COMMAND']).parent}:{environment['PATH']}"
    done = subprocess.run(
        [bash, "--norc", "-c", asked],
        cwd=folder,
        env=environment | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("nightly\n", "")
