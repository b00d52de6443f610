"""A campaign finds what a run finds, once, with several workers, and goes on from what earlier nights knew."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.campaign.conftest import BOARDS, SYSTEMS, Campaign, request_for

from isofuzz.campaign.campaign import campaign
from isofuzz.campaign.orders import Task
from isofuzz.campaign.state import GONE, OPEN, opened, read_only
from isofuzz.cases.codec import to_json
from isofuzz.cases.store import read_case
from isofuzz.errors import UsageError
from isofuzz.oracles.verdict import Verdict
from isofuzz.oracles.violation import Oracle
from isofuzz.program.prune import with_call
from isofuzz.runs.events import Beat, Event, Kept, LeakSeen, Phase


def test_a_healthy_system_is_isolated_and_all_was_counted_once(campaign_of: Campaign, folder: Path) -> None:
    beats: list[Event] = []
    outcome = campaign_of("Board", beats.append)
    assert (outcome.summary.verdict, outcome.summary.missing, outcome.found) == (Verdict.ISOLATED, (), ())
    with read_only(folder) as state:
        programs = state.programs(outcome.night)
    assert programs[Task.SEARCH] == 8
    assert sum(programs.values()) == outcome.summary.exercised.programs
    assert outcome.summary.growth[-1].covered == outcome.outlook.covered > 20
    assert outcome.outlook.programs == 8
    assert any(len(beat.working) == 2 for beat in beats if isinstance(beat, Beat))


def test_a_leak_is_found_once_shrunk_and_confirmed(campaign_of: Campaign, folder: Path) -> None:
    heard: list[Event] = []
    outcome = campaign_of("Open", heard.append, only=frozenset({Oracle.CROSSING}))
    assert outcome.summary.verdict is Verdict.LEAKED
    [(known, finding)] = outcome.found
    assert (known.state, known.worked, finding.case.cold, finding.case.shrunk) == (OPEN, True, True, True)
    assert read_case(finding.path) == finding.case
    assert [type(event) for event in heard if isinstance(event, LeakSeen | Kept)] == [LeakSeen, Kept]
    assert not list((folder / "seen").glob("*"))


def test_the_next_night_knows_what_was_found_and_what_is_gone(campaign_of: Campaign, marker: Path) -> None:
    only = frozenset({Oracle.CROSSING})
    first = campaign_of("Mended", place=BOARDS, only=only)
    [(found, _)] = first.found
    again = campaign_of("Mended", place=BOARDS, only=only, for_programs=1)
    [(same, _)] = again.found
    assert (again.night, again.summary.verdict, again.summary.replayed) == (2, Verdict.LEAKED, 1)
    assert (same.first_seen, same.night, same.state) == (found.first_seen, 1, OPEN)
    marker.touch()
    mended = campaign_of("Mended", place=BOARDS, only=only, for_programs=1)
    assert [known.state for known, _ in mended.found] == [GONE]
    marker.unlink()
    [(back, _)] = campaign_of("Mended", place=BOARDS, only=only, for_programs=1).found
    assert (back.state, back.first_seen) == (OPEN, found.first_seen)
    assert back.last_seen > found.last_seen
    assert mended.summary.verdict is Verdict.ISOLATED
    assert mended.summary.growth[0].covered == again.summary.growth[-1].covered


def test_a_finding_of_what_the_target_no_longer_has_stays_open_and_is_not_looked_for(
    campaign_of: Campaign, folder: Path
) -> None:
    only = frozenset({Oracle.CROSSING})
    first = campaign_of("Open", only=only)
    with opened(folder) as state:
        [known] = state.findings()
        last = known.case.program.calls[-1]
        program = with_call(known.case.program, replace(last, operation="find"))
        state.keep_finding(first.night, replace(known.case, program=program), state=OPEN, worked=True)
    again = campaign_of("Open", only=only, for_programs=1, known={known.case.fingerprint: "search"})
    assert [each.state for each, _ in again.found] == [OPEN]
    assert again.summary.replayed == 0
    [told] = again.events
    assert told.startswith(f"{known.case.fingerprint} was not looked for again")
    assert "no operation 'find' any more" in told


def test_what_is_known_is_passed_over(campaign_of: Campaign) -> None:
    known = {"crossing:foreign:Room:search:write:Text": "search"}
    outcome = campaign_of("Open", only=frozenset({Oracle.CROSSING}), known=known)
    assert (outcome.summary.verdict, outcome.found) == (Verdict.ISOLATED, ())
    assert outcome.summary.passed_over == tuple(known)


def test_the_cases_of_the_project_are_replayed_first(campaign_of: Campaign, folder: Path, tmp_path: Path) -> None:
    only = frozenset({Oracle.CROSSING})
    [(_, finding)] = campaign_of("Open", only=only).found
    kept = tmp_path / "isolation_cases"
    kept.mkdir()
    (kept / "open.json").write_text(to_json(finding.case))
    (kept / "torn.json").write_text(to_json(finding.case)[:100])
    (kept / "of-another.json").write_text(to_json(replace(finding.case, target="another:One")))
    request = request_for(f"{SYSTEMS}:Open", tmp_path / "fresh", only=only, workers=1, for_programs=1)
    heard: list[Event] = []
    outcome = campaign(replace(request, run=replace(request.run, replay=kept)), heard.append)
    assert [type(event) for event in heard if isinstance(event, LeakSeen | Phase)][:2] == [Phase, LeakSeen]
    assert next(event.name for event in heard if isinstance(event, Phase)) == "replay"
    assert [known.case.fingerprint for known, _ in outcome.found] == [finding.case.fingerprint]
    assert outcome.summary.replayed == 1
    [cut] = [each for each in outcome.summary.missing if "torn.json" in each]
    assert "is no complete JSON" in cut


def test_programs_that_showed_something_new_are_varied(campaign_of: Campaign, folder: Path) -> None:
    outcome = campaign_of("Board", guided=True, for_programs=16, workers=1, order_seconds=2)
    assert outcome.summary.verdict is Verdict.ISOLATED
    with read_only(folder) as state:
        assert state.corpus(5)
        assert state.programs(outcome.night)[Task.SEARCH] == 16


def test_the_workers_of_any_executor_do_it(folder: Path) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        request = request_for(f"{SYSTEMS}:Open", folder, only=frozenset({Oracle.CROSSING}), workers=1, for_programs=1)
        outcome = campaign(request, lambda event: None, executor=executor)
    [(known, finding)] = outcome.found
    assert (known.worked, finding.case.shrunk, finding.case.cold) == (True, True, True)
    assert outcome.summary.services.startswith("Postgres ")


def test_workers_that_cannot_be_reached_end_the_night_and_it_can_be_gone_on_with(folder: Path) -> None:
    request = request_for(f"{SYSTEMS}:Board", folder, only=frozenset({Oracle.CROSSING}), workers=1, for_programs=1)
    gone = ProcessPoolExecutor(1)
    gone.shutdown()
    ended = campaign(request, lambda event: None, executor=gone)
    assert ended.summary.verdict is Verdict.ERROR
    assert "the workers cannot be reached any more" in str(ended.summary.trouble)
    with pytest.raises(UsageError, match="was interrupted; go on with it"):
        campaign(request, lambda event: None)
    assert campaign(request, lambda event: None, resume=True).summary.verdict is Verdict.ISOLATED


def test_what_another_oracle_found_stays_open(campaign_of: Campaign) -> None:
    """Nobody looks for it that night, so nobody knows that it is gone."""
    [(found, _)] = campaign_of("Open", only=frozenset({Oracle.CROSSING})).found
    other = campaign_of("Open", only=frozenset({Oracle.EXISTENCE}), for_programs=1)
    assert other.summary.verdict is Verdict.LEAKED
    [known] = [known for known, _ in other.found if known.case.fingerprint == found.case.fingerprint]
    assert known.state == OPEN
    assert any(f"{found.case.fingerprint} was not looked for again" in event for event in other.events)


def test_a_case_file_that_is_not_as_the_books_have_it_is_written_anew(campaign_of: Campaign) -> None:
    [(_, finding)] = campaign_of("Open", only=frozenset({Oracle.CROSSING})).found
    finding.path.write_text("{")
    [(_, again)] = campaign_of("Open", only=frozenset({Oracle.CROSSING}), for_programs=1).found
    assert read_case(again.path).shrunk


def test_a_second_one_in_the_same_folder_is_refused(campaign_of: Campaign, folder: Path) -> None:
    with opened(folder), pytest.raises(UsageError, match="another campaign is under way"):
        campaign_of("Board")


def test_another_target_is_refused(campaign_of: Campaign) -> None:
    campaign_of("Board", for_programs=1)
    with pytest.raises(UsageError, match=r"holds campaigns of .*Board"):
        campaign_of("Blind", for_programs=1)


def test_nothing_was_interrupted(campaign_of: Campaign) -> None:
    with pytest.raises(UsageError, match="was interrupted"):
        campaign_of("Board", resume=True)
