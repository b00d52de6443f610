"""The Hypothesis front: a rule-based state machine built from a target's vocabulary.

A rule never raises. Once a violation is seen, or there is no time left, the machine goes on *drawing* its remaining
rules without executing them, and its teardown raises a private BaseException. Hypothesis then neither replays the
example nor judges whether it is flaky, and saves its choices for the next run; of the mechanisms tried, only this one
was clean in 300 of 300 runs against a racy system.
"""

import weakref
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from isofuzz.engine.composer import Composer
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.plan import Plan, as_argument
from isofuzz.engine.prologue import coming_back, crowd, prologue
from isofuzz.engine.schedulers import Scheduler, scheduler
from isofuzz.generators import alike_names, keys, names, queries, template, values
from isofuzz.history.relations import Relation
from isofuzz.program.faults import FaultKind
from isofuzz.program.steps import Argument, Burst, Call, Fault, Ref, SecretText
from isofuzz.program.vocabulary import Draw, Kind, Operation, Parameter
from isofuzz.target.signatures import Signatures

T = TypeVar("T")

_MOST_TOGETHER = 4
"""Steps of one burst at the most, unless more sessions are asked for."""

_SEED = 3
"""Bytes from which a scheduler decides who moves when: too few for its every decision, so they are spread out."""

_ONE_FAULT_IN = 3
"""How often something goes wrong while steps overlap."""

_FAULTS = (*FaultKind, FaultKind.CANCEL, FaultKind.CANCEL, FaultKind.HOLD_REPLY)

_ONE_PROBE_IN = 8
"""How often a step that can be a probe is one."""

_RELATIONS = (Relation.OWN,) * 5 + (Relation.FOREIGN,) * 3 + (Relation.ENDED, Relation.NEVER)
_FALLBACKS: Mapping[Relation, tuple[Relation, ...]] = {
    Relation.OWN: (Relation.OWN, Relation.FOREIGN, Relation.NEVER),
    Relation.FOREIGN: (Relation.FOREIGN, Relation.OWN, Relation.NEVER),
    Relation.ENDED: (Relation.ENDED, Relation.FOREIGN, Relation.OWN, Relation.NEVER),
    Relation.NEVER: (Relation.NEVER, Relation.FOREIGN, Relation.OWN),
}
_PICKS = "picks"
_DRAWN = "drawn_"
"""Before the name of a parameter: `rule` has parameters of its own, with which none may collide."""

_TEXTS: Mapping[Draw, Callable[[], st.SearchStrategy[str]]] = {
    Draw.NAME: names,
    Draw.KEY: keys,
    Draw.QUERY: queries,
}


class Stop(BaseException):
    """Leaves Hypothesis: a violation was seen, or the run is over. Nobody catches it but the run."""


