"""A campaign: hands out orders to workers, enters what comes back, and replaces who is lost."""

import shutil
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from isofuzz.campaign import grounds
from isofuzz.campaign.agenda import Agenda
from isofuzz.campaign.books import CASES, Books
from isofuzz.campaign.crew import Crew, Processes, Remote, dismissed
from isofuzz.campaign.dask import workers_of
from isofuzz.campaign.journal import last_program
from isofuzz.campaign.orders import Order, Result, Task
from isofuzz.campaign.outcome import Outcome, concluded
from isofuzz.campaign.request import CampaignRequest
from isofuzz.campaign.state import Night, State, opened
from isofuzz.campaign.worker import JOURNALS
from isofuzz.cases.codec import from_json, to_json
from isofuzz.cases.store import CaseStore
from isofuzz.errors import InfrastructureError, UsageError
from isofuzz.runs.events import Beat, Listener, Phase, WorkerLost, Working
from isofuzz.runs.fitting import misfit
from isofuzz.runs.known import Lost, known_cases
from isofuzz.runs.planting import planted
from isofuzz.runs.request import check_sessions
from isofuzz.runs.run import INTERRUPTED
from isofuzz.runs.sweep import least_seconds, sweep
from isofuzz.target.signatures import Signatures, read_signatures

_BEAT = 0.5
"""Seconds between two looks at the workers."""

_EXERCISES_AT_ONCE = 5
_LOST_IN_A_ROW = 5
"""So many orders that came to nothing, with none between that was done, are a system that cannot be tested.

With many workers it takes two of each: whatever kills one may well kill all of them at once.
"""

_CORPUS = 20
"""Programs of which a search gets to vary some."""

_LATELY = 30.0
"""Seconds over which speed is told."""


def campaign(
    request: CampaignRequest, listener: Listener, *, resume: bool = False, executor: Executor | None = None
) -> Outcome:
    """Run a night to its end, or until Ctrl-C; raises UsageError if there is nothing to run.

    `resume`: go on with the one that was interrupted. `executor`: whatever has workers that can import isofuzz and the
    target, each doing one thing at a time; they do the work instead of processes of the campaign's own.
    """
    check_sessions(request.run.sessions)
    signatures = read_signatures(request.run.target_class)
    planted(request.run.target_class, request.run.defect)
    with opened(request.folder) as state:
        night = _resumed(state, request.folder) if resume else _begun(state, request)
        CaseStore(request.folder / CASES).open()
        books = Books(state, night, request.folder, listener)
        books.salvage_all()
        books.restore()
        shutil.rmtree(request.folder / JOURNALS, ignore_errors=True)  # of workers that are no more
        try:
            return _Campaign(request, state, night, books, signatures, listener, executor).to_the_end()
        except UsageError:
            if not resume:
                state.forget_if_empty(night.id)  # it never came to that
            raise


def _begun(state: State, request: CampaignRequest) -> Night:
    latest = state.latest_night()
    if latest and not latest.ended:
        raise UsageError(
            f"the campaign in {request.folder} was interrupted; go on with it: --resume {request.folder}; or name "
            "another folder with --out"
        )
    if latest and (latest.assignment["target"], latest.assignment["defect"]) != (
        request.run.target,
        request.run.defect,
    ):
        defect = latest.assignment["defect"]
        of = latest.assignment["target"] + (f" with the defect {defect}" if defect else "")
        raise UsageError(f"{request.folder} holds campaigns of {of}; name another folder with --out")
    return state.begin_night(request.as_kept(), request.for_seconds, request.for_programs)


def _resumed(state: State, folder: Path) -> Night:
    latest = state.latest_night()
    if latest is None or latest.ended:
        raise UsageError(f"no campaign in {folder} was interrupted; begin another night there: --out {folder}")
    return latest


@dataclass(frozen=True)
class _Underway:
    """An order that somebody is doing, since when."""

    order: Order
    future: "Future[Result]"
    since: float


