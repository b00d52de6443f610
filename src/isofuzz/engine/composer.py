"""From choices to steps: which session acts, on whose things, with which texts.

The composer keeps a model of the program as if every operation succeeded, and looks for arguments in it. So what it
composes depends on the program alone and never on a reply, which Hypothesis requires of whatever it draws.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from isofuzz.history.deeds import Deed
from isofuzz.history.entries import Completion, Invocation, Outcome
from isofuzz.history.model import Model
from isofuzz.history.relations import Relation, relation
from isofuzz.history.world import BEGINNING, Thing, may_have_used
from isofuzz.program.faults import FaultKind
from isofuzz.program.probes import hiding, probe
from isofuzz.program.steps import Argument, Call, Fault, NeverIssued, Ref, Several
from isofuzz.program.vocabulary import GUARDED, Draw, Effect, Kind, Operation, Parameter, Vocabulary

_NOTHING: Mapping[str, Argument] = MappingProxyType({})


class Choices(Protocol):
    """Who decides what a step looks like: Hypothesis's draws, or a fixed plan."""

    def relations(self, parameter: Parameter) -> Sequence[Relation]:
        """How the actor may stand to the argument; the first for which there is a thing is taken."""

    def index(self, parameter: Parameter, count: int) -> int:
        """Which of `count` candidates, the likeliest first; below `count`."""

    def drawn(self, operation: Operation, parameter: Parameter) -> Argument:
        """The text or value for a parameter that takes no thing."""


