"""Names in exported tests."""

import sys
from types import ModuleType

import pytest

from isofuzz.errors import UsageError
from isofuzz.report.exporting.names import Imports, LocalNames, snake, spelled


def test_each_name_is_given_once_and_means_nothing_else() -> None:
    names = LocalNames({"Chat", "history"})
    asked = ["room", "room", "room", "history", "class", "list", "class", "match", "_"]
    assert [names.new(name) for name in asked] == [
        "room", "room_2", "room_3", "history_2", "class_", "list_", "class_2", "match_", "__"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "variable"),
    [("Room", "room"), ("ChatRoom", "chat_room"), ("HTTPChat", "http_chat"), ("Room2", "room2"), ("R\u00f6m", "thing")],
)
def test_a_class_name_as_a_variable(name: str, variable: str) -> None:
    assert snake(name) == variable


@pytest.mark.parametrize("name", ["import", "None", "no good", "", "a.b", "a()", "\N{LATIN SMALL LIGATURE FI}le"])
def test_what_python_would_not_read_so_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="the operation"):
        spelled(name, "the operation")


def module(monkeypatch: pytest.MonkeyPatch, name: str, *classes: str) -> ModuleType:
    made = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, made)
    for each in classes:
        setattr(made, each, type(each, (), {"__module__": name}))
    return made


def test_imports_are_sorted_and_two_classes_of_one_name_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = module(monkeypatch, "shop.chat", "Name", "Chat", "chat")
    imports = Imports("shop.chat:Chat")
    assert imports.name("isofuzz", "Name") == "Name"
    assert imports.of(shop.Name) == "Name_2"
    assert imports.of(shop.chat) == "chat"
    assert imports.of(shop.Chat) == "Chat"
    assert imports.name("contextlib", "suppress") == "suppress"
    assert imports.lines() == [
        "from contextlib import suppress",
        "",
        "from isofuzz import Name",
        "from shop.chat import Chat, Name as Name_2, chat",
    ]
    assert imports.beside is None


def test_a_long_import_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{letter}OfAVeryLongNameIndeed" for letter in "ABCD"]
    shop = module(monkeypatch, "shop", *names)
    imports = Imports("shop:Chat")
    for name in names:
        imports.of(getattr(shop, name))
    assert imports.lines() == ["from shop import (", *(f"    {name}," for name in names), ")"]
    assert imports.beside is None, "it has a module like any other"


def test_a_target_in_a_file_is_imported_from_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = module(monkeypatch, "isofuzz_target_notes", "Notes")
    imports = Imports("some/where/notes.py:Notes")
    imports.of(notes.Notes)
    assert imports.lines() == ["from notes import Notes"]
    assert imports.beside == "notes.py"


@pytest.mark.parametrize("place", ["my-notes", "class"])
def test_a_file_that_cannot_be_imported_by_its_name_is_refused(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    notes = module(monkeypatch, f"isofuzz_target_{place}", "Notes")
    with pytest.raises(UsageError, match=f"the module '{place}' cannot be written in Python"):
        Imports(f"{place}.py:Notes").of(notes.Notes)


def test_a_class_that_is_not_where_it_says_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = module(monkeypatch, "shop", "Chat")
    inner = type("Inner", (), {"__module__": "shop", "__qualname__": "make.<locals>.Inner"})
    with pytest.raises(UsageError, match="cannot be imported: define it at the top of its module"):
        Imports("shop:Chat").of(inner)
    shop.Chat.Inner = inner
    inner.__qualname__ = "Chat.Inner"
    assert Imports("shop:Chat").of(inner) == "Chat.Inner"
