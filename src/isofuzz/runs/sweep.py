"""The sweep: small programs derived from the target, the same in every run, that touch everything once.

Each operation for its owner (the positive control); each parameter that takes a thing with a foreign, a deleted and a
never-issued one, alone and overlapping a write; each right given, taken away and given back, with writes and
reconnects between; and users and keys whose texts some system would take for one another. A run with many sessions
ends its sweep with each operation by all of them at the same time. What the sweep cannot reach is what the run reports
as not exercised.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from isofuzz.engine.composer import Composer
from isofuzz.engine.plan import Plan
from isofuzz.engine.prologue import EVERYTHING, crowd, prologue, scope_of, sharing
from isofuzz.generators.corpora import KEY_CLUSTERS, NAME_CLUSTERS, PLAIN_KEYS, PLAIN_NAMES
from isofuzz.history.relations import Relation
from isofuzz.history.world import Thing
from isofuzz.program.steps import Burst, Call, Program
from isofuzz.program.vocabulary import GUARDED, Draw, Effect, Kind, Operation, Parameter, Vocabulary
from isofuzz.target.signatures import Signatures

LEAST_SECONDS = 90
"""What the sweep may take at least, whatever the profile: a system that hangs often would take hours."""

_IN_THAT_TIME = 10
"""So many sessions at once are swept in that time too, on any machine; more take longer in proportion."""

_ALIKE = 4
"""Members of one cluster that meet in one program."""

_ROUNDS = 3
"""How often all sessions of a program do the same at the same time."""

_NOT_OWN = (Relation.FOREIGN, Relation.ENDED, Relation.NEVER)


@dataclass(frozen=True)
class Exercise:
    """One program of the sweep, and what it is there for."""

    purpose: str
    program: Program

    @property
    def cut(self) -> str:
        """What is missing, in words, if the sweep ends before it."""
        return f"the sweep was cut short at `{self.purpose}`: its time was up"


def least_seconds(sessions: int | None) -> float:
    """What a sweep with so many sessions at once may take at least."""
    return LEAST_SECONDS * max(1, (sessions or 0) / _IN_THAT_TIME)


def sweep(signatures: Signatures, sessions: int | None = None) -> Iterator[Exercise]:
    """All programs of the sweep, in their order; at its end those of so many sessions at once, if any."""
    vocabulary = signatures.vocabulary
    for operation in vocabulary.operations:
        yield _by_owner(signatures, operation)
    for operation in vocabulary.operations:
        for parameter in guarded(vocabulary, operation):
            for relation in _NOT_OWN:
                if relation is Relation.NEVER and not vocabulary.thing(parameter.type).issued:
                    continue
                if relation is Relation.ENDED and not enders(vocabulary, parameter.type):
                    continue
                yield _by_other(signatures, operation, parameter, relation)
    for operation in vocabulary.operations:
        if any(parameter.effect is Effect.REVOKES for parameter in operation.parameters):
            yield _right_taken(signatures, operation)
        if any(_ends_session(vocabulary, parameter) for parameter in operation.parameters):
            yield _session_ended(signatures, operation)
    if any(operation.drawn(Draw.NAME) for operation in vocabulary.operations):
        for cluster in NAME_CLUSTERS:
            yield _confusable_names(signatures, cluster[:_ALIKE])
    if any(operation.drawn(Draw.KEY) for operation in vocabulary.operations):
        for cluster in KEY_CLUSTERS:
            yield _confusable_keys(signatures, cluster[:_ALIKE])
    for operation in filter(_reads, vocabulary.operations):
        yield _read_together(signatures, operation)
    if sessions:
        for operation in vocabulary.operations:
            yield from _all_together(signatures, operation, sessions)


def guarded(vocabulary: Vocabulary, operation: Operation) -> Iterator[Parameter]:
    """The parameters whose arguments the system has to defend."""
    for parameter in operation.drawn(Draw.THING):
        if vocabulary.kind_of(parameter) in GUARDED and parameter.effect is not Effect.OWN:
            yield parameter


def enders(vocabulary: Vocabulary, name: str) -> list[Operation]:
    """The operations that end things of this class."""
    return [
        operation
        for operation in vocabulary.operations
        if any(p.effect is Effect.ENDS and p.type == name for p in operation.parameters)
    ]


class Draft:
    """A program in the making, with two users or more and what they need."""

    def __init__(
        self,
        signatures: Signatures,
        *,
        share: bool,
        names: Sequence[str] = PLAIN_NAMES[:2],
        equipment: Collection[Kind] = EVERYTHING,
    ) -> None:
        self._signatures = signatures
        self._vocabulary = signatures.vocabulary
        self._composer = Composer(signatures.vocabulary)
        self._bursts: list[Burst] = []
        self._users = [Plan(signatures, name=name) for name in names]
        self.equip(share=share, equipment=equipment)
        self.owner, self.guest = [*self.sessions, None, None][:2]

    @property
    def program(self) -> Program:
        """What was drafted so far."""
        return Program(tuple(self._bursts))

    def equip(self, *, share: bool, equipment: Collection[Kind] = EVERYTHING) -> None:
        """Add the steps that give each user a session and things, as far as they lack them."""
        for call in prologue(self._composer, self._users, share=share, equipment=equipment):
            self._bursts.append(Burst((call,)))
        self.sessions = self._composer.sessions()

    def compose(
        self, operation: Operation, session: Thing | None, *, key: str = PLAIN_KEYS[0], **relations: Relation
    ) -> Call | None:
        """The step, if it can be done by this session with things to which its user stands so."""
        return self.planned(operation, session, Plan(self._signatures, relations, key=key))

    def planned(self, operation: Operation, session: Thing | None, plan: Plan) -> Call | None:
        """The step as planned, if this session can do it."""
        if self._vocabulary.actor(operation) is None:
            return self._composer.compose(operation, plan)
        return self._composer.compose(operation, plan, session=session.ref) if session else None

    def do(self, operation: Operation, session: Thing | None, **relations: Relation) -> None:
        """Add the step, if it can be done."""
        self.together(self.compose(operation, session, **relations))

    def together(self, *calls: Call | None) -> None:
        """Add steps that overlap, as far as there are any."""
        burst: list[Call] = []
        for call in filter(None, calls):
            if not self._composer.can_join(call, burst):
                self._bursts.append(Burst(tuple(burst)))
                burst = []
            burst.append(call)
        if burst:
            self._bursts.append(Burst(tuple(burst)))

    def all_who(self, wanted: Callable[[Operation], bool], *sessions: Thing | None) -> None:
        """Add each wanted operation, by each of the sessions, with their own things."""
        for session in sessions:
            for operation in self._vocabulary.operations:
                if wanted(operation):
                    self.do(operation, session)

    def finished(self, purpose: str) -> Exercise:
        """The program, ending with everyone reading everything that they can."""
        self.all_who(_reads, *self.sessions)
        return Exercise(purpose, self.program)


def _by_owner(signatures: Signatures, operation: Operation) -> Exercise:
    draft = Draft(signatures, share=True)
    draft.do(operation, draft.owner)
    draft.all_who(only_writes, draft.owner)
    return draft.finished(f"{operation.name} by its owner")


def _by_other(signatures: Signatures, operation: Operation, parameter: Parameter, relation: Relation) -> Exercise:
    draft = Draft(signatures, share=False)
    if relation is Relation.ENDED:
        draft.do(enders(signatures.vocabulary, parameter.type)[0], draft.owner)
        draft.do(operation, draft.owner, **{parameter.name: relation})
    draft.do(operation, draft.guest, **{parameter.name: relation})
    draft.all_who(_reads, draft.owner)
    writing = next(filter(only_writes, signatures.vocabulary.operations), None)
    draft.together(
        draft.compose(writing, draft.owner) if writing else None,
        draft.compose(operation, draft.guest, **{parameter.name: relation}),
    )
    return draft.finished(f"{operation.name} with {relation} {parameter.name}")


def _right_taken(signatures: Signatures, operation: Operation) -> Exercise:
    vocabulary = signatures.vocabulary
    draft = Draft(signatures, share=True)
    scope = scope_of(vocabulary, operation)
    given = sharing(vocabulary)
    if not given or scope_of(vocabulary, given[0]) != scope:  # the prologue let the guest into something else
        for other in given:
            if scope_of(vocabulary, other) == scope:
                draft.do(other, draft.owner)
        draft.all_who(lambda other: _subscribes(vocabulary, other), draft.guest)
    draft.all_who(only_writes, draft.owner)
    draft.all_who(_reads, draft.owner, draft.guest)
    draft.do(operation, draft.owner)
    draft.all_who(only_writes, draft.owner)
    for other in vocabulary.operations:
        connects = any(vocabulary.thing(name).kind is Kind.SOCKET for name in other.creates)
        if _subscribes(vocabulary, other) or _reads(other):
            draft.do(other, draft.guest, **{p.name: Relation.FOREIGN for p in guarded(vocabulary, other)})
        elif connects and vocabulary.actor(other):
            draft.do(other, draft.guest)
    draft.all_who(only_writes, draft.owner)
    draft.all_who(lambda other: other in given, draft.owner)
    draft.all_who(only_writes, draft.owner)
    return draft.finished(f"{operation.name}, and back again")


def _subscribes(vocabulary: Vocabulary, operation: Operation) -> bool:
    return any(vocabulary.thing(name).kind is Kind.SUBSCRIPTION for name in operation.creates)


def _read_together(signatures: Signatures, operation: Operation) -> Exercise:
    draft = Draft(signatures, share=False)
    for _ in range(2):
        draft.all_who(only_writes, *draft.sessions)
        draft.together(*(draft.compose(operation, session) for session in draft.sessions))
    return draft.finished(f"{operation.name} by two users at the same time")


def _all_together(signatures: Signatures, operation: Operation, sessions: int) -> Iterator[Exercise]:
    """The operation by each of so many users at once, with what is theirs; nothing if they cannot do it."""
    names = crowd((), sessions)
    plans = [Plan(signatures, name=name) for name in names]
    draft = Draft(signatures, share=False, names=names)
    composed = False
    for _ in range(_ROUNDS):
        draft.equip(share=False)
        calls = [draft.planned(operation, actor, plan) for actor, plan in zip(draft.sessions, plans, strict=False)]
        draft.together(*calls)
        composed = composed or any(calls)
    if composed:
        yield draft.finished(f"{operation.name} by {sessions} sessions at the same time")


def _session_ended(signatures: Signatures, operation: Operation) -> Exercise:
    draft = Draft(signatures, share=True)
    draft.do(operation, draft.guest)
    draft.all_who(only_writes, draft.owner)
    return draft.finished(f"{operation.name}, while others write")


def _confusable_names(signatures: Signatures, names: Sequence[str]) -> Exercise:
    draft = Draft(signatures, share=False, names=names, equipment=GUARDED)
    draft.all_who(only_writes, *draft.sessions)
    return draft.finished(f"users that are alike: {', '.join(map(repr, names))}")


def _confusable_keys(signatures: Signatures, keys: Sequence[str]) -> Exercise:
    draft = Draft(signatures, share=False, equipment=())
    for key in keys:
        for session in draft.sessions:
            for operation in signatures.vocabulary.operations:
                if operation.drawn(Draw.KEY):
                    draft.together(draft.compose(operation, session, key=key))
                elif only_writes(operation) and operation.creates:
                    draft.do(operation, session)
    return draft.finished(f"keys that are alike: {', '.join(map(repr, keys))}")


def _reads(operation: Operation) -> bool:
    return operation.shows is not None and not operation.writes


def only_writes(operation: Operation) -> bool:
    """Does it store a text and leave everyone's rights and sessions as they are?"""
    return bool(operation.drawn(Draw.SECRET)) and not any(
        parameter.effect not in (None, Effect.OWN) for parameter in operation.parameters
    )


def _ends_session(vocabulary: Vocabulary, parameter: Parameter) -> bool:
    return parameter.effect is Effect.ENDS and vocabulary.kind_of(parameter) is Kind.SESSION
