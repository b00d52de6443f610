"""A target driven by hand: a test calls its operations one after the other, and isofuzz writes and judges the history.

The test holds the target's own things and texts. Here they become references and secrets, so that the same interpreter
executes the steps and the same oracles read what came of them.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TypeVar, cast

from isofuzz.cases.case import Case
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.system import System, running
from isofuzz.history import world
from isofuzz.history.entries import Barrier, Completion, Delivery, Entry, Outcome
from isofuzz.oracles.violation import Violation
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Program
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.evidence import earlier_programs, evidence
from isofuzz.runs.overlapping import Overlapping
from isofuzz.runs.planting import new_mint, planted
from isofuzz.runs.recorder import AnyThing, Operations, Recorder
from isofuzz.services import Sources, open_services
from isofuzz.services.valkey.lease import kept_to_the_end
from isofuzz.target.base import Target
from isofuzz.target.signatures import read_signatures

AnyTarget = TypeVar("AnyTarget", bound=Target)


class HistoryByHand:
    """What a test did by hand and what came of it, so far; `assert_isolated` judges it."""

    def __init__(self, system: System, *, patience: float = 0, turns: Schedule | None = None) -> None:
        """`patience`: see `Execution`. `turns`: how overlapping operations take turns, whatever the test says."""
        self.target = type(system.target).__name__
        self.vocabulary: Vocabulary = system.signatures.vocabulary
        self._recorder = Recorder(system, patience=patience, turns=turns)

    @property
    def program(self) -> Program:
        """The steps, with what overlapped."""
        return self._recorder.execution.program

    @property
    def entries(self) -> Sequence[Entry]:
        """The history as the oracles read it."""
        return self._recorder.execution.history

    @property
    def violations(self) -> Sequence[Violation]:
        """What the oracles saw."""
        return [violation for _, violation in self._recorder.seen]

    def cases(self) -> list[Case]:
        """One case for each kind of violation, for the picture in a report; none is kept anywhere."""
        kinds: dict[str, Case] = {}
        for execution, violation in self._recorder.seen:
            if violation.fingerprint not in kinds:
                kinds[violation.fingerprint] = self._case(execution, violation)
        return list(kinds.values())

    def _case(self, execution: Execution, violation: Violation) -> Case:
        return Case(
            target=self.target,
            defect=None,
            **evidence(execution, violation, earlier_programs(execution, violation)),
            found="",
            services="",
        )

    @property
    def starts_over(self) -> bool:
        """Is there a program before the one that `program` tells of?"""
        return len(self._recorder.executions) > 1

    @property
    def diverged(self) -> bool:
        """Was there a schedule that did not fit?"""
        return any(execution.turns.diverged for execution in self._recorder.executions)

    @property
    def most_at_once(self) -> int:
        """How many operations and faults overlap, where most do."""
        programs = (execution.program for execution in self._recorder.executions)
        return max((len(burst.numbers) for program in programs for burst in program.bursts), default=0)

    def overlap(self, schedule: str | None = None) -> AbstractAsyncContextManager[Overlapping]:
        """Have operations overlap: `async with history.overlap("01") as overlap:`, and in it `overlap.start(...)`.

        They are executed when the block ends. The schedule says who moves when, as in a report; without one nobody
        controls that. Raises UsageError for a schedule where nobody can.
        """
        return self._recorder.overlap(schedule)

    async def start_over(self) -> None:
        """Reset the system, which stays up, and begin another program: nothing of before may show in it.

        What operations returned before cannot be passed any more. `program` and `entries` are those of the new one.
        """
        await self._recorder.start_over()

    def never_issued(self, thing: type[AnyThing], variant: int = 0) -> AnyThing:
        """A plausible reference to a thing that the system never issued, to pass to an operation in a thing's place.

        `variant` tells several apart. Only operations can make something of it: its fields are not set. Raises
        UsageError if the class has no `id`.
        """
        return self._recorder.never_issued(thing, variant)

    def unchecked(self) -> list[str]:
        """Why it says nothing that no violation was seen, each reason in words; none if it does say something."""
        if not self.program.calls:
            return ["no operation was called"]
        if not self._written():
            return ["no operation wrote a secret, so no leak could have been seen"]
        if not any(self._could_have_shown(at, entry) for at, entry in enumerate(self.entries)):
            alone = "once a secret was written, nobody but its author looked or listened, and the author nowhere else"
            return [f"{alone}, so nobody could have seen what is not theirs"]
        return [
            f"{count} events of {name} were absent, but no barrier orders the system's fan-out, so they may be late"
            for name, count in sorted(self._recorder.execution.judge.delivery.unknown.items())
        ]

    def _written(self) -> list[world.Canary]:
        """What an operation surely wrote."""
        canaries = self._recorder.execution.judge.model.canaries.values()
        return [canary for canary in canaries if canary.written.outcome is Outcome.OK]

    def _could_have_shown(self, at: int, entry: Entry) -> bool:
        """Does the entry tell what somebody saw who is not the author of a secret, or the author in another place?"""
        written = [canary for canary in self._written() if canary.written.invoked < at]
        places: list[world.Thing | None]
        if isinstance(entry, Completion):
            deed = self._recorder.execution.judge.model.deeds[entry.step]
            places = [*deed.spanned()] if deed.operation.shows else []
            user = None if deed.acted_for_operator else deed.user
        elif isinstance(entry, Barrier | Delivery):
            socket = self._recorder.execution.judge.model.things[entry.socket]
            subscriptions = self._recorder.execution.judge.model.subscriptions
            places = [each.scope for each in subscriptions if each.socket and each.socket.stream is socket.stream]
            user = socket.owner
        else:
            return False
        return user is not None and any(
            canary.author is not user or any(_apart(canary.home, place) for place in places) for canary in written
        )


def _apart(home: world.Thing, place: world.Thing | None) -> bool:
    """Does neither lie in the other? None is everywhere."""
    return place is not None and not (home.lies_in(place) or place.lies_in(home))


@asynccontextmanager
async def by_hand(
    target_class: type[AnyTarget], *, defect: str | None, sources: Sources
) -> AsyncIterator[tuple[AnyTarget, HistoryByHand]]:
    """Start the target on services of its own; lends its operations, and the history that they write.

    What is awaited together (`asyncio.gather`, a task group) overlaps; what arrives on sockets is in the history when
    an operation returns. Raises UsageError (TargetMistake among them), ServicesUnavailable and SystemDown.
    """
    signatures = read_signatures(target_class)
    target = planted(target_class, defect)
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(open_services(sources))
        stack.enter_context(kept_to_the_end(services.suffix))
        system = await stack.enter_async_context(running(target, signatures, services, new_mint()))
        await system.reset()
        history = HistoryByHand(system)
        recorder = history._recorder
        try:
            yield cast("AnyTarget", Operations(target, signatures, recorder)), history
            await recorder.finish()
        finally:
            await recorder.stop()
