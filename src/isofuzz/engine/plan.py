"""Choices by plan: plain texts, the actor's own things, and what the plan says otherwise."""

import json
from collections.abc import Mapping, Sequence
from functools import cache

from hypothesis import Phase, find, settings

from isofuzz.errors import TargetMistake
from isofuzz.generators import KEYS, NAMES, TEMPLATES, values
from isofuzz.history.relations import Relation
from isofuzz.program.steps import Argument, Literal, SecretText
from isofuzz.program.vocabulary import Draw, Operation, Parameter
from isofuzz.target.signatures import Signatures

_PLAIN_TEXT = TEMPLATES[1]
_PLAIN_QUERY = "note"
"""Finds every plain text, so that a search that is allowed shows something."""


class Plan:
    """Choices for one step of a fixed program.

    `relations` maps a parameter's name to the relation that the actor must have to the argument, where it is not the
    actor's own; `name` and `key` are what is drawn for a Name and a Key.
    """

    def __init__(
        self,
        signatures: Signatures,
        relations: Mapping[str, Relation] | None = None,
        *,
        name: str = NAMES[0],
        key: str = KEYS[0],
    ) -> None:
        self._signatures = signatures
        self._relations = relations or {}
        self._name = name
        self._key = key

    def relations(self, parameter: Parameter) -> Sequence[Relation]:
        """The one relation that the plan asks for."""
        return (self._relations.get(parameter.name, Relation.OWN),)

    def index(self, parameter: Parameter, count: int) -> int:  # the likeliest, whatever the parameter
        """The likeliest candidate."""
        return 0

    def drawn(self, operation: Operation, parameter: Parameter) -> Argument:
        """A plain text or the plainest value."""
        match parameter.draws:
            case Draw.SECRET:
                return SecretText(_PLAIN_TEXT)
            case Draw.NAME:
                return Literal(self._name)
            case Draw.KEY:
                return Literal(self._key)
            case Draw.QUERY:
                return Literal(_PLAIN_QUERY)
            case _:
                annotation = self._signatures.values[operation.name, parameter.name]
                return as_argument(parameter, _plainest_of(annotation))


def as_argument(parameter: Parameter, drawn: object) -> Argument:
    """What was drawn for a parameter, as a program stores it; raises TargetMistake for what JSON cannot carry."""
    if parameter.draws is Draw.SECRET:
        return SecretText(str(drawn))
    try:
        return Literal(json.loads(json.dumps(drawn, allow_nan=False)))
    except (TypeError, ValueError):
        raise TargetMistake(
            f"parameter {parameter.name!r} was given {drawn!r}, which a case file cannot keep; annotate it so that "
            "JSON values are drawn (`Annotated[int, st.integers(0, 9)]`) and convert them in the method"
        ) from None


@cache
def _plainest_of(annotation: object) -> object:
    quiet = settings(database=None, phases=(Phase.generate, Phase.shrink), derandomize=True)
    return find(values(annotation), lambda _: True, settings=quiet)
