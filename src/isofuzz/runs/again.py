"""A case that is run again: which program comes next, and what all of them say together. It executes nothing itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from isofuzz.cases.case import Case, HitRate
from isofuzz.engine.interpreter import Execution
from isofuzz.history.entries import History, Struck
from isofuzz.history.sameness import first_difference
from isofuzz.oracles.violation import Oracle
from isofuzz.program.prune import scheduled
from isofuzz.program.schedule import Schedule, plain_orders
from isofuzz.program.steps import Burst, Program
from isofuzz.runs.fitting import programs
from isofuzz.runs.reproduction import Trial, tries_for
from isofuzz.runs.untested import why_unfinished

_UNCONTROLLED = "nobody controlled who moves when, as somebody did when it was found, so a clean run says nothing"
_UNCOMPARED = "nothing was left out for its user, or they observed nothing, so a clean run says nothing"


class ReplayVerdict(Enum):
    """What running a case again says."""

    STILL_LEAKS = "STILL LEAKS"
    NO_LONGER = "NO LONGER"
    CANNOT_RUN = "CANNOT RUN"
    UNDECIDED = "UNDECIDED"

    @property
    def exit_code(self) -> int:
        """1 still leaks, 0 no longer, 2 cannot run, 3 undecided."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    ReplayVerdict.STILL_LEAKS: 1,
    ReplayVerdict.NO_LONGER: 0,
    ReplayVerdict.CANNOT_RUN: 2,
    ReplayVerdict.UNDECIDED: 3,
}


@dataclass(frozen=True)
class Conclusion:
    """A verdict, and in words why it is no other."""

    verdict: ReplayVerdict
    reason: str


