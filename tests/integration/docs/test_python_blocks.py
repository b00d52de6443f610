"""Every Python block runs, what it names is there, and each target in it is one that isofuzz understands."""

import builtins
import dis
import sys
from collections.abc import Iterator
from types import CodeType, ModuleType
from typing import Any

import pytest

import isofuzz
from isofuzz import Target
from isofuzz.target.signatures import read_signatures

ReadPage = Any

YOURS = {"create_schema"}
"""What a page says that the reader has."""


@pytest.mark.parametrize("path", ["README.md", "docs/how-to.md"])
def test_they_run(path: str, read_page: ReadPage, target: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    page = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", page)
    given = {name: getattr(isofuzz, name) for name in isofuzz.__all__} if path != "README.md" else {}
    names = {**given, **(vars(target) if given else {}), "__name__": "page"}
    vars(page).update(names)
    blocks = read_page(path).blocks("python")
    assert blocks

    codes = [compile(block.text, path, "exec", dont_inherit=True) for block in blocks]
    for code in codes:
        exec(code, vars(page))

    assert {name for code in codes for name in _globals(code)} <= vars(page).keys() | vars(builtins).keys() | YOURS
    for value in list(vars(page).values()):
        if isinstance(value, type) and issubclass(value, Target) and value.__module__ == "page":
            assert read_signatures(value).vocabulary.operations


@pytest.mark.parametrize("path", ["docs/explanation.md", "docs/reference.md"])
def test_the_other_pages_have_none(path: str, read_page: ReadPage) -> None:
    assert read_page(path).blocks("python") == []


def _globals(code: CodeType) -> Iterator[str]:
    """The global names that functions of the code look up when they are called."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            for instruction in dis.get_instructions(constant):
                if instruction.opname == "LOAD_GLOBAL":
                    yield instruction.argval
            yield from _globals(constant)
