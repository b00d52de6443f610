"""The sweep: small programs derived from the target, the same in every run, that touch everything once.

Each operation for its owner (the positive control); each parameter that takes a thing with a foreign, a deleted and a
never-issued one, alone and overlapping a write; each right given, taken away and given back, with writes and
reconnects between; users and keys whose texts some system would take for one another; what exists, asked about by
those from whom it is hidden; each operation by two users at the same time, also if one gives up, and while the right
to it is taken away; writes in the middle of which the system restarts, if the target says how. A run with many sessions
ends its sweep with each operation by all of them at the same time. What the sweep cannot reach is what the run reports
as not exercised.

What overlaps takes turns, with one switch or at each move. What was written so is read before the next writes over it.
"""

from collections.abc import Iterator, Sequence
from itertools import cycle

from isofuzz.engine.plan import Plan
from isofuzz.engine.prologue import crowd, scope_of, sharing
from isofuzz.generators.corpora import KEY_CLUSTERS, NAME_CLUSTERS, PLAIN_NAMES
from isofuzz.history.relations import Relation
from isofuzz.program.probes import hiding
from isofuzz.program.schedule import ALTERNATING, Schedule, single_switches
from isofuzz.program.steps import Call
from isofuzz.program.vocabulary import GUARDED, Draw, Effect, Kind, Operation, Parameter, Shows, Vocabulary
from isofuzz.runs.draft import Draft, Exercise, reads
from isofuzz.runs.onlookers import looking_on
from isofuzz.target.signatures import Signatures

LEAST_SECONDS = 180
"""What the sweep may take at least, whatever the profile: a system that hangs often would take hours."""

_IN_THAT_TIME = 10
"""So many sessions at once are swept in that time too, on any machine; more take longer in proportion."""

_ALIKE = 4
"""Members of one cluster that meet in one program."""

_MOVES_GIVEN_UP = 5
"""After how many moves at the most a step is given up."""

_GIVEN_UP = 2
"""The decision for what goes wrong, when one of two steps has begun: it comes after what either can do."""

_MOVES_RESTARTED = 3
"""After how many moves of a step at the most the system is restarted, which may take it seconds."""

_RESTARTED = 1
"""The decision for what goes wrong, when a step is alone: it comes after what that can do."""

_ROUNDS = 3
"""How often all sessions of a program do the same at the same time."""

_NOT_OWN = (Relation.FOREIGN, Relation.ENDED, Relation.NEVER)


def least_seconds(sessions: int | None) -> float:
    """What a sweep with so many sessions at once may take at least."""
    return LEAST_SECONDS * max(1, (sessions or 0) / _IN_THAT_TIME)


def sweep(signatures: Signatures, sessions: int | None = None) -> Iterator[Exercise]:
    """All programs of the sweep, in their order; at its end those of so many sessions at once, if any."""
    vocabulary = signatures.vocabulary
    for operation in vocabulary.operations:
        yield _by_owner(signatures, operation)
    yield looking_on(signatures)
    for name in _hidden(vocabulary):
        yield _probed(signatures, name)
    for operation in vocabulary.operations:
        for parameter in guarded(vocabulary, operation):
            for relation in _NOT_OWN:
                if relation is Relation.NEVER and not vocabulary.thing(parameter.type).issued:
                    continue
                if relation is Relation.ENDED and not enders(vocabulary, parameter.type):
                    continue
                yield _by_other(signatures, operation, parameter, relation)
    for operation in vocabulary.operations:
        if _takes_a_right(operation):
            yield _right_taken(signatures, operation)
        if any(_ends_session(vocabulary, parameter) for parameter in operation.parameters):
            yield _session_ended(signatures, operation)
    for operation in vocabulary.operations:
        yield from _by_two(signatures, operation)
        yield from _given_up(signatures, operation)
    for operation in filter(_takes_a_right, vocabulary.operations):
        for other in vocabulary.operations:
            yield from _right_taken_meanwhile(signatures, operation, other)
    if any(operation.drawn(Draw.NAME) for operation in vocabulary.operations):
        for cluster in NAME_CLUSTERS:
            yield _confusable_names(signatures, cluster[:_ALIKE])
    if any(operation.drawn(Draw.KEY) for operation in vocabulary.operations):
        for cluster in KEY_CLUSTERS:
            yield _confusable_keys(signatures, cluster[:_ALIKE])
    if vocabulary.restarts:
        yield _restarted(signatures)
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
    draft.all_who(reads, draft.owner)
    writing = next(filter(only_writes, signatures.vocabulary.operations), None)
    draft.together(
        draft.compose(writing, draft.owner) if writing else None,
        draft.compose(operation, draft.guest, **{parameter.name: relation}),
        schedule=ALTERNATING,
    )
    return draft.finished(f"{operation.name} with {relation} {parameter.name}")


