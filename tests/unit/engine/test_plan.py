"""A plan chooses what is plain, except where it says otherwise."""

# mypy: disable-error-code="empty-body"
# The signatures are all that is read of an operation here.

from typing import Annotated

import pytest
from hypothesis import strategies as st

from isofuzz.engine.plan import Plan, as_argument
from isofuzz.errors import TargetMistake
from isofuzz.history.relations import Relation
from isofuzz.program.steps import Literal, SecretText
from isofuzz.program.vocabulary import Draw, Parameter
from isofuzz.target.base import Target, operation
from isofuzz.target.signatures import read_signatures
from isofuzz.target.things import Key, Name, Query, Secret, Session, Thread, User


class Text(Secret):
    pass


class Person(User):
    pass


class Visit(Session):
    pass


class Place(Thread):
    pass


class Everything(Target):
    @operation
    async def join(self, name: Name) -> tuple[Person, Visit]: ...
    @operation
    async def found(self, visit: Visit, key: Key) -> Place: ...
    @operation
    async def do(
        self, visit: Visit, place: Place, text: Text, query: Query, size: Annotated[int, st.integers(3, 9)], on: bool
    ) -> None: ...


SIGNATURES = read_signatures(Everything)


def drawn(plan: Plan, operation: str, name: str) -> object:
    spec = SIGNATURES.vocabulary.operation(operation)
    return plan.drawn(spec, next(parameter for parameter in spec.parameters if parameter.name == name))


def test_texts_are_plain_and_what_is_searched_for_is_in_them() -> None:
    plan = Plan(SIGNATURES)
    assert drawn(plan, "do", "text") == SecretText("note {canary}")
    assert drawn(plan, "do", "query") == Literal("note")


def test_names_and_keys_are_the_plainest_unless_given() -> None:
    assert drawn(Plan(SIGNATURES), "join", "name") == Literal("a")
    assert drawn(Plan(SIGNATURES, name="%"), "join", "name") == Literal("%")
    assert drawn(Plan(SIGNATURES), "found", "key") == Literal("a")
    assert drawn(Plan(SIGNATURES, key="a:b"), "found", "key") == Literal("a:b")


def test_a_value_is_the_plainest_that_its_annotation_allows() -> None:
    assert drawn(Plan(SIGNATURES), "do", "size") == Literal(3)
    assert drawn(Plan(SIGNATURES), "do", "on") == Literal(False)


def test_things_are_ones_own_unless_the_plan_says_otherwise() -> None:
    place = Parameter("place", Draw.THING, "Place")
    assert Plan(SIGNATURES).relations(place) == (Relation.OWN,)
    assert Plan(SIGNATURES, {"place": Relation.ENDED}).relations(place) == (Relation.ENDED,)
    assert Plan(SIGNATURES, {"other": Relation.ENDED}).relations(place) == (Relation.OWN,)


VALUE = Parameter("size", Draw.VALUE, "int")


@pytest.mark.parametrize(
    ("value", "kept"), [(3, 3), (None, None), ((1, "a"), [1, "a"]), ({"a": [True, 0.5]}, {"a": [True, 0.5]})]
)
def test_a_value_is_kept_as_json(value: object, kept: object) -> None:
    assert as_argument(VALUE, value) == Literal(kept)  # type: ignore[arg-type]  # JSON, as the parameters say


@pytest.mark.parametrize("value", [b"a", {1, 2}, object(), {(1, 2): 3}])
def test_a_value_that_json_cannot_carry_is_a_mistake_that_names_the_parameter(value: object) -> None:
    with pytest.raises(TargetMistake, match=r"parameter 'size' was given .* annotate it so that JSON values are drawn"):
        as_argument(VALUE, value)
