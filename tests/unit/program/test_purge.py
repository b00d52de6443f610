"""A purged program says what remains of it just as before, and of what is gone that it was never there."""

import pytest

from isofuzz.program.purge import purged
from isofuzz.program.steps import Argument, Burst, Call, Literal, NeverIssued, Program, Ref, SecretText, Several
from isofuzz.program.vocabulary import Draw, Kind, Operation, Parameter, ThingSpec, Vocabulary


def thing(name: str, kind: Kind, *, issued: bool = True) -> ThingSpec:
    return ThingSpec(name, kind, issued=issued)


def taking(name: str, *classes: str, creates: tuple[str, ...] = (), several: bool = False) -> Operation:
    parameters = (Parameter(each.lower(), Draw.THING, each, several=several and each == "Room") for each in classes)
    return Operation(name, tuple(parameters), creates=creates)


VOCABULARY = Vocabulary(
    things=(
        thing("Who", Kind.USER),
        thing("Me", Kind.SESSION, issued=False),
        thing("Room", Kind.THREAD),
        thing("Message", Kind.RECORD),
        thing("Draft", Kind.RECORD, issued=False),
        thing("Feed", Kind.SUBSCRIPTION, issued=False),
    ),
    secrets=(),
    operations=(
        Operation("sign_up", (Parameter("name", Draw.NAME, "Name"),), creates=("Who", "Me")),
        taking("new_room", "Me", creates=("Room",)),
        taking("new_room_with_draft", "Me", creates=("Room", "Draft")),
        taking("post", "Me", "Room", creates=("Message",)),
        taking("history", "Me", "Room"),
        taking("move", "Me", "Message", "Room"),
        taking("read_several", "Me", "Room", several=True),
        taking("finish", "Me", "Draft"),
        taking("watch", "Me", "Room", creates=("Feed",)),
        taking("unwatch", "Me", "Feed"),
    ),
)
ADA, BOB = (Call(number, "sign_up", {"name": Literal(name)}) for number, name in ((1, "ada"), (2, "bob")))
ROOM = Call(3, "new_room", {"me": Ref(1, 1)})
OWN = Call(4, "new_room", {"me": Ref(2, 1)})


def by_bob(number: int, operation: str, **arguments: Ref | NeverIssued | Several) -> Call:
    return Call(number, operation, {"me": Ref(2, 1), **arguments})


def without_the_room(*calls: Call) -> tuple[Call, ...]:
    """What is left of these steps after ada's room is gone."""
    return purged(Program.serial(ADA, BOB, ROOM, OWN, *calls), {3}, VOCABULARY).calls[3:]


def test_without_nothing_the_program_is_the_same() -> None:
    program = Program((Burst((ADA, BOB)), Burst((ROOM,))))
    assert purged(program, (), VOCABULARY) == program


def test_what_is_left_keeps_its_numbers_and_its_order_and_what_overlaps() -> None:
    program = Program((Burst((ADA, BOB)), Burst((ROOM, OWN)), Burst((by_bob(5, "history", room=Ref(4)),))))
    assert purged(program, {3}, VOCABULARY) == Program((Burst((ADA, BOB)), Burst((OWN,)), program.bursts[2]))


def test_what_is_empty_goes() -> None:
    assert purged(Program.serial(ADA, BOB, ROOM), {3}, VOCABULARY) == Program.serial(ADA, BOB)


def test_who_names_what_is_gone_names_what_was_never_issued() -> None:
    [read] = without_the_room(by_bob(5, "history", room=Ref(3)))
    assert read == by_bob(5, "history", room=NeverIssued("Room", 0))


def test_two_things_that_are_gone_stay_two_things() -> None:
    other = Call(5, "new_room", {"me": Ref(1, 1)})
    reads = [by_bob(number, "history", room=Ref(step)) for number, step in ((6, 3), (7, 5), (8, 3))]
    left = purged(Program.serial(ADA, BOB, ROOM, other, *reads), {3, 5}, VOCABULARY).calls[2:]
    assert [call.arguments["room"] for call in left] == [NeverIssued("Room", variant) for variant in (0, 1, 0)]


def test_what_is_named_beside_it_stays() -> None:
    post = by_bob(5, "post", room=Ref(4))
    [_, moved] = without_the_room(post, by_bob(6, "move", message=Ref(5), room=Ref(3)))
    assert moved == by_bob(6, "move", message=Ref(5), room=NeverIssued("Room", 0))


def test_in_a_sequence_only_what_is_gone_is_another() -> None:
    several = Several((Ref(3), Ref(4), NeverIssued("Room", 2), Ref(3)))
    [read] = without_the_room(by_bob(5, "read_several", room=several))
    gone = NeverIssued("Room", 0)
    assert read.arguments["room"] == Several((gone, Ref(4), NeverIssued("Room", 2), gone))


def test_other_arguments_are_as_they_were() -> None:
    arguments: dict[str, Argument] = {
        "me": Ref(2, 1),
        "room": Ref(3),
        "body": SecretText("a {canary}"),
        "size": Literal(3),
    }
    [post] = without_the_room(Call(5, "post", arguments))
    assert post.arguments == {**arguments, "room": NeverIssued("Room", 0)}


def test_what_such_a_step_makes_can_be_named_as_before() -> None:
    """The system refuses it, so whatever names its output is not done in that run."""
    post, move = by_bob(5, "post", room=Ref(3)), by_bob(6, "move", message=Ref(5), room=Ref(4))
    assert without_the_room(post, move) == (by_bob(5, "post", room=NeverIssued("Room", 0)), move)


class TestWithoutIdentifier:
    program = Program.serial(
        ADA,
        BOB,
        Call(3, "new_room_with_draft", {"me": Ref(1, 1)}),
        by_bob(4, "finish", draft=Ref(3, 1)),
        by_bob(5, "history", room=Ref(3)),
    )

    def test_who_would_need_to_name_it_is_left_out(self) -> None:
        left = purged(self.program, {3}, VOCABULARY).calls[2:]
        assert left == (by_bob(5, "history", room=NeverIssued("Room", 0)),)

    def test_and_so_is_what_depends_on_them(self) -> None:
        watch = Call(3, "watch", {"me": Ref(1, 1), "room": Ref(9)})
        resumed = Call(4, "unwatch", {"me": Ref(2, 1), "feed": Ref(3)})
        after = Call(5, "move", {"me": Ref(2, 1), "message": Ref(4), "room": Ref(9)})
        assert purged(Program.serial(ADA, BOB, watch, resumed, after), {3}, VOCABULARY).calls == (ADA, BOB)

    @pytest.mark.parametrize("rest", [(Ref(4),), ()])
    def test_a_sequence_with_it_is_left_out_whole(self, rest: tuple[Ref, ...]) -> None:
        drafts = by_bob(6, "read_several", room=Several((Ref(3, 1), *rest)))
        assert drafts not in purged(Program.serial(*self.program.calls, drafts), {3}, VOCABULARY).calls