def _takes_a_right(operation: Operation) -> bool:
    effects = {parameter.effect for parameter in operation.parameters}
    return Effect.REVOKES in effects or (Effect.AUDIENCE in effects and not operation.creates)


def _right_taken(signatures: Signatures, operation: Operation) -> Exercise:
    vocabulary = signatures.vocabulary
    names_the_rest = any(parameter.effect is Effect.AUDIENCE for parameter in operation.parameters)
    # To leave somebody out, an audience has to be made of somebody else.
    draft = Draft(signatures, share=True, names=PLAIN_NAMES[: 2 + names_the_rest])
    scope = scope_of(vocabulary, operation)
    given = sharing(vocabulary)
    if not given or scope_of(vocabulary, given[0]) != scope:  # the prologue let the guest into something else
        for other in given:
            if scope_of(vocabulary, other) == scope:
                draft.do(other, draft.owner)
        draft.all_who(lambda other: _subscribes(vocabulary, other), draft.guest)
    draft.all_who(only_writes, draft.owner)
    draft.all_who(reads, draft.owner, draft.guest)
    draft.do(operation, draft.owner)
    draft.all_who(only_writes, draft.owner)
    for other in vocabulary.operations:
        connects = any(vocabulary.thing(name).kind is Kind.SOCKET for name in other.creates)
        if _subscribes(vocabulary, other) or reads(other):
            draft.do(other, draft.guest, **{p.name: Relation.FOREIGN for p in guarded(vocabulary, other)})
        elif connects and vocabulary.actor(other):
            draft.do(other, draft.guest)
    draft.all_who(only_writes, draft.owner)
    draft.all_who(lambda other: other in given, draft.owner)
    draft.all_who(only_writes, draft.owner)
    return draft.finished(f"{operation.name}, and back again")


def _subscribes(vocabulary: Vocabulary, operation: Operation) -> bool:
    return any(vocabulary.thing(name).kind is Kind.SUBSCRIPTION for name in operation.creates)


def _turns() -> Iterator[Schedule | None]:
    """How two steps take turns: with one switch, alternating, and as chance has it.

    Chance comes last: what a schedule shows replays.
    """
    yield from single_switches()
    yield ALTERNATING
    yield None


def _by_two(signatures: Signatures, operation: Operation) -> Iterator[Exercise]:
    """The operation by two users at the same time, each with what is theirs; nothing if they cannot do it."""
    draft = Draft(signatures, share=False)
    draft.all_who(only_writes, *draft.sessions)
    both = False
    for schedule in _turns():
        one, other = _each_their_own(draft, operation)
        draft.together(one, other, schedule=schedule)
        _read_back(draft, signatures.vocabulary, operation)
        both = both or bool(one and other)
    if both:
        yield draft.finished(f"{operation.name} by two users at the same time")


def _given_up(signatures: Signatures, operation: Operation) -> Iterator[Exercise]:
    """The same, and one of them gives up after each of the first moves."""
    draft = Draft(signatures, share=False)
    draft.all_who(only_writes, *draft.sessions)
    both = False
    for moves in range(1, _MOVES_GIVEN_UP + 1):
        one, other = _each_their_own(draft, operation)
        draft.given_up(one, other, Schedule.of([0] * moves + [_GIVEN_UP]))
        both = both or bool(one and other)
    if both:
        yield draft.finished(f"{operation.name} by two users at the same time, and given up")


def _each_their_own(draft: Draft, operation: Operation) -> tuple[Call | None, Call | None]:
    """The operation by each of two users who have all that they need."""
    draft.equip(share=False)
    return draft.compose(operation, draft.owner), draft.compose(operation, draft.guest)


def _read_back(draft: Draft, vocabulary: Vocabulary, operation: Operation) -> None:
    """Have both users read what the operation writes, in the first way that shows all of it."""
    written = {parameter.type for parameter in operation.drawn(Draw.SECRET)}
    shows_it = (each for each in vocabulary.operations if reads(each) and each.shows is Shows.ALL)
    if reading := next((each for each in shows_it if each.shown in written), None):
        for session in (draft.owner, draft.guest):
            draft.do(reading, session)


def _restarted(signatures: Signatures) -> Exercise:
    """The system restarts after each of the first moves of a write; what was stored before is there."""
    draft = Draft(signatures, share=True)
    draft.all_who(only_writes, *draft.sessions)
    writing = filter(only_writes, signatures.vocabulary.operations)
    for operation, moves in zip(cycle(writing), range(1, _MOVES_RESTARTED + 1), strict=False):
        draft.restarted(draft.compose(operation, draft.owner), Schedule.of([0] * moves + [_RESTARTED]))
        draft.all_who(reads, *draft.sessions)
        draft.all_who(only_writes, *draft.sessions)  # whether the last write made anything, nobody knows
    return draft.finished("the system restarts while its users write")


