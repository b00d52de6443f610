"""A run from start to verdict: services up, system up, sweep, find, and each finding shrunk and confirmed."""

import asyncio
import time
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from unittest import SkipTest

from hypothesis import seed as hypothesis_seed
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.errors import HypothesisException
from hypothesis.stateful import run_state_machine_as_test

from isofuzz.cases.store import CaseStore, Finding
from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.machine import Stop, build_machine
from isofuzz.engine.system import System, running
from isofuzz.errors import InfrastructureError, UsageError
from isofuzz.oracles.hazard import Hazard
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.verdict import Verdict, conclude
from isofuzz.oracles.violation import Oracle
from isofuzz.program.steps import Program
from isofuzz.runs.accepting import AcceptList
from isofuzz.runs.casework import Casework
from isofuzz.runs.cold import Cold
from isofuzz.runs.comparing import Comparing, Comparisons
from isofuzz.runs.database_watch import DatabaseWatch
from isofuzz.runs.events import Listener, Phase, Progress, Started
from isofuzz.runs.exercised import Exercised
from isofuzz.runs.hazards import bounded_staleness, over_budget, unjudged
from isofuzz.runs.keeper import Keeper
from isofuzz.runs.known import known_cases
from isofuzz.runs.planting import new_mint, planted
from isofuzz.runs.profiles import Profile, hypothesis_settings
from isofuzz.runs.replay import why_untested
from isofuzz.runs.reproduction import OnSystem, tries_for
from isofuzz.runs.summary import Summary
from isofuzz.runs.sweep import LEAST_SECONDS, least_seconds, sweep
from isofuzz.runs.targets import name_of
from isofuzz.services import Sources, open_services
from isofuzz.target.base import Target
from isofuzz.target.signatures import Signatures, read_signatures

T = TypeVar("T")

INTERRUPTED = "interrupted: what was found until then is kept, what was not yet exercised is unknown"

_FEWEST_SESSIONS, _MOST_SESSIONS = 2, 64
"""One alone overlaps with nobody; more than the most would take longer to sign in than to do anything."""


@dataclass(frozen=True)
class RunRequest:
    """What to run. `target` is the name under which another process finds `target_class`; `cases` where cases go.

    `sessions` is how many users act at the same time, each with a session: by themselves programs have two or three.
    `strict`: a hazard counts as a leak.
    """

    target: str
    target_class: type[Target]
    profile: Profile
    defect: str | None = None
    seed: int | None = None
    only: frozenset[Oracle] = frozenset(Oracle)
    cases: Path = Path(".isofuzz/cases")
    sources: Sources = field(default_factory=Sources)
    accept: AcceptList = field(default_factory=AcceptList)
    sessions: int | None = None
    strict: bool = False


def run(request: RunRequest, listener: Listener = lambda event: None) -> Summary:
    """Run to the end, or until Ctrl-C; raises UsageError (TargetMistake among them) if there is nothing to run."""
    _check_sessions(request.sessions)
    signatures = read_signatures(request.target_class)
    target = planted(request.target_class, request.defect)
    CaseStore(request.cases).open()
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return _Run(request, target, signatures, listener, runner.get_loop()).to_the_end()


def _check_sessions(sessions: int | None) -> None:
    if sessions is not None and not _FEWEST_SESSIONS <= sessions <= _MOST_SESSIONS:
        raise UsageError(
            f"{sessions} sessions cannot act at the same time in one program; write a number from "
            f"{_FEWEST_SESSIONS} to {_MOST_SESSIONS}, or leave it out"
        )


