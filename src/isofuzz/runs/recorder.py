"""What a test calls by hand, as the steps of a program: recorded, executed and answered.

The test holds the target's own things and texts. Here they become references and secrets, so that the same interpreter
executes the steps and the same oracles read what came of them.
"""

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from isofuzz.engine.interpreter import Execution
from isofuzz.engine.system import System
from isofuzz.errors import UsageError
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.violation import Violation
from isofuzz.program.faults import FaultKind
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import (
    CANARY_SLOT,
    Argument,
    Burst,
    Call,
    Fault,
    Literal,
    NeverIssued,
    Ref,
    SecretText,
    Several,
)
from isofuzz.program.vocabulary import Draw, Operation, Parameter
from isofuzz.runs.overlapping import Hit, Overlapping
from isofuzz.target.base import Target
from isofuzz.target.signatures import Signatures
from isofuzz.target.things import Thing

AnyThing = TypeVar("AnyThing", bound=Thing)

_TEXTS = (Draw.NAME, Draw.KEY, Draw.QUERY)


class Operations:
    """Stands for the target in a test: an operation is recorded, anything else is the target's own."""

    def __init__(self, target: Target, signatures: Signatures, recorder: "Recorder") -> None:
        self._target = target
        self._recorded = {
            operation.name: _recorded(getattr(target, operation.name), operation, recorder)
            for operation in signatures.vocabulary.operations
        }

    def __getattr__(self, name: str) -> object:
        return self._recorded[name] if name in self._recorded else getattr(self._target, name)


def _recorded(
    method: Callable[..., Awaitable[object]], operation: Operation, recorder: "Recorder"
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


class Recorder:
    """Makes steps of calls, bursts of the steps that wait together, and executes them.

    `executions` holds one for each program: `start_over` begins another. `seen` are the violations of them all, each
    with the execution that showed it. `patience`: see `Execution`. `turns`: by which schedule operations overlap,
    whatever the test says.
    """

    def __init__(self, system: System, *, patience: float = 0, turns: Schedule | None = None) -> None:
        self.executions: list[Execution] = []
        self.seen: list[tuple[Execution, Violation]] = []
        self._system = system
        self._patience = patience
        self._turns = turns
        self._signatures = system.signatures
        self._invented: dict[Thing, NeverIssued] = {}
        self._answers: dict[int, object] = {}
        self._steps = 0
        self._waiting: list[_Step] = []
        self._runner: asyncio.Task[None] | None = None
        self._overlapping: Overlapping | None = None
        self._started: dict[asyncio.Task[Any], _Step] = {}
        self._begin()

    @property
    def execution(self) -> Execution:
        """That of the program that is under way, or was last."""
        return self.executions[-1]

    def see(self, execution: Execution, violation: Violation) -> None:
        """Take a violation that an execution showed."""
        self.seen.append((execution, violation))

    async def perform(self, operation: Operation, arguments: Mapping[str, object]) -> object:
        """Execute one step together with what is called at the same time."""
        symbolic = {
            parameter.name: self._argument(operation, parameter, arguments[parameter.name])
            for parameter in operation.parameters
        }
        step = _Step(Call(self._steps, operation.name, symbolic))
        self._steps += 1
        if self._overlapping is not None:
            self._started[self._starting(self._overlapping)] = step
            return await step.answer
        self._waiting.append(step)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await step.answer

    @asynccontextmanager
    async def overlap(self, schedule: str | None) -> AsyncIterator[Overlapping]:
        """Execute what is started within the block together, as the schedule says, when the block ends."""
        decided = self._schedule(schedule)
        if self._overlapping is not None:
            raise UsageError("one overlap within another; start all that overlaps in one of them")
        overlapping = self._overlapping = Overlapping()
        try:
            yield overlapping
            await asyncio.sleep(0)  # one turn of the loop, in which what was started gets here
            steps = [self._step_of(task) for task in overlapping.tasks]
            faults = [self._fault(kind, of) for kind, of in overlapping.faults]
            self._overlapping = None
            if steps:
                await self._execute(steps, decided, faults)
                await asyncio.wait(overlapping.tasks)
        finally:
            self._overlapping = None
            self._started.clear()
            await overlapping.end()

    def never_issued(self, thing: type[AnyThing], variant: int) -> AnyThing:
        known = self._signatures.things.get(thing.__name__)
        if known is not thing or not self._signatures.vocabulary.thing(thing.__name__).issued:
            raise UsageError(f"no {thing.__name__} can be invented: it is no thing of this target, or it has no `id`")
        invented = thing.__new__(thing)
        self._invented[invented] = NeverIssued(thing.__name__, variant)
        return invented

    async def start_over(self) -> None:
        """End the program, reset the system, which stays up, and begin another program."""
        await self.finish()
        await self._system.reset()
        self._begin()

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

    def raised_by(self, problem: BaseException) -> int | None:
        """The step of the program under way that ended with this very error; None if it was none."""
        return next((number for number, answer in self._raised.items() if answer is problem), None)

    def _begin(self) -> None:
        judge = Judge(self._signatures.vocabulary)
        self.executions.append(Execution(self._system, judge, self.see, self._note, patience=self._patience))
        self._raised: dict[int, BaseException] = {}
        self._steps = 0

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(0)  # one turn of the loop, in which what was started together gets here together
            steps, self._waiting = self._waiting, []
            await self._execute(steps)

    async def _execute(
        self, steps: Sequence[_Step], schedule: Schedule | None = None, faults: Iterable[Fault] = ()
    ) -> None:
        try:
            await self.execution.run(Burst(tuple(step.call for step in steps), schedule, tuple(faults)))
        except Exception as problem:  # noqa: BLE001  # whatever it is, the test waits and has to hear of it
            for step in steps:
                step.resolve(problem)
        for step in steps:
            step.resolve(self._answers.pop(step.call.number, _not_executed(step.call)))

    def _note(self, call: Call, answer: object) -> None:
        self._answers[call.number] = answer
        if isinstance(answer, BaseException):
            self._raised[call.number] = answer

    # -- what overlaps as a test says

    def _schedule(self, schedule: str | None) -> Schedule | None:
        if schedule is None:
            return None
        if self._system.control is None:
            raise UsageError(
                "nobody controls here who moves when, so a schedule says nothing: write the test as an "
                "`isolation_story`, whose system has a Postgres"
            )
        try:
            return self._turns or Schedule.parse(schedule)
        except ValueError as problem:
            raise UsageError(f"overlap: {problem}") from None

    def _starting(self, overlapping: Overlapping) -> "asyncio.Task[Any]":
        """The task that takes part, which calls an operation now. Whoever else waited for one would wait for ever."""
        task = asyncio.current_task()
        if task not in overlapping.tasks:
            raise UsageError("nothing can be awaited within an overlap: have it take part with overlap.start(...)")
        return task

    def _step_of(self, task: "asyncio.Task[Any]") -> _Step:
        """What was called in the task, which waits for its answer now; raises what kept it from being called."""
        if task.done():
            task.result()
        if task not in self._started:
            raise UsageError("only operations of the target can be started in an overlap")
        return self._started[task]

    def _fault(self, kind: FaultKind, of: Hit) -> Fault:
        ref = self._named(kind, of) if isinstance(of, Thing) else Ref(self._step_of(of.task).call.number)
        if isinstance(ref, NeverIssued):
            raise UsageError(f"{kind}: a socket that was never issued cannot be lost")
        fault = Fault(self._steps, kind, ref)
        self._steps += 1
        return fault

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
