"""The kept cases are replayed: with their defect planted each still leaks, and on the healthy chat none does.

Nothing here is ever skipped: a case that cannot run any more is a failure.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isofuzz.cases.codec import VERSION
from isofuzz.cases.store import case_files, read_case
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.replay import Replayed, ReplayVerdict, replay

CASES = sorted(case_files(Path(__file__).with_name("cases")))
[QUICKEST] = (path for path in CASES if "list-without-owner" in path.name)

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[Path, Edit], Path]:
    """A copy of a case, changed."""

    def copy(path: Path, edit: Edit) -> Path:
        document = json.loads(path.read_text())
        edit(document)
        (tmp_path / path.name).write_text(json.dumps(document))
        return tmp_path / path.name

    return copy


def replayed(path: Path, times: int | None = None) -> Replayed:
    [one] = replay([path], times=times)
    return one


def test_there_is_a_case_of_every_oracle_and_every_version() -> None:
    assert {read_case(path).violation.oracle for path in CASES} == set(Oracle)
    assert {json.loads(path.read_text())["version"] for path in CASES} == set(range(1, VERSION + 1))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_with_its_defect_it_still_leaks(path: Path) -> None:
    again = replayed(path)
    assert (again.verdict, again.reason) == (ReplayVerdict.STILL_LEAKS, "it showed in 1 of 1 runs")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_without_its_defect_it_leaks_no_longer(path: Path, edited: Callable[[Path, Edit], Path]) -> None:
    again = replayed(edited(path, lambda case: case.update(defect=None)))
    assert (again.verdict, again.reason) == (ReplayVerdict.NO_LONGER, "clean in 2 runs")


def test_it_leaks_every_time() -> None:
    again = replayed(QUICKEST, times=5)
    assert str(again.hit_rate) == "5 of 5"


def rename_the_operation(case: dict[str, Any]) -> None:
    case["program"][-1][0]["operation"] = "renamed"


def drop_a_parameter(case: dict[str, Any]) -> None:
    del case["program"][-1][0]["arguments"]["me"]


def add_a_parameter(case: dict[str, Any]) -> None:
    case["program"][0][0]["arguments"]["colour"] = {"literal": "red"}


class TestCannotRun:
    @pytest.mark.parametrize(
        ("edit", "reason"),
        [
            (rename_the_operation, "chat has no operation 'renamed' any more (step "),
            (drop_a_parameter, " has other parameters than when the case was found: me"),
            (add_a_parameter, "chat.sign_in has other parameters than when the case was found: colour"),
            (lambda case: case.update(defect="cured"), "Chat has no defect 'cured'; write one of: "),
            (lambda case: case.update(target="chit"), "there is no pack 'chit'"),
            (lambda case: case.update(version=4), "is a case of version 4"),
            (lambda case: case.pop("program"), "program lacks 'program'"),
        ],
    )
    def test_what_has_changed_is_said(self, edited: Callable[[Path, Edit], Path], edit: Edit, reason: str) -> None:
        again = replayed(edited(QUICKEST, edit))
        assert again.verdict is ReplayVerdict.CANNOT_RUN
        assert reason in again.reason
        assert again.hit_rate.runs == 0

    def test_one_that_cannot_run_keeps_no_other_from_running(self, tmp_path: Path) -> None:
        gone = tmp_path / "gone.json"
        told: list[Replayed] = []
        done = replay([gone, QUICKEST], on_replayed=told.append)
        assert [one.verdict for one in done] == [ReplayVerdict.CANNOT_RUN, ReplayVerdict.STILL_LEAKS]
        assert told == done


class TestUndecided:
    def test_too_few_clean_runs_for_its_hit_rate(self, edited: Callable[[Path, Edit], Path]) -> None:
        path = edited(QUICKEST, lambda case: case.update(defect=None, hit_rate=[1, 2]))
        again = replayed(path, times=3)
        assert again.verdict is ReplayVerdict.UNDECIDED
        assert again.reason == "clean in 3 runs, but at its hit rate of 1 of 2 it takes 5"

    def test_enough_clean_runs_for_its_hit_rate(self, edited: Callable[[Path, Edit], Path]) -> None:
        again = replayed(edited(QUICKEST, lambda case: case.update(defect=None, hit_rate=[1, 2])))
        assert (again.verdict, again.reason) == (ReplayVerdict.NO_LONGER, "clean in 5 runs")

    def test_one_that_was_never_seen_again_takes_the_most_runs(self, edited: Callable[[Path, Edit], Path]) -> None:
        again = replayed(edited(QUICKEST, lambda case: case.update(defect=None, hit_rate=[0, 8])))
        assert (again.verdict, again.reason) == (ReplayVerdict.NO_LONGER, "clean in 30 runs")


def test_a_case_from_elsewhere_runs_no_code_of_its_own(edited: Callable[[Path, Edit], Path], tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text("raise SystemExit('its code ran')")
    case = edited(QUICKEST, lambda document: document.update(target=f"{tmp_path}/evil.py:Evil", defect=None))
    one = replayed(case)
    assert one.verdict is ReplayVerdict.CANNOT_RUN
    assert "is outside of this folder" in one.reason
