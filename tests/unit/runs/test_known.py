"""Which kept cases a run is to execute before anything else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from isofuzz import Name, Secret, Target, User, operation
from isofuzz.cases.case import Case
from isofuzz.cases.store import CaseStore, Finding
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import Call, Literal, Program, Ref, SecretText
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.keeper import BOUNDED
from isofuzz.runs.known import Lost, known_cases
from isofuzz.target.signatures import read_signatures

Find = Callable[[], list[Finding | Lost]]


class Text(Secret):
    """A text."""


class Who(User):
    id: str


class Board(Target):
    @operation
    async def join(self, name: Name) -> Who:
        raise NotImplementedError

    @operation
    async def write(self, who: Who, text: Text) -> None: ...


CASE = Case(
    target="tests:Board",
    defect=None,
    violation=Violation(Oracle.CROSSING, Breach.FOREIGN, at=3, user=Ref(0), boundary="Who", observer="write"),
    explanation="",
    program=Program.serial(
        Call(0, "join", {"name": Literal("ann")}), Call(1, "write", {"who": Ref(0), "text": SecretText("{canary}")})
    ),
    history=(),
    found="2026-01-02T03:04:05+00:00",
    services="",
)


@pytest.fixture
def vocabulary() -> Vocabulary:
    return read_signatures(Board).vocabulary


@pytest.fixture
def known(tmp_path: Path, vocabulary: Vocabulary) -> Find:
    def find() -> list[Finding | Lost]:
        is_target = {"tests:Board", "board.py:Board"}.__contains__
        return list(known_cases([tmp_path], is_target=is_target, defect=None, vocabulary=vocabulary))

    return find


def test_there_need_be_none(known: Find, tmp_path: Path) -> None:
    assert known() == []
    tmp_path.rmdir()
    assert known() == []


def test_those_of_the_target_by_any_of_its_names(known: Find, tmp_path: Path) -> None:
    store = CaseStore(tmp_path)
    for name in ("tests:Board", "board.py:Board", "tests:Other"):
        store.keep(replace(CASE, target=name))
    targets = [each.case.target for each in known() if isinstance(each, Finding)]
    assert sorted(targets) == ["board.py:Board", "tests:Board"]


def test_not_those_of_another_defect(known: Find, tmp_path: Path) -> None:
    CaseStore(tmp_path).keep(replace(CASE, defect="planted"))
    assert known() == []


def test_one_that_the_target_can_no_longer_do_is_told(known: Find, tmp_path: Path) -> None:
    lost = CaseStore(tmp_path).keep(replace(CASE, program=Program.serial(Call(0, "leave", {}))))
    message = "tests:Board has changed: there is no operation 'leave' any more (step 0)"
    assert known() == [Lost(lost.path, f"{message}; find it anew, or remove {lost.path}")]


def test_one_of_which_the_target_can_no_longer_do_what_came_before_it_is_told(known: Find, tmp_path: Path) -> None:
    earlier = (CASE.program, Program.serial(Call(4, "leave", {})))
    lost = CaseStore(tmp_path).keep(replace(CASE, earlier=earlier))
    message = "tests:Board has changed: there is no operation 'leave' any more (step 4 of earlier program 2)"
    assert known() == [Lost(lost.path, f"{message}; find it anew, or remove {lost.path}")]


def test_what_is_stale_for_a_while_is_no_case(known: Find, tmp_path: Path) -> None:
    CaseStore(tmp_path / BOUNDED).keep(CASE)
    assert known() == []


def test_one_that_cannot_be_read_is_told_for_it_may_be_one_of_the_target(known: Find, tmp_path: Path) -> None:
    kept = CaseStore(tmp_path).keep(CASE)
    spoilt = tmp_path / "zzz.json"
    spoilt.write_text(kept.path.read_text()[:50])
    readable, lost = known()
    assert readable == kept
    assert isinstance(lost, Lost)
    assert str(spoilt) in lost.reason


def test_those_of_several_folders_one_folder_after_the_other(tmp_path: Path, vocabulary: Vocabulary) -> None:
    folders = [tmp_path / "own", tmp_path / "nowhere", tmp_path / "found"]
    kept = [CaseStore(folder).keep(CASE) for folder in (folders[0], folders[2])]
    assert (
        list(known_cases(folders, is_target={"tests:Board"}.__contains__, defect=None, vocabulary=vocabulary)) == kept
    )


def test_ten_thousand_are_read_one_at_a_time(vocabulary: Vocabulary) -> None:
    """In the folder of `tests/conftest.py`, which is in memory where it can be."""
    with TemporaryDirectory() as folder:
        first = CaseStore(Path(folder)).keep(CASE)
        for number in range(10_000):
            Path(folder, f"zz-{number:05}.json").symlink_to("nothing")
        known = known_cases([Path(folder)], is_target={"tests:Board"}.__contains__, defect=None, vocabulary=vocabulary)
        assert next(known) == first
        lost = next(known)
        assert isinstance(lost, Lost)
        assert "zz-00000.json cannot be read: No such file or directory" in lost.reason
