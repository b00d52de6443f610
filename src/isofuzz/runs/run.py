"""A run from start to verdict: services up, system up, sweep, find, and each finding shrunk and confirmed."""

import time

from isofuzz.cases.store import CaseStore
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.machine import build_machine
from isofuzz.errors import InfrastructureError
from isofuzz.runs.bench import Bench, new_keeper
from isofuzz.runs.comparing import Comparisons
from isofuzz.runs.concluding import Done, summarised
from isofuzz.runs.coverage import Coverage, Point
from isofuzz.runs.drawing import Drawing
from isofuzz.runs.events import Listener, Phase, Started
from isofuzz.runs.exercised import Exercised
from isofuzz.runs.known import Lost, known_cases
from isofuzz.runs.planting import planted
from isofuzz.runs.request import RunRequest, check_sessions
from isofuzz.runs.rerunning import rerun
from isofuzz.runs.stage import Footing, Loop, Stage, own_loop, system_up
from isofuzz.runs.summary import Summary
from isofuzz.runs.sweep import LEAST_SECONDS, least_seconds, sweep
from isofuzz.target.base import Target
from isofuzz.target.signatures import Signatures, read_signatures

_MOST_LOST = 20
"""Kept cases that can no longer be executed, and are told of one by one."""

INTERRUPTED = "interrupted: what was found until then is kept, what was not yet exercised is unknown"


def run(request: RunRequest, listener: Listener = lambda event: None) -> Summary:
    """Run to the end, or until Ctrl-C; raises UsageError (TargetMistake among them) if there is nothing to run."""
    check_sessions(request.sessions)
    signatures = read_signatures(request.target_class)
    target = planted(request.target_class, request.defect)
    CaseStore(request.cases).open()
    with own_loop(gated=request.gated) as loop:
        return _Run(request, target, signatures, listener, loop).to_the_end()


class _Run:
    """One run in progress, and what it came to so far."""

    def __init__(
        self, request: RunRequest, target: Target, signatures: Signatures, listener: Listener, loop: Loop
    ) -> None:
        self._request = request
        self._profile = request.profile
        self._target = target
        self._signatures = signatures
        self._listener = listener
        self._loop = loop
        self._exercised = Exercised()
        self._coverage = Coverage()
        self._growth = [Point(0, 0, 0)]
        self._footing = Footing()
        self._bench: Bench | None = None
        self._began = time.monotonic()
        self._cut: list[str] = []
        self._replayed = 0

    def to_the_end(self) -> Summary:
        """Everything, in order; an interruption or a failure ends it early and is told in the summary."""
        trouble: str | None = None
        interrupted = False
        try:
            with system_up(self._request, self._target, self._signatures, self._loop, self._footing) as stage:
                bench = self._bench = self._new_bench(stage)
                self._replay_known(bench)
                self._sweep(bench)
                self._find(bench)
        except InfrastructureError as problem:
            trouble = str(problem)
        except KeyboardInterrupt:
            trouble, interrupted = INTERRUPTED, True
        except Exception as problem:
            if not (self._bench and self._bench.keeper.findings):
                raise
            trouble = f"{type(problem).__name__}: {problem}"  # a leak that was seen outranks whatever came after it
        return self._summary(trouble, interrupted=interrupted)

    def _new_bench(self, stage: Stage) -> Bench:
        request, footing = self._request, self._footing
        keeper = new_keeper(stage, request, footing, folder=request.cases, listener=self._listener)
        self._listener(Started(request.target, request.defect, self._profile.name, footing.services))
        return Bench(
            stage, request, keeper, self._loop, self._listener, exercised=self._exercised, on_counted=self._cover
        )

    def _cover(self, execution: Execution) -> None:
        self._coverage.add(execution.history, self._exercised)
        seconds = time.monotonic() - self._began
        self._growth.append(Point(seconds, self._exercised.programs, len(self._coverage.programs)))

    # -- what is known, sweep and find

    def _replay_known(self, bench: Bench) -> None:
        """Execute kept cases, each as often as it takes to tell: those of the project, and all if that is asked for."""
        request = self._request
        folders = [request.replay, request.cases if self._profile.known_only else None]
        known = known_cases(
            dict.fromkeys(filter(None, folders)),
            is_target=request.is_target,
            defect=request.defect,
            vocabulary=self._signatures.vocabulary,
        )
        until = time.monotonic() + max(LEAST_SECONDS, self._profile.seconds)
        lost = 0
        for each in known:
            if isinstance(each, Lost):
                lost += 1
                if lost <= _MOST_LOST:
                    self._cut.append(each.reason)
                continue
            if each.case.violation.oracle not in request.only:
                continue  # what it shows would not be reported
            if not self._replayed:
                self._listener(Phase("replay"))
            if not bench.wants_findings or time.monotonic() > until:
                why = "the time was up" if bench.wants_findings else "enough was found before"
                self._cut.append(f"the kept case {each.path} and those after it were not executed: {why}")
                break
            self._replayed += 1
            rerun_of = rerun(bench, each.case, request)
            until += rerun_of.spent
            if rerun_of.unknown:
                self._cut.append(f"the kept case {each.path}: {rerun_of.unknown}")
        if lost > _MOST_LOST:
            self._cut.append(f"{lost - _MOST_LOST} more kept cases cannot be read, or do not fit the target any more")

    def _sweep(self, bench: Bench) -> None:
        self._listener(Phase("sweep"))
        until = time.monotonic() + max(least_seconds(self._request.sessions), self._profile.seconds)
        for exercise in sweep(self._signatures, self._request.sessions):
            if not bench.wants_findings:
                return
            if time.monotonic() > until:
                self._cut.append(exercise.cut)
                return
            _, spent = bench.execute(exercise.program)
            until += spent
            bench.do(bench.database.look())
            until += bench.work_on_findings()
            if exercise.compare and bench.wants_findings:
                bench.compare(exercise.program)
                until += bench.work_on_findings()

    def _find(self, bench: Bench) -> None:
        """Let Hypothesis draw programs until the budget is spent; after a finding, go on with what is left of it."""
        if bench.wants_findings:
            self._listener(Phase("find"))
        request = self._request
        drawing = Drawing(
            bench,
            build_machine(self._signatures, sessions=request.sessions),
            self._profile,
            name="".join(part.title() for part in (self._target_name(), request.defect or "") if part),
            examples=request.cases / "examples",
            seed=request.seed,
        )
        while bench.wants_findings and drawing.draw():
            drawing.pause(bench.work_on_findings())

    # -- small things

    def _target_name(self) -> str:
        return "".join(character for character in self._request.target if character.isalnum())

    def _summary(self, trouble: str | None, *, interrupted: bool) -> Summary:
        bench = self._bench
        keeper = bench.keeper if bench else None
        done = Done(
            exercised=self._exercised,
            determinism=bench.twice.counts if bench and bench.twice else None,
            compared=bench.comparing.counts if bench else Comparisons(),
            findings=tuple(keeper.findings.values()) if keeper else (),
            accepted=tuple(keeper.accepted.values()) if keeper else (),
            bounded=keeper.bounded if keeper else {},
            hazards=tuple(bench.database.hazards()) if bench else (),
            unjudged=tuple(bench.database.unjudged()) if bench else (),
            replayed=self._replayed,
            cut=tuple(self._cut),
            trouble=trouble,
            interrupted=interrupted,
            uncontrolled=self._footing.uncontrolled,
            services=self._footing.services,
            versions=self._footing.versions,
            seconds=time.monotonic() - self._began,
            growth=tuple(self._growth),
        )
        return summarised(self._request, self._signatures.vocabulary, done)
