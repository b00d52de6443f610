"""How a program begins: users who have what the operations need, and one of them let into another's thread.

Flat random draws almost never relate things: subscribing, writing and receiving in one place took 1,600 steps.
"""

from collections.abc import Collection, Iterator, Sequence

from isofuzz.engine.composer import Choices, Composer
from isofuzz.history.world import Thing
from isofuzz.program.steps import Call
from isofuzz.program.vocabulary import GIVING, Effect, Kind, Operation, Vocabulary

EVERYTHING = (Kind.SOCKET, Kind.THREAD, Kind.RECORD, Kind.SUBSCRIPTION)


def prologue(
    composer: Composer, users: Sequence[Choices], *, share: bool = True, equipment: Collection[Kind] = EVERYTHING
) -> Iterator[Call]:
    """Steps that sign in one user for each of `users`, whose choices say with which texts, and equip them.

    In a program under way, these are only the users that lack a session, and what has come to lack since.
    With `share`, the first user lets the second into a thread, and the second gets what can be had there.
    """
    for choices in users[len(composer.sessions()) :]:
        yield from _sign_in(composer, choices)
    sessions = composer.sessions()
    for session, choices in zip(sessions, users, strict=False):
        yield from _equip(composer, session, choices, equipment)
    if share and len(sessions) > 1:
        owner, guest = sessions[0], sessions[1]
        for operation in sharing(composer.vocabulary):
            call = composer.compose(operation, users[0], session=owner.ref)
            if call:
                yield call
                # The thread that is now theirs too is the newest that they may use.
                yield from _all_that_create(composer, guest, users[0], Kind.SUBSCRIPTION)
                break


def coming_back(composer: Composer, choices: Choices) -> Iterator[Call]:
    """Steps that every session takes once all connections are lost: it resumes its sockets, or opens one anew, and
    subscribes once more."""
    for session in composer.sessions():
        if resumed := list(_resume_all(composer, session, choices)):
            yield from resumed
        else:
            yield from _all_that_create(composer, session, choices, Kind.SOCKET)
        yield from _all_that_create(composer, session, choices, Kind.SUBSCRIPTION)


def crowd(names: Sequence[str], size: int) -> list[str]:
    """As many different names: these, and then plain ones, which no system refuses."""
    plain = (f"user{number}" for number in range(1, size + 1))
    return list(dict.fromkeys((*names, *plain)))[:size]


def sharing(vocabulary: Vocabulary) -> list[Operation]:
    """The operations that let somebody into what there is: into the outermost thread first, by a plain grant first."""
    giving = [
        operation
        for operation in vocabulary.operations
        if not operation.creates and any(parameter.effect in GIVING for parameter in operation.parameters)
    ]

    def rank(operation: Operation) -> tuple[bool, int]:
        replaces = any(parameter.effect is Effect.AUDIENCE for parameter in operation.parameters)
        scope = scope_of(vocabulary, operation)
        inwards = 0 if scope is None else vocabulary.depth(scope) + 10 * (vocabulary.thing(scope).kind is Kind.RECORD)
        return replaces, inwards

    return sorted(giving, key=rank)


def scope_of(vocabulary: Vocabulary, operation: Operation) -> str | None:
    """The class of the innermost thing that an operation takes."""
    records = [p.type for p in operation.parameters if vocabulary.kind_of(p) is Kind.RECORD]
    threads = [p.type for p in operation.parameters if vocabulary.kind_of(p) is Kind.THREAD]
    return records[-1] if records else max(threads, key=vocabulary.depth, default=None)


def _sign_in(composer: Composer, choices: Choices) -> Iterator[Call]:
    """The first operations that make a user, and then a session if that made none."""
    before = len(composer.sessions())
    for operation in composer.vocabulary.operations:
        if len(composer.sessions()) == before and _creates(composer.vocabulary, operation, Kind.USER, Kind.SESSION):
            call = composer.compose(operation, choices)
            if call:
                yield call


def _equip(composer: Composer, session: Thing, choices: Choices, equipment: Collection[Kind]) -> Iterator[Call]:
    """Make one of each thing that the user lacks, until nothing more can be made."""
    assert session.owner
    vocabulary = composer.vocabulary
    untried = list(vocabulary.operations)
    progress = True
    while progress:
        progress = False
        for operation in list(untried):
            lacked = [
                name
                for name in operation.creates
                if vocabulary.thing(name).kind in equipment and not composer.has_own(session.owner, name)
            ]
            call = composer.compose(operation, choices, session=session.ref) if lacked else None
            if call:
                untried.remove(operation)
                progress = True
                yield call


def _resume_all(composer: Composer, session: Thing, choices: Choices) -> Iterator[Call]:
    for socket in composer.sockets_of(session):
        for operation in composer.vocabulary.operations:
            for parameter in composer.vocabulary.resumed(operation):
                if parameter.type == socket.spec.name:
                    given = {parameter.name: socket.ref}
                    if call := composer.compose(operation, choices, session=session.ref, given=given):
                        yield call


def _all_that_create(composer: Composer, session: Thing, choices: Choices, kind: Kind) -> Iterator[Call]:
    """Each operation of a session that makes such things, with the newest of what it takes."""
    for operation in composer.vocabulary.operations:
        if composer.vocabulary.actor(operation) and _creates(composer.vocabulary, operation, kind):
            call = composer.compose(operation, choices, session=session.ref)
            if call:
                yield call


def _creates(vocabulary: Vocabulary, operation: Operation, *kinds: Kind) -> bool:
    return any(vocabulary.thing(name).kind in kinds for name in operation.creates)
