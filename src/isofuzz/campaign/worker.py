"""A worker: a process that keeps a system up and does one order after the other on it.

All that others need to call is `fulfil`, which any executor can run. The system stays up between orders, for as long as
the process lives and the assignment is the same; whatever goes wrong with it costs the order and not the worker.
"""

import os
import platform
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path

from isofuzz.campaign.journal import Journal
from isofuzz.campaign.orders import Assignment, Discovery, Order, Result, Task
from isofuzz.campaign.tallies import tallied
from isofuzz.campaign.varying import varied
from isofuzz.cases.codec import from_json, program_from_json, program_to_json, to_json
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.machine import IsolationMachine, build_machine
from isofuzz.errors import InfrastructureError
from isofuzz.runs.bench import Bench, new_keeper
from isofuzz.runs.coverage import Coverage
from isofuzz.runs.draft import Exercise
from isofuzz.runs.drawing import Drawing
from isofuzz.runs.fitting import does_fit
from isofuzz.runs.planting import planted
from isofuzz.runs.request import RunRequest
from isofuzz.runs.rerunning import Rerun, rerun
from isofuzz.runs.stage import Footing, Loop, Stage, own_loop, system_up
from isofuzz.runs.sweep import sweep
from isofuzz.runs.targets import find_target
from isofuzz.target.signatures import Signatures, read_signatures

JOURNALS = "workers"
"""The folder of what each worker is executing, by its process."""
SEEN = "seen"
"""The folder of what was found and is not yet in anybody's books, by the number of the order."""


@dataclass
class _Place:
    """Where this process works: a system that is up."""

    assignment: Assignment
    request: RunRequest
    signatures: Signatures
    footing: Footing
    stage: Stage
    loop: Loop
    stack: ExitStack
    covered: set[str] = field(default_factory=set)

    @cached_property
    def machine(self) -> type[IsolationMachine]:
        """What draws programs: one for all orders, since Hypothesis keeps what it knows of each for ever."""
        return build_machine(self.signatures, sessions=self.request.sessions)

    @cached_property
    def sweep(self) -> list[Exercise]:
        """All its programs: to compose them takes longer than to execute a few."""
        return list(sweep(self.signatures, self.request.sessions))


_place: _Place | None = None
"""That of this process: a worker does one order at a time."""


def fulfil(order: Order) -> Result:
    """Do what is asked; what fails on the way is told in the result.

    Raises UsageError if there is nothing that could be done.
    """
    try:
        place = _placed(order.assignment)
    except InfrastructureError as problem:
        return Result(order.number, name(), Counter(), trouble=str(problem))
    with ExitStack() as stack:
        result = _Shift(place, order, stack).to_the_end()
    if result.trouble:
        leave()  # the next order begins with a new system
    return result


def leave() -> None:
    """Stop the system of this process, if it has one."""
    global _place
    if _place:
        place, _place = _place, None
        place.stack.close()


def name() -> str:
    """What tells this worker from others."""
    return f"{platform.node()}:{os.getpid()}"


def _placed(assignment: Assignment) -> _Place:
    global _place
    if _place and _place.assignment != assignment:
        leave()
    if _place is None:
        request = RunRequest(
            target=assignment.target,
            target_class=find_target(assignment.target),
            profile=assignment.profile,
            defect=assignment.defect,
            only=assignment.only,
            sources=assignment.sources,
            accept=assignment.accept,
            sessions=assignment.sessions,
            gated=assignment.gated,
        )
        signatures = read_signatures(request.target_class)
        target, footing = planted(request.target_class, request.defect), Footing()
        with ExitStack() as stack:
            loop = stack.enter_context(own_loop(gated=request.gated))
            stage = stack.enter_context(system_up(request, target, signatures, loop, footing))
            _place = _Place(assignment, request, signatures, footing, stage, loop, stack.pop_all())
    return _place


