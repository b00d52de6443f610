"""Every command that a page shows can be given, and the reference tells every option."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from isofuzz.cli.app import app

ReadPage = Any

PAGES = ["README.md", "docs/tutorial.md", "docs/how-to.md", "docs/explanation.md", "docs/reference.md"]


@pytest.mark.parametrize("path", PAGES)
def test_commands_parse(path: str, read_page: ReadPage) -> None:
    for block in read_page(path).blocks("sh"):
        for line in block.text.splitlines():
            program, *arguments = shlex.split(line.split(" > ")[0])
            assert program in ("cd", "isofuzz", "pytest")
            if program == "isofuzz":
                command: Any = typer.main.get_command(app)
                while hasattr(command, "commands"):
                    command = command.commands[arguments.pop(0)]
                command.make_context("isofuzz", arguments)  # raises what a user would be told


def test_every_command_and_option_is_in_the_reference(read_page: ReadPage) -> None:
    page = read_page("docs/reference.md")
    told = {heading.removeprefix("### ") for heading in re.findall("^### isofuzz .*$", page.text, re.MULTILINE)}
    real = dict(_commands("isofuzz", typer.main.get_command(app)))

    assert told == set(real)
    for name, options in real.items():
        table = {word for row in page.rows(f"### {name}") for word in re.findall(r"^`(--[\w-]+)", row[0])}
        assert table == options


def test_the_options_of_the_command_itself_are_there(read_page: ReadPage) -> None:
    command: Any = typer.main.get_command(app)
    options = {option for parameter in command.params for option in parameter.opts}
    assert all(f"`{option}`" in read_page("docs/reference.md").section("## Commands") for option in options)


def _commands(name: str, command: Any) -> Iterator[tuple[str, set[str]]]:
    if hasattr(command, "commands"):
        for word, inner in command.commands.items():
            yield from _commands(f"{name} {word}", inner)
    else:
        yield name, {opt for parameter in command.params for opt in parameter.opts if opt.startswith("--")}
