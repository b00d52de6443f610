"""What `isofuzz` exports exists, is documented, is all there is, and is all that packs use."""

import ast
import inspect
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

import isofuzz
import isofuzz_packs
from isofuzz import errors
from isofuzz.target import base, http, things, websocket

HOMES = (errors, base, http, things, websocket)
"""Where what users write targets with is defined."""


@pytest.mark.parametrize("name", isofuzz.__all__)
def test_what_is_exported_exists(name: str) -> None:
    assert getattr(isofuzz, name) is not None


def test_the_list_is_sorted_and_names_each_once() -> None:
    assert list(isofuzz.__all__) == sorted(set(isofuzz.__all__))


@pytest.mark.parametrize("name", isofuzz.__all__)
def test_what_is_exported_is_documented(name: str) -> None:
    exported = getattr(isofuzz, name)
    if inspect.isclass(exported) or inspect.isfunction(exported):
        assert "__doc__" in vars(exported) or inspect.isfunction(exported)
        assert (exported.__doc__ or "").strip().endswith(".") or "\n" in (exported.__doc__ or "")
    else:
        assert any(name in documented_names(home) for home in HOMES), f"no docstring follows {name}"


def documented_names(module: ModuleType) -> set[str]:
    """The names at the top of a module whose assignment is followed by a docstring."""
    body = ast.parse(inspect.getsource(module)).body
    return {
        target.id
        for assignment, after in pairwise(body)
        if isinstance(assignment, ast.Assign)
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str)
        for target in assignment.targets
        if isinstance(target, ast.Name)
    }


def test_nothing_public_is_missing() -> None:
    """Every class, function and documented name of the modules that targets are written with."""
    internal = {"Options", "Method", "K", "T"}
    public = {
        name
        for home in HOMES
        for name, value in vars(home).items()
        if not name.startswith("_")
        and (getattr(value, "__module__", None) == home.__name__ or name in documented_names(home))
    }
    assert public - internal <= set(isofuzz.__all__)


def test_what_is_not_listed_is_a_module() -> None:
    others = {name: value for name, value in vars(isofuzz).items() if not name.startswith("_")}
    unlisted = {name for name in others if name not in isofuzz.__all__ and not isinstance(others[name], ModuleType)}
    assert unlisted == {"TYPE_CHECKING"}


def test_packs_import_only_what_is_exported() -> None:
    for path in isofuzz_packs.__path__:
        for module in Path(path).rglob("*.py"):
            for imported in ast.walk(ast.parse(module.read_text())):
                if isinstance(imported, ast.ImportFrom) and (imported.module or "").split(".")[0] == "isofuzz":
                    assert imported.module == "isofuzz", module
                    assert {alias.name for alias in imported.names} <= set(isofuzz.__all__), module
                if isinstance(imported, ast.Import):
                    assert not any(alias.name.split(".")[0] == "isofuzz" for alias in imported.names), module


def test_every_module_says_what_it_is() -> None:
    for package in (isofuzz, isofuzz_packs):
        for path in package.__path__:
            for module in Path(path).rglob("*.py"):
                assert ast.get_docstring(ast.parse(module.read_text())), f"{module} has no docstring"