class _Shift:
    """One order while it is being done."""

    def __init__(self, place: _Place, order: Order, stack: ExitStack) -> None:
        self._place = place
        self._order = order
        profile = replace(
            place.request.profile, programs=order.programs, seconds=order.seconds, findings=_findings(order.task)
        )
        self._request = replace(place.request, profile=profile)
        shared = Path(order.folder) if order.folder else None
        journal = Journal(shared / JOURNALS / f"{os.getpid()}.jsonl") if shared else None
        if journal:
            stack.callback(journal.close)
            stack.callback(journal.begin)  # what it was executing did it no harm
        cases = (
            shared / SEEN / str(order.number)
            if shared
            else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="isofuzz-worker-")))
        )
        self._keeper = new_keeper(
            place.stage,
            self._request,
            place.footing,
            folder=cases,
            listener=lambda event: None,
            known=order.known,
        )
        self._coverage = Coverage()
        self._uncontrolled_before = dict(place.footing.uncontrolled)
        self._discoveries: list[Discovery] = []
        self._rerun: Rerun | None = None
        self._bench = Bench(
            place.stage,
            self._request,
            self._keeper,
            place.loop,
            lambda event: None,
            on_program=journal.begin if journal else lambda: None,
            on_burst=journal.burst if journal else lambda burst: None,
            on_counted=self._cover,
        )

    def to_the_end(self) -> Result:
        """All of it, or as far as it goes."""
        trouble = None
        try:
            {
                Task.REPLAY: self._replay,
                Task.SWEEP: self._sweep,
                Task.SEARCH: self._search,
                Task.SHRINK: self._shrink,
            }[self._order.task]()
            self._bench.do(self._bench.database.look())
        except InfrastructureError as problem:
            trouble = str(problem)
        return self._result(trouble)

    # -- the tasks

    def _replay(self) -> None:
        assert self._order.case
        case = from_json(self._order.case, "a case of this campaign")
        self._rerun = rerun(self._bench, case, self._request)

    def _sweep(self) -> None:
        for exercise in self._place.sweep[slice(*self._order.exercises)]:
            self._bench.execute(exercise.program)
            self._keeper.set_aside()
            if exercise.compare:
                self._bench.compare(exercise.program)
                self._keeper.set_aside()

    def _search(self) -> None:
        self._vary()
        profile = self._request.profile
        drawing = Drawing(
            self._bench,
            self._place.machine,
            replace(profile, programs=profile.programs - self._bench.exercised.programs),
            name="Campaign",
            examples=None,
            seed=self._order.seed,
        )
        while drawing.draw():
            self._keeper.set_aside()
            if self._order.folder is None:
                return  # nobody can read what is found here before it is reported

    def _vary(self) -> None:
        """Spend up to half of the order on programs like those that had shown something new."""
        signatures = self._place.signatures
        kept = map(program_from_json, self._order.corpus)
        corpus = [program for program in kept if does_fit(program, signatures.vocabulary)]
        programs = varied(corpus, signatures, self._order.seed, self._order.seconds / 2) if corpus else ()
        for program in islice(programs, self._order.programs // 2):
            self._bench.execute(program)
            self._keeper.set_aside()

    def _shrink(self) -> None:
        assert self._order.case
        self._keeper.take(from_json(self._order.case, "a case of this campaign"))
        self._bench.work_on_findings()

    # -- what it comes to

    def _cover(self, execution: Execution) -> None:
        """Count what a program covered, and keep it if that is new here."""
        covered = self._coverage.add(execution.history, self._bench.exercised)
        if new := covered - self._place.covered:
            self._place.covered |= new
            self._discoveries.append(Discovery(frozenset(new), program_to_json(execution.program)))

    def _result(self, trouble: str | None) -> Result:
        bench, keeper, footing = self._bench, self._keeper, self._place.footing
        uncontrolled = Counter(footing.uncontrolled)
        uncontrolled.subtract(self._uncontrolled_before)
        return Result(
            number=self._order.number,
            worker=name(),
            tallies=tallied(bench.exercised, bench.comparing.counts),
            covered=self._coverage.programs,
            discoveries=tuple(self._discoveries),
            found=tuple(to_json(finding.case) for finding in keeper.findings.values()),
            bounded=tuple(to_json(finding.case) for finding in keeper.bounded.values()),
            again=frozenset(keeper.again),
            replayed=self._rerun.concluded.verdict if self._rerun else None,
            unknown=self._rerun.unknown if self._rerun else "",
            accepted=tuple(to_json(accepted.finding.case) for accepted in keeper.accepted.values()),
            hazards=tuple(bench.database.hazards()),
            unjudged=tuple(bench.database.unjudged()),
            uncontrolled=dict(uncontrolled),
            services=footing.services,
            versions=footing.versions,
            trouble=trouble,
        )


def _findings(task: Task) -> int:
    """How many findings to work on: only who is asked to shrink works on any."""
    return 1 if task is Task.SHRINK else 0
