"""A run from start to verdict: services up, system up, sweep, find, and each finding shrunk and confirmed."""

import asyncio
import time
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from typing import Any, TypeVar

from isofuzz.cases.store import CaseStore, Finding
from isofuzz.engine.control import controlled
from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.system import System, running
from isofuzz.errors import InfrastructureError
from isofuzz.gate.loop import ControlledLoop
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.violation import Oracle
from isofuzz.program.steps import Program
from isofuzz.runs.again import Again, ReplayVerdict
from isofuzz.runs.casework import Casework
from isofuzz.runs.cold import answered_cold
from isofuzz.runs.comparing import Comparing, Comparisons
from isofuzz.runs.concluding import Done, summarised
from isofuzz.runs.database_watch import DatabaseWatch
from isofuzz.runs.determinism import Twice
from isofuzz.runs.drawing import Drawing
from isofuzz.runs.events import Listener, Phase, Progress, Started
from isofuzz.runs.exercised import Exercised
from isofuzz.runs.keeper import Keeper
from isofuzz.runs.known import Lost, known_cases
from isofuzz.runs.planting import new_mint, planted
from isofuzz.runs.reproduction import OnSystem, tries_for
from isofuzz.runs.request import RunRequest, check_sessions
from isofuzz.runs.summary import Summary
from isofuzz.runs.sweep import LEAST_SECONDS, least_seconds, sweep
from isofuzz.runs.targets import name_of
from isofuzz.services import open_services
from isofuzz.target.base import Target
from isofuzz.target.signatures import Signatures, read_signatures

T = TypeVar("T")

INTERRUPTED = "interrupted: what was found until then is kept, what was not yet exercised is unknown"


def run(request: RunRequest, listener: Listener = lambda event: None) -> Summary:
    """Run to the end, or until Ctrl-C; raises UsageError (TargetMistake among them) if there is nothing to run."""
    check_sessions(request.sessions)
    signatures = read_signatures(request.target_class)
    target = planted(request.target_class, request.defect)
    CaseStore(request.cases).open()
    with asyncio.Runner(loop_factory=ControlledLoop if request.gated else asyncio.SelectorEventLoop) as runner:
        return _Run(request, target, signatures, listener, runner.get_loop()).to_the_end()