class Composer:
    """Composes the steps of one program, one after the other."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.model = Model(vocabulary)
        self._at = 0
        self._steps = 0
        self._living: list[Thing] = []
        self._gone: list[Thing] = []

    def compose(
        self,
        operation: Operation,
        choices: Choices,
        *,
        session: Ref | None = None,
        given: Mapping[str, Argument] = _NOTHING,
    ) -> Call | None:
        """The next step, by `session` if one is named; None if the program has nothing that it could be done with.

        What is `given` for a parameter is taken for it. The step counts as done from now on.
        """
        call = self._drafted(operation, choices, session, given)
        if call:
            self._count(call)
        return call

    def probe(self, operation: Operation, choices: Choices, *, session: Ref | None = None) -> Sequence[Call]:
        """The next steps, if the operation can be done with something that is none of the actor's business.

        These are the step about that, and before and after it the same about what never existed.
        """
        call = self._drafted(operation, choices, session)
        if call is None:
            return ()
        for parameter in hiding(self.vocabulary, operation):
            if thing := self._to_probe(call, parameter):
                calls = probe(call, parameter, thing.ref)
                for each in calls:
                    self._count(each)
                return calls
        return ()

    def _drafted(
        self,
        operation: Operation,
        choices: Choices,
        session: Ref | None,
        given: Mapping[str, Argument] = _NOTHING,
    ) -> Call | None:
        actor = self.vocabulary.actor(operation)
        user: Thing | None = None
        arguments = dict(given)
        if actor:
            acting = self._acting(actor, choices) if session is None else self.model.things[session]
            if acting is None or acting.spec.name != actor.type:
                return None
            arguments[actor.name] = acting.ref
            user = acting.owner
        for parameter in sorted(operation.parameters, key=_scope_first):
            if parameter is actor or parameter.name in given:
                continue
            if parameter.draws is not Draw.THING:
                arguments[parameter.name] = choices.drawn(operation, parameter)
                continue
            found = self._argument(operation, parameter, user, arguments, choices)
            if found is None:
                return None
            arguments[parameter.name] = found
        return Call(self._steps, operation.name, {p.name: arguments[p.name] for p in operation.parameters})

    def _to_probe(self, call: Call, parameter: Parameter) -> Thing | None:
        """What to ask about in place of an argument that is not the actor's own, if it never was theirs.

        That is the first of its class: what is made up is like that one in all but its identifier.
        """
        actor = self.vocabulary.actor(self.vocabulary.operation(call.operation))
        assert actor
        [acting] = self.model.named(call.arguments[actor.name])
        [named] = self.model.named(call.arguments[parameter.name])
        assert acting
        assert acting.owner
        if relation(acting.owner, named, self._at) is Relation.OWN:
            return None
        made = (thing for thing in self.model.things.values() if thing.spec.name == parameter.type)
        first = next((thing for thing in made if any(birth.possible for birth in thing.births)), None)
        if first is None or may_have_used(acting.owner, first, BEGINNING, self._at):
            return None
        return first if first in self._living else None

    def can_join(self, call: Call, pending: Sequence[Call]) -> bool:
        """May the step overlap these? Not if it takes what one of them makes, or what takes one call at a time."""
        mine = set(call.references())
        made = {other.number for other in pending}
        taken = {ref for other in pending for ref in other.references()}
        exclusive = (ref for ref in mine & taken if self.model.things[ref].spec.exclusive)
        return not any(ref.step in made for ref in mine) and next(exclusive, None) is None

    def fault(self, kind: FaultKind, of: Ref) -> Fault:
        """The next step, in which something goes wrong. What it leads to is not foreseen."""
        fault = Fault(self._steps, kind, of)
        self._steps += 1
        return fault

    def sockets(self) -> list[Thing]:
        """The sockets that are open, oldest first."""
        return [thing for thing in self._living if thing.kind is Kind.SOCKET]

    def sockets_of(self, session: Thing) -> list[Thing]:
        """Those of its sockets on which anything may come, oldest first."""
        mine = (socket for socket in self.sockets() if socket.session is session)
        return [socket for socket in mine if relation(session.owner, socket, self._at) is Relation.OWN]

    def sessions(self) -> list[Thing]:
        """The sessions that can act, oldest first."""
        return [thing for thing in self._living if thing.kind is Kind.SESSION]

    def has_own(self, user: Thing, name: str) -> bool:
        """Is the user entitled to some living thing of this class?"""
        return any(t.spec.name == name and relation(user, t, self._at) is Relation.OWN for t in self._living)

    def _count(self, call: Call) -> None:
        """Take the step as done, as if it had succeeded."""
        self.model.feed(self._at, Invocation.of(call, {}))
        self.model.feed(self._at + 1, Completion(call.number, Outcome.OK))
        self._at += 2
        self._steps += 1
        self._sort_out(self.model.deeds[call.number])

    def _sort_out(self, deed: Deed) -> None:
        """Only what the step made and what it ended can have changed; looking at everything again is slow."""
        made = [thing for thing in deed.created if deed.act.possible and thing not in self._living]
        self._living += made
        self._gone = [thing for thing in self._gone if thing not in made]
        if any(parameter.effect is Effect.ENDS for parameter in deed.operation.parameters):
            gone = [thing for thing in self._living if relation(None, thing, self._at) is not Relation.OWN]
            self._living = [thing for thing in self._living if thing not in gone]
            self._gone += gone

    def _acting(self, actor: Parameter, choices: Choices) -> Thing | None:
        able = [thing for thing in self._living if thing.spec.name == actor.type]
        with_session = {session.owner for session in self.sessions()}
        able.sort(key=lambda thing: thing.kind is Kind.USER and thing in with_session)
        return able[choices.index(actor, len(able))] if able else None

    def _argument(
        self,
        operation: Operation,
        parameter: Parameter,
        user: Thing | None,
        arguments: Mapping[str, Argument],
        choices: Choices,
    ) -> Argument | None:
        candidates = self._candidates(operation, parameter, user, arguments, choices)
        if parameter.several:
            if not candidates:
                return Several()
            count = choices.index(parameter, len(candidates)) + 1
            guards = self.vocabulary.kind_of(parameter) in GUARDED
            own = self._standing(parameter.type, user, Relation.OWN)[:1] if guards else []
            # What is not the actor's own comes beside what is: a system may check only the first, or only one of them.
            mixed = [*own, *candidates[:count]] if count % 2 else [*candidates[:count], *own]
            return Several(tuple(dict.fromkeys(mixed)))
        return candidates[choices.index(parameter, len(candidates))] if candidates else None

    def _candidates(
        self,
        operation: Operation,
        parameter: Parameter,
        user: Thing | None,
        arguments: Mapping[str, Argument],
        choices: Choices,
    ) -> list[Ref | NeverIssued]:
        spec = self.vocabulary.thing(parameter.type)
        if spec.kind is Kind.USER:
            return [thing.ref for thing in self._people(spec.name, parameter, user, arguments)]
        if spec.kind not in GUARDED or parameter.effect is Effect.OWN:
            return self._standing(spec.name, user, Relation.OWN)
        for wanted in choices.relations(parameter):
            if wanted is Relation.NEVER and spec.issued:
                return [NeverIssued(spec.name, variant) for variant in range(3)]
            if found := self._standing(spec.name, user, wanted):
                return found
        return []

    def _standing(self, name: str, user: Thing | None, wanted: Relation) -> list[Ref | NeverIssued]:
        """The things of one class to which the user stands so, the latest acquired first: it is least settled."""
        pool = self._gone if wanted is Relation.ENDED else self._living
        things = [t for t in pool if t.spec.name == name and relation(user, t, self._at) is wanted]
        things.sort(key=lambda thing: _acquired(thing, user), reverse=True)
        return [thing.ref for thing in things]

    def _people(
        self, name: str, parameter: Parameter, user: Thing | None, arguments: Mapping[str, Argument]
    ) -> list[Thing]:
        """Users, the most telling first: whom to give a right that they lack, whose right to take away."""
        scope = next(
            (
                thing
                for argument in arguments.values()
                for thing in self.model.named(argument)
                if thing and thing.kind in GUARDED
            ),
            None,
        )

        def dullness(person: Thing) -> tuple[bool, bool]:
            holds = scope is not None and relation(person, scope, self._at) is Relation.OWN
            return person is user, holds is not (parameter.effect is Effect.REVOKES)

        return sorted((thing for thing in self._living if thing.spec.name == name), key=dullness)


def _acquired(thing: Thing, user: Thing | None) -> int:
    """When the thing came to be, or came to be the user's."""
    rights = [right.given.invoked for holder in thing.lineage() if user for right in holder.rights.get(user, ())]
    return max([*rights, thing.births[0].invoked])


def _scope_first(parameter: Parameter) -> bool:
    """Whom an operation is about is chosen after what it is about."""
    return parameter.effect in (Effect.GRANTS, Effect.INVITES, Effect.REVOKES, Effect.AUDIENCE)
