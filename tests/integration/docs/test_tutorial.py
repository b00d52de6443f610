"""The tutorial shows what is in the example's files, and what the commands really say."""

import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

ReadPage = Any
Run = Any

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "fastapi_chat"

_FRAME_BEFORE_ANSWER = re.compile(
    r"^(?P<call> ◆ (?P<step>\d+) → .*)\n(?P<frame> ✗ +⇠ .*)\n +(?P=step) ← post · ok$", re.MULTILINE
)


def test_its_code_is_that_of_the_example(read_page: ReadPage) -> None:
    files = {file.name: file.read_text() for file in EXAMPLE.glob("*.py")}
    shown: dict[str, list[str]] = {name: [] for name in files}
    for block in read_page("docs/tutorial.md").blocks("python"):
        [name] = [name for name, source in files.items() if block.text in source]
        shown[name].append(block.text)

    assert len(shown["app.py"]) == 2
    for name in ("target.py", "test_isolation.py"):
        assert _without_blank_lines("".join(shown[name])) == _without_blank_lines(files[name])


def test_the_target_is_as_short_as_it_says(read_page: ReadPage) -> None:
    lines = len((EXAMPLE / "target.py").read_text().splitlines())
    assert lines < 60
    assert f"`target.py`, {lines} lines" in read_page("docs/tutorial.md").text


def test_it_works_in_the_folder_of_the_example(read_page: ReadPage) -> None:
    [folder] = re.findall(r"^cd (.*)$", read_page("docs/tutorial.md").text, re.MULTILINE)
    assert ROOT / folder == EXAMPLE


# Half a minute: the chat is run from start to verdict four times, as the reader runs it.
def test_what_it_says_happens(read_page: ReadPage, run: Run, tmp_path: Path) -> None:
    _draw_few_programs(tmp_path / "pyproject.toml")
    compared = 0
    for block, following in pairwise(read_page("docs/tutorial.md").blocks()):
        if block.language == "diff":
            _change(tmp_path / "app.py", block.text)
        elif block.language == "sh" and following.language == "text":
            [command] = block.text.splitlines()
            done = run(*shlex.split(command))
            assert _masked(done.stdout) == _masked(following.text), done.stdout + done.stderr
            compared += 1

    assert compared == 6
    assert (tmp_path / "app.py").read_text() == (EXAMPLE / "app.py").read_text()


def _draw_few_programs(configuration: Path) -> None:
    """Only the sweep has a part in what is compared; what is drawn at random after it would take as long again."""
    with configuration.open("a") as file:
        file.write("\n[tool.isofuzz.budgets.dev]\nprograms = 3\n")


def _change(file: Path, diff: str) -> None:
    before = "".join(line[1:] for line in diff.splitlines(keepends=True) if not line.startswith("+"))
    after = "".join(line[1:] for line in diff.splitlines(keepends=True) if not line.startswith("-"))
    source = file.read_text()
    assert source.count(before) == 1
    file.write_text(source.replace(before, after))


def _masked(output: str) -> str:
    """Without times, versions, counts and widths of tables, which differ from run to run; pytest without its header.

    By what it was decided who moves, what went wrong on purpose and what was not controlled is as it was drawn.

    A frame may arrive before the answer to the call that caused it: it is put after it.
    """
    output = output[max(0, output.find("collected 1 item")) :]
    output = re.sub(
        r"^(who moves when, decided by|went wrong on purpose): .*", r"\1: as drawn", output, flags=re.MULTILINE
    )
    output = re.sub(r"Found \S+,", "Found THEN,", output)
    output = re.sub(r" \(\d:\d\d:\d\d\)", "", output)  # what took longer than a minute is told in this way too
    output = re.sub(r"^not controlled.*\n", "", output, flags=re.MULTILINE)
    output = _FRAME_BEFORE_ANSWER.sub(r"\g<call> · ok\n\g<frame>", output)
    counts, finding, story = output.partition("FINDING")
    if re.search(r"Exercised: |, \d+ programs, ", counts):
        counts = re.sub(r"\d+(\.\d+)?", "N", counts)
    story = re.sub(r'"room": \d+', '"room": N', story)
    story = re.sub(r"found with \d+", "found with N", story)
    output = re.sub(r"\d+\.\d+ ?s\b", "TIME", counts + finding + story)
    output = re.sub(r"[ ─]+", " ", re.sub("=+", "=", output))
    return _without_blank_lines("\n".join(line.rstrip() for line in output.splitlines()))


def _without_blank_lines(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.strip())