class _Run:
    """One run in progress; also the session that the Hypothesis machine works for."""

    def __init__(
        self,
        request: RunRequest,
        target: Target,
        signatures: Signatures,
        listener: Listener,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._loop = loop
        self._request = request
        self._profile = request.profile
        self._target = target
        self._signatures = signatures
        self._listener = listener
        self._exercised = Exercised()
        self._keeper: Keeper | None = None
        self._database: DatabaseWatch | None = None
        self._services = "none: they were not available"
        self._versions: dict[str, str] = {}
        self._began = time.monotonic()
        self._interrupted = False
        self._cut: list[str] = []
        self._comparing: Comparing | None = None
        self._problem: Exception | None = None

    def to_the_end(self) -> Summary:
        """Everything, in order; an interruption or a failure ends it early and is told in the summary."""
        trouble: str | None = None
        interrupted = False
        try:
            with self._system_up() as system:
                self._replay_known(system)
                self._sweep(system)
                self._find(system)
        except InfrastructureError as problem:
            trouble = str(problem)
        except KeyboardInterrupt:
            trouble, interrupted = INTERRUPTED, True
        except Exception as problem:
            if not (self._keeper and self._keeper.findings):
                raise
            trouble = f"{type(problem).__name__}: {problem}"  # a leak that was seen outranks whatever came after it
        return self._summary(trouble, interrupted=interrupted)

    # -- the system

    @contextmanager
    def _system_up(self) -> Iterator[System]:
        stack = AsyncExitStack()
        try:
            yield self.do(self._start(stack))
        finally:
            self.do(stack.aclose())

    async def _start(self, stack: AsyncExitStack) -> System:
        request = self._request
        services = await stack.enter_async_context(open_services(request.sources))
        self._services, self._versions = services.origin, dict(services.versions)
        system = await stack.enter_async_context(running(self._target, self._signatures, services, new_mint()))
        self._services, self._versions = services.origin, dict(services.versions)  # with what its start asked for
        self._keeper = Keeper(
            target=request.target,
            defect=request.defect,
            vocabulary=self._signatures.vocabulary,
            services=services.origin,
            versions=services.versions,
            folder=request.cases,
            accept=request.accept,
            listener=self._listener,
            grace=self._target.grace,
        )
        self._listener(Started(request.target, request.defect, self._profile.name, services.origin))
        self._system = system
        self._database = DatabaseWatch(services, system.pool)
        self._comparing = Comparing(system, self._new_judge, self._kept.see)
        return system

    # -- what is known, sweep and find

    def _replay_known(self, system: System) -> None:
        """Execute the kept cases, each as often as it takes to tell, if the run is about what is known."""
        if not self._profile.known_only:
            return
        request = self._request
        known = known_cases(
            request.cases,
            targets={request.target, name_of(request.target_class)},
            defect=request.defect,
            vocabulary=self._signatures.vocabulary,
        )
        self._cut += known.lost
        if known.findings:
            self._listener(Phase("replay"))
        until = time.monotonic() + max(LEAST_SECONDS, self._profile.seconds)
        for finding in known.findings:
            if not self._wants_findings():
                return
            if time.monotonic() > until:
                self._cut.append(f"the kept case {finding.path} was not executed: the time was up")
                continue
            self._replay_case(system, finding)

    def _replay_case(self, system: System, known: Finding) -> None:
        case, reason = known.case, None
        reproducer = OnSystem(case, system, self._request.only, self._kept.see)
        for _ in range(tries_for(case.hit_rate)):
            trial = self.do(reproducer.once(case.program))
            for execution in trial.executions:
                self._count(execution)
            for violation in trial.execution.judge.violations:
                self._kept.see(trial.execution, violation)  # what was compared is told at its end
            self._work_on_findings(system)
            if trial.execution.judge.violations:
                return
            reason = reason or why_untested(case, trial.executions)
        if case.earlier and (shown := self.do(Cold(case, self._request.sources).shows(case.program))):
            self._kept.take(shown)  # it takes a system on which nothing else was executed
            self._work_on_findings(system)
        elif reason:
            self._cut.append(f"the kept case {known.path}: {reason}")

    def _sweep(self, system: System) -> None:
        self._listener(Phase("sweep"))
        until = time.monotonic() + max(least_seconds(self._request.sessions), self._profile.seconds)
        for exercise in sweep(self._signatures, self._request.sessions):
            if not self._wants_findings():
                return
            if time.monotonic() > until:
                self._cut.append(exercise.cut)
                return
            execution = self.do(
                execute(system, exercise.program, self._new_judge(), self._kept.see, stop=self._shows_new)
            )
            self._count(execution)
            self.do(self._watched.look())
            self._work_on_findings(system)
            if exercise.compare and self._wants_findings():
                self._compare(exercise.program)
                self._work_on_findings(system)

    def _find(self, system: System) -> None:
        """Let Hypothesis draw programs until the budget is spent; after a finding, go on with what is left of it."""
        if self._wants_findings():
            self._listener(Phase("find"))
        self._deadline = time.monotonic() + self._profile.seconds
        before = self._exercised.programs
        while self._wants_findings() and time.monotonic() < self._deadline:
            left = self._profile.programs - (self._exercised.programs - before)
            if left <= 0:
                return
            self._draw_programs(left)
            if self._interrupted:
                raise KeyboardInterrupt  # Hypothesis tears the machine down, and that may have raised something else
            if self._problem:
                raise self._problem
            if not self._kept.unworked:
                return
            paused = time.monotonic()
            self._work_on_findings(system)
            self._deadline += time.monotonic() - paused

    def _draw_programs(self, count: int) -> None:
        name = "".join(part.title() for part in (self._target_name(), self._request.defect or "") if part)
        sessions = self._request.sessions
        name += f"With{sessions}" if sessions else ""
        machine: Any = build_machine(self._signatures, self, name, sessions=sessions)
        if self._request.seed is not None:
            machine = hypothesis_seed(self._request.seed)(machine)
        examples = DirectoryBasedExampleDatabase(self._request.cases / "examples")
        limits = settings(hypothesis_settings(self._profile), max_examples=count, database=examples)
        # The sink has what was found; what Hypothesis says of it is ignored, and also that it remembers nothing to run.
        with suppress(Stop, HypothesisException, SkipTest):
            run_state_machine_as_test(machine, settings=limits)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run this on the run's loop. An interruption also ends the work, so that it does not go on behind the rest."""
        task = self._loop.create_task(work)
        try:
            return self._loop.run_until_complete(task)
        except KeyboardInterrupt:
            self._interrupted = True
            task.cancel()
            self._loop.run_until_complete(asyncio.wait({task}))
            raise
        finally:
            if task.done() and not task.cancelled():
                task.exception()  # it is being raised, or an interruption outranks it

    async def begin(self) -> Execution:
        """A new program, for the machine."""
        await self._system.reset()
        return Execution(self._system, self._new_judge(), self._kept.see)

    def wants_more(self, execution: Execution) -> bool:
        """Go on with this program?"""
        return not self._shows_new(execution) and time.monotonic() < self._deadline

    def ended(self, execution: Execution) -> bool:
        """Count the program of the machine; go on with another?"""
        self._count(execution)
        one_in = self._profile.compare_one_in
        if one_in and self._exercised.programs % one_in == 0:
            self._compare(execution.program)
        return not self._kept.unworked and time.monotonic() < self._deadline

    def failed(self, problem: Exception) -> None:
        """What isofuzz stands on has failed; raised again outside Hypothesis, which would take it for a finding."""
        self._problem = problem

    # -- findings

    def _work_on_findings(self, system: System) -> None:
        casework = Casework(
            system,
            self._kept,
            only=self._request.only,
            shrink_seconds=self._profile.shrink_seconds,
            sources=self._request.sources,
            listener=self._listener,
            do=self.do,
        )
        while self._kept.unworked and self._wants_findings():
            casework.work_on(self._kept.unworked[0])

    def _compare(self, program: Program) -> None:
        """Compare the program for each of its users, unless only other oracles are asked for."""
        if Oracle.NONINTERFERENCE in self._request.only and not self._kept.unworked:
            assert self._comparing, "the system is up before anything is executed"
            self.do(self._comparing.compare(program))

    def _shows_new(self, execution: Execution) -> bool:
        """Did this program show something that nobody has worked on yet, and that no grace may explain?"""
        return any(violation.fingerprint in self._kept.pressing for violation in execution.judge.violations)

    def _wants_findings(self) -> bool:
        worked = len(self._kept.findings) - len(self._kept.unworked)
        return worked < self._profile.findings

    # -- small things

    @property
    def _kept(self) -> Keeper:
        assert self._keeper, "the system is up before anything is executed"
        return self._keeper

    @property
    def _watched(self) -> DatabaseWatch:
        assert self._database, "the system is up before anything is executed"
        return self._database

    def _new_judge(self) -> Judge:
        return Judge(self._signatures.vocabulary, only=self._request.only)

    def _count(self, execution: Execution) -> None:
        self._exercised.add(execution.history, execution.judge, execution.durations)
        self._watched.add(execution.history)
        counted = self._exercised
        seconds = time.monotonic() - self._began
        self._listener(Progress(counted.programs, counted.operations, seconds, len(self._kept.findings)))

    def _never_compared(self, compared: Comparisons) -> Iterator[str]:
        if Oracle.NONINTERFERENCE in self._request.only:
            yield from compared.missing(self._signatures.vocabulary)

    def _stale_for_a_while(self) -> Iterator[Hazard]:
        return bounded_staleness(self._keeper.bounded if self._keeper else {}, self._target.grace)

    def _target_name(self) -> str:
        return "".join(character for character in self._request.target if character.isalnum())

    def _summary(self, trouble: str | None, *, interrupted: bool) -> Summary:
        findings = tuple(self._keeper.findings.values()) if self._keeper else ()
        vocabulary = self._signatures.vocabulary
        compared = self._comparing.counts if self._comparing else Comparisons()
        missing = (*self._cut, *self._exercised.missing(vocabulary), *self._never_compared(compared))
        database = self._database
        hazards = (
            *over_budget(self._exercised, vocabulary),
            *self._stale_for_a_while(),
            *(database.hazards() if database else ()),
        )
        not_judged = (*unjudged(self._exercised, vocabulary), *(database.unjudged() if database else ()))
        verdict = conclude(
            leaks=len(findings),
            unchecked=len(missing) + interrupted,
            hazards=len(hazards),
            unjudged=len(not_judged),
            strict=self._request.strict,
        )
        if trouble and not interrupted and not findings:
            verdict = Verdict.ERROR
        return Summary(
            target=self._request.target,
            defect=self._request.defect,
            profile=self._profile.name,
            verdict=verdict,
            findings=findings,
            accepted=tuple(self._keeper.accepted.values()) if self._keeper else (),
            lapsed=self._request.accept.lapsed(),
            exercised=self._exercised,
            compared=compared,
            missing=missing,
            trouble=trouble,
            services=self._services,
            versions=self._versions,
            seconds=time.monotonic() - self._began,
            sessions=self._request.sessions,
            strict=self._request.strict,
            hazards=hazards,
            unjudged=not_judged,
            budgets=vocabulary.budgets,
        )
