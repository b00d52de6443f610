"""Bursts whose steps overlap: they take turns as somebody decides, or all start at once and chance has it.

What was decided and what went wrong is kept in the burst as it happens: a violation is found in the middle of it.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

from isofuzz.engine.control import Control
from isofuzz.engine.made import Ready
from isofuzz.engine.overlap import Overlap
from isofuzz.engine.schedulers import CHANCE, Given, Scheduler
from isofuzz.engine.sockets import Scan, Sockets
from isofuzz.engine.strikes import Strikes
from isofuzz.engine.system import System
from isofuzz.history.entries import Entry, Move, Moved, Struck
from isofuzz.program.faults import FaultKind
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Burst, Fault, Ref
from isofuzz.target.things import Socket


class Turns:
    """The overlapping steps of one program, of which `bursts` holds what is executed so far.

    `perform` does a step that has been recorded as invoked; `scan` and `record` are those of `Sockets`.

    `decided` counts by what it was decided who moves when; `decided_by` is that of the last ones, and empty if no
    steps overlapped. `uncontrolled` says what of steps that took turns nobody controlled: they may do otherwise the
    next time. `diverged` says of each schedule that did not fit from where on, in words.
    """

    def __init__(
        self,
        system: System,
        bursts: list[Burst],
        sockets: Sockets,
        *,
        perform: Callable[[Ready], Awaitable[None]],
        scan: Scan,
        record: Callable[[Entry], None],
    ) -> None:
        self.decided: Counter[str] = Counter()
        self.decided_by = ""
        self.uncontrolled: frozenset[str] = frozenset()
        self.diverged: list[str] = []
        self.given_up: set[int] = set()
        """The steps that were cancelled on purpose."""
        self.anything_struck = False
        """Has something gone wrong on purpose? Then what comes unexpectedly is no sign of a system that is down."""
        self._system = system
        self._bursts = bursts
        self._sockets = sockets
        self._perform = perform
        self._scan = scan
        self._record = record
        self._overlap: Overlap | None = None

    async def execute(self, steps: Sequence[Ready], scheduler: Scheduler | None) -> None:
        """Execute the last burst, of which these are the steps that can be done."""
        burst, control = self._bursts[-1], self._system.control
        if scheduler is None and burst.schedule is not None:
            scheduler = Given(burst.schedule)
        self.decided_by = scheduler.name if scheduler and control else CHANCE
        self.decided[self.decided_by] += 1
        if scheduler and control:
            await self._one_at_a_time(steps, scheduler, control)
        else:
            self._bursts[-1] = replace(burst, schedule=None)  # a schedule by which nobody went says nothing
            await self._all_at_once(steps)

    async def _all_at_once(self, steps: Sequence[Ready]) -> None:
        """Start them: nobody controls who moves when."""
        for step in steps:
            self._record(step.invocation)
        performing = {step.call.number: asyncio.ensure_future(self._perform(step)) for step in steps}
        await asyncio.sleep(0)  # each has begun
        happened = []
        for fault in self._bursts[-1].faults:
            task = performing.get(fault.of.step)
            if task is None or task.done():
                continue
            if fault.kind is FaultKind.CANCEL:
                self.struck(fault)
                self.given_up.add(fault.of.step)
                task.cancel()
            elif fault.kind is FaultKind.RESTART:
                self.struck(fault)
                await self._system.restart()
            else:
                continue
            happened.append(fault)
        # What could not happen was no part of it.
        self._bursts[-1] = replace(self._bursts[-1], faults=tuple(happened))
        await asyncio.gather(*performing.values())

    async def _one_at_a_time(self, steps: Sequence[Ready], scheduler: Scheduler, control: Control) -> None:
        burst = self._bursts[-1]
        before = Counter(control.uncontrolled.reasons)
        strikes = Strikes(burst.faults, control, self)
        self._overlap = overlap = Overlap(control, scheduler, strikes, self)
        await overlap.run({step.call.number: partial(self._invoke, step) for step in steps})
        self._keep(tuple(fault for fault in burst.faults if fault not in strikes.left))
        self._overlap = None
        self.uncontrolled |= (control.uncontrolled.reasons - before).keys()
        place = scheduler.unfit_from(len(overlap.taken)) if isinstance(scheduler, Given) else None
        if place is not None:
            self.diverged.append(_divergence(burst, place))

    async def _invoke(self, step: Ready) -> None:
        self._record(step.invocation)
        await self._perform(step)

    def _keep(self, faults: tuple[Fault, ...]) -> None:
        """Keep what was decided so far as the schedule of the burst."""
        if self._overlap:
            schedule = Schedule.of(self._overlap.taken)
            self._bursts[-1] = replace(self._bursts[-1], schedule=schedule, faults=faults)

    # -- what the steps do and suffer

    def moved(self, step: int, move: Move, text: str, blocked: tuple[int, ...], connection: int | None) -> None:
        """A step is let go on."""
        self._keep(self._bursts[-1].faults)
        _, said = self._scan([text], keep=True)
        self._record(Moved(step, move, said, blocked, connection))

    def struck(self, fault: Fault) -> None:
        """A fault happens."""
        self._keep(self._bursts[-1].faults)
        self.anything_struck = True
        self._record(Struck(fault.number, fault.kind, fault.of))

    def give_up(self, step: int) -> None:
        """Cancel the step as whoever called it would, and take its end for what the program wanted."""
        assert self._overlap, "steps overlap"
        self.given_up.add(step)
        self._overlap.cancel(step)

    async def restart(self) -> None:
        """Cut all connections of the system, and have it started anew."""
        assert self._overlap, "steps overlap"
        await self._overlap.restart(self._system.restart)

    def socket(self, ref: Ref) -> Socket | None:
        """The socket that the program calls so, if it is open."""
        return self._sockets.find(ref)


def _divergence(burst: Burst, place: int) -> str:
    steps = " and ".join(str(call.number) for call in burst.calls)
    return f"the schedule {burst.schedule} of steps {steps} no longer fits from its decision {place + 1} on"