class _Campaign:
    """One night."""

    def __init__(
        self,
        request: CampaignRequest,
        state: State,
        night: Night,
        books: Books,
        signatures: Signatures,
        listener: Listener,
        executor: Executor | None,
    ) -> None:
        self._request = request
        self._executor = executor
        self._state = state
        self._night = night
        self._books = books
        self._signatures = signatures
        self._listener = listener
        self._began = time.monotonic()
        self._underway: dict[int, _Underway] = {}
        self._begun: set[Task] = set()
        self._lost = 0
        self._in_vain = 0
        self._lately: deque[tuple[float, int, int]] = deque([(0.0, 0, 0)])
        self._agenda: Agenda | None = None
        self._grounds: grounds.Grounds | None = None

    def to_the_end(self) -> Outcome:
        """All of it; an interruption or a failure ends it early and is told."""
        trouble, interrupted = None, False
        try:
            with ExitStack() as stack:
                self._work(self._begin(stack))
        except InfrastructureError as problem:
            trouble = str(problem)
        except KeyboardInterrupt:
            trouble, interrupted = INTERRUPTED, True
        self._books.salvage_all()
        self._spend(trouble, interrupted=interrupted)
        if not trouble:
            self._state.end_night(self._night.id)  # else it can be gone on with
        night = self._state.latest_night()
        assert night, "it was begun"
        vocabulary = self._signatures.vocabulary
        return concluded(self._request.run, vocabulary, self._state, night, self._books, self._request.known)

    def _begin(self, stack: ExitStack) -> Agenda:
        request = self._request
        assignment = request.assignment()
        crew: Crew
        if self._executor:
            crew = Remote(self._executor, request.workers)
        elif request.cluster:
            crew = stack.enter_context(workers_of(request.cluster, request.run.sources.allow_hosts))
        else:
            self._grounds = stack.enter_context(grounds.opened(assignment.sources))
            assignment = replace(assignment, sources=self._grounds.sources)
            crew = Processes(request.workers)
        self._crew = stack.enter_context(dismissed(crew))
        drawn, budget = self._books.programs[Task.SEARCH], self._night.for_programs
        self._agenda = agenda = Agenda(
            first=self._state.next_number(),
            assignment=assignment,
            folder=str(request.folder.absolute()) if crew.shares_disk else None,
            order_seconds=request.order_seconds,
            part_seconds=request.part_seconds,
            for_programs=None if budget is None else budget - drawn,
        )
        agenda.add_replays(self._fitting(self._books.to_replay()))
        agenda.add_replays(self._kept_by_project(agenda))
        count = sum(1 for _ in sweep(self._signatures, request.run.sessions))
        parts = [(at, at + _EXERCISES_AT_ONCE) for at in range(0, count, _EXERCISES_AT_ONCE)]
        agenda.add_sweep(parts, self._state.done(self._night.id, Task.SWEEP))
        return agenda

    def _fitting(self, cases: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """The findings that the target can still show; of the others it is told what it no longer has."""
        for fingerprint, text in cases:
            case, why = from_json(text, "a case of this campaign"), None
            if case.violation.oracle not in self._request.run.only:
                why = f"what {case.violation.oracle} finds was not asked for"
            if why := why or misfit(case, self._signatures.vocabulary):
                self._state.note(self._night.id, "campaign", f"{fingerprint} was not looked for again: {why}")
            else:
                yield fingerprint, text

    def _kept_by_project(self, agenda: Agenda) -> Iterator[tuple[str, str]]:
        """The cases of the project that nobody knows here, and this night has not looked for yet."""
        run = self._request.run
        done = self._state.done(self._night.id, Task.REPLAY) | self._books.observers.keys() | self._request.known.keys()
        for each in known_cases(
            [run.replay] if run.replay else [],
            is_target=run.is_target,
            defect=run.defect,
            vocabulary=self._signatures.vocabulary,
        ):
            if isinstance(each, Lost):
                agenda.dropped.append(each.reason)
            elif each.case.violation.oracle in run.only and each.case.fingerprint not in done:
                yield each.case.fingerprint, to_json(each.case)

    # -- the loop

    def _work(self, agenda: Agenda) -> None:
        while True:
            for fingerprint, case in self._fitting(self._books.unworked()):
                agenda.add_shrink(fingerprint, case)
            self._hand_out(agenda)
            if not self._underway:
                return
            wait([each.future for each in self._underway.values()], timeout=_BEAT, return_when=FIRST_COMPLETED)
            if self._crew.are_lost:
                raise InfrastructureError("the workers cannot be reached any more")
            for seat, each in list(self._underway.items()):
                if each.future.done():
                    del self._underway[seat]
                    self._take(seat, each, agenda)
                elif problem := self._problem_with(seat, each):
                    del self._underway[seat]
                    self._replace(seat, each, problem, agenda)
            self._tell()

    def _hand_out(self, agenda: Agenda) -> None:
        for seat in range(self._crew.size):
            if seat not in self._underway and (order := self._next(agenda)):
                if order.task not in self._begun:
                    self._begun.add(order.task)
                    self._listener(Phase(order.task.value))
                self._underway[seat] = _Underway(order, self._submit(seat, order), time.monotonic())

    def _submit(self, seat: int, order: Order) -> "Future[Result]":
        """Have the worker in this seat do the order; if it died while it had nothing to do, another one."""
        try:
            return self._crew.submit(seat, order)
        except BrokenExecutor:
            self._crew.replace(seat)
            self._state.note(self._night.id, str(seat), "a worker died that had nothing to do")
            return self._crew.submit(seat, order)

    def _next(self, agenda: Agenda) -> Order | None:
        if self._seconds > max(self._night.for_seconds or 0, least_seconds(self._request.run.sessions)):
            agenda.cut_sweep()
        known = {**self._request.known, **self._books.observers}
        shrinking = sum(each.order.task is Task.SHRINK for each in self._underway.values())
        part = agenda.next_part(known, shrinks=shrinking < max(1, self._crew.size - 1))
        if part:
            return part
        corpus = self._state.corpus(_CORPUS) if self._request.guided else ()
        return agenda.next_search(known, self._seconds_left, corpus)

    def _take(self, seat: int, underway: _Underway, agenda: Agenda) -> None:
        """Enter what came of an order."""
        order = underway.order
        try:
            result = underway.future.result()
        except UsageError:
            raise
        except Exception as problem:  # noqa: BLE001 - of whatever kind, the worker is lost, and what it says is told
            self._replace(seat, underway, f"it died ({type(problem).__name__}: {problem})", agenda)
            return
        if result.trouble:
            self._cope_with(result.trouble, order, result, agenda)
        else:
            self._in_vain = 0
            self._enter(order, result, agenda)

    def _enter(self, order: Order, result: Result, agenda: Agenda) -> None:
        if order.task is Task.SEARCH:
            agenda.credit(max(0, order.programs - result.programs))
        if result.unknown and order.part not in self._books.observers:
            agenda.dropped.append(f"the kept case of {order.part}: {result.unknown}")
            order = replace(order, part="")  # to be looked for again, should the campaign be gone on with
        self._books.enter(order, result, self._seconds)

    def _cope_with(self, trouble: str, order: Order, result: Result, agenda: Agenda) -> None:
        """An order could not be done to its end: keep what came of it, and see to it that the others can be."""
        self._state.note(self._night.id, result.worker, trouble)
        if order.task is Task.SEARCH and result.programs:
            self._enter(order, result, agenda)
        else:
            self._books.take_findings(order, result)
            agenda.again(order)
        if self._grounds and self._grounds.revive():
            agenda.assignment = replace(agenda.assignment, sources=self._grounds.sources)
            self._state.note(self._night.id, "postgres", "the cluster had died, and another one was started")
        elif order.assignment == agenda.assignment:  # else it is the cluster that has died, of which others told before
            self._count_in_vain(trouble)

    def _problem_with(self, seat: int, underway: _Underway) -> str | None:
        """Why the worker has to be replaced, if it has to."""
        took = time.monotonic() - underway.since
        if took > underway.order.seconds + self._request.patience:
            return f"it hung: {underway.order.task} took {took:.0f} s"
        size = self._crew.bytes(seat)
        if size and size > self._request.memory:
            return f"it took {size // 2**20} MB of memory, and may take {self._request.memory // 2**20}"
        return None

    def _replace(self, seat: int, underway: _Underway, reason: str, agenda: Agenda) -> None:
        """Somebody is lost: keep what they were executing, and have another one go on."""
        pid = self._crew.pid(seat)
        program = last_program(self._request.folder / JOURNALS / f"{pid}.jsonl") if pid else None
        worker = str(pid or f"of order {underway.order.number}")
        self._crew.replace(seat)
        self._lost += 1
        self._state.suspect(self._night.id, reason, program)
        self._state.note(self._night.id, worker, reason)
        self._books.salvage(underway.order)
        self._listener(WorkerLost(worker, reason))
        agenda.again(underway.order)
        self._count_in_vain(f"workers are lost one after the other, the last because {reason}")

    def _count_in_vain(self, reason: str) -> None:
        self._in_vain += 1
        if self._in_vain >= max(_LOST_IN_A_ROW, 2 * self._crew.size):
            raise InfrastructureError(reason)

    # -- time

    @property
    def _seconds(self) -> float:
        return self._night.seconds + time.monotonic() - self._began

    @property
    def _seconds_left(self) -> float | None:
        budget = self._night.for_seconds
        return None if budget is None else budget - self._seconds

    def _spend(self, trouble: str | None, *, interrupted: bool) -> None:
        cut = tuple(self._agenda.dropped) if self._agenda else ()
        circumstances = replace(self._books.circumstances, cut=cut, trouble=trouble, interrupted=interrupted)
        self._state.spend(self._night.id, self._seconds, circumstances)

    def _tell(self) -> None:
        now, books = self._seconds, self._books
        programs, operations = books.programs.total(), books.operations
        self._lately.append((now, programs, operations))
        while len(self._lately) > 2 and now - self._lately[0][0] > _LATELY:
            self._lately.popleft()
        since, programs_then, operations_then = self._lately[0]
        span = max(now - since, _BEAT)
        self._spend(INTERRUPTED, interrupted=True)  # that is what it is if nothing more is heard of it
        self._listener(
            Beat(
                seconds=now,
                for_seconds=self._night.for_seconds,
                programs=programs,
                for_programs=self._night.for_programs,
                operations=operations,
                programs_a_second=(programs - programs_then) / span,
                operations_a_second=(operations - operations_then) / span,
                covered=books.covered,
                findings=books.open,
                lost=self._lost,
                working=tuple(self._working()),
            )
        )

    def _working(self) -> Iterator[Working]:
        for seat, each in sorted(self._underway.items()):
            name = str(self._crew.pid(seat) or seat + 1)
            yield Working(name, each.order.task.value, time.monotonic() - each.since, self._crew.bytes(seat))
