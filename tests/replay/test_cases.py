"""The kept cases are replayed: with their defect planted each still leaks, and on the healthy chat none does.

Nothing here is ever skipped: a case that cannot run any more is a failure.
"""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from isofuzz.cases.codec import VERSION
from isofuzz.cases.store import case_files, read_case
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.accepting import Acceptance, AcceptList
from isofuzz.runs.again import ReplayVerdict
from isofuzz.runs.cold import answered_cold
from isofuzz.runs.fitting import Changes
from isofuzz.runs.replay import Replayed, replay
from isofuzz.services import Sources

CASES = sorted(case_files(Path(__file__).with_name("cases")))
[QUICKEST] = (path for path in CASES if "list-without-owner" in path.name)
[RACE] = (path for path in CASES if "current-user-global" in path.name)

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
    assert again.reason == "it showed in 5 of 5 runs, all histories the same"


@pytest.mark.long
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_it_leaks_in_a_hundred_of_a_hundred(path: Path) -> None:
    assert replayed(path, times=100).reason == "it showed in 100 of 100 runs, all histories the same"


class TestBesides:
    """Looking for one leak, another one shows."""

    @pytest.fixture
    def of_another(self, edited: Callable[[Path, Edit], Path]) -> Path:
        def look_for_another(case: dict[str, Any]) -> None:
            case["violation"]["observer"] = "history"
            case["fingerprint"] = case["fingerprint"].replace("list_threads", "history")

        return edited(QUICKEST, look_for_another)

    def test_it_is_told_and_kept(self, of_another: Path, tmp_path: Path) -> None:
        [again] = replay([of_another], cases=tmp_path / "besides")
        assert (again.verdict, again.exit_code) == (ReplayVerdict.NO_LONGER, 1)
        [finding] = again.besides
        assert finding.case.fingerprint == read_case(QUICKEST).fingerprint
        assert read_case(finding.path) == finding.case
        assert finding.path.parent == tmp_path / "besides"

    def test_unless_it_is_accepted(self, of_another: Path, tmp_path: Path) -> None:
        accepted = Acceptance(read_case(QUICKEST).fingerprint, "we know", date.max)
        [again] = replay([of_another], cases=tmp_path, accept=AcceptList((accepted,), date(2026, 1, 1)))
        assert (again.besides, again.exit_code) == ((), 0)

    def test_a_fresh_process_tells_it_too(self, of_another: Path, tmp_path: Path) -> None:
        answer = answered_cold(read_case(of_another), 1, Sources(), tmp_path)
        assert (answer.shown, answer.concluded.verdict) == (None, ReplayVerdict.NO_LONGER)
        assert [case.fingerprint for case in answer.besides] == [read_case(QUICKEST).fingerprint]
        assert [path.name for path in tmp_path.iterdir()] == [of_another.name]


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
            (rename_the_operation, "chat has changed: there is no operation 'renamed' any more (step "),
            (drop_a_parameter, "chat has changed: list_threads takes 'me' now, of which the case knows nothing (step "),
            (add_a_parameter, "chat has changed: sign_in no longer takes 'colour' (step "),
            (lambda case: case.update(defect="cured"), "Chat has no defect 'cured'; write one of: "),
            (lambda case: case.update(target="chit"), "there is no pack 'chit'"),
            (lambda case: case.update(version=5), "is a case of version 5"),
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
        done = replay([gone, QUICKEST])
        assert [one.verdict for one in done] == [ReplayVerdict.CANNOT_RUN, ReplayVerdict.STILL_LEAKS]


class TestChangedTarget:
    @staticmethod
    def with_changes(path: Path, changes: Changes) -> Replayed:
        [again] = replay([path], changes=changes)
        return again

    def test_under_its_old_name_it_is_replayed_if_that_is_said(self, edited: Callable[[Path, Edit], Path]) -> None:
        def as_it_was_called_once(case: dict[str, Any]) -> None:
            case["program"][-1][0]["operation"] = case["violation"]["observer"] = "all_threads"

        path = edited(QUICKEST, as_it_was_called_once)
        assert "`isofuzz replay` takes --rename OLD=NEW" in replayed(path).reason
        again = self.with_changes(path, Changes({"all_threads": "list_threads"}))
        assert (again.verdict, again.reason) == (ReplayVerdict.STILL_LEAKS, "it showed in 1 of 1 runs")

    def test_without_what_is_gone_a_leak_is_one_and_a_clean_run_says_nothing(
        self, edited: Callable[[Path, Edit], Path]
    ) -> None:
        def beside_what_is_gone(case: dict[str, Any]) -> None:
            case["program"].insert(1, [{"step": 99, "operation": "wave", "arguments": {"me": {"ref": [0, 1]}}}])

        told = "; without what the target no longer has: there is no operation 'wave' any more (step 99)"
        leaks = self.with_changes(edited(QUICKEST, beside_what_is_gone), Changes(drop_gone=True))
        assert (leaks.verdict, leaks.reason) == (ReplayVerdict.STILL_LEAKS, f"it showed in 1 of 1 runs{told}")
        mended = edited(edited(QUICKEST, beside_what_is_gone), lambda case: case.update(defect=None))
        clean = self.with_changes(mended, Changes(drop_gone=True))
        assert (clean.verdict, clean.reason) == (
            ReplayVerdict.UNDECIDED,
            f"clean in 2 runs, which says nothing{told}",
        )


class TestAnOrderThatNoLongerFits:
    """As if the system made fewer moves than when it was found."""

    UNFIT = f"the schedule {'0' * 90}1 of steps 18 and 19 no longer fits from its decision "

    @staticmethod
    def out_of_reach(case: dict[str, Any]) -> None:
        [race] = (burst for burst in case["program"] if isinstance(burst, dict))
        race["schedule"] = "0" * 90 + "1"

    def test_it_is_found_in_another(self, edited: Callable[[Path, Edit], Path]) -> None:
        again = replayed(edited(RACE, self.out_of_reach))
        assert again.verdict is ReplayVerdict.STILL_LEAKS
        assert again.reason.startswith(self.UNFIT)
        assert again.reason.endswith("; it showed in another order, 01")

    def test_it_leaks_no_longer_once_it_is_clean_in_all_others(self, edited: Callable[[Path, Edit], Path]) -> None:
        again = replayed(edited(edited(RACE, self.out_of_reach), lambda case: case.update(defect=None)))
        assert again.verdict is ReplayVerdict.NO_LONGER
        assert again.reason.startswith(self.UNFIT)
        assert again.reason.endswith(" other orders")
        assert again.hit_rate.runs == 26


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