class Session(Protocol):
    """What the machine needs of the run that it works for."""

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run this on the event loop on which programs are executed."""

    async def begin(self) -> Execution:
        """Reset the system and start a program."""

    def wants_more(self, execution: Execution) -> bool:
        """Go on with this program? False from the moment a violation is seen or the budget is spent."""

    def ended(self, execution: Execution) -> bool:
        """A program has ended; go on with another?"""

    def failed(self, problem: Exception) -> None:
        """What isofuzz stands on has failed; nothing more is asked of this machine."""


class _Drawn:
    """Choices made by what Hypothesis drew for one rule.

    Whatever is a pick among few comes as one byte of a single draw: a draw for each would cost as much as the rest.
    """

    def __init__(self, operation: Operation, picks: bytes, drawn: Mapping[str, Any]) -> None:
        self._drawn = drawn
        self._picks = dict(zip((parameter.name for parameter in operation.parameters), picks, strict=False))
        self._last = picks[len(operation.parameters)]
        self._seed = int.from_bytes(picks[len(operation.parameters) + 1 :])

    def scheduler(self, steps: Sequence[int]) -> Scheduler | None:
        """Who decides which of these steps moves when, should they overlap; None: nobody does."""
        return scheduler(self._seed, steps)

    def faults(self, composer: Composer, calls: Sequence[Call]) -> tuple[Fault, ...]:
        """What goes wrong while these overlap: mostly nothing."""
        pick = self._seed // 8
        if pick % _ONE_FAULT_IN:
            return ()
        kinds = [kind for kind in _FAULTS if composer.vocabulary.restarts or kind is not FaultKind.RESTART]
        kind = kinds[pick // _ONE_FAULT_IN % len(kinds)]
        sockets = composer.sockets()
        if not kind.is_of_a_socket:
            return (composer.fault(kind, Ref(calls[pick % len(calls)].number)),)
        return (composer.fault(kind, sockets[pick % len(sockets)].ref),) if sockets else ()

    def together(self, *, of_four: int) -> bool:
        """Shall the next step overlap this one? So many of four do."""
        return self._last % 4 >= 4 - of_four

    def probes(self) -> bool:
        """If the step is about something foreign, shall what never existed be asked about before and after it?"""
        return self._last // 4 % _ONE_PROBE_IN == _ONE_PROBE_IN - 1

    def relations(self, parameter: Parameter) -> Sequence[Relation]:
        return _FALLBACKS[_RELATIONS[self._picks[parameter.name] % len(_RELATIONS)]]

    def index(self, parameter: Parameter, count: int) -> int:
        """The likeliest every other time: what a program is about comes up again and again, as it does in life."""
        pick = self._picks[parameter.name] // len(_RELATIONS)
        return pick // 2 % count if pick % 2 else 0

    def drawn(self, operation: Operation, parameter: Parameter) -> Argument:
        if parameter.draws is Draw.SECRET:
            return SecretText(template(self._picks[parameter.name]))
        return as_argument(parameter, self._drawn[_DRAWN + parameter.name])


class IsolationMachine(RuleBasedStateMachine):
    """Draws the steps of one program and has them executed. `build_machine` adds a rule for each operation."""

    signatures: Signatures
    sessions: int | None

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._composer = Composer(self.signatures.vocabulary)
        self._execution: Execution | None = None
        self._pending: list[Call] = []
        self._choices: _Drawn | None = None
        self._over = False
        self._restarted = False

    @initialize(
        users=st.lists(names(), min_size=2, max_size=3) | alike_names(),
        chosen=st.lists(keys(), min_size=1, max_size=3),
    )
    def begin(self, users: list[str], chosen: list[str]) -> None:
        """Start a program with its prologue; with fewer keys than users, some choose the same one."""
        self._execution = self._do(self.session.begin())
        if self.sessions:
            users = crowd(users, self.sessions)
        openings = [Plan(self.signatures, name=name, key=key) for name, key in zip(users, cycle(chosen), strict=False)]
        for call in prologue(self._composer, openings):
            self._add(call, together=bool(self.sessions) and not any(call.references()))

    def take(self, operation: Operation, drawn: Mapping[str, Any]) -> None:
        """Compose a step from what was drawn and execute it, unless the program is over."""
        if not self._over:
            self._come_back()
            choices = self._choices = _Drawn(operation, drawn[_PICKS], drawn)
            if choices.probes() and (probe := self._composer.probe(operation, choices)):
                self._flush()
                for each in probe:
                    self._add(each, together=False)
            elif call := self._composer.compose(operation, choices):
                self._add(call, together=choices.together(of_four=3 if self.sessions else 1))

    def take_together(self, operation: Operation, drawn: Mapping[str, Any]) -> None:
        """Have every session take the step at the same time, each with picks of its own."""
        if not self._over:
            self._come_back()
            self._flush()
            share = _picks_for(operation)
            for index, session in enumerate(self._composer.sessions()[: self.sessions]):
                choices = self._choices = _Drawn(operation, drawn[_PICKS][index * share :][:share], drawn)
                call = self._composer.compose(operation, choices, session=session.ref)
                if call:
                    self._add(call, together=True)
            self._flush()

    def teardown(self) -> None:
        """End the program; leave Hypothesis if the run wants no other."""
        if self._execution:
            self._flush()
            self._do(self._end(self._execution))
            self._over = not self.session.ended(self._execution) or self._over
        if self._over:
            raise Stop

    def _add(self, call: Call, *, together: bool) -> None:
        if not self._composer.can_join(call, self._pending):
            self._flush()
        self._pending.append(call)
        if not together or len(self._pending) == (self.sessions or _MOST_TOGETHER):
            self._flush()

    def _flush(self) -> None:
        burst, self._pending = Burst(tuple(self._pending)), []
        if burst.calls and self._execution and not self._over:
            decides = None
            if self._choices and len(burst.calls) > 1:
                burst = replace(burst, faults=self._choices.faults(self._composer, burst.calls))
                decides = self._choices.scheduler(burst.numbers)
            self._restarted = self._restarted or burst.restarts
            self._do(self._execution.run(burst, decides))
            if not self.session.wants_more(self._execution):
                self._over = True

    def _come_back(self) -> None:
        """Have every session connect again if the system was to be restarted, whether or not it came to that."""
        if self._restarted:
            self._flush()
            self._restarted = False
            for call in coming_back(self._composer, Plan(self.signatures)):
                self._add(call, together=False)

    async def _end(self, execution: Execution) -> None:
        try:
            if not self._over:
                await execution.finish()
        finally:
            await execution.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T | None:
        try:
            return self.session.do(work)
        except Exception as problem:  # noqa: BLE001  # Hypothesis would take it for a failing example and run it again
            self._over = True
            self.session.failed(problem)
            return None
        except KeyboardInterrupt:
            self._over = True
            raise


class Maker:
    """What Hypothesis calls for each program that it draws: a new machine that works for one session.

    Hypothesis remembers the last hundred that it was given, and a session holds all that was found for it: so this
    holds it weakly, and whoever draws keeps it.
    """

    def __init__(self, machine: type[IsolationMachine], session: Session, name: str) -> None:
        """`name` keeps what Hypothesis saves of this target apart from that of others."""
        self.__name__ = name
        self._machine = machine
        self._session = weakref.ref(session)

    def __call__(self) -> IsolationMachine:
        """One for the next program."""
        session = self._session()
        assert session, "whoever draws keeps the session"
        return self._machine(session)


def build_machine(signatures: Signatures, *, sessions: int | None = None) -> type[IsolationMachine]:
    """A machine class for one target: build it once, since Hypothesis keeps what it knows of each class for ever.

    With `sessions`, every program has so many users who act at the same time as often as they can.
    """
    vocabulary = signatures.vocabulary
    namespace: dict[str, object] = {"signatures": signatures, "sessions": sessions}
    for operation in vocabulary.operations:
        namespace[f"do_{operation.name}"] = _rule(signatures, operation)
        actor = vocabulary.actor(operation)
        if sessions and actor and vocabulary.kind_of(actor) is Kind.SESSION:
            # Hypothesis favours what sorts first: this, of all rules the widest, must not.
            namespace[f"together_{operation.name}"] = _rule(signatures, operation, sessions=sessions)
    return type("TargetMachine", (IsolationMachine,), namespace)


def _picks_for(operation: Operation) -> int:
    """How many bytes one step takes: one for each parameter, one for what it overlaps, and those of its scheduler."""
    return len(operation.parameters) + 1 + _SEED


def _rule(signatures: Signatures, operation: Operation, *, sessions: int | None = None) -> object:
    size = _picks_for(operation) * (sessions or 1)
    drawn: dict[str, st.SearchStrategy[Any]] = {_PICKS: st.binary(min_size=size, max_size=size)}
    for parameter in operation.parameters:
        if parameter.draws in _TEXTS:
            drawn[_DRAWN + parameter.name] = _TEXTS[parameter.draws]()
        elif parameter.draws is Draw.VALUE:
            drawn[_DRAWN + parameter.name] = values(signatures.values[operation.name, parameter.name])

    def step(self: IsolationMachine, **drawn: Any) -> None:
        if sessions:
            self.take_together(operation, drawn)
        else:
            self.take(operation, drawn)

    step.__name__ = f"{'together' if sessions else 'do'}_{operation.name}"
    return rule(**drawn)(step)  # type: ignore[call-overload]  # no name in `drawn` is one of its own
