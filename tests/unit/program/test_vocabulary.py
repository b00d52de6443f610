"""What operations are, read off their parameters."""

import pytest

from isofuzz.program.vocabulary import (
    Draw,
    Effect,
    Kind,
    Operation,
    Parameter,
    SecretSpec,
    Shows,
    ThingSpec,
    Vocabulary,
)

ME = Parameter("me", Draw.THING, "Me")
WHO = Parameter("who", Draw.THING, "Who")
ROOM = Parameter("room", Draw.THING, "Room")
BODY = Parameter("body", Draw.SECRET, "Body")
NAME = Parameter("name", Draw.NAME, "Name")

VOCABULARY = Vocabulary(
    things=(
        ThingSpec("Who", Kind.USER),
        ThingSpec("Me", Kind.SESSION),
        ThingSpec("Room", Kind.THREAD),
        ThingSpec("Topic", Kind.THREAD, within="Room"),
        ThingSpec("Note", Kind.THREAD, within="Topic"),
    ),
    secrets=(SecretSpec("Body"),),
    operations=(Operation("history", (ME, ROOM), shows=Shows.ALL, shown="Body"),),
)


@pytest.mark.parametrize(
    ("operation", "writes"),
    [
        (Operation("read", (ME, ROOM), shows=Shows.ALL, shown="Body"), False),
        (Operation("create", (ME,), creates=("Room",)), True),
        (Operation("store", (ME, ROOM, BODY)), True),
        (Operation("grant", (ME, ROOM, Parameter("who", Draw.THING, "Who", Effect.GRANTS))), True),
        (Operation("end", (Parameter("me", Draw.THING, "Me", Effect.ENDS),)), True),
        (Operation("own", (Parameter("me", Draw.THING, "Me", Effect.OWN),)), False),
    ],
)
def test_whether_an_operation_writes(operation: Operation, writes: bool) -> None:
    assert operation.writes is writes


@pytest.mark.parametrize(
    ("parameters", "actor"),
    [
        ((ROOM, ME, WHO), ME),
        ((WHO, ME), WHO),
        ((NAME,), None),
        ((Parameter("all", Draw.THING, "Who", several=True), ME), ME),
    ],
)
def test_the_actor_is_the_first_single_user_or_session(
    parameters: tuple[Parameter, ...], actor: Parameter | None
) -> None:
    operation = Operation("x", parameters)
    assert Vocabulary(VOCABULARY.things, VOCABULARY.secrets, (operation,)).actor(operation) == actor


def test_drawn_tells_parameters_by_where_their_arguments_come_from() -> None:
    operation = Operation("x", (ME, NAME, ROOM, BODY))
    assert operation.drawn(Draw.THING) == (ME, ROOM)
    assert operation.drawn(Draw.NAME) == (NAME,)
    assert operation.drawn(Draw.QUERY) == ()


def test_words_are_looked_up_by_name() -> None:
    assert VOCABULARY.thing("Me").kind is Kind.SESSION
    assert VOCABULARY.secret("Body") == SecretSpec("Body")
    assert VOCABULARY.operation("history").shown == "Body"
    with pytest.raises(KeyError):
        VOCABULARY.thing("Body")


def test_only_things_have_a_kind() -> None:
    assert VOCABULARY.kind_of(ROOM) is Kind.THREAD
    assert VOCABULARY.kind_of(BODY) is None


def test_depth_counts_the_containers() -> None:
    assert [VOCABULARY.depth(name) for name in ("Room", "Topic", "Note")] == [0, 1, 2]
