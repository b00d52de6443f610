"""Whether targets are able to see leaks: real systems, whose real replies and frames are made to leak."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from isofuzz.cases.store import read_case
from isofuzz.errors import SystemDown
from isofuzz.oracles.crossing import Crossing
from isofuzz.oracles.violation import Breach
from isofuzz.report.check import check_lines
from isofuzz.runs.accepting import Acceptance, AcceptList
from isofuzz.runs.check import Checked, CheckRequest, answer_of, check, representative
from isofuzz.runs.events import Event, LeakSeen, Phase, Progress, Started
from isofuzz.runs.sabotage import Answer, Attempt
from isofuzz.runs.sweep import sweep
from isofuzz.runs.targets import find_target
from isofuzz.target.signatures import read_signatures

HERE = Path(__file__).parent
CheckOf = Callable[..., Checked]


@pytest.fixture
def events() -> list[Event]:
    """What the checks of a test told."""
    return []


@pytest.fixture
def check_of(tmp_path: Path, events: list[Event]) -> CheckOf:
    """Check a small system: `Name` of those to be checked, or `systems.py:Name`, or a pack."""

    def run(name: str, **attributes: Any) -> Checked:
        accept = attributes.pop("accept", AcceptList())
        place = name if name == "chat" else f"{HERE}/{name if ':' in name else f'checked.py:{name}'}"
        target_class = find_target(place)
        for attribute, value in attributes.items():
            setattr(target_class, attribute, value)
        return check(CheckRequest(place, target_class, cases=tmp_path / "check", accept=accept), events.append)

    return run


def named(attempts: tuple[Attempt, ...], name: str) -> Attempt:
    [found] = [attempt for attempt in attempts if attempt.name == name]
    return found


def text_of(checked: Checked) -> str:
    return "\n".join(line.plain for line in check_lines(checked))


class TestAble:
    @pytest.mark.long
    def test_the_reference_chat(self, check_of: CheckOf, tmp_path: Path) -> None:
        """The only one here that is a real system over a real connection, with a real database."""
        checked = check_of("chat")
        assert checked.exit_code == 0, text_of(checked)
        assert checked.swept.exercised.programs > 100
        assert (checked.swept.missing, checked.swept.findings) == ((), ())
        assert checked.compared.steps > 100
        assert 0 < checked.compared.overlapping < checked.compared.among
        assert {attempt.name for attempt in checked.replies} == {
            "history",
            "list_threads",
            "search",
            "export",
            "read_about",
        }
        assert all((attempt.done, attempt.reported) == (2, 2) for attempt in checked.replies)
        assert {attempt.name for attempt in checked.frames} == {"Feed", "Renames"}
        assert all(attempt.done == attempt.reported > 0 for attempt in checked.frames)
        assert not list((tmp_path / "check").glob("*.json")), "what was made to leak is kept nowhere"

    def test_it_tells_what_it_does_in_order(self, check_of: CheckOf, events: list[Event]) -> None:
        checked = check_of("systems.py:Board")
        assert checked.able, text_of(checked)
        assert isinstance(events[0], Started)
        assert [event.name for event in events if isinstance(event, Phase)] == ["sweep", "determinism", "sabotage"]
        counts = [event.programs for event in events if isinstance(event, Progress)]
        assert counts == list(range(1, checked.swept.exercised.programs + 1))
        assert not any(isinstance(event, LeakSeen) for event in events), "no sabotage is told as a leak"

    def test_without_sockets_no_frame_can_be_copied(self, check_of: CheckOf) -> None:
        checked = check_of("../cli/notes.py:Notes")
        assert checked.able, text_of(checked)
        assert checked.frames == ()
        assert "· NOT APPLICABLE  frames       there are no subscriptions" in text_of(checked)


class TestSabotage:
    def test_a_read_that_shows_only_numbers_hides_whose_reply_it_is(self, check_of: CheckOf) -> None:
        checked = check_of("Numbers")
        assert checked.exit_code == 3
        read = named(checked.replies, "read")
        assert (read.answer, read.done, read.reported) == (Answer.FAIL, 2, 0)
        assert read.reason == "what it returned held no Text that anybody wrote: [0, 1]"
        assert "let `read` return what the system showed" in read.advice
        assert named(checked.replies, "search").answer is Answer.PASS
        assert checked.swept.missing == ("read never showed any Text",)

    def test_a_read_that_is_refused_cannot_be_tried(self, check_of: CheckOf) -> None:
        checked = check_of("Closed")
        read = named(checked.replies, "read")
        assert (read.answer, read.done) == (Answer.NOT_APPLICABLE, 0)
        assert read.reason == "what it shows is wrong already, without any sabotage"
        assert {finding.case.violation.breach for finding in checked.swept.findings} == {Breach.DENIED}

    def test_what_is_everybodys_proves_nothing(self, check_of: CheckOf) -> None:
        checked = check_of("Plaza")
        assert named(checked.replies, "hear").answer is Answer.NOT_APPLICABLE
        assert "everybody's" in named(checked.replies, "hear").reason
        assert not checked.shows
        assert "declare what operations show to users" in text_of(checked)

    def test_what_only_the_operator_sees_proves_nothing(self, check_of: CheckOf) -> None:
        hear = named(check_of("Archive").replies, "hear")
        assert (hear.answer, hear.reason) == (Answer.NOT_APPLICABLE, "it is the operator's, who may see everything")

    def test_where_nothing_is_shown_no_leak_can_be_seen(self, check_of: CheckOf) -> None:
        checked = check_of("Sink")
        assert checked.exit_code == 3
        assert answer_of(checked.replies) is answer_of(checked.frames) is Answer.NOT_APPLICABLE
        assert "declare what operations show to users" in text_of(checked)

    def test_frames_that_do_not_say_what_is_new(self, check_of: CheckOf) -> None:
        feed = named(check_of("Pinging").frames, "Feed")
        assert (feed.answer, feed.done) == (Answer.FAIL, 0)
        assert feed.reason == "no frame held a Text that it announces; 4 arrived, the first: ping"

    def test_frames_that_never_come(self, check_of: CheckOf) -> None:
        feed = named(check_of("systems.py:Mute").frames, "Feed")
        assert (feed.answer, feed.done) == (Answer.FAIL, 0)
        assert feed.reason == "no frame arrived on a socket with a Feed when somebody wrote"

    def test_oracles_that_see_nothing(self, check_of: CheckOf, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Crossing, "feed", lambda *entry: [])
        checked = check_of("systems.py:Board")
        assert checked.exit_code == 3
        assert checked.swept.answer is Answer.PASS, "all that a run would say is that it is isolated"
        attempts = (*checked.replies, *checked.frames)
        assert all(attempt.answer is Answer.FAIL and attempt.done and not attempt.reported for attempt in attempts)
        assert {attempt.advice for attempt in attempts} == {"report this as a bug of isofuzz"}

    def test_subscribing_that_fails(self, check_of: CheckOf) -> None:
        checked = check_of("Unwatched")
        assert named(checked.frames, "Feed").reason == "nobody could be given a Feed on a socket"
        assert "times watch: ConnectionError: no line" in text_of(checked)


class TestDeterminism:
    @pytest.mark.parametrize(
        ("system", "where", "what"),
        [
            ("Reversing", "(search): the first time it succeeded, with the text of step ", "the second time it succ"),
            ("Moody", "(write): the first time it succeeded; ", "the second time it was refused: Refused: not in the"),
            ("Stuttering", "event 2 on the socket that step ", "the second time with the text of step "),
        ],
    )
    def test_where_it_differs_is_named(self, check_of: CheckOf, system: str, where: str, what: str) -> None:
        checked = check_of(system)
        assert checked.exit_code == 3
        assert checked.compared.answer is Answer.FAIL
        assert all(where in difference and what in difference for difference in checked.compared.differences)
        assert any(difference.startswith("put_out, and back again: ") for difference in checked.compared.differences)
        assert checked.swept.answer is Answer.PASS, "nothing is wrong with it but that"
        assert "let the system answer the same to the same program" in text_of(checked)

    def test_what_overlaps_may_differ_and_that_is_told(self, check_of: CheckOf) -> None:
        checked = check_of("Crowded")
        assert checked.able, text_of(checked)
        assert checked.compared.differences == ()
        assert checked.compared.uncontrolled
        assert checked.compared.uncontrolled.partition(" ")[0] in {"read", "search"}
        assert f"4 overlap; it differs at {checked.compared.uncontrolled}"[:60] in text_of(checked)


class TestLeaks:
    def test_a_leak_is_kept_and_told_and_nothing_is_shown_by_what_leaks(
        self, check_of: CheckOf, events: list[Event]
    ) -> None:
        checked = check_of("systems.py:Open")
        assert checked.exit_code == 3
        fingerprints = [finding.case.fingerprint for finding in checked.swept.findings]
        assert fingerprints[0] == "crossing:foreign:Room:search:write:Text"
        assert [event.finding for event in events if isinstance(event, LeakSeen)] == list(checked.swept.findings)
        assert all(read_case(finding.path) == finding.case for finding in checked.swept.findings)
        assert checked.swept.missing == (), "it goes on after a leak"
        search = named(checked.replies, "search")
        assert (search.answer, search.done) == (Answer.NOT_APPLICABLE, 0)
        assert search.reason == "what it shows is wrong already, without any sabotage"
        assert named(checked.replies, "read").answer is Answer.PASS
        assert f"isofuzz run {HERE}/systems.py:Open`, which shrinks what leaks" in text_of(checked)

    def test_a_leak_that_is_accepted_does_not_count(self, check_of: CheckOf) -> None:
        known = [
            Acceptance(fingerprint, "search is being rewritten", date(2027, 1, 31))
            for fingerprint in ("crossing:foreign:Room:search:write:Text", "visibility:stale:Room:search:write:Text")
        ]
        checked = check_of("systems.py:Open", accept=AcceptList(tuple(known), date(2027, 1, 1)))
        assert checked.able, text_of(checked)
        assert checked.swept.findings == ()
        assert (
            "  · accepted: search showed a user a Text of someone else, written by write (until 2027-01-31)"
            in text_of(checked).splitlines()
        )

    def test_nothing_is_shown_by_frames_that_strangers_get_anyway(self, check_of: CheckOf) -> None:
        checked = check_of("Broadcasting")
        assert checked.exit_code == 3
        assert "delivery:foreign:Room:frame:write:Text" in [each.case.fingerprint for each in checked.swept.findings]
        feed = named(checked.frames, "Feed")
        assert (feed.answer, feed.reason) == (
            Answer.NOT_APPLICABLE,
            "strangers get it already, without any sabotage",
        )

    def test_a_leak_after_the_sweep_is_kept_too(self, check_of: CheckOf) -> None:
        exercises = list(sweep(read_signatures(find_target(f"{HERE}/checked.py:OpenLater"))))
        serial, overlapping = representative(exercises, ["read", "search"])
        twice = [*serial, overlapping]
        checked = check_of("OpenLater", after=len(exercises) + 2 * len(twice))
        assert checked.exit_code == 3
        assert checked.swept.missing == ()
        [finding] = checked.swept.findings
        assert finding.case.fingerprint == "crossing:foreign:Room:search:write:Text"
        assert read_case(finding.path) == finding.case
        assert named(checked.replies, "search").answer is Answer.NOT_APPLICABLE


def test_a_system_that_does_not_start_is_no_answer(check_of: CheckOf) -> None:
    with pytest.raises(SystemDown, match="NotStarting did not start: OSError: cannot start"):
        check_of("systems.py:NotStarting")
