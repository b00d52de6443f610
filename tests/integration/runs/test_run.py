"""A run from start to verdict, of systems that are well, that leak, that show nothing, and that die."""

import os
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from isofuzz.cases.store import read_case
from isofuzz.errors import UsageError
from isofuzz.history.entries import Completion, Entry, Invocation, Outcome
from isofuzz.oracles.hazard import HazardKind
from isofuzz.oracles.verdict import Verdict
from isofuzz.oracles.violation import Breach, Oracle
from isofuzz.runs.events import Event, Kept, LeakSeen, Phase, Progress, Shrinking, Started
from isofuzz.runs.profiles import Profile

if TYPE_CHECKING:
    from tests.integration.runs.conftest import Run

    from isofuzz.runs.summary import Summary

RunOf = Callable[[str], "Run"]
Done: TypeAlias = "tuple[Run, Summary]"


class TestHealthy:
    def test_a_healthy_system_is_isolated_and_nothing_is_missing(self, run_of_board: Done) -> None:
        _, summary = run_of_board
        assert (summary.verdict, summary.missing, summary.trouble, summary.findings) == (Verdict.ISOLATED, (), None, ())
        assert summary.exercised.delivered["Feed"]
        assert "Postgres" in summary.services
        assert set(summary.versions) == {"postgres"}

    def test_it_tells_what_it_does_in_order(self, run_of_board: Done) -> None:
        run, _ = run_of_board
        assert isinstance(run.events[0], Started)
        assert [event.name for event in run.events if isinstance(event, Phase)] == ["sweep", "find"]
        counts = [event.programs for event in run.events if isinstance(event, Progress)]
        assert counts == list(range(1, len(counts) + 1))

    def test_two_runs_with_one_seed_do_the_same(self, run_of_board: Done, run_of: RunOf) -> None:
        first, second = (summary.exercised for summary in (run_of_board[1], run_of("Board").to_the_end()))
        assert (first.operations, first.outcomes, first.cells) == (second.operations, second.outcomes, second.cells)


class TestLeak:
    def test_a_leak_is_found_shrunk_confirmed_and_kept(self, run_of: RunOf) -> None:
        run = run_of("Open")
        summary = run.to_the_end()
        assert summary.verdict is Verdict.LEAKED
        [finding] = summary.findings
        assert finding.case.fingerprint == "crossing:foreign:Room:search:write:Text"
        operations = [call.operation for call in finding.case.program.calls]
        assert sorted(operations) == ["enter", "enter", "found", "search", "write"]
        assert (str(finding.case.hit_rate), finding.case.shrunk, finding.case.cold) == ("2 of 2", True, True)
        assert read_case(finding.path) == finding.case
        assert [type(event) for event in run.events if isinstance(event, LeakSeen | Kept)] == [LeakSeen, Kept]
        phases = [event.name for event in run.events if isinstance(event, Phase)]
        assert phases == ["sweep", "shrink", "confirm"], "the findings of the profile are found, so nothing is drawn"

    def test_the_case_is_on_disk_when_the_leak_is_told(self, run_of: RunOf) -> None:
        run = run_of("Open")
        on_disk = []

        def look(event: Event) -> None:
            if isinstance(event, LeakSeen):
                on_disk.append(read_case(event.finding.path) == event.finding.case)
                raise KeyboardInterrupt

        run.to_the_end(listener=look)
        assert on_disk == [True]

    @pytest.mark.parametrize(
        ("moment", "steps"),
        [
            ("isinstance(event, LeakSeen)", None),  # before the next step
            ("isinstance(event, Shrinking) and event.steps < event.steps_found", None),
            ("event == Phase('confirm')", 5),
        ],
        ids=["when it is seen", "while it is shrunk", "while it is confirmed"],
    )
    def test_the_case_outlives_the_death_of_the_whole_process(
        self, tmp_path: Path, moment: str, steps: int | None
    ) -> None:
        """Killed at that moment: nothing had the time to clean up. What was smallest until then is there."""
        systems = Path(__file__).with_name("systems.py")
        program = f"""
            import os, signal
            from pathlib import Path
            from isofuzz.runs.events import LeakSeen, Phase, Shrinking
            from isofuzz.runs.profiles import PROFILES
            from isofuzz.runs.request import RunRequest
            from isofuzz.runs.run import run
            from isofuzz.runs.targets import find_target

            def die(event):
                if {moment}:
                    os.kill(os.getpid(), signal.SIGKILL)

            name = "{systems}:Open"
            run(RunRequest(name, find_target(name), PROFILES["dev"], cases=Path("cases")), die)
        """
        died = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], cwd=tmp_path, timeout=60, check=False)
        assert died.returncode == -9
        [path] = (tmp_path / "cases").iterdir()
        case = read_case(path)
        assert case.fingerprint == "crossing:foreign:Room:search:write:Text"
        if "LeakSeen" in moment:
            assert case.steps_found == len(case.program)
        else:
            assert len(case.program) < case.steps_found
        assert steps in (None, len(case.program))
        assert (case.shrunk, case.cold) == (None, None)

    def test_a_reply_that_utf_8_cannot_carry_does_not_lose_the_leak(self, run_of: RunOf) -> None:
        summary = run_of("HalfText").to_the_end()
        assert summary.verdict is Verdict.LEAKED
        [finding] = summary.findings
        assert read_case(finding.path) == finding.case

    def test_only_what_is_asked_for_is_reported(self, run_of: RunOf) -> None:
        summary = run_of("Open").to_the_end(only=frozenset({Oracle.DELIVERY}))
        assert summary.findings == ()
        assert summary.verdict is Verdict.ISOLATED


