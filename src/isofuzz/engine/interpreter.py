"""The interpreter: the only place where operations run, and the only one where they run at the same time.

It resolves symbolic arguments, starts the steps of a burst together, reads every socket, and writes the history. Each
entry is judged as it is written, so a violation is known before the next step begins.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

from isofuzz.engine.evidence import everything, excerpt, shown
from isofuzz.engine.lag import LateAnswer, events_come, rows_come
from isofuzz.engine.made import Made, Ready
from isofuzz.engine.sabotage import Sabotage
from isofuzz.engine.schedulers import Scheduler
from isofuzz.engine.sockets import Sockets
from isofuzz.engine.system import Past, System
from isofuzz.engine.turns import Turns
from isofuzz.errors import InfrastructureError, IsofuzzError
from isofuzz.history.entries import Completion, Entry, History, Moved, Outcome, Row, Skipped, Storage
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.violation import Violation
from isofuzz.program.canary import texts
from isofuzz.program.probes import are_probes, names_unissued
from isofuzz.program.steps import Burst, Call, Program, Ref
from isofuzz.program.vocabulary import Kind
from isofuzz.target.things import Refused, Session, Socket, Thing


class Execution:
    """One program while it is executed: what was run so far, and the history that it wrote.

    `on_violation` is called with each violation at once, before anything else happens; `on_answer` with each step and
    what the target returned or raised. `sabotage` may change what replies and frames show before they are scanned.

    `durations` holds how many seconds the target took over each step, by its number. A step that was not answered in
    time counts with what it was waited for: without it, a system that hangs would look quick. One that ended
    unexpectedly in another way is left out: errors are quick. They are no part of the history, for the same program
    has the same history and a clock never says the same.

    `on_burst` is called with each burst before it is executed: what is known of it even if this process dies of it.

    `turns` knows how its steps overlapped, as far as they did.

    `counterpart` is the history with which this one was compared, if that showed something.

    `whole`: the history holds all that was seen instead of excerpts, to be compared with another. `patience`: seconds
    to wait after each step that takes something away, which is how long a cache may keep it.
    """

    def __init__(
        self,
        system: System,
        judge: Judge,
        on_violation: Callable[["Execution", Violation], None] | None = None,
        on_answer: Callable[[Call, object], None] = lambda call, answer: None,
        *,
        on_burst: Callable[[Burst], None] = lambda burst: None,
        sabotage: Sabotage | None = None,
        whole: bool = False,
        patience: float = 0,
    ) -> None:
        self.system = system
        self.judge = judge
        self.history: History = []
        self.bursts: list[Burst] = []
        self.durations: dict[int, float] = {}
        self.counterpart: History = []
        self.finished = False
        """Has all been executed, and has all arrived that was under way?"""
        self._on_violation = on_violation
        self._on_answer = on_answer
        self._on_burst = on_burst
        self._whole = whole
        self._patience = patience
        self._asked: Call | None = None
        self._made = Made(system)
        self._sabotage = sabotage or Sabotage()
        system.past.append(Past(system.minted, self.bursts, self.history))
        self._sockets = Sockets(system, self._scan, self._record, self._sabotage)
        self.turns = Turns(
            system, self.bursts, self._sockets, perform=self._perform, scan=self._scan, record=self._record
        )

    @property
    def first_canary(self) -> int:
        """The number of its first canary, counted from the start of the system."""
        return self._made.first_canary

    @property
    def program(self) -> Program:
        """What was executed so far."""
        return Program(tuple(self.bursts))

    def ref_of(self, thing: Thing) -> Ref | None:
        """By which reference the program knows what an operation returned; None if none did."""
        return self._made.ref_of(thing)

    async def run(self, burst: Burst, scheduler: Scheduler | None = None) -> None:
        """Execute one burst: start its steps, let them overlap, and return when all have ended and their events are in.

        `scheduler` decides who moves when; without one the burst's schedule does, if it has one. What was decided is
        the schedule of the burst from then on. Raises SystemDown if the system under test has died.
        """
        if not self.bursts:
            await self._look_at_pool()
        self._on_burst(burst)
        self.bursts.append(burst)
        ready = [step for call in burst.calls if (step := self._ready(call))]
        # Whatever of it is ready: what took turns once has to do so when it is executed again.
        if burst.overlaps or burst.schedule is not None:
            await self.turns.execute(ready, scheduler)
        else:
            for step in ready:
                self._record(step.invocation)
                await self._perform(step)
        if self._patience and any(step.operation.takes_away for step in ready):
            await asyncio.sleep(self._patience)
        if self._whole:
            await self._settle(self._sockets.all)
        elif any(step.canaries for step in ready):
            await self._settle(self.judge.delivery.awaited())
        self._check()

    async def finish(self) -> None:
        """Let everything arrive that is under way on any socket, then drop the connections."""
        try:
            if self._whole:
                await asyncio.sleep(self.system.target.lag)  # that no further event comes, nothing shows but the time
            await self._settle(self._sockets.all)
            await self._look_into_storage()
            await self._look_at_pool()
        finally:
            await self.close()
        self._check()
        self.finished = True

    async def close(self) -> None:
        """Close every connection and stop reading."""
        await self._sockets.close()

    async def _settle(self, sockets: Collection[Ref]) -> None:
        """Wait until the system has fanned out what it was told, and these sockets have received it."""
        await self.system.quiesce()
        await events_come(self.judge, sockets, self.system.target.lag)
        await self._sockets.barriers(sockets, since=len(self.history))

    # -- calls

    def _ready(self, call: Call) -> Ready | None:
        step = self._made.ready(call)
        if step is None:
            self._record(Skipped(call.number, call.operation))
        return step

    async def _perform(self, step: Ready) -> None:
        """Do the step; ask again for what a read lacks and the system may show later."""
        lag = 0 if step.operation.writes else self.system.target.lag
        late = LateAnswer(self.judge, step.call.number, lag)
        while not await self._attempt(step, late):
            pass

    async def _attempt(self, step: Ready, late: LateAnswer) -> bool:
        """Do the step once; was that its end?"""
        target = self.system.target
        refusals: tuple[type[Exception], ...] = (Refused, *target.refusals)
        limit = asyncio.timeout(target.answer_within)
        try:
            value = await self._timed(step, limit)
        except IsofuzzError:
            raise
        except refusals as refusal:
            self.system.note_answer()
            if await self._is_late(late, Outcome.REFUSED, [refusal]):
                return False
            self._complete(step, Outcome.REFUSED, [refusal], late)
            self._on_answer(step.call, refusal)
        except (
            Exception,
            asyncio.CancelledError,
            SystemExit,
        ) as problem:  # whatever comes: it is evidence
            if step.call.number in self.turns.given_up:
                _go_on_after_cancellation()
            elif isinstance(problem, asyncio.CancelledError) and _is_being_cancelled():
                raise
            elif not self.turns.anything_struck:
                self.system.note_unexpected(excerpt([problem], self._made.conceal))
            if not limit.expired():
                del self.durations[step.call.number]
            self._complete(step, Outcome.INFO, [problem], late)
            self._on_answer(step.call, problem)
        else:
            self.system.note_answer()
            for ref, made in self._made.take(step, value):
                if isinstance(made, Socket):
                    self._sockets.add(ref, made)
                if isinstance(made, Session):
                    self._conceal_in(step)
            values = self._sabotage.reply(step.call.number, list(shown(value)))
            if await self._is_late(late, Outcome.OK, values):
                return False
            self._complete(step, Outcome.OK, values, late)
            self._on_answer(step.call, value)
        return True

    async def _is_late(self, late: LateAnswer, outcome: Outcome, values: list[object]) -> bool:
        if not late.patient:
            return False
        seen, _ = self._scan(values, keep=False)
        return await late.may_come(outcome, seen, values)

    async def _timed(self, step: Ready, limit: asyncio.Timeout) -> object:
        """Have the target do the step, within the limit, and note how long it took."""
        began = time.perf_counter()
        try:
            async with limit:
                return await getattr(self.system.target, step.operation.name)(**step.arguments)
        finally:
            self.durations[step.call.number] = time.perf_counter() - began

    def _complete(self, step: Ready, outcome: Outcome, values: list[object], late: LateAnswer) -> None:
        told = values if self._whole else [*late.shown, *values]  # how often one had to look says nothing of others
        seen, text = self._scan(told, keep=outcome is not Outcome.OK or self._probes(step.call))
        seen = tuple(dict.fromkeys((*late.seen, *seen)))
        self._record(Completion(step.call.number, outcome, seen, text, self._made.ids_made_by(step)))
        self._sockets.read()

    def _probes(self, call: Call) -> bool:
        """Is it asked with something that was never issued, or right after its like was, so that both are compared?"""
        probes = names_unissued(call) or (self._asked is not None and are_probes(self._asked, call))
        self._asked = call
        return probes

    # -- the history

    def _scan(self, values: list[object], *, keep: bool) -> tuple[tuple[int, ...], str]:
        serials = (serial for value in values for text in texts(value) for serial in self._made.serials(text))
        seen = tuple(dict.fromkeys(serials))
        if self._whole:
            return seen, everything(values, self._made.symbol, self._made.conceal)
        return seen, excerpt(values, self._made.conceal) if seen or keep else ""

    def _conceal_in(self, step: Ready) -> None:
        """Mask the credentials of a session in what the step did before anybody knew them."""
        for place, entry in enumerate(self.history):
            if isinstance(entry, Moved) and entry.step == step.call.number:
                self.history[place] = replace(entry, text=self._made.conceal(entry.text))

    async def _look_into_storage(self) -> None:
        """Record the stored rows that hold a canary."""
        if self.system.tells_stored:
            self._record(Storage(await rows_come(self.judge, self._stored_rows, self.system.target.lag)))

    async def _stored_rows(self) -> list[Row]:
        """The stored rows that hold a canary, with the things that they say they belong to."""
        rows = []
        for stored in await self.system.stored():
            seen, text = self._scan([stored.text], keep=False)
            if seen:
                threads, owners = (
                    self._made.with_id(Kind.THREAD, stored.thread),
                    self._made.with_id(Kind.USER, stored.owner),
                )
                rows.append(Row(seen, text, threads, owners))
        return rows

    async def _look_at_pool(self) -> None:
        """Record the connections that are idle in the system's pool; no comparison of histories reads these."""
        pool = self.system.pool
        if not pool.lent or self._whole:
            return
        try:
            looked = await pool.look(self.system.services.observer, begins=not self.bursts)
        except InfrastructureError:
            if pool.is_lent_by_target:
                raise
            return  # nobody had asked for it, and the next reset tells better what is wrong
        for pooled in looked:
            self._record(pooled)

    def _record(self, entry: Entry) -> None:
        self.history.append(entry)
        for violation in self.judge.feed(entry):
            if self._on_violation:
                self._on_violation(self, violation)

    def _check(self) -> None:
        self._sockets.check()
        if self.system.control:
            self.system.control.check()
        self.system.check_alive()