class _Run:
    """One run in progress; what draws programs and works on findings does so on its behalf."""

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
        self._replayed = 0
        self._comparing: Comparing | None = None
        self._twice: Twice | None = None
        self._uncontrolled: Mapping[str, int] = {}

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
        control = await stack.enter_async_context(controlled(services))
        self._uncontrolled = control.uncontrolled.reasons if control else {}
        system = await stack.enter_async_context(running(self._target, self._signatures, services, new_mint(), control))
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
        self._comparing = Comparing(system, self._new_judge, self._kept.see, self._kept.knows)
        self._twice = Twice(system, self._new_judge) if request.check_determinism else None
        return system

    # -- what is known, sweep and find

    def _replay_known(self, system: System) -> None:
        """Execute kept cases, each as often as it takes to tell: those of the project, and all if that is asked for."""
        request = self._request
        folders = [request.replay, request.cases if self._profile.known_only else None]
        known = known_cases(
            dict.fromkeys(filter(None, folders)),
            targets={request.target, name_of(request.target_class)},
            defect=request.defect,
            vocabulary=self._signatures.vocabulary,
        )
        until = time.monotonic() + max(LEAST_SECONDS, self._profile.seconds)
        for each in known:
            if isinstance(each, Lost):
                self._cut.append(each.reason)
                continue
            if each.case.violation.oracle not in request.only:
                continue  # what it shows would not be reported
            if not self._replayed:
                self._listener(Phase("replay"))
            if not self._wants_findings():
                return
            if time.monotonic() > until:
                self._cut.append(f"the kept case {each.path} was not executed: the time was up")
                continue
            self._replayed += 1
            until += self._replay_case(system, each)

    def _replay_case(self, system: System, known: Finding) -> float:
        """Execute one case; the seconds that were spent on what it showed."""
        case, spent = known.case, 0.0
        reproducer = OnSystem(case, system, self._request.only, self._kept.see)
        again = Again(case, most=tries_for(case.hit_rate))
        while program := again.next():
            trial = self.do(reproducer.once(program))
            for execution in trial.executions:
                self.count(execution)
            for violation in trial.execution.judge.violations:
                self._kept.see(trial.execution, violation)  # what was compared is told at its end
            spent += self._work_on_findings(system)
            again.add(trial)
        concluded = again.concluded()
        if case.earlier and not again.seen:  # it takes a system on which nothing else was executed
            answer = answered_cold(case, tries_for(case.hit_rate), self._request.sources)
            if answer.shown:
                self._kept.take(answer.shown)
                return spent + self._work_on_findings(system)
            concluded = answer.concluded
        if concluded.verdict in (ReplayVerdict.UNDECIDED, ReplayVerdict.CANNOT_RUN):
            self._cut.append(f"the kept case {known.path}: {concluded.reason}")
        return spent

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
                execute(system, exercise.program, self._new_judge(), self._kept.see, stop=self.shows_new)
            )
            self.count(execution)
            until += self.repeat(execution)
            self.do(self._watched.look())
            until += self._work_on_findings(system)
            if exercise.compare and self._wants_findings():
                self.compare(exercise.program)
                until += self._work_on_findings(system)

    def _find(self, system: System) -> None:
        """Let Hypothesis draw programs until the budget is spent; after a finding, go on with what is left of it."""
        if self._wants_findings():
            self._listener(Phase("find"))
        request = self._request
        drawing = Drawing(
            self,
            self._signatures,
            self._profile,
            name="".join(part.title() for part in (self._target_name(), request.defect or "") if part),
            examples=request.cases / "examples",
            seed=request.seed,
            sessions=request.sessions,
        )
        while self._wants_findings() and drawing.draw():
            drawing.pause(self._work_on_findings(system))

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

    # -- for what draws programs

    @property
    def interrupted(self) -> bool:
        """Did somebody press Ctrl-C?"""
        return self._interrupted

    @property
    def has_work(self) -> bool:
        """Is there a finding that nobody has worked on?"""
        return bool(self._kept.unworked)

    async def begin(self) -> Execution:
        """A new program, from reset."""
        await self._system.reset()
        return Execution(self._system, self._new_judge(), self._kept.see)

    # -- findings

    def _work_on_findings(self, system: System) -> float:
        """Work on what was found, as long as findings are wanted; the seconds that took, which are no budget's."""
        began = time.monotonic()
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
        return time.monotonic() - began

    def compare(self, program: Program) -> None:
        """Compare the program for each of its users, unless only other oracles are asked for."""
        if Oracle.NONINTERFERENCE in self._request.only and not self._kept.unworked:
            assert self._comparing, "the system is up before anything is executed"
            self.do(self._comparing.compare(program))

    def repeat(self, execution: Execution) -> float:
        """Execute the program once more and compare, if that is asked for and it did not end with a violation.

        Returns the seconds that took, which are no budget's.
        """
        began = time.monotonic()
        if self._twice and execution.finished and not execution.judge.violations:
            self.do(self._twice.check(execution))
        return time.monotonic() - began

    def shows_new(self, execution: Execution) -> bool:
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

    def count(self, execution: Execution) -> int:
        """Count the program; the number of programs so far."""
        self._exercised.add(execution.history, execution.judge, execution.durations, execution.turns.decided)
        self._watched.add(execution.history)
        counted = self._exercised
        seconds = time.monotonic() - self._began
        self._listener(Progress(counted.programs, counted.operations, seconds, len(self._kept.findings)))
        return counted.programs

    def _target_name(self) -> str:
        return "".join(character for character in self._request.target if character.isalnum())

    def _summary(self, trouble: str | None, *, interrupted: bool) -> Summary:
        done = Done(
            exercised=self._exercised,
            determinism=self._twice.counts if self._twice else None,
            compared=self._comparing.counts if self._comparing else Comparisons(),
            keeper=self._keeper,
            database=self._database,
            replayed=self._replayed,
            cut=tuple(self._cut),
            trouble=trouble,
            interrupted=interrupted,
            uncontrolled=self._uncontrolled,
            services=self._services,
            versions=self._versions,
            seconds=time.monotonic() - self._began,
        )
        return summarised(self._request, self._signatures.vocabulary, done)
