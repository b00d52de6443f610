"""The state of a campaign: nothing is counted twice, and what earlier nights knew is there."""

import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from tests.unit.campaign.conftest import Entered
from tests.unit.report.page.pages import read_kept_cases

from isofuzz.campaign.orders import Task
from isofuzz.campaign.state import FILE, GONE, OPEN, Circumstances, State, opened, read_only
from isofuzz.errors import UsageError
from isofuzz.runs.coverage import Point


def test_a_result_is_entered_once(state: State, entered: Entered) -> None:
    night = state.begin_night({}, 60, None).id
    assert entered(night, 1, {"a": 3, "b": 1}) == 2
    with pytest.raises(IntegrityError):
        entered(night, 1, {"a": 3, "c": 1})
    assert state.programs(night) == {Task.SEARCH: 10}
    assert state.outlook().covered == 2
    assert state.tallies(night)["programs", "[]"] == 10


def test_what_was_seen_once_in_drawn_programs_tells_of_the_next(state: State, entered: Entered) -> None:
    night = state.begin_night({}, 60, None).id
    entered(night, 1, {"swept": 1, "both": 1}, programs=4, task=Task.SWEEP, part="0-5")
    entered(night, 2, {"both": 1, "once": 1, "often": 2}, programs=20)
    entered(night, 3, {"often": 1}, programs=20)
    outlook = state.outlook()
    assert (outlook.programs, outlook.covered, outlook.once) == (40, 4, 1)
    assert state.done(night, Task.SWEEP) == {"0-5"}
    assert state.next_number() == 4


def test_growth_goes_on_from_the_night_before(state: State, entered: Entered) -> None:
    first = state.begin_night({}, 60, None).id
    entered(first, 1, {"a": 1})
    second = state.begin_night({}, 60, None).id
    entered(second, 2, {"a": 1, "b": 1})
    assert state.growth(first) == [Point(0, 0, 0), Point(1, 10, 1)]
    assert state.growth(second) == [Point(0, 0, 1), Point(2, 10, 2)]
    assert state.operations(second) == 50


def test_what_showed_something_new_enters_the_corpus(state: State, entered: Entered) -> None:
    night = state.begin_night({}, 60, None).id
    entered(night, 1, {"a": 1}, task=Task.SWEEP)
    entered(night, 2, {"a": 1, "b": 1})
    entered(night, 3, {"b": 1, "c": 1})
    assert state.corpus(5) == ["program of c", "program of b"]


def test_a_finding_over_time(state: State) -> None:
    case = read_kept_cases()[0]
    night = state.begin_night({}, 60, None).id
    state.keep_finding(night, case, state=OPEN, worked=False)
    [found] = state.findings()
    assert (found.case, found.state, found.worked, found.night) == (case, OPEN, False, night)
    state.gone(case.fingerprint)
    assert [known.state for known in state.findings()] == [GONE]
    state.seen_again([case.fingerprint])
    later = state.begin_night({}, 60, None).id
    state.keep_finding(later, case, state=OPEN, worked=True)
    [again] = state.findings()
    assert (again.state, again.worked, again.night, again.first_seen) == (OPEN, True, night, found.first_seen)
    assert state.observers() == {case.fingerprint: case.violation.observer}


def test_a_night_and_its_end(state: State) -> None:
    night = state.begin_night({"target": "chat"}, 60, 100)
    assert (night.ended, night.for_seconds, night.for_programs) == (False, 60, 100)
    told = Circumstances("Postgres", {"postgres": "18"}, ("x",), {"reason": 2}, ("cut",), "trouble", interrupted=False)
    state.spend(night.id, 12.5, told)
    state.end_night(night.id)
    latest = state.latest_night()
    assert latest
    assert (latest.seconds, latest.ended, latest.circumstances) == (12.5, True, told)
    assert latest.assignment == {"target": "chat"}
    forgotten = state.begin_night({}, None, 1)
    state.forget_if_empty(forgotten.id)
    assert state.latest_night() == latest


def test_a_night_in_which_something_was_done_is_not_forgotten(state: State, entered: Entered) -> None:
    night = state.begin_night({}, None, 1)
    entered(night.id, 1, {"a": 1})
    state.forget_if_empty(night.id)
    assert state.latest_night() == night


def test_it_is_its_owners_alone_and_one_campaigns_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    with opened(folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
        with pytest.raises(UsageError, match="another campaign is under way"), opened(folder):
            pass
        with read_only(folder) as looked_at:
            assert looked_at.latest_night() is None


def test_what_is_no_campaign_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no campaign"), read_only(tmp_path):
        pass
    (tmp_path / FILE).write_text("no database, and long enough to be taken for one " * 10)
    with pytest.raises(UsageError, match="is no campaign that can be read"), read_only(tmp_path):
        pass


def test_one_of_another_version_is_left_alone(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("UPDATE about SET value = '99'")
    connection.close()
    with pytest.raises(UsageError, match="is of version 99"), opened(tmp_path):
        pass
