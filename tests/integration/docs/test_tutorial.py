"""The tutorial shows what is in the example's files, and what the commands really say."""

import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

ReadPage = Any
Run = Any

EXAMPLE = Path(__file__).parents[3] / "examples" / "notes"


def test_its_code_is_that_of_the_example(read_page: ReadPage) -> None:
    files = {file.name: file.read_text() for file in EXAMPLE.glob("*.py")}
    shown: dict[str, list[str]] = {name: [] for name in files}
    for block in read_page("docs/tutorial.md").blocks("python"):
        [name] = [name for name, source in files.items() if block.text in source]
        shown[name].append(block.text)

    assert len(shown["app.py"]) == 2
    for name in ("target.py", "test_isolation.py"):
        assert _without_blank_lines("".join(shown[name])) == _without_blank_lines(files[name])


def test_what_it_says_happens(read_page: ReadPage, run: Run, tmp_path: Path) -> None:
    compared = 0
    for block, following in pairwise(read_page("docs/tutorial.md").blocks()):
        if block.language == "diff":
            _mend(tmp_path / "app.py", block.text)
        elif block.language == "sh" and following.language == "text":
            [command] = block.text.splitlines()
            done = run(*shlex.split(command))
            assert _masked(done.stdout) == _masked(following.text), done.stderr
            compared += 1

    assert compared == 5


def _mend(file: Path, diff: str) -> None:
    before = "".join(line[1:] for line in diff.splitlines(keepends=True) if not line.startswith("+"))
    after = "".join(line[1:] for line in diff.splitlines(keepends=True) if not line.startswith("-"))
    source = file.read_text()
    assert source.count(before) == 1
    file.write_text(source.replace(before, after))


def _masked(output: str) -> str:
    """Without times, versions and, where programs were drawn at random, counts; tables without their widths."""
    output = re.sub(r"\d+\.\d+ ?s\b", "TIME", output)
    output = re.sub(r"Postgres \d+\.\d+", "Postgres VERSION", output)
    if output.startswith("ISOLATED"):
        output = re.sub(r"\d+", "N", output)
        output = re.sub(r"[ ─]+", " ", output)
    return _without_blank_lines("\n".join(line.rstrip() for line in output.splitlines()))


def _without_blank_lines(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.strip())
