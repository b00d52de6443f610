"""The names in an exported test: what it imports, and what it calls the things that operations return."""

import builtins
import keyword
import re
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from isofuzz.errors import UsageError
from isofuzz.report.exporting.python import WIDTH

_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LONGEST: Final = 40
_NOT_OURS: Final = frozenset((*dir(builtins), *keyword.kwlist, *keyword.softkwlist))


class LocalNames:
    """The names of one function: readable, each once, and none that means something else already."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def new(self, wanted: str) -> str:
        """The name, with a number if it is taken."""
        stem = f"{wanted}_" if wanted in _NOT_OURS else wanted
        name, number = stem, 1
        while name in self._taken:
            number += 1
            name = f"{stem.rstrip('_')}_{number}"
        self._taken.add(name)
        return name


def snake(name: str) -> str:
    """A class name as a variable is called; `thing`, if nothing that anybody can type becomes of it."""
    words = _WORDS.sub("_", name).lower().strip("_")[:_LONGEST]
    return words if words.isascii() and words.isidentifier() else "thing"


def spelled(name: str, what: str) -> str:
    """The name, if Python source can say it so; raises UsageError."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise UsageError(f"{what} {name!r} cannot be written in Python: give it a name that is an identifier")
    if unicodedata.normalize("NFKC", name) != name:
        raise UsageError(f"{what} {name!r} would be read as another name by Python: spell it as Python does")
    return name


class Imports:
    """What the test imports. Of two classes with the same name the later one gets another."""

    def __init__(self, target: str) -> None:
        """`target`: its name, as the case has it."""
        self._file = Path(target.rpartition(":")[0])
        self._is_file = self._file.suffix == ".py"
        self._names: dict[tuple[str, str], str] = {}

    @property
    def names(self) -> set[str]:
        """The names that are imported so far, as the test knows them."""
        return set(self._names.values())

    @property
    def beside(self) -> str | None:
        """The file beside which the test has to stand, for it imports what is not a part of any package."""
        imported = any(module == self._file.stem for module, _ in self._names)
        return self._file.name if imported and self._is_file else None

    def name(self, module: str, name: str) -> str:
        """What the test calls it."""
        if (module, name) not in self._names:
            self._names[module, name] = LocalNames(self.names).new(name)
        return self._names[module, name]

    def of(self, cls: type) -> str:
        """How the test writes the class; raises UsageError if it cannot be imported."""
        outermost, *inner = cls.__qualname__.split(".")
        found: object = sys.modules.get(cls.__module__)
        for part in (outermost, *inner):
            found = getattr(found, part, None)
        if found is not cls:
            raise UsageError(f"the class {cls.__qualname__!r} cannot be imported: define it at the top of its module")
        for part in (outermost, *inner):
            spelled(part, "the class")
        return ".".join((self.name(self._module(cls), outermost), *inner))

    def _module(self, cls: type) -> str:
        """Where the test imports it from. A target that was named by its file has a module of no other name."""
        of_file = self._is_file and cls.__module__ == f"isofuzz_target_{self._file.stem}"
        module = self._file.stem if of_file else cls.__module__
        for part in module.split("."):
            spelled(part, "the module")
        return module

    def lines(self) -> list[str]:
        """The import statements."""
        modules = sorted({module for module, _ in self._names if module != "contextlib"})
        standard = self._statement("contextlib")
        return [*standard, *([""] if standard else []), *(line for each in modules for line in self._statement(each))]

    def _statement(self, module: str) -> list[str]:
        names = sorted((name for place, name in self._names if place == module), key=_as_sorted)
        parts = [name if (called := self._names[module, name]) == name else f"{name} as {called}" for name in names]
        whole = f"from {module} import {', '.join(parts)}"
        if not parts or len(whole) <= WIDTH:
            return [whole] if parts else []
        return [f"from {module} import (", *(f"    {part}," for part in parts), ")"]


def _as_sorted(name: str) -> tuple[int, str]:
    """Constants, classes, functions: the order in which import sorters have them."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2), name