def _is_being_cancelled() -> bool:
    """Is it this task that shall end? If not, a cancellation is one of the system's own."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _go_on_after_cancellation() -> None:
    """This task was cancelled on purpose, and its work ends with telling so."""
    if task := asyncio.current_task():
        task.uncancel()


def any_violation(execution: Execution) -> bool:
    """Has this program shown a violation?"""
    return bool(execution.judge.violations)


async def execute(
    system: System,
    program: Program,
    judge: Judge,
    on_violation: Callable[[Execution, Violation], None] | None = None,
    *,
    stop: Callable[[Execution], bool] = any_violation,
    on_burst: Callable[[Burst], None] = lambda burst: None,
    sabotage: Sabotage | None = None,
    whole: bool = False,
    patience: float = 0,
    waits: Mapping[int, float] = MappingProxyType({}),
) -> Execution:
    """Run a whole program from reset, up to the burst after which `stop` says that it is enough; see `Execution`.

    `waits`: seconds that are let go by before steps, by their number.
    """
    await system.reset()
    execution = Execution(
        system, judge, on_violation, on_burst=on_burst, sabotage=sabotage, whole=whole, patience=patience
    )
    try:
        for burst in program.bursts:
            if wait := sum(waits.get(call.number, 0) for call in burst.calls):
                await asyncio.sleep(wait)
            await execution.run(burst)
            if stop(execution):
                break
        else:
            await execution.finish()
    finally:
        await execution.close()
    return execution
