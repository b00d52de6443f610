"""Executing a kept case on a run's own system: as often as it takes to tell whether it still leaks."""

from dataclasses import dataclass

from isofuzz.cases.case import Case
from isofuzz.runs.again import Again, Conclusion, ReplayVerdict
from isofuzz.runs.bench import Bench
from isofuzz.runs.cold import answered_cold
from isofuzz.runs.reproduction import OnSystem, tries_for
from isofuzz.runs.request import RunRequest


@dataclass(frozen=True)
class Rerun:
    """What came of it; `spent` are the seconds of working on what it showed, which are no budget's."""

    concluded: Conclusion
    spent: float

    @property
    def unknown(self) -> str:
        """Why it could not be told whether the case still leaks; empty if it could."""
        undecided = self.concluded.verdict in (ReplayVerdict.UNDECIDED, ReplayVerdict.CANNOT_RUN)
        return self.concluded.reason if undecided else ""


def rerun(bench: Bench, case: Case, request: RunRequest) -> Rerun:
    """Execute one case; what it shows is kept and worked on."""
    spent = 0.0
    reproducer = OnSystem(case, bench.system, request.only, bench.keeper.see)
    again = Again(case, most=tries_for(case.hit_rate))
    while program := again.next():
        trial = bench.do(reproducer.once(program))
        for execution in trial.executions:
            bench.count(execution)
        for violation in trial.execution.judge.violations:
            bench.keeper.see(trial.execution, violation)  # what was compared is told at its end
        spent += bench.work_on_findings()
        again.add(trial)
    if case.earlier and not again.seen:  # it takes a system on which nothing else was executed
        answer = answered_cold(case, tries_for(case.hit_rate), request.sources, bench.keeper.folder)
        for shown in filter(None, (answer.shown, *answer.besides)):
            bench.keeper.take(shown)
        spent += bench.work_on_findings()
        return Rerun(answer.concluded, spent)
    return Rerun(again.concluded(), spent)
