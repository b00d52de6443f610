"""What a program has made so far, and so what the arguments of its next step mean."""

import dataclasses
from collections.abc import Callable
from typing import Any

from isofuzz.engine.evidence import CANARY_OF, credentials, identifiers, written
from isofuzz.engine.system import System
from isofuzz.generators import never_issued
from isofuzz.history.entries import Invocation
from isofuzz.program.steps import Argument, Call, Literal, NeverIssued, Ref, SecretText, Several
from isofuzz.program.vocabulary import Draw, Kind, Operation, Parameter
from isofuzz.services.redaction import redact_credential
from isofuzz.target.things import Key, Name, Query, Session, Thing

_DRAWN: dict[Draw, Callable[[Any], object]] = {Draw.NAME: Name, Draw.KEY: Key, Draw.QUERY: Query}


class _Dangling(Exception):
    """An argument names something that never came into being."""


@dataclasses.dataclass
class Ready:
    """A step whose arguments are resolved; `canaries` and `ids`: see `Invocation`."""

    call: Call
    operation: Operation
    arguments: dict[str, object]
    canaries: dict[str, int]
    ids: dict[str, tuple[str, ...]]

    @property
    def invocation(self) -> Invocation:
        """The entry that starts it."""
        return Invocation.of(self.call, self.canaries, self.ids)


class Made:
    """The things and canaries of one program on a system."""

    def __init__(self, system: System) -> None:
        self.first_canary = system.minted
        self._system = system
        self._things: dict[Ref, Thing] = {}
        self._written_in: dict[int, int] = {}
        self._credentials: set[str] = set()
        self._public: set[str] = set()
        """What a session may hold that is no credential: identifiers of other things, and texts of the program."""

    def ready(self, call: Call) -> Ready | None:
        """The step with its arguments; None if it names something that never came into being."""
        operation = self._system.signatures.vocabulary.operation(call.operation)
        step = Ready(call, operation, {}, {}, {})
        try:
            for parameter in operation.parameters:
                step.arguments[parameter.name] = self._resolve(step, parameter, call.arguments[parameter.name])
        except _Dangling:
            return None
        return step

    def take(self, step: Ready, value: object) -> list[tuple[Ref, Thing]]:
        """Know of the things that the step returned; these, with how the program refers to them."""
        outputs = [part for part in (value if isinstance(value, tuple) else (value,)) if isinstance(part, Thing)]
        taken = []
        for index, name in enumerate(step.operation.creates):
            made = next((part for part in outputs if type(part).__name__ == name), None)
            if made is not None:
                outputs.remove(made)
                taken.append((Ref(step.call.number, index), made))
        self._things |= dict(taken)
        for _, made in taken:
            self._public.update(identifiers(made))
            if isinstance(made, Session):
                self._credentials.update(credentials(made))
        return taken

    def conceal(self, text: str) -> str:
        """The text without the credentials of sessions, also one that it ends in the middle of."""
        for credential in self._credentials - self._public:
            text = redact_credential(text, credential)
        return text

    def ref_of(self, thing: Thing) -> Ref | None:
        """By which reference the program knows a thing; None if it does not."""
        return next((ref for ref, made in reversed(self._things.items()) if made is thing), None)

    def ids_made_by(self, step: Ready) -> dict[int, tuple[str, ...]]:
        """How the identifiers are written of what the step has made, by the number of the output."""
        made = ((index, self._things.get(Ref(step.call.number, index))) for index in range(len(step.operation.creates)))
        return {index: ids for index, thing in made if thing and (ids := identifiers(thing))}

    def with_id(self, kind: Kind, identifier: object) -> tuple[Ref, ...] | None:
        """The things of this kind that have the identifier; None if there is no identifier."""
        if identifier is None:
            return None
        wanted = written(identifier)
        return tuple(ref for ref, thing in self._things.items() if thing.kind is kind and identifiers(thing) == wanted)

    def serials(self, text: str) -> list[int]:
        """The canaries in a text, counted from the first of this program; those of earlier programs are below 0."""
        return [serial - self.first_canary for serial in self._system.mint.scan(text)]

    def symbol(self, canary: str) -> str:
        """What stands for a canary where histories are compared: every run has canaries of its own."""
        step = next((self._written_in.get(serial) for serial in self.serials(canary)), None)
        return CANARY_OF + ("?" if step is None else str(step))

    def _resolve(self, step: Ready, parameter: Parameter, argument: Argument) -> object:
        match argument:
            case SecretText():
                return self._system.signatures.secrets[parameter.type](self._secret(step, parameter, argument))
            case Literal(value):
                self._public.add(str(value))
                return _DRAWN[parameter.draws](value) if parameter.draws in _DRAWN else value
            case Several(items):
                things = [self._named(item) for item in items]
                step.ids[parameter.name] = tuple(part for thing in things for part in identifiers(thing))
                return things
            case Ref() | NeverIssued():
                thing = self._named(argument)
                step.ids[parameter.name] = identifiers(thing)
                return thing

    def _secret(self, step: Ready, parameter: Parameter, secret: SecretText) -> str:
        serial = self._system.minted - self.first_canary
        step.canaries[parameter.name] = serial
        self._written_in[serial] = step.call.number
        text = secret.with_canary(self._system.mint.mint(self._system.minted))
        self._system.minted += 1
        return text

    def _named(self, item: Ref | NeverIssued) -> Thing:
        if isinstance(item, NeverIssued):
            return self._invented(item)
        if item not in self._things:
            raise _Dangling
        return self._things[item]

    def _invented(self, item: NeverIssued) -> Thing:
        """A thing with an id that was never issued, otherwise like one that was."""
        cls = self._system.signatures.things[item.thing]
        like = next((thing for thing in self._things.values() if type(thing) is cls), None)
        example = getattr(like, "id", None)
        unissued = never_issued(self._system.signatures.identifiers[item.thing], item.variant, example)
        try:
            return dataclasses.replace(like, id=unissued) if like else cls(id=unissued)  # type: ignore[call-arg, type-var]  # its class has an `id`
        except TypeError:
            raise _Dangling from None  # it has further fields, and there is none yet to take them from
