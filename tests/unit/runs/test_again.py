"""What running a case again says, and which program is run next."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from isofuzz.cases.case import Case, HitRate
from isofuzz.history.entries import Completion, Entry, Invocation, Outcome, Skipped, Struck
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.faults import FaultKind
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Burst, Call, Fault, Literal, Program, Ref
from isofuzz.runs.again import Again, Conclusion, ReplayVerdict, why_untested
from isofuzz.runs.reproduction import Trial

SIGN_IN = Call(1, "sign_in", {"name": Literal("ada")})
LOOK = Call(2, "list_threads", {"me": Ref(1, 1)})
TWO = Call(3, "list_threads", {"me": Ref(1, 1)})
DONE = [Completion(1, Outcome.OK), Completion(2, Outcome.REFUSED)]
SERIAL = Program.serial(SIGN_IN, LOOK)
RACE = Program((Burst((SIGN_IN,)), Burst((LOOK, TWO), Schedule.of([0, 1]))))
ALL_DONE = [*DONE, Completion(3, Outcome.OK)]
UNFIT = "the schedule 01 of steps 2 and 3 no longer fits from its decision 2 on"
CASE = Case(
    target="chat",
    defect=None,
    violation=Violation(Oracle.CROSSING, Breach.FOREIGN, 3, Ref(1), "program", "list_threads", serial=-1),
    explanation="",
    program=SERIAL,
    history=(),
    found="",
    services="",
)
CARRIED = replace(CASE, earlier=(Program.serial(SIGN_IN), SERIAL))
RACY = replace(CASE, program=RACE)

Happened = Sequence[Entry]


def execution(
    program: Program, history: Happened, diverged: Iterable[str] = (), uncontrolled: Iterable[str] = ()
) -> Any:
    return SimpleNamespace(
        program=program,
        history=list(history),
        turns=SimpleNamespace(diverged=list(diverged), uncontrolled=frozenset(uncontrolled)),
    )


def clean(program: Program = SERIAL, history: Happened = DONE, *, diverged: Iterable[str] = ()) -> Trial:
    return Trial((execution(program, history, diverged),), None)


def shown(program: Program = SERIAL, history: Happened = DONE) -> Trial:
    return Trial((execution(program, history),), CASE)


def taken(program: Program, *decisions: int) -> Program:
    """What was executed of it, with its last burst in this order."""
    return Program((*program.bursts[:-1], replace(program.bursts[-1], schedule=Schedule.of(decisions))))


def after(again: Again, *trials: Trial) -> Conclusion:
    """What it concludes if these come one after the other, and no more are wanted."""
    for trial in trials:
        assert again.next()
        again.add(trial)
    assert again.is_over
    return again.concluded()


class TestUntested:
    @pytest.mark.parametrize(
        ("histories", "reason"),
        [
            ((DONE[:1], DONE, DONE), None),
            (
                (DONE[:1], DONE, [*DONE[:1], Skipped(2, "list_threads")]),
                "step 2 (list_threads) could not be executed: what it refers to was not created",
            ),
            (
                (DONE[:1], DONE[:1], DONE),
                "step 2 of earlier program 2 (list_threads) could not be executed: what it refers to was not created",
            ),
            (
                ([Completion(1, Outcome.INFO)], DONE, DONE),
                "step 1 of earlier program 1 (sign_in) ended unexpectedly, so a clean run says nothing",
            ),
        ],
    )
    def test_a_step_that_did_not_come_to_its_end(self, histories: tuple[Happened, ...], reason: str | None) -> None:
        executions = tuple(execution(SERIAL, history) for history in histories)
        assert why_untested(CARRIED, Trial(executions, None)) == reason

    def test_a_fault_that_did_not_happen(self) -> None:
        [first, last] = RACE.bursts
        struck = replace(CASE, program=Program((first, replace(last, faults=(Fault(9, FaultKind.ABORT, Ref(1)),)))))
        reason = why_untested(struck, clean(struck.program, ALL_DONE))
        assert reason == "fault 9 (abort) could not happen, so a clean run says nothing"
        happened: Happened = [*ALL_DONE, Struck(9, FaultKind.ABORT, Ref(1))]
        assert why_untested(struck, clean(struck.program, happened)) is None

    def test_what_was_under_way_while_the_system_was_restarted_did_not_have_to_come_to_its_end(self) -> None:
        [first, last] = RACE.bursts
        program = Program((first, replace(last, faults=(Fault(9, FaultKind.RESTART, Ref(1)),))))
        restarted = replace(CASE, program=program)
        began: Happened = [DONE[0], Struck(9, FaultKind.RESTART, Ref(1))]
        lost: Happened = [*began, *(Completion(call.number, Outcome.INFO) for call in last.calls)]
        assert why_untested(restarted, clean(program, lost)) is None
        reason = why_untested(restarted, clean(program, began))
        assert reason
        assert reason.endswith("could not be executed: what it refers to was not created")

    def test_steps_that_took_turns_and_were_left_to_chance(self) -> None:
        left_to_chance = Program((*RACE.bursts[:-1], replace(RACE.bursts[-1], schedule=None)))
        reason = why_untested(RACY, clean(left_to_chance, ALL_DONE))
        assert reason == (
            "nobody controlled who moves when, as somebody did when it was found, so a clean run says nothing"
        )

    @pytest.mark.parametrize("compared", [True, False])
    def test_a_comparison_that_compared_nothing(self, compared: bool) -> None:
        case = replace(CASE, violation=replace(CASE.violation, oracle=Oracle.NONINTERFERENCE))
        reason = why_untested(case, replace(clean(), compared=compared))
        assert (reason is None) is compared


class TestVerdict:
    def test_it_is_enough_once_it_has_shown(self) -> None:
        again = Again(CASE, most=5)
        assert after(again, clean(), shown()) == Conclusion(ReplayVerdict.STILL_LEAKS, "it showed in 1 of 2 runs")
        assert again.shown is CASE

    def test_all_are_run_if_all_are_wanted(self) -> None:
        concluded = after(Again(CASE, most=2, all_of_them=True), shown(), shown())
        assert concluded.reason == "it showed in 2 of 2 runs, all histories the same"

    def test_clean_as_often_as_its_hit_rate_demands(self) -> None:
        assert after(Again(CASE, most=2), clean(), clean()) == Conclusion(ReplayVerdict.NO_LONGER, "clean in 2 runs")

    def test_clean_but_not_often_enough(self) -> None:
        racy = replace(CASE, hit_rate=HitRate(1, 2))
        concluded = after(Again(racy, most=2), clean(), clean())
        reason = "clean in 2 runs, but at its hit rate of 1 of 2 it takes 5"
        assert concluded == Conclusion(ReplayVerdict.UNDECIDED, reason)

    def test_a_clean_run_that_says_nothing_is_none(self) -> None:
        concluded = after(Again(CASE, most=2), clean(), clean(history=DONE[:1]))
        assert concluded.verdict is ReplayVerdict.UNDECIDED
        assert concluded.reason.startswith("step 2 (list_threads) could not be executed")

    def test_clean_without_what_is_gone_says_nothing(self) -> None:
        concluded = after(Again(CASE, most=1, left_out=("no `shout`",)), clean())
        reason = "clean in 1 runs, which says nothing; without what the target no longer has: no `shout`"
        assert concluded == Conclusion(ReplayVerdict.UNDECIDED, reason)

    def test_what_leaks_without_what_is_gone_leaks(self) -> None:
        concluded = after(Again(CASE, most=1, left_out=("no `shout`",)), shown())
        assert concluded.verdict is ReplayVerdict.STILL_LEAKS
        assert concluded.reason.endswith("; without what the target no longer has: no `shout`")


class TestInterrupted:
    def test_before_it_ran(self) -> None:
        concluded = Again(CASE, most=5).concluded(interrupted=True)
        assert concluded == Conclusion(ReplayVerdict.UNDECIDED, "interrupted before it ran")

    def test_while_it_was_clean(self) -> None:
        again = Again(CASE, most=5)
        again.add(clean())
        concluded = again.concluded(interrupted=True)
        assert concluded == Conclusion(ReplayVerdict.UNDECIDED, "interrupted after 1 clean runs of 5")

    def test_a_leak_that_was_seen_is_told(self) -> None:
        again = Again(CASE, most=5, all_of_them=True)
        again.add(shown())
        concluded = again.concluded(interrupted=True)
        assert concluded == Conclusion(ReplayVerdict.STILL_LEAKS, "it showed in 1 of 1 runs; interrupted after that")


class TestSameness:
    STARTED = Invocation.of(SIGN_IN, {})
    OTHERWISE: Happened = (STARTED, Completion(1, Outcome.REFUSED), DONE[1])

    def test_the_first_difference_is_named(self) -> None:
        again = Again(CASE, most=4, all_of_them=True)
        same = shown(history=(self.STARTED, *DONE))
        other = shown(history=self.OTHERWISE)
        concluded = after(again, same, same, other, other)
        assert concluded.verdict is ReplayVerdict.STILL_LEAKS
        assert concluded.reason == (
            "it showed in 4 of 4 runs; run 3 differs from the first in step 1 (sign_in): "
            "the first time it succeeded; the second time it was refused"
        )

    def test_what_nobody_controls_is_named_with_it(self) -> None:
        again = Again(CASE, most=2, all_of_them=True)
        chance = Trial((execution(SERIAL, self.OTHERWISE, uncontrolled=["a clock"]),), CASE)
        concluded = after(again, shown(history=(self.STARTED, *DONE)), chance)
        assert concluded.reason.endswith(" (nobody controls: a clock)")

    def test_nothing_is_said_of_runs_that_nobody_asked_for(self) -> None:
        assert after(Again(CASE, most=2), clean(), clean(history=self.OTHERWISE)).reason == "clean in 2 runs"


class TestOtherOrders:
    """The race was mended, so the steps can no longer take turns as they did."""

    def mended(self, **wishes: Any) -> Again:
        """The case, run as often as it takes in its own order, which did not fit."""
        again = Again(RACY, most=2, **wishes)
        for _ in range(2):
            assert again.next() == RACE
            again.add(clean(taken(RACE), ALL_DONE, diverged=[UNFIT]))
        return again

    def orders(self, again: Again) -> list[Program]:
        orders = []
        while program := again.next():
            orders.append(program)
            again.add(clean(program, ALL_DONE))
        return orders

    def test_clean_in_all_of_them_it_leaks_no_longer(self) -> None:
        again = self.mended()
        orders = self.orders(again)
        assert len({order.bursts[1].schedule for order in orders}) == len(orders) == 24
        assert all(order.bursts[0] == RACE.bursts[0] for order in orders)
        assert again.concluded() == Conclusion(ReplayVerdict.NO_LONGER, f"{UNFIT}; clean in 24 other orders")
        assert again.runs == again.most == 26

    def test_only_orders_that_differ_count(self) -> None:
        again = self.mended()
        while again.next():
            again.add(clean(taken(RACE, 1), ALL_DONE))
        assert again.concluded().reason.endswith("; clean in 1 other orders")

    def test_one_of_them_shows_it(self) -> None:
        again = self.mended()
        again.add(clean(taken(RACE), ALL_DONE))
        reason = f"{UNFIT}; it showed in another order, 1"
        assert after(again, shown(taken(RACE, 1), ALL_DONE)) == Conclusion(ReplayVerdict.STILL_LEAKS, reason)

    def test_one_that_says_nothing_leaves_it_undecided(self) -> None:
        concluded = after(self.mended(), clean(taken(RACE), DONE))
        assert concluded.verdict is ReplayVerdict.UNDECIDED
        assert concluded.reason.startswith(f"{UNFIT}; step 3 (list_threads) could not be executed")

    def test_each_is_run_as_often_as_the_hit_rate_demands(self) -> None:
        again = Again(replace(RACY, hit_rate=HitRate(1, 2)), most=1)
        again.add(clean(taken(RACE), ALL_DONE, diverged=[UNFIT]))
        assert len(self.orders(again)) == 24 * 5

    def test_none_is_tried_if_they_are_not_wanted(self) -> None:
        assert after(self.mended(other_orders=False)) == Conclusion(ReplayVerdict.UNDECIDED, UNFIT)

    def test_none_is_tried_where_something_goes_wrong_meanwhile(self) -> None:
        """When that would be, no plain order says."""
        [first, last] = RACE.bursts
        struck = Program((first, replace(last, faults=(Fault(9, FaultKind.CANCEL, Ref(2)),))))
        happened: Happened = [*ALL_DONE, Struck(9, FaultKind.CANCEL, Ref(2))]
        again = Again(replace(CASE, program=struck), most=1)
        concluded = after(again, clean(taken(struck), happened, diverged=[UNFIT]))
        assert concluded == Conclusion(ReplayVerdict.UNDECIDED, UNFIT)

    def test_none_is_tried_for_an_earlier_program(self) -> None:
        again = Again(replace(CASE, earlier=(RACE,)), most=1)
        before = execution(taken(RACE), ALL_DONE, [UNFIT])
        concluded = after(again, Trial((before, execution(SERIAL, DONE)), None))
        assert concluded == Conclusion(ReplayVerdict.UNDECIDED, f"{UNFIT} of earlier program 1")

    def test_none_is_tried_where_an_earlier_program_does_not_fit_either(self) -> None:
        again = Again(replace(RACY, earlier=(RACE,)), most=1)
        before, own = (execution(taken(RACE), ALL_DONE, [UNFIT]) for _ in range(2))
        concluded = after(again, Trial((before, own), None))
        assert concluded == Conclusion(ReplayVerdict.UNDECIDED, f"{UNFIT} of earlier program 1")

    def test_what_fits_in_its_own_order_needs_no_other(self) -> None:
        concluded = after(Again(RACY, most=1), clean(RACE, ALL_DONE))
        assert concluded == Conclusion(ReplayVerdict.NO_LONGER, "clean in 1 runs")
