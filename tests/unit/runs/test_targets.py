"""Targets are found by name, and every wrong name is answered with what to write instead."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from isofuzz.errors import UsageError
from isofuzz.runs.targets import find_target, means, name_of
from isofuzz.target.base import Target
from isofuzz_packs.chat import Chat

SOURCE = """
from isofuzz import Target

class Notes(Target):
    pass

class Outer:
    class Inner(Target):
        pass

number = 1
"""


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    """Forget the modules that a test imported."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the module `notes`, from which imports work."""
    (tmp_path / "notes.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def refused(name: str) -> str:
    with pytest.raises(UsageError) as problem:
        find_target(name)
    return str(problem.value)


class TestFinding:
    def test_a_pack(self) -> None:
        assert find_target("chat") is Chat

    def test_a_class_in_a_module(self, folder: Path) -> None:
        assert find_target("notes:Notes").__name__ == "Notes"

    def test_a_class_within_a_class(self, folder: Path) -> None:
        assert find_target("notes:Outer.Inner").__qualname__ == "Outer.Inner"

    def test_a_class_in_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "my-notes.py").write_text(SOURCE)
        found = find_target(f"{tmp_path / 'my-notes.py'}:Notes")
        assert issubclass(found, Target)
        assert found.__module__ in sys.modules

    def test_a_file_in_the_working_folder(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder)
        assert find_target("notes.py:Notes").__name__ == "Notes"


class TestMistakes:
    def test_an_unknown_pack(self) -> None:
        message = refused("nowhere")
        assert message.startswith("there is no pack 'nowhere'; write your target as module:Class, for example ")
        assert "chat" in message.rpartition("packs: ")[2].split(", ")

    def test_a_misspelt_pack(self) -> None:
        assert refused("chta").startswith("there is no pack 'chta' (did you mean 'chat'?); write your target as ")

    @pytest.mark.parametrize("name", ["chat:", "chat:Chat"])
    def test_a_pack_with_a_colon(self, name: str) -> None:
        assert refused(name) == "there is no module 'chat', but there is a pack: write chat, without the colon"

    @pytest.mark.parametrize(
        ("name", "instead"),
        [
            ("notes.py", "notes.py:Class"),
            ("./notes.py", "./notes.py:Class"),
            ("gone/notes.py", "gone/notes.py:Class"),
            ("notes", "notes.py:Class"),
            ("./notes", "./notes.py:Class"),
            ("notes.Notes", "notes:Notes"),
            ("tests.notes.Notes", "tests.notes:Notes"),
        ],
    )
    def test_a_module_without_a_class(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, instead: str
    ) -> None:
        monkeypatch.chdir(folder)
        assert refused(name).startswith(f"there is no pack {name!r} (did you mean {instead}?); write your target as ")

    @pytest.mark.parametrize("name", ["", ".", "..", "./nowhere", "a b.c", ".Notes", "x" * 5000, "a\0b"])
    def test_what_is_near_to_nothing(self, name: str) -> None:
        assert refused(name).startswith(f"there is no pack {name!r}; write your target as ")

    def test_an_unknown_module(self) -> None:
        message = refused("no_such_module:Notes")
        assert message.startswith("there is no module 'no_such_module'; run from the folder that holds it")

    def test_an_unknown_module_of_a_package(self) -> None:
        assert refused("isofuzz.nothing:Notes").startswith("there is no module 'isofuzz.nothing'")

    def test_an_unknown_package(self) -> None:
        assert refused("no_such.module:Notes").startswith("there is no module 'no_such.module'")

    @pytest.mark.parametrize("qualname", ["Missing", "Outer.Missing", ""])
    def test_an_unknown_class(self, folder: Path, qualname: str) -> None:
        message = f"notes has no class {qualname!r}; write `notes:` and the name of your Target subclass"
        assert refused(f"notes:{qualname}") == message

    @pytest.mark.parametrize("qualname", ["Outer", "number"])
    def test_what_is_no_target(self, folder: Path, qualname: str) -> None:
        assert refused(f"notes:{qualname}").startswith(f"notes:{qualname} is no subclass of isofuzz.Target but ")

    def test_a_module_that_imports_what_is_not_installed(self, folder: Path) -> None:
        (folder / "needy.py").write_text("import not_installed")
        assert refused("needy:Notes") == (
            "needy cannot be imported: it imports 'not_installed', which is not installed"
        )

    @pytest.mark.parametrize(("source", "problem"), [("1 / 0", "ZeroDivisionError"), ("class", "SyntaxError")])
    def test_a_module_that_fails(self, folder: Path, source: str, problem: str) -> None:
        (folder / "broken.py").write_text(source)
        assert refused("broken:Notes").startswith(f"broken cannot be imported: {problem}: ")
        assert refused(f"{folder}/broken.py:Notes").startswith(f"{folder}/broken.py cannot be imported: {problem}: ")

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        path = tmp_path / "gone.py"
        assert refused(f"{path}:Notes") == f"there is no file {path}; write path/to/file.py:Class"

    def test_no_module(self) -> None:
        assert refused(":Notes") == "'' is no module; write your target as module:Class or path/to/file.py:Class"

    @pytest.mark.parametrize("place", [".notes", "path/to/notes", "a b", "a..b"])
    def test_what_cannot_be_a_module(self, place: str) -> None:
        assert refused(f"{place}:Notes").startswith(f"{place!r} is no module; write your target as module:Class")


