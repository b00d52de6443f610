"""A target driven by hand: a test calls its operations one after the other, and isofuzz writes and judges the history.

The test holds the target's own things and texts. Here they become references and secrets, so that the same interpreter
executes the steps and the same oracles read what came of them.
"""

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from isofuzz.cases.case import Case
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.system import System, running
from isofuzz.errors import UsageError
from isofuzz.history import world
from isofuzz.history.entries import Barrier, Completion, Delivery, Entry, Outcome
from isofuzz.oracles.explanation import explain
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.violation import Violation
from isofuzz.program.steps import (
    CANARY_SLOT,
    Argument,
    Burst,
    Call,
    Literal,
    NeverIssued,
    Program,
    Ref,
    SecretText,
    Several,
)
from isofuzz.program.vocabulary import Draw, Operation, Parameter, Vocabulary
from isofuzz.runs.planting import new_mint, planted
from isofuzz.services import Sources, open_services
from isofuzz.services.valkey.lease import kept_to_the_end
from isofuzz.target.base import Target
from isofuzz.target.signatures import Signatures, read_signatures
from isofuzz.target.things import Thing

AnyTarget = TypeVar("AnyTarget", bound=Target)
AnyThing = TypeVar("AnyThing", bound=Thing)

_TEXTS = (Draw.NAME, Draw.KEY, Draw.QUERY)


class HistoryByHand:
    """What a test did by hand and what came of it, so far; `assert_isolated` judges it."""

    def __init__(self, system: System) -> None:
        self.target = type(system.target).__name__
        self.vocabulary: Vocabulary = system.signatures.vocabulary
        self._judge = Judge(self.vocabulary)
        self._recorder = _Recorder(system, self._judge)

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
        return self._judge.violations

    def cases(self) -> list[Case]:
        """One case for each kind of violation, for the picture in a report; none is kept anywhere."""
        kinds = {violation.fingerprint: violation for violation in reversed(self.violations)}
        return [self._case(violation) for violation in reversed(kinds.values())]

    def _case(self, violation: Violation) -> Case:
        return Case(
            target=self.target,
            defect=None,
            violation=violation,
            explanation=explain(self.program, self.entries, violation, self.vocabulary),
            program=self.program,
            history=tuple(self.entries),
            found="",
            services="",
        )

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
            for name, count in sorted(self._judge.delivery.unknown.items())
        ]

    def _written(self) -> list[world.Canary]:
        """What an operation surely wrote."""
        canaries = self._judge.model.canaries.values()
        return [canary for canary in canaries if canary.written.outcome is Outcome.OK]

    def _could_have_shown(self, at: int, entry: Entry) -> bool:
        """Does the entry tell what somebody saw who is not the author of a secret, or the author in another place?"""
        written = [canary for canary in self._written() if canary.written.invoked < at]
        places: list[world.Thing | None]
        if isinstance(entry, Completion):
            deed = self._judge.model.deeds[entry.step]
            places = [*deed.spanned()] if deed.operation.shows else []
            user = None if deed.acted_for_operator else deed.user
        elif isinstance(entry, Barrier | Delivery):
            socket = self._judge.model.things[entry.socket]
            subscriptions = self._judge.model.subscriptions
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
            yield cast("AnyTarget", _Operations(target, signatures, recorder)), history
            await recorder.finish()
        finally:
            await recorder.stop()


class _Operations:
    """Stands for the target in a test: an operation is recorded, anything else is the target's own."""

    def __init__(self, target: Target, signatures: Signatures, recorder: "_Recorder") -> None:
        self._target = target
        self._recorded = {
            operation.name: _recorded(getattr(target, operation.name), operation, recorder)
            for operation in signatures.vocabulary.operations
        }

    def __getattr__(self, name: str) -> object:
        return self._recorded[name] if name in self._recorded else getattr(self._target, name)


def _recorded(
    method: Callable[..., Awaitable[object]], operation: Operation, recorder: "_Recorder"
) -> Callable[..., Awaitable[object]]:
    signature = inspect.signature(method)

    @functools.wraps(method)
    async def recorded(*args: object, **kwargs: object) -> object:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return await recorder.perform(operation, bound.arguments)

    return recorded