class Again:
    """One case that is run again, up to `most` times; it is enough once it has shown, unless `all_of_them` are to be.

    Steps that take turns may no longer be able to in the order of the case, for instance because a race was mended by
    a lock. Then `other_orders` are tried as well, the plain ones. `left_out`: what of the case the target no longer
    has, in words.
    """

    def __init__(
        self,
        case: Case,
        *,
        most: int,
        all_of_them: bool = False,
        other_orders: bool = True,
        left_out: Sequence[str] = (),
    ) -> None:
        self.case = case
        self.most = most
        self.runs = 0
        self.seen = 0
        self.shown: Case | None = None
        self._all = all_of_them
        self._left_out = left_out
        self._untested: str | None = None
        self._unfit: str | None = None
        self._unfit_bursts: set[int] = set()
        self._first: list[History] | None = None
        self._difference: str | None = None
        self._tries_orders = other_orders
        self._orders: list[Program] | None = None
        self._before_orders = 0
        self._orders_run: set[tuple[Schedule | None, ...]] = set()
        self._shown_in_order: Program | None = None

    @property
    def hit_rate(self) -> HitRate:
        """How often it showed, of all runs."""
        return HitRate(self.seen, self.runs)

    @property
    def is_over(self) -> bool:
        """Is what there is to know known?"""
        return self.next() is None

    def next(self) -> Program | None:
        """The program to be run next, after the earlier ones of the case; None: there is none."""
        if self._orders is None:
            if self.runs < self.most and (self._all or not self.seen):
                return self.case.program
            self._orders = [] if self.seen or self._untested else self._other_orders()
            self._before_orders = self.runs
            self.most += len(self._orders)
        place = self.runs - self._before_orders
        return None if self.seen or self._untested or place >= len(self._orders) else self._orders[place]

    def add(self, trial: Trial) -> None:
        """Take in what came of running it."""
        self.runs += 1
        self.seen += trial.shown is not None
        self.shown = trial.shown or self.shown
        if not trial.shown:
            self._untested = self._untested or why_untested(self.case, trial)
        if self._orders is None:
            self._compare(trial)
            self._note_unfit(trial)
        else:
            executed = trial.execution.program
            self._orders_run.add(tuple(burst.schedule for burst in executed.bursts))
            self._shown_in_order = executed if trial.shown else None

    def concluded(self, *, interrupted: bool = False) -> Conclusion:
        """What it says, as far as it got."""
        verdict, words = self._concluded()
        if not interrupted:
            return Conclusion(verdict, words)
        if self.seen:
            return Conclusion(verdict, f"{words}; interrupted after that")
        clean = f"interrupted after {self.runs} clean runs of {self.most}" if self.runs else "interrupted before it ran"
        return Conclusion(ReplayVerdict.UNDECIDED, clean)

    def _concluded(self) -> tuple[ReplayVerdict, str]:
        needed = tries_for(self.case.hit_rate)
        without = f"; without what the target no longer has: {', '.join(self._left_out)}" if self._left_out else ""
        if self._shown_in_order:
            turns = " and ".join(f"{burst.schedule}" for burst in _taking_turns(self._shown_in_order))
            return ReplayVerdict.STILL_LEAKS, f"{self._unfit}; it showed in another order, {turns}{without}"
        if self.seen:
            return ReplayVerdict.STILL_LEAKS, f"it showed in {self.hit_rate} runs{self._sameness()}{without}"
        if self._untested:
            return ReplayVerdict.UNDECIDED, "; ".join(filter(None, (self._unfit, self._untested)))
        if self._unfit and not self._orders_run:
            return ReplayVerdict.UNDECIDED, self._unfit
        if self._left_out:
            return ReplayVerdict.UNDECIDED, f"clean in {self.runs} runs, which says nothing{without}"
        if self._unfit:
            return ReplayVerdict.NO_LONGER, f"{self._unfit}; clean in {len(self._orders_run)} other orders"
        if self.runs < needed:
            reason = f"clean in {self.runs} runs, but at its hit rate of {self.case.hit_rate} it takes {needed}"
            return ReplayVerdict.UNDECIDED, reason
        return ReplayVerdict.NO_LONGER, f"clean in {self.runs} runs{self._sameness()}"

    # -- whether all runs did the same

    def _compare(self, trial: Trial) -> None:
        """Note where its histories first differ from those of the first run."""
        histories = [execution.history for execution in trial.executions]
        if self._first is None:
            self._first = histories
        elif self._all and self._difference is None:
            pairs = zip(self._first, histories, strict=True)
            found = next(filter(None, (first_difference(first, second) for first, second in pairs)), None)
            if found:
                reasons = {reason for execution in trial.executions for reason in execution.turns.uncontrolled}
                uncontrolled = f" (nobody controls: {'; '.join(sorted(reasons))})" if reasons else ""
                self._difference = f"run {self.runs} differs from the first in {found}{uncontrolled}"

    def _sameness(self) -> str:
        if not self._all or self.runs < 2:
            return ""
        return f"; {self._difference}" if self._difference else ", all histories the same"

    # -- other orders

    def _note_unfit(self, trial: Trial) -> None:
        """Note which of its bursts did not take turns as the case says."""
        for (_, of), execution in zip(programs(self.case), trial.executions, strict=True):
            if execution.turns.diverged:
                self._unfit = self._unfit or execution.turns.diverged[0] + of
        if any(execution.turns.diverged for execution in trial.executions[:-1]):
            self._tries_orders = False  # only those of its own program are
        if trial.execution.turns.diverged:
            bursts = zip(self.case.program.bursts, trial.execution.program.bursts, strict=False)  # it may have shown
            self._unfit_bursts |= {
                index
                for index, (burst, executed) in enumerate(bursts)
                if burst.schedule is not None and burst.schedule != executed.schedule
            }

    def _other_orders(self) -> list[Program]:
        """The program with its unfit bursts in each plain order, as often as its hit rate demands.

        None where something was to go wrong meanwhile: when it would, no plain order says.
        """
        unfit = [self.case.program.bursts[index] for index in self._unfit_bursts]
        if not self._tries_orders or not unfit or any(burst.faults for burst in unfit):
            return []
        orders = []
        for schedule in plain_orders():
            program = self.case.program
            for index in self._unfit_bursts:
                program = scheduled(program, index, schedule)
            orders += [program] * tries_for(self.case.hit_rate)
        return orders


def why_untested(case: Case, trial: Trial) -> str | None:
    """Why this clean trial says nothing, whatever the order: a step that the story needs did not come to its end.

    Or what is controlled where it was found is not here, or nothing was compared.
    """
    compared = case.violation.oracle is Oracle.NONINTERFERENCE  # one step after the other, so no fault happens
    for (program, of), execution in zip(programs(case), trial.executions, strict=True):
        if reason := why_unfinished(program, execution, of):
            return reason
        happened = {entry.step for entry in execution.history if isinstance(entry, Struck)}
        for fault in program.faults:
            if fault.number not in happened and not compared:
                return f"fault {fault.number}{of} ({fault.kind}) could not happen, so a clean run says nothing"
    if compared:
        return None if trial.compared else _UNCOMPARED
    return _UNCONTROLLED if _lost_control(case.program, trial.execution) else None


def _lost_control(program: Program, execution: Execution) -> bool:
    """Did steps take turns when it was found, and now do not?"""
    wanted, taken = _taking_turns(program), _taking_turns(execution.program)
    return len(taken) < len(wanted)


def _taking_turns(program: Program) -> list[Burst]:
    return [burst for burst in program.bursts if burst.schedule is not None]
