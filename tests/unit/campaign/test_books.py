"""What workers leave behind is taken into the books once, and given out to be worked on once."""

from pathlib import Path

import pytest
from tests.unit.campaign.conftest import order
from tests.unit.report.page.pages import read_kept_cases

from isofuzz.campaign.books import CASES, Books
from isofuzz.campaign.state import OPEN, Night, State
from isofuzz.campaign.worker import SEEN
from isofuzz.cases.store import CaseStore, cases_in
from isofuzz.runs.events import Event, LeakSeen

FIRST, SECOND = read_kept_cases()[:2]


@pytest.fixture
def night(state: State) -> Night:
    return state.begin_night({}, 60, None)


def leave(folder: Path, number: int, *found: object) -> Path:
    """What the worker of this order has found and not reported."""
    left = folder / SEEN / str(number)
    for case in (FIRST, SECOND):
        if case in found:
            CaseStore(left).keep(case)
    return left


def test_of_a_worker_that_is_lost_only_its_own_is_taken(state: State, night: Night, tmp_path: Path) -> None:
    heard: list[Event] = []
    lost, at_work = leave(tmp_path, 3, FIRST), leave(tmp_path, 4, SECOND)
    books = Books(state, night, tmp_path, heard.append)
    books.salvage(order(3))
    assert (lost.exists(), at_work.exists()) == (False, True)
    assert [known.case for known in state.findings()] == [FIRST]
    assert [type(event) for event in heard] == [LeakSeen]
    assert [path.name for path in cases_in(tmp_path / CASES)] == [CaseStore(tmp_path).path_of(FIRST).name]
    books.salvage_all()
    assert {known.case.fingerprint for known in state.findings()} == {FIRST.fingerprint, SECOND.fingerprint}
    assert books.open == 2


def test_what_is_not_in_the_books_yet_is_among_what_was_found(state: State, night: Night, tmp_path: Path) -> None:
    left = leave(tmp_path, 3, FIRST, SECOND)
    books = Books(state, night, tmp_path)
    state.keep_finding(night.id, FIRST, state=OPEN, worked=True)
    (left / "half.json").write_text("{")
    assert [(known.case, known.worked, finding.path.parent) for known, finding in books.found()] == [
        (FIRST, True, tmp_path / CASES),
        (SECOND, False, left),
    ]
    assert left.exists()
    state.gone(FIRST.fingerprint)
    assert {(known.case.fingerprint, known.state) for known, _ in books.found()} == {
        (FIRST.fingerprint, OPEN),
        (SECOND.fingerprint, OPEN),
    }


def test_what_nobody_has_worked_on_is_given_out_once_by_each_campaign(
    state: State, night: Night, tmp_path: Path
) -> None:
    leave(tmp_path, 3, FIRST)
    books = Books(state, night, tmp_path)
    books.salvage_all()
    assert [fingerprint for fingerprint, _ in books.unworked()] == [FIRST.fingerprint]
    assert list(books.unworked()) == []
    leave(tmp_path, 5, FIRST)
    resumed = Books(state, night, tmp_path)
    resumed.salvage_all()
    assert [fingerprint for fingerprint, _ in resumed.unworked()] == [FIRST.fingerprint]
    state.keep_finding(night.id, FIRST, state=OPEN, worked=True)
    assert list(Books(state, night, tmp_path).unworked()) == []