class TestNames:
    def test_a_pack_is_named_by_its_pack(self) -> None:
        assert name_of(Chat) == "chat"

    @pytest.mark.parametrize("qualname", ["Notes", "Outer.Inner"])
    def test_a_class_in_a_module_is_found_by_its_name(self, folder: Path, qualname: str) -> None:
        target = find_target(f"notes:{qualname}")
        assert name_of(target) == f"notes:{qualname}"
        assert find_target(name_of(target)) is target

    @pytest.mark.parametrize("qualname", ["Notes", "Outer.Inner"])
    def test_a_class_in_a_file_is_found_by_its_name(self, tmp_path: Path, qualname: str) -> None:
        (tmp_path / "elsewhere.py").write_text(SOURCE)
        name = f"{tmp_path / 'elsewhere.py'}:{qualname}"
        assert name_of(find_target(name)) == name
        assert find_target(name_of(find_target(name))).__qualname__ == qualname

    def test_a_file_is_named_from_here_if_it_is_below(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "inner").mkdir()
        (tmp_path / "inner" / "below.py").write_text(SOURCE)
        monkeypatch.chdir(tmp_path)
        assert name_of(find_target(f"{tmp_path}/inner/below.py:Notes")) == "inner/below.py:Notes"

    def test_another_class_of_a_pack_is_named_by_its_module(self) -> None:
        other = type("Other", (Chat,), {"__module__": Chat.__module__})
        assert name_of(other) == "isofuzz_packs.chat.target:Other"


class TestMeans:
    """What a case calls its target, and the class that is tested."""

    @pytest.mark.parametrize(
        ("name", "is_it"),
        [
            ("chat", True),
            ("isofuzz_packs.chat:Chat", False),
            ("isofuzz_packs.chat.target:Chat", True),
            ("chat.target:Chat", True),
            ("target.py:Chat", True),
            ("./target.py:Chat", True),
            ("chat/target.py:Chat", True),
            ("tests/target.py:Chat", False),
            ("/somewhere/chat/target.py:Chat", False),
            ("target.py:Chit", False),
            ("chit", False),
            ("target.py", False),
            ("", False),
        ],
    )
    def test_a_class_of_a_pack(self, name: str, is_it: bool) -> None:
        assert means(name, Chat) is is_it

    def test_a_file_by_its_whole_path(self) -> None:
        assert means(f"{sys.modules[Chat.__module__].__file__}:Chat", Chat)
