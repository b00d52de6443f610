"""A probe is one call about something between two about what never existed, and nothing else."""

import pytest

from isofuzz.program.probes import are_probes, hiding, names_unissued, probe, probed_between
from isofuzz.program.steps import Argument, Call, Literal, NeverIssued, Ref, SecretText, Several
from isofuzz.program.vocabulary import Draw, Effect, Kind, Operation, Parameter, ThingSpec, Vocabulary

ME, ROOM = Ref(0, 1), Ref(2)
NEVER, OTHER = NeverIssued("Room", 0), NeverIssued("Room", 1)


def post(room: Argument, text: str = "{canary}", number: int = 5) -> Call:
    return Call(number, "post", {"me": ME, "room": room, "text": SecretText(text)})


def test_what_is_made_is_recognised_and_numbered_on() -> None:
    call = post(Ref(9))
    before, about, after = probe(call, Parameter("room", Draw.THING, "Room"), ROOM)
    assert [each.arguments["room"] for each in (before, about, after)] == [NEVER, ROOM, OTHER]
    assert [each.number for each in (before, about, after)] == [5, 6, 7]
    assert probed_between(before, about, after) == "room"


@pytest.mark.parametrize(
    "calls",
    [
        (post(NEVER), post(OTHER), post(NEVER)),
        (post(NEVER), post(ROOM), post(NEVER)),
        (post(NEVER), post(ROOM), post(ROOM)),
        (post(ROOM), post(ROOM), post(OTHER)),
        (post(NEVER), post(ROOM), post(OTHER, "more {canary}")),
        (post(NEVER), post(Several((ROOM,))), post(OTHER)),
        (post(NEVER), post(ROOM), Call(7, "read", post(OTHER).arguments)),
        (post(NEVER), post(Literal(1)), post(OTHER)),
    ],
)
def test_what_is_no_probe(calls: tuple[Call, Call, Call]) -> None:
    assert probed_between(*calls) is None


def test_what_either_of_two_shows_is_kept_as_text() -> None:
    assert names_unissued(post(NEVER))
    assert not names_unissued(post(ROOM))
    assert are_probes(post(NEVER), post(ROOM))
    assert are_probes(post(ROOM), post(OTHER))
    assert not are_probes(post(ROOM), post(Ref(9)))


def test_what_may_be_asked_about_and_has_to_be_hidden() -> None:
    things = (
        ThingSpec("Who", Kind.USER, issued=True),
        ThingSpec("Me", Kind.SESSION),
        ThingSpec("Room", Kind.THREAD, issued=True),
        ThingSpec("Page", Kind.THREAD, issued=True, hidden=False),
        ThingSpec("Note", Kind.RECORD),
    )
    me = Parameter("me", Draw.THING, "Me")
    room = Parameter("room", Draw.THING, "Room")
    others = (
        Parameter("who", Draw.THING, "Who"),
        Parameter("page", Draw.THING, "Page"),
        Parameter("note", Draw.THING, "Note"),
        Parameter("mine", Draw.THING, "Room", Effect.OWN),
        Parameter("rooms", Draw.THING, "Room", several=True),
        Parameter("key", Draw.KEY, "Key"),
    )
    by_user, by_operator = Operation("by_user", (me, room, *others)), Operation("by_operator", (room,))
    vocabulary = Vocabulary(things, (), (by_user, by_operator))
    assert list(hiding(vocabulary, by_user)) == [room]
    assert list(hiding(vocabulary, by_operator)) == []
