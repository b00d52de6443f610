"""The steps of a program as calls on a target."""

import inspect
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from isofuzz.program.steps import Call, Literal, NeverIssued, Ref, SecretText, Several
from isofuzz.program.vocabulary import Draw, Operation, Parameter
from isofuzz.report.exporting.names import Imports, spelled
from isofuzz.report.exporting.players import Players
from isofuzz.report.exporting.python import Atom, Expression, Group, Text, called, listed, literal
from isofuzz.target.base import Target
from isofuzz.target.signatures import Signatures
from isofuzz.target.things import Thing

HISTORY: Final = "history"
_DRAWN: Final[Mapping[Draw, str]] = {Draw.NAME: "Name", Draw.KEY: "Key", Draw.QUERY: "Query"}


@dataclass(frozen=True)
class Calls:
    """Writes calls on a target, which the test knows as `target`, and notes what they import."""

    target_class: type[Target]
    signatures: Signatures
    imports: Imports
    target: str

    def call(self, call: Call, players: Players) -> Group:
        """The call; raises UsageError if Python cannot say it, CaseUnreadable if it does not fit the target."""
        operation = self._operation(call)
        method = f"{self.target}.{spelled(operation.name, 'the operation')}"
        kinds = inspect.signature(getattr(self.target_class, operation.name)).parameters
        items = []
        for parameter in operation.parameters:
            by_name = kinds[parameter.name].kind is inspect.Parameter.KEYWORD_ONLY
            before = f"{spelled(parameter.name, 'the parameter')}=" if by_name else ""
            items.append((before, self._argument(call, parameter, players)))
        return Group(f"{method}(", tuple(items), ")")

    def outputs(self, call: Call, players: Players) -> str:
        """What stands before the `=`: the variables for what is used later; empty if nothing is."""
        numbers = iter(range(len(self._operation(call).creates)))
        parts: list[str] = []
        used = False
        for part in self._returned(call.operation):
            ref = Ref(call.number, next(numbers)) if isinstance(part, type) and issubclass(part, Thing) else None
            if part is Ellipsis:
                parts.append("*_")
            elif ref is not None and ref in players.used:
                parts.append(players.name(ref))
                used = True
            else:
                parts.append("_")
        return ", ".join(parts) if used else ""

    def _operation(self, call: Call) -> Operation:
        return self.signatures.vocabulary.operation(call.operation)

    def _returned(self, operation: str) -> tuple[object, ...]:
        method: Any = getattr(self.target_class, operation)
        hint = typing.get_type_hints(method, include_extras=True)["return"]
        return typing.get_args(hint) if typing.get_origin(hint) is tuple else (hint,)

    def _argument(self, call: Call, parameter: Parameter, players: Players) -> Expression:
        argument = call.arguments[parameter.name]
        match argument:  # check_fits has found each to be what its parameter takes
            case Several(items):
                return listed([self._thing(item, players) for item in items])
            case Ref() | NeverIssued():
                return self._thing(argument, players)
            case SecretText(template):
                return called(self.imports.of(self.signatures.secrets[parameter.type]), Text(template))
            case Literal(value) if parameter.draws in _DRAWN:
                return called(self.imports.name("isofuzz", _DRAWN[parameter.draws]), Text(str(value)))
            case Literal(value):
                return literal(value)

    def _thing(self, item: Ref | NeverIssued, players: Players) -> Expression:
        if isinstance(item, Ref):
            return Atom(players.name(item))
        variant = [Atom(str(item.variant))] if item.variant else []
        return called(f"{HISTORY}.never_issued", Atom(self.imports.of(self.signatures.things[item.thing])), *variant)
