"""`isofuzz new`: a target to start from."""

import re
import shlex
import unicodedata
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Annotated, Final

import typer

from isofuzz.cli import options
from isofuzz.cli.errors import explained
from isofuzz.cli.options import Traceback
from isofuzz.errors import UsageError

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What your system is called: letters, digits and `_`.")],
    folder: Annotated[Path, typer.Option(metavar="DIR", parser=options.folder, help="Where to write it.")] = Path(),
    traceback: Traceback = False,
) -> None:
    """Write a target to start from, NAME_target.py, and a test of it, test_NAME_isolation.py. Overwrites nothing.

    - `isofuzz new chat` writes chat_target.py and test_chat_isolation.py, and says what to do next.
    """
    with explained(traceback=traceback):
        words = _words(name, folder)
        target, test = folder / words["file"], folder / f"test_{name}_isolation.py"
        _write({target: _filled("target", words), test: _filled("test", words)})
        typer.echo(_next_steps(words, target, test))


def _words(name: str, folder: Path) -> dict[str, str]:
    """What stands in the templates for what; raises UsageError if the name cannot be that of a module."""
    if not _NAME.fullmatch(name):
        # Letters without their accents; of another script nothing is left, and a part of a name is no advice.
        plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
        valid = re.sub(r"[^A-Za-z0-9_]+", "_", plain).strip("_") if plain.isascii() else ""
        advice = f", for example {valid}" if _NAME.fullmatch(valid) else ""
        raise UsageError(f"{name!r} cannot name a module; write letters, digits and _, a letter first{advice}")
    title = "".join(part.title() for part in name.split("_"))
    module = f"{name}_target"
    file = f"{module}.py"
    target = f"{title}Target"
    place = module if folder.resolve() == Path.cwd() else str(folder / file)
    return {
        "name": name,
        "module": module,
        "file": file,
        "target": target,
        "test": f"Test{title}",
        "place": f"{place}:{target}",
        "typed": shlex.quote(f"{place}:{target}"),
    }


def _filled(template: str, words: Mapping[str, str]) -> str:
    source = files("isofuzz.cli").joinpath("templates", f"{template}.py.txt")
    return Template(source.read_text(encoding="utf-8")).substitute(words)


def _write(texts: Mapping[Path, str]) -> None:
    """Write all of these files or, if one of them is there already, none."""
    for file in texts:
        if file.exists() or file.is_symlink():
            raise UsageError(
                f"{file} is there already, and isofuzz new overwrites nothing; choose another NAME or --folder"
            )
        if not file.parent.is_dir():
            raise UsageError(f"--folder {file.parent} is no folder that exists; create it first, or leave it out")
    for file, text in texts.items():
        try:
            with file.open("x", encoding="utf-8") as written:
                written.write(text)
        except OSError as problem:
            raise UsageError(f"{file} cannot be written: {problem.strerror}; choose another --folder") from problem


def _next_steps(words: Mapping[str, str], target: Path, test: Path) -> str:
    name, typed = words["place"], words["typed"]
    return f"""\
Written: {target}, {test}

Next:
  1. In {target}, fill in what is marked FILL IN, from top to bottom.
  2. isofuzz check {typed}   is it able to see leaks?
  3. isofuzz run {typed}     are there any?
  4. pytest {shlex.quote(str(test))}          the same, as a test

With target = "{name}" under [tool.isofuzz] in pyproject.toml, steps 2 and 3 need no name."""