class TestShapes:
    def test_a_read_of_several_rooms_is_about_all_of_them(self, run_of: RunOf) -> None:
        summary = run_of("Batch").to_the_end()
        assert (summary.verdict, summary.missing) == (Verdict.ISOLATED, ())

    def test_a_foreign_room_beside_an_own_one(self, run_of: RunOf) -> None:
        [finding] = run_of("HalfCheckedBatch").to_the_end().findings
        assert finding.case.fingerprint == "crossing:foreign:Room:read_several:write:Text"

    def test_replies_that_are_mixed_up_where_reads_overlap(self, run_of: RunOf) -> None:
        summary = run_of("MixedUp").to_the_end()
        assert summary.verdict is Verdict.LEAKED
        assert summary.findings[0].case.violation.observer == "read"

    def test_who_signs_up_and_in_in_two_steps(self, run_of: RunOf) -> None:
        summary = run_of("TwoSteps").to_the_end()
        assert (summary.verdict, summary.missing) == (Verdict.ISOLATED, ())


class TestRare:
    """A leak that does not show every time is kept, with how often it did."""

    def test_a_leak_that_shows_now_and_then(self, run_of: RunOf) -> None:
        summary = run_of("Racy").to_the_end()
        assert summary.verdict is Verdict.LEAKED
        [finding] = summary.findings
        assert finding.case.fingerprint == "crossing:foreign:Room:search:write:Text"
        assert 1 <= finding.case.hit_rate.seen <= finding.case.hit_rate.runs
        assert read_case(finding.path) == finding.case

    def test_a_leak_that_showed_once_and_never_again(
        self, run_of: RunOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ISOFUZZ_TEST_MARKER", str(tmp_path / "leaked"))
        summary = run_of("OnceEver").to_the_end()
        assert summary.verdict is Verdict.LEAKED
        [finding] = summary.findings
        assert finding.case.hit_rate.seen == 1
        assert finding.case.hit_rate.runs > 1
        assert (finding.case.shrunk, finding.case.cold, summary.verdict.exit_code) == (None, False, 1)
        assert finding.case.was_seen_only_when_found
        assert len(finding.case.program) == finding.case.steps_found

    def test_a_leak_that_shows_once_on_each_system_is_shrunk_each_time_on_a_new_one(self, run_of: RunOf) -> None:
        summary = run_of("Once").to_the_end()
        [finding] = summary.findings
        assert (str(finding.case.hit_rate), finding.case.cold) == ("2 of 2", True)
        assert finding.case.shrunk is not None
        assert len(finding.case.program) < finding.case.steps_found


NOT_COMPARED = {
    *(f"{name} was never compared with what it shows without the others" for name in ("clear", "put_out")),
    "put_out was never asked about a foreign room, between two that never existed, with answers that can be compared",
}
"""Where nobody knows whether a room was cleared, nothing is compared from there on."""


class TestVacuous:
    """What shows nothing cannot leak, and is not green for it."""

    @pytest.mark.parametrize(
        ("system", "reasons"),
        [
            ("Blind", {"search never showed any Text"}),
            ("Hermit", {"put_out never succeeded for an entitled user"}),
            (
                "MuteAndPrivate",
                {
                    "let_in never succeeded for an entitled user",
                    "put_out never took away a right that was there",
                    "no Feed ever had to deliver an event and did",
                },
            ),
        ],
    )
    def test_it_is_inconclusive_and_says_why(self, run_of: RunOf, system: str, reasons: set[str]) -> None:
        summary = run_of(system).to_the_end()
        assert (summary.verdict, summary.trouble) == (Verdict.INCONCLUSIVE, None)
        assert set(summary.missing) == reasons

    @pytest.mark.parametrize(
        ("system", "error"),
        [
            ("Faulty", "ZeroDivisionError: a fault of the system"),
            ("Unspeaking", "Unspeakable (which cannot be written as text)"),
            ("Cancelling", "CancelledError: the connection was given up"),
        ],
    )
    def test_what_was_unexpected_is_counted_and_listed(self, run_of: RunOf, system: str, error: str) -> None:
        summary = run_of(system).to_the_end()
        assert (summary.verdict, summary.trouble) == (Verdict.INCONCLUSIVE, None)
        assert summary.exercised.unexpected["clear", error]
        never_ended = {reason for reason in summary.missing if "an ended" in reason}
        assert set(summary.missing) - never_ended == {"clear never succeeded for an entitled user", *NOT_COMPARED}

    def test_a_read_that_shows_nothing_lacks_something(self, run_of: RunOf) -> None:
        summary = run_of("Blank").to_the_end()
        assert summary.verdict is Verdict.LEAKED
        assert [finding.case.violation.breach for finding in summary.findings] == [Breach.MISSING]

    def test_an_event_that_a_barrier_shows_to_be_absent_is_not_delivered(self, run_of: RunOf) -> None:
        summary = run_of("Mute").to_the_end()
        assert summary.verdict is Verdict.LEAKED
        assert [finding.case.violation.breach for finding in summary.findings] == [Breach.UNDELIVERED]


class TestTrouble:
    def test_a_system_that_does_not_start(self, run_of: RunOf) -> None:
        summary = run_of("NotStarting").to_the_end()
        assert summary.verdict is Verdict.ERROR
        assert summary.trouble == (
            "the system under test of NotStarting did not start: OSError: cannot start\n"
            "Its log ends:\n  | no paper, password=***"
        )

    def test_a_system_that_hangs_at_its_start(self, run_of: RunOf) -> None:
        summary = run_of("HangingAtStart").to_the_end()
        assert summary.verdict is Verdict.ERROR
        assert summary.trouble == (
            "the system under test of HangingAtStart was not up after 0.2 s; `start_within` says how long to wait\n"
            "Its log ends:\n  | waiting for paper"
        )

    def test_a_system_that_dies(self, run_of: RunOf) -> None:
        summary = run_of("Dying").to_the_end()
        assert summary.verdict is Verdict.ERROR
        assert summary.trouble
        assert summary.trouble.startswith("the system under test of Dying died: ")
        assert "RuntimeError: out of memory" in summary.trouble
        assert "\n  | the last line of the log" in summary.trouble

    def test_a_system_that_stops_answering(self, run_of: RunOf) -> None:
        summary = run_of("Silent").to_the_end()
        assert summary.verdict is Verdict.ERROR
        assert summary.trouble
        assert summary.trouble.startswith(
            "the system under test of Silent answered none of the last 40 operations; the last ended with TimeoutError"
        )

    def test_a_system_that_never_comes_to_rest(self, run_of: RunOf) -> None:
        summary = run_of("Endless").to_the_end()
        assert summary.verdict is Verdict.ERROR
        assert summary.trouble
        assert "`quiesce` did not return within 0.2 s" in summary.trouble

    def test_connections_that_break_are_no_crash(self, run_of: RunOf) -> None:
        summary = run_of("Torn").to_the_end()
        assert summary.verdict in (Verdict.INCONCLUSIVE, Verdict.ERROR)

    def test_a_system_that_would_end_the_process_is_no_verdict(self, run_of: RunOf) -> None:
        summary = run_of("Leaving").to_the_end()
        assert summary.verdict is Verdict.INCONCLUSIVE
        assert "clear never succeeded for an entitled user" in summary.missing

    def test_a_system_that_ends_the_process_at_its_start(self, run_of: RunOf) -> None:
        summary = run_of("LeavingAtStart").to_the_end()
        assert summary.verdict is Verdict.ERROR
        assert summary.trouble
        assert "did not start: RuntimeError: it called sys.exit(3)" in summary.trouble

    def test_a_system_that_cannot_be_reset(self, run_of: RunOf) -> None:
        summary = run_of("Unresettable").to_the_end()
        assert summary.verdict is Verdict.ERROR
        assert summary.trouble
        assert "`reset` failed: ConnectionRefusedError: nobody there" in summary.trouble

    def test_a_leak_outranks_a_reset_that_fails(self, run_of: RunOf) -> None:
        summary = run_of("OpenUntilReset").to_the_end()
        assert summary.verdict is Verdict.LEAKED
        assert summary.trouble
        assert "`reset` failed" in summary.trouble

    def test_a_leak_outranks_the_death_that_follows(self, run_of: RunOf) -> None:
        summary = run_of("OpenThenDead").to_the_end()
        assert summary.verdict is Verdict.LEAKED
        assert summary.trouble
        assert "out of memory" in summary.trouble
        [finding] = summary.findings
        assert read_case(finding.path) == finding.case


class TestInterruption:
    @pytest.mark.parametrize("moment", [Started, Progress])
    def test_without_a_leak_nothing_can_be_concluded(self, run_of: RunOf, moment: type[Event]) -> None:
        summary = run_of("Board").to_the_end(listener=interrupting(moment))
        assert summary.verdict is Verdict.INCONCLUSIVE
        assert summary.trouble
        assert summary.trouble.startswith("interrupted: ")

    def test_what_was_smallest_until_then_is_kept(self, run_of: RunOf) -> None:
        sizes = []

        def interrupt(event: Event) -> None:
            if isinstance(event, Shrinking) and event.steps < event.steps_found:
                sizes.append(event.steps)
                raise KeyboardInterrupt

        [finding] = run_of("Open").to_the_end(listener=interrupt).findings
        assert [len(finding.case.program)] == [len(read_case(finding.path).program)] == sizes
        assert (finding.case.shrunk, finding.case.cold) == (None, None)

    @pytest.mark.parametrize("moment", [LeakSeen, Shrinking])
    def test_a_leak_stays_a_leak(self, run_of: RunOf, moment: type[Event]) -> None:
        summary = run_of("Open").to_the_end(listener=interrupting(moment))
        assert summary.verdict is Verdict.LEAKED
        assert summary.trouble
        assert summary.trouble.startswith("interrupted: ")
        [finding] = summary.findings
        assert read_case(finding.path) == finding.case

    def test_while_hypothesis_draws(self, run_of: RunOf) -> None:
        run = run_of("Board")

        def interrupt(event: Event) -> None:
            if isinstance(event, Progress) and Phase("find") in run.events:
                raise KeyboardInterrupt

        summary = run.to_the_end(listener=interrupt)
        assert summary.verdict is Verdict.INCONCLUSIVE
        assert summary.missing == ()
        assert summary.trouble
        assert summary.trouble.startswith("interrupted: ")


def interrupting(moment: type[Event]) -> Callable[[Event], None]:
    """A listener that is interrupted, as by Ctrl-C, when it hears of this."""

    def interrupt(event: Event) -> None:
        if isinstance(event, moment):
            raise KeyboardInterrupt

    return interrupt


class TestSessions:
    """A leak that takes ten at once, of which programs by themselves have no more than four."""

    def test_without_them_it_is_not_seen(self, run_of: RunOf) -> None:
        assert run_of("Crowded").to_the_end().verdict is Verdict.ISOLATED

    @pytest.mark.long
    def test_with_them_it_is_found_and_shrunk_to_what_it_takes(self, run_of: RunOf) -> None:
        run = run_of("Crowded")
        patient = Profile("patient", programs=5, steps=8, seconds=10, findings=1, shrink_seconds=120)
        summary = run.to_the_end(profile=patient, sessions=12)
        assert (summary.verdict, summary.sessions) == (Verdict.LEAKED, 12)
        assert most_at_once(run.seen[0].finding.case.history) == 12
        finding = summary.findings[0]
        assert finding.case.fingerprint == "crossing:foreign:Room:read:write:Text"
        operations = Counter(call.operation for call in finding.case.program.calls)
        assert operations == {"enter": 2, "found": 2, "write": 1, "read": 10}
        assert (str(finding.case.hit_rate), finding.case.cold) == ("2 of 2", True)

    def test_a_healthy_system_is_isolated(self, run_of: RunOf) -> None:
        summary = run_of("Board").to_the_end(sessions=12)
        assert (summary.verdict, summary.missing) == (Verdict.ISOLATED, ())
        assert summary.exercised.unexpected == {}

    @pytest.mark.parametrize("sessions", [-1, 0, 1, 65])
    def test_as_many_as_no_program_can_have(self, run_of: RunOf, sessions: int) -> None:
        with pytest.raises(UsageError, match=rf"^{sessions} sessions cannot act at the same time .* from 2 to 64"):
            run_of("Board").to_the_end(sessions=sessions)


def most_at_once(history: Sequence[Entry]) -> int:
    """How many operations were under way at the same time, at the most."""
    changes = [isinstance(entry, Invocation) - isinstance(entry, Completion) for entry in history]
    return max(accumulate(changes))


class TestLatencyBudget:
    """An operation that is slower than it may be is a hazard: no leak, unless the run is strict."""

    def test_it_is_told_and_isolation_is_not_in_doubt(self, run_of: RunOf) -> None:
        summary = run_of("Budgeted").to_the_end()
        assert (summary.verdict, summary.unjudged) == (Verdict.ISOLATED, ())
        [hazard] = summary.hazards
        assert (hazard.kind, hazard.subject) == (HazardKind.OVER_BUDGET, "read")

    def test_of_a_strict_run_it_is_a_leak(self, run_of: RunOf) -> None:
        summary = run_of("Budgeted").to_the_end(strict=True)
        assert (summary.verdict, summary.verdict.exit_code, summary.findings) == (Verdict.LEAKED, 1, ())

    def test_every_operation_that_answered_was_measured(self, run_of_board: Done) -> None:
        exercised = run_of_board[1].exercised
        answered: Counter[str] = Counter()
        for (operation, _), count in exercised.outcomes.items():
            answered[operation] += count
        measured = Counter({name: latency.count for name, latency in exercised.latency.items()})
        assert measured.keys() == answered.keys()
        assert measured <= answered
        # Who takes turns waits for others, and what goes wrong on purpose is quick.
        gone_wrong = sum(count for (_, outcome), count in exercised.outcomes.items() if outcome is Outcome.INFO)
        assert answered.total() - measured.total() <= exercised.took_turns + gone_wrong


class TestBudget:
    def test_no_time_at_all_still_sweeps(self, run_of: RunOf) -> None:
        summary = run_of("Board").to_the_end(profile=Profile("none", 10, 5, 0, 1, 0))
        assert (summary.verdict, summary.missing) == (Verdict.ISOLATED, ())

    def test_a_finding_that_cannot_be_shrunk_in_time_is_kept_as_it_was(self, run_of: RunOf) -> None:
        summary = run_of("Open").to_the_end(profile=Profile("none", 10, 5, 0, 1, 0))
        [finding] = summary.findings
        assert len(finding.case.program) <= finding.case.steps_found
        assert (finding.case.shrunk, finding.case.cold) == (False, True)
        assert summary.as_json()["findings"][0]["shrunk"] is False


def test_no_credential_of_this_process_is_in_a_case(run_of: RunOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_KEY", "hunter2hunter2")
    run = run_of("Open")
    run.to_the_end(listener=interrupting(LeakSeen))
    [seen] = run.seen
    assert "hunter2hunter2" in os.environ.values()
    assert "hunter2hunter2" not in seen.finding.path.read_text()
