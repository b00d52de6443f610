"""Calls as the model sees them: who did what, with which things."""

from collections.abc import Iterable, Iterator, Mapping

from isofuzz.history.acts import Act
from isofuzz.history.entries import Invocation
from isofuzz.history.world import Canary, Thing
from isofuzz.program.steps import Argument, Literal, Ref, Several, references_in
from isofuzz.program.vocabulary import Draw, Kind, Operation, Parameter, Vocabulary

HOLDS_SECRETS = (Kind.RECORD, Kind.THREAD)
"""The kinds of things that texts are put into."""


class Deed:
    """One call as the model sees it: the act, who did it, and the things that its arguments name."""

    def __init__(
        self,
        operation: Operation,
        invocation: Invocation,
        act: Act,
        vocabulary: Vocabulary,
        things: Mapping[Ref, Thing],
    ) -> None:
        self.vocabulary = vocabulary
        self.operation = operation
        self.act = act
        self.arguments = {
            parameter.name: list(named(invocation.arguments.get(parameter.name), things))
            for parameter in operation.drawn(Draw.THING)
        }
        self.references = [ref for ref in references_in(invocation.arguments) if ref in things]
        self.literals = {
            name: argument.value for name, argument in invocation.arguments.items() if isinstance(argument, Literal)
        }
        actor = vocabulary.actor(operation)
        self.session = next((thing for thing in self.arguments[actor.name] if thing), None) if actor else None
        self.user = self.session.owner if self.session else None
        self.acted_for_operator = actor is None
        self.created: list[Thing] = []
        self.reopened: list[Thing] = []
        self.canaries: list[Canary] = []

    def things(self, *kinds: Kind) -> list[Thing]:
        """The things of these kinds among the arguments, in the order of the parameters."""
        return [thing for things in self.arguments.values() for thing in things if thing and thing.kind in kinds]

    def innermost(self) -> Thing | None:
        """The record, else the most deeply nested thread, among the arguments."""
        records = self.things(Kind.RECORD)
        if records:
            return records[-1]
        return deepest(self.things(Kind.THREAD))

    def spanned(self) -> list[Thing]:
        """What a read is about: the thread that it opens, else the innermost argument with those named beside it in a
        sequence; nothing means everything."""
        opened = self.made(Kind.THREAD)
        innermost = opened or self.innermost()
        beside = (things for things in self.arguments.values() if innermost in things)
        if innermost is None:
            return []
        return [thing for thing in next(beside, [innermost]) if thing]

    def made(self, *kinds: Kind) -> Thing | None:
        """The first thing of these kinds, in the order of the kinds, that the operation creates."""
        return next((thing for kind in kinds for thing in self.created if thing.kind is kind), None)

    def names_all(self) -> bool:
        """Does every reference name something that was issued? Other users than the actor need not exist."""
        users = {p.name for p in self.operation.parameters if self.vocabulary.kind_of(p) is Kind.USER}
        actor = self.vocabulary.actor(self.operation)
        strict = [name for name in self.arguments if name not in users or (actor and name == actor.name)]
        return all(thing for name in strict for thing in self.arguments[name])

    def fits_together(self) -> bool:
        """Do the threads and records lie in one another? If not, systems may well find nothing there."""
        innermost = self.innermost()
        return innermost is None or all(innermost.lies_in(thing) for thing in self.things(*HOLDS_SECRETS))

    def changes(self, scope: Thing | None) -> bool:
        """May it change what a read of `scope` (None: of everything) shows?"""
        return self.operation.writes and (
            scope is None or any(thing.lies_in(scope) or scope.lies_in(thing) for thing in self.touched())
        )

    def touched(self) -> list[Thing]:
        """What it makes, and the threads and records that it names."""
        return [*self.created, *self.things(*HOLDS_SECRETS)]

    def resumes(self) -> list[Parameter]:
        """The parameters whose socket it ends in order to go on with another one."""
        return self.vocabulary.resumed(self.operation)

    def home(self) -> Thing | None:
        """Where its secrets go and what its grants are about: what it creates, the innermost argument, the user."""
        return self.made(*HOLDS_SECRETS) or self.innermost() or self.user


def named(argument: Argument | None, things: Mapping[Ref, Thing]) -> Iterator[Thing | None]:
    """The things that an argument names; None stands for one that was never issued."""
    items = argument.items if isinstance(argument, Several) else (argument,)
    for item in items:
        yield things.get(item) if isinstance(item, Ref) else None


def deepest(things: Iterable[Thing]) -> Thing | None:
    """The one that is nested most deeply; None if there is none."""
    return max(things, key=lambda thing: len(list(thing.lineage())), default=None)
