"""What a target can do, as data: its things, its secrets, its operations and their effects.

A target's signatures are compiled to this vocabulary before the first program runs, so the effects of an operation
are known before it is called: a call that is cancelled half-way needs that.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Kind(StrEnum):
    """What a thing is to isolation."""

    USER = "user"
    SESSION = "session"
    THREAD = "thread"
    RECORD = "record"
    SOCKET = "socket"
    SUBSCRIPTION = "subscription"


class Effect(StrEnum):
    """What an operation does to a thing among its arguments."""

    GRANTS = "grants"
    INVITES = "invites"
    REVOKES = "revokes"
    AUDIENCE = "audience"
    ENDS = "ends"
    OWN = "own"


GUARDED = (Kind.THREAD, Kind.RECORD)
"""The kinds of things that a system has to defend; sessions and sockets are the client's own."""

TAKING = (Effect.REVOKES, Effect.AUDIENCE, Effect.ENDS)
"""The effects that take something away from somebody."""

GIVING = (Effect.GRANTS, Effect.INVITES, Effect.AUDIENCE)
"""The effects that entitle a user to something."""


class Shows(StrEnum):
    """What a return value promises to show of one kind of secret."""

    ALL = "all"
    SOME = "some"
    NEWS = "news"


class Draw(StrEnum):
    """Where the argument for a parameter comes from."""

    THING = "thing"
    SECRET = "secret"
    NAME = "name"
    KEY = "key"
    QUERY = "query"
    VALUE = "value"


@dataclass(frozen=True)
class ThingSpec:
    """One class of things. All that is not explained here: see `isofuzz.target.things`.

    `issued` says that the class has an `id`, so that a never-issued reference can be made; `hidden` that the system
    has to keep to itself whether one exists; `pushes` names the kind of secret that a subscription announces.
    """

    name: str
    kind: Kind
    within: str | None = None
    public: bool = False
    keeps_past: bool = False
    exclusive: bool = False
    issued: bool = False
    hidden: bool = True
    pushes: str | None = None
    echo: bool | None = None
    once: bool | None = None
    order: bool | None = None
    replay: bool | None = None


@dataclass(frozen=True)
class SecretSpec:
    """One kind of text that writes store; `private`: only its author may see it."""

    name: str
    private: bool = False


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operation. `type` names a thing or a secret; for drawn values it is for people only."""

    name: str
    draws: Draw
    type: str
    effect: Effect | None = None
    several: bool = False


@dataclass(frozen=True)
class Operation:
    """One annotated method of a target.

    `creates` lists the things in the return type, in order; `shows` and `shown` say which kind of secret the return
    value shows, and how completely; `budget_ms` says how many milliseconds 95 of 100 calls may take at the most;
    `compare` whether what it shows a user has to be the same without the others.
    """

    name: str
    parameters: tuple[Parameter, ...]
    creates: tuple[str, ...] = ()
    shows: Shows | None = None
    shown: str | None = None
    budget_ms: float | None = None
    compare: bool = True

    @cached_property
    def writes(self) -> bool:
        """Does it change anything that the model knows of?"""
        return bool(self.creates) or any(
            parameter.draws is Draw.SECRET or parameter.effect not in (None, Effect.OWN)
            for parameter in self.parameters
        )

    @cached_property
    def takes_away(self) -> bool:
        """Can it end something, or a right?"""
        return any(parameter.effect in TAKING for parameter in self.parameters)

    def drawn(self, draws: Draw) -> tuple[Parameter, ...]:
        """The parameters that are drawn in this way."""
        return self._by_draw[draws]

    @cached_property
    def _by_draw(self) -> dict[Draw, tuple[Parameter, ...]]:
        return {draws: tuple(each for each in self.parameters if each.draws is draws) for draws in Draw}


@dataclass(frozen=True)
class Vocabulary:
    """Everything that programs for one target can speak of. `restarts`: that the system restarts, too."""

    things: tuple[ThingSpec, ...]
    secrets: tuple[SecretSpec, ...]
    operations: tuple[Operation, ...]
    restarts: bool = False

    @cached_property
    def _things(self) -> dict[str, ThingSpec]:
        return {thing.name: thing for thing in self.things}

    @cached_property
    def _secrets(self) -> dict[str, SecretSpec]:
        return {secret.name: secret for secret in self.secrets}

    @cached_property
    def _operations(self) -> dict[str, Operation]:
        return {operation.name: operation for operation in self.operations}

    def thing(self, name: str) -> ThingSpec:
        """The thing of this name; KeyError if the target has none."""
        return self._things[name]

    def secret(self, name: str) -> SecretSpec:
        """The kind of secret of this name; KeyError if the target has none."""
        return self._secrets[name]

    def operation(self, name: str) -> Operation:
        """The operation of this name; KeyError if the target has none."""
        return self._operations[name]

    def kind_of(self, parameter: Parameter) -> Kind | None:
        """What kind of thing the parameter takes; None for drawn values and secrets."""
        return self.thing(parameter.type).kind if parameter.draws is Draw.THING else None

    def actor(self, operation: Operation) -> Parameter | None:
        """Who acts: the first parameter that is a user or a session; None means the operator."""
        return self._actors[operation.name]

    @cached_property
    def _actors(self) -> dict[str, Parameter | None]:
        def acts(parameter: Parameter) -> bool:
            return self.kind_of(parameter) in (Kind.USER, Kind.SESSION) and not parameter.several

        return {each.name: next(filter(acts, each.parameters), None) for each in self.operations}

    def resumed(self, operation: Operation) -> list[Parameter]:
        """The parameters whose socket the operation ends in order to go on with another one."""
        makes_one = any(self.thing(name).kind is Kind.SOCKET for name in operation.creates)
        sockets = (each for each in operation.drawn(Draw.THING) if self.kind_of(each) is Kind.SOCKET)
        return [each for each in sockets if each.effect is not Effect.ENDS] if makes_one else []

    @property
    def budgets(self) -> dict[str, float]:
        """The budgets of the operations that have one, in milliseconds."""
        return {each.name: each.budget_ms for each in self.operations if each.budget_ms is not None}

    def depth(self, name: str) -> int:
        """How many containers a thing of this class lives in, one within the other."""
        within = self.thing(name).within
        return 0 if within is None else 1 + self.depth(within)