@dataclass
class _Step:
    """A call of the test, and what it waits for."""

    call: Call
    answer: "asyncio.Future[object]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def resolve(self, answer: object) -> None:
        """Return or raise to the test what the target returned or raised."""
        if self.answer.done():
            return  # the test no longer waits for it
        if isinstance(answer, Exception):
            self.answer.set_exception(answer)
        elif isinstance(answer, BaseException):  # it would end the test, or the whole of pytest
            ended = RuntimeError(f"{self.call.operation} ended with {type(answer).__name__}")
            ended.__cause__ = answer
            self.answer.set_exception(ended)
        else:
            self.answer.set_result(answer)


class _Recorder:
    """Makes steps of calls, bursts of the steps that wait together, and executes them."""

    def __init__(self, system: System, judge: Judge) -> None:
        self.execution = Execution(system, judge, on_answer=self._note)
        self._signatures = system.signatures
        self._invented: dict[Thing, NeverIssued] = {}
        self._answers: dict[int, object] = {}
        self._steps = 0
        self._waiting: list[_Step] = []
        self._runner: asyncio.Task[None] | None = None

    async def perform(self, operation: Operation, arguments: Mapping[str, object]) -> object:
        """Execute one step together with what is called at the same time."""
        symbolic = {
            parameter.name: self._argument(operation, parameter, arguments[parameter.name])
            for parameter in operation.parameters
        }
        step = _Step(Call(self._steps, operation.name, symbolic))
        self._steps += 1
        self._waiting.append(step)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await step.answer

    def never_issued(self, thing: type[AnyThing], variant: int) -> AnyThing:
        known = self._signatures.things.get(thing.__name__)
        if known is not thing or not self._signatures.vocabulary.thing(thing.__name__).issued:
            raise UsageError(f"no {thing.__name__} can be invented: it is no thing of this target, or it has no `id`")
        invented = thing.__new__(thing)
        self._invented[invented] = NeverIssued(thing.__name__, variant)
        return invented

    async def finish(self) -> None:
        """Wait for what is under way, and until everything has arrived on every socket."""
        if self._runner:
            await self._runner
        await self.execution.finish()

    async def stop(self) -> None:
        """End what is still under way and close the sockets."""
        if self._runner and not self._runner.done():
            self._runner.cancel()
            await asyncio.wait({self._runner})
        await self.execution.close()

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(0)  # one turn of the loop, in which what was started together gets here together
            steps, self._waiting = self._waiting, []
            try:
                await self.execution.run(Burst(tuple(step.call for step in steps)))
            except Exception as problem:  # noqa: BLE001  # whatever it is, the test waits and has to hear of it
                for step in steps:
                    step.resolve(problem)
            for step in steps:
                step.resolve(self._answers.pop(step.call.number, _not_executed(step.call)))

    def _note(self, call: Call, answer: object) -> None:
        self._answers[call.number] = answer

    # -- from what the test holds to what a program says

    def _argument(self, operation: Operation, parameter: Parameter, value: object) -> Argument:
        place = f"{operation.name}, {parameter.name}"
        if parameter.draws is Draw.THING:
            if parameter.several:
                return Several(tuple(self._named(place, item) for item in cast("Iterable[object]", value)))
            return self._named(place, value)
        if parameter.draws is Draw.SECRET:
            return _secret(place, str(value))
        return Literal(str(value) if parameter.draws in _TEXTS else cast("Any", value))

    def _named(self, place: str, value: object) -> Ref | NeverIssued:
        if not isinstance(value, Thing):
            raise UsageError(f"{place}: {type(value).__name__} is no thing; pass what an operation returned")
        if value in self._invented:
            return self._invented[value]
        ref = self.execution.ref_of(value)
        if ref is None:
            kind = type(value).__name__
            raise UsageError(
                f"{place}: this {kind} was not returned by an operation of this test, so nobody knows whose it is; "
                f"pass one that was, or history.never_issued({kind}) for one that does not exist"
            )
        return ref


def _secret(place: str, text: str) -> SecretText:
    """The text with a place for the canary: where the test put one, else at its end."""
    try:
        return SecretText(text if CANARY_SLOT in text else f"{text} {CANARY_SLOT}".strip())
    except ValueError as problem:
        raise UsageError(f"{place}: {problem}") from None


def _not_executed(call: Call) -> UsageError:
    return UsageError(
        f"{call.operation} was not called: a reference that was never issued is made after one that was, and there is "
        "none of its class yet"
    )
