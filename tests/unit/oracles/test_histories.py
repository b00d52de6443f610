"""Histories that were written by hand, each with what is tricky about it and what the oracles have to find in it.

The format is told in `histories/reader.py`. Where one that is sound has a twin which is not, the twin's file has the
same name with `-breaks` at its end.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.oracles.histories.reader import Malformed, read_history

from isofuzz.oracles.judge import judge

if TYPE_CHECKING:
    from isofuzz.program.vocabulary import Vocabulary

HISTORIES = sorted(Path(__file__).with_name("histories").rglob("*.history"))


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_oracles_find_what_they_should_and_nothing_else(path: Path, vocabulary: Vocabulary) -> None:
    written = read_history(path, vocabulary)
    violations = judge(vocabulary, written.history)
    assert [f"{each.fingerprint} by {written.users[each.user]}" for each in violations] == written.expected
    assert bool(written.expected) == path.stem.endswith("-breaks")


def test_what_breaks_has_a_twin_that_is_sound() -> None:
    broken = [path for path in HISTORIES if path.stem.endswith("-breaks")]
    assert broken
    assert [path for path in broken if path.with_stem(path.stem.removesuffix("-breaks")) not in HISTORIES] == []


BEGINNING = "Tricky.\nada signs up\nada: room = new_room\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no sentence\n=> isolated", ":1: says in one sentence what is tricky"),
        (BEGINNING, ":3: ends with what is found, or with => isolated"),
        (BEGINNING + "ada leaves", ":4: nobody can read this: ada leaves"),
        (BEGINNING + "\nada: paint(room)", ":5: there is no operation paint: ada: paint(room)"),
        (BEGINNING + "bob: history(room)", ":4: nothing of this kind is called bob yet"),
        (BEGINNING + "ada: history(rom)", ":4: nothing of this kind is called rom yet"),
        (BEGINNING + "ada: history(ada)", ":4: nothing of this kind is called ada yet"),
        (BEGINNING + "ada: history()", ":4: history needs room as well"),
        (BEGINNING + "ada: history(room, room)", ":4: history does not take room"),
        (BEGINNING + "ada: history(room) shows hello", ":4: nothing of this kind is called hello yet"),
        (BEGINNING + "ada: post(room)", ":4: post writes a text"),
        (BEGINNING + "ada: history(room) writes hello", ":4: history writes nothing"),
        (BEGINNING + "ada: texts = history(room)", ":4: history makes nothing"),
        (BEGINNING + "one ends", ":4: one has not begun"),
        (BEGINNING + "stored: hello under room", ":4: a row is: text in thread of owner, not hello under room"),
        (BEGINNING + "=> isolated\nada: history(room)", ":5: nothing happens after what is found"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, vocabulary: Vocabulary, text: str, problem: str) -> None:
    path = tmp_path / "some.history"
    path.write_text(text)
    with pytest.raises(Malformed) as raised:
        read_history(path, vocabulary)
    assert str(raised.value).startswith("some.history" + problem)