def _right_taken_meanwhile(signatures: Signatures, revoking: Operation, operation: Operation) -> Iterator[Exercise]:
    """What one does with a thing while the right to it is taken away; nothing if it takes no such thing."""
    vocabulary = signatures.vocabulary
    scope = scope_of(vocabulary, revoking)
    if operation is revoking or scope not in {parameter.type for parameter in guarded(vocabulary, operation)}:
        return
    names_the_rest = any(parameter.effect is Effect.AUDIENCE for parameter in revoking.parameters)
    draft = Draft(signatures, share=True, names=PLAIN_NAMES[: 2 + names_the_rest])
    draft.all_who(only_writes, draft.owner)
    writing = next((each for each in vocabulary.operations if only_writes(each) and scope_of(vocabulary, each)), None)
    met = False
    for schedule in _turns():
        calls = [draft.compose(operation, draft.guest), draft.compose(revoking, draft.owner)]
        draft.together(*calls, schedule=schedule)
        met = met or all(calls)
        if writing:
            draft.do(writing, draft.owner)
        draft.equip(share=True)
    if met:
        yield draft.finished(f"{operation.name} while {revoking.name} takes the right to it")


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


def _hidden(vocabulary: Vocabulary) -> list[str]:
    """The classes of things whose existence the system has to hide from those who ask about them."""
    asked = (parameter.type for operation in vocabulary.operations for parameter in hiding(vocabulary, operation))
    return list(dict.fromkeys(asked))


def _probed(signatures: Signatures, name: str) -> Exercise:
    """All that can be asked about things of this class, by one who has nothing to do with them."""
    draft = Draft(signatures, share=False)
    # What could end the session, if the system does not refuse it, comes last.
    for operation in sorted(signatures.vocabulary.operations, key=lambda each: (each.takes_away, each.writes)):
        for parameter in hiding(signatures.vocabulary, operation):
            if parameter.type == name:
                draft.probe(operation, draft.guest, parameter)
    return Exercise(f"what exists is hidden: {name}", draft.program)


def _session_ended(signatures: Signatures, operation: Operation) -> Exercise:
    draft = Draft(signatures, share=True)
    draft.do(operation, draft.guest)
    draft.all_who(only_writes, draft.owner)
    return draft.finished(f"{operation.name}, while others write")


def _confusable_names(signatures: Signatures, names: Sequence[str]) -> Exercise:
    draft = Draft(signatures, share=False, names=names, equipment=GUARDED)
    once = _each_text_once(signatures.vocabulary)
    written = {call.operation for call in draft.program.calls}  # as they were equipped
    draft.all_who(
        lambda operation: only_writes(operation) and operation in once and operation.name not in written,
        *draft.sessions,
    )
    return draft.finished(
        f"users that are alike: {', '.join(map(repr, names))}",
        lambda operation: reads(operation) and operation in once,
    )


def _each_text_once(vocabulary: Vocabulary) -> list[Operation]:
    """For each kind of text the first operation that only writes it and the first that shows all of it.

    Who is taken for somebody else is taken so whatever they do.
    """
    first: dict[tuple[str, bool], Operation] = {}
    for operation in sorted(filter(reads, vocabulary.operations), key=lambda each: each.shows is not Shows.ALL):
        if operation.shown:
            first.setdefault((operation.shown, True), operation)
    for operation in filter(only_writes, vocabulary.operations):
        for parameter in operation.drawn(Draw.SECRET):
            first.setdefault((parameter.type, False), operation)
    return list(first.values())


def _confusable_keys(signatures: Signatures, keys: Sequence[str]) -> Exercise:
    draft = Draft(signatures, share=False, equipment=())
    once = _each_text_once(signatures.vocabulary)
    for key in keys:
        for session in draft.sessions:
            for operation in signatures.vocabulary.operations:
                if operation.drawn(Draw.KEY):
                    draft.together(draft.compose(operation, session, key=key))
                elif only_writes(operation) and operation.creates and operation in once:
                    draft.do(operation, session)
    return draft.finished(
        f"keys that are alike: {', '.join(map(repr, keys))}",
        lambda operation: reads(operation) and operation in once,
    )


def only_writes(operation: Operation) -> bool:
    """Does it store a text and leave everyone's rights and sessions as they are?"""
    return bool(operation.drawn(Draw.SECRET)) and not any(
        parameter.effect not in (None, Effect.OWN) for parameter in operation.parameters
    )


def _ends_session(vocabulary: Vocabulary, parameter: Parameter) -> bool:
    return parameter.effect is Effect.ENDS and vocabulary.kind_of(parameter) is Kind.SESSION
