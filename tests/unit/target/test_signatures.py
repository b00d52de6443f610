"""The signature is the specification; each mistake in one says what to write instead."""

# mypy: disable-error-code="empty-body"
# Signatures are all that is read of an operation here.

import re
import types
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import pytest
from hypothesis import strategies as st

from isofuzz.errors import TargetMistake
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
from isofuzz.target.base import Services, Target, operation
from isofuzz.target.signatures import read_signatures
from isofuzz.target.things import (
    All,
    Audience,
    Ends,
    Grants,
    Invites,
    Key,
    Name,
    News,
    Own,
    Query,
    Record,
    Revokes,
    Secret,
    Session,
    Some,
    Subscription,
    Thread,
    User,
)
from isofuzz.target.websocket import WebSocket


class Body(Secret):
    pass


class Who(User):
    id: str


class Me(Session):
    token: str


class Room(Thread):
    id: int


class Message(Record):
    id: int


class Sock(WebSocket):
    pass


class Feed(Subscription[Body]):
    pass


class Chat(Target):
    @operation
    async def sign_up(self, name: Name) -> tuple[Who, Me]: ...
    @operation
    async def new_room(self, me: Me) -> Room: ...
    @operation
    async def post(self, me: Me, room: Room, body: Body) -> Message: ...
    @operation
    async def edit(self, me: Me, message: Message, body: Body) -> None: ...
    @operation
    async def history(self, me: Me, room: Room) -> All[Body]: ...
    @operation
    async def search(self, me: Me, text: Query) -> Some[Body]: ...
    @operation
    async def invite(self, me: Me, room: Room, member: Grants[Who]) -> None: ...
    @operation
    async def kick(self, me: Me, room: Room, member: Revokes[Who]) -> None: ...
    @operation
    async def connect(self, me: Me) -> Sock: ...
    @operation
    async def watch(self, me: Me, sock: Sock, room: Room) -> Feed: ...


ME = Parameter("me", Draw.THING, "Me")
ROOM = Parameter("room", Draw.THING, "Room")
BODY = Parameter("body", Draw.SECRET, "Body")


def test_the_example_compiles_to_its_vocabulary() -> None:
    signatures = read_signatures(Chat)
    assert signatures.vocabulary == Vocabulary(
        things=(
            ThingSpec("Who", Kind.USER, issued=True),
            ThingSpec("Me", Kind.SESSION),
            ThingSpec("Room", Kind.THREAD, issued=True),
            ThingSpec("Message", Kind.RECORD, issued=True),
            ThingSpec("Sock", Kind.SOCKET),
            ThingSpec("Feed", Kind.SUBSCRIPTION, pushes="Body"),
        ),
        secrets=(SecretSpec("Body"),),
        operations=(
            Operation("sign_up", (Parameter("name", Draw.NAME, "Name"),), creates=("Who", "Me")),
            Operation("new_room", (ME,), creates=("Room",)),
            Operation("post", (ME, ROOM, BODY), creates=("Message",)),
            Operation("edit", (ME, Parameter("message", Draw.THING, "Message"), BODY)),
            Operation("history", (ME, ROOM), shows=Shows.ALL, shown="Body"),
            Operation("search", (ME, Parameter("text", Draw.QUERY, "Query")), shows=Shows.SOME, shown="Body"),
            Operation("invite", (ME, ROOM, Parameter("member", Draw.THING, "Who", Effect.GRANTS))),
            Operation("kick", (ME, ROOM, Parameter("member", Draw.THING, "Who", Effect.REVOKES))),
            Operation("connect", (ME,), creates=("Sock",)),
            Operation("watch", (ME, Parameter("sock", Draw.THING, "Sock"), ROOM), creates=("Feed",)),
        ),
    )
    assert signatures.things["Room"] is Room
    assert signatures.secrets == {"Body": Body}
    assert signatures.identifiers == {"Who": str, "Room": int, "Message": int}
    assert signatures.values == {}


class Base(Target):
    """What every target needs, so that each one below has a single mistake."""

    @operation
    async def sign_up(self, name: Name) -> tuple[Who, Me]: ...
    @operation
    async def post(self, me: Me, body: Body) -> None: ...


def compiled(target: type[Target], name: str) -> Operation:
    return read_signatures(target).vocabulary.operation(name)


class TestWhatCanBeSaid:
    @pytest.mark.parametrize(
        ("hint", "parameter"),
        [
            (Invites[Who], Parameter("x", Draw.THING, "Who", Effect.INVITES)),
            (Audience[Sequence[Who]], Parameter("x", Draw.THING, "Who", Effect.AUDIENCE, several=True)),
            (Sequence[Grants[Who]], Parameter("x", Draw.THING, "Who", Effect.GRANTS, several=True)),
            (Ends[Me], Parameter("x", Draw.THING, "Me", Effect.ENDS)),
            (Own[Me], Parameter("x", Draw.THING, "Me", Effect.OWN)),
            (Key, Parameter("x", Draw.KEY, "Key")),
            (int, Parameter("x", Draw.VALUE, "int")),
        ],
    )
    def test_of_a_parameter(self, hint: Any, parameter: Parameter) -> None:
        async def extra(self: Target, x: Any) -> None: ...

        extra.__annotations__["x"] = hint
        target = type("Chatty", (Base,), {"extra": operation(extra)})
        assert compiled(target, "extra").parameters == (parameter,)

    def test_of_a_value_that_is_drawn_by_a_strategy(self) -> None:
        sizes = st.integers(1, 9)

        class Chatty(Base):
            @operation
            async def page(self, me: Me, size: Annotated[int, sizes]) -> None: ...

        signatures = read_signatures(Chatty)
        assert signatures.values == {("page", "size"): Annotated[int, sizes]}
        assert compiled(Chatty, "page").parameters[1].draws is Draw.VALUE

    def test_of_a_return_value_that_creates_and_shows(self) -> None:
        class Chatty(Base):
            @operation
            async def open(self, me: Me) -> tuple[Room, News[Body]]: ...

        found = compiled(Chatty, "open")
        assert (found.creates, found.shows, found.shown) == (("Room",), Shows.NEWS, "Body")

    def test_a_return_value_of_another_type_is_only_scanned(self) -> None:
        class Chatty(Base):
            @operation
            async def count(self, me: Me) -> dict[str, int]: ...

        found = compiled(Chatty, "count")
        assert (found.creates, found.shows) == ((), None)

    def test_of_things_and_secrets_with_options(self) -> None:
        class Note(Secret, private=True):
            pass

        class House(Thread, public=True):
            pass

        class Cell(Thread, within=House, keeps_past=True, exclusive=True):
            pass

        class Mirror(Subscription[Body], echo=False):
            pass

        class Chatty(Base):
            @operation
            async def build(self, me: Me, note: Note) -> tuple[House, Cell, Mirror]: ...

        vocabulary = read_signatures(Chatty).vocabulary
        assert vocabulary.thing("House") == ThingSpec("House", Kind.THREAD, public=True)
        assert vocabulary.thing("Cell") == ThingSpec(
            "Cell", Kind.THREAD, within="House", keeps_past=True, exclusive=True
        )
        assert vocabulary.thing("Mirror") == ThingSpec("Mirror", Kind.SUBSCRIPTION, pushes="Body", echo=False)
        assert vocabulary.secret("Note") == SecretSpec("Note", private=True)

    def test_a_subclass_has_the_operations_of_its_bases_first(self) -> None:
        class Chatty(Base):
            @operation
            async def bye(self, me: Ends[Me]) -> None: ...

            async def helper(self) -> None: ...

        operations = read_signatures(Chatty).vocabulary.operations
        assert [found.name for found in operations] == ["sign_up", "post", "bye"]


def mistaken(name: str, hints: dict[str, Any]) -> type[Target]:
    """`Base` with one more operation of these annotations."""
    parameters = ", ".join(hint for hint in hints if hint != "return")
    scope: dict[str, Any] = {}
    exec(f"async def {name}(self, {parameters}): ...", scope)
    scope[name].__annotations__ = hints
    return type("Chatty", (Base,), {name: operation(scope[name])})


class Unwritten(Secret):
    pass


class Nothing(Subscription):  # type: ignore[type-arg]  # the mistake
    pass


class Silent(Subscription[Unwritten]):
    pass


OtherBody: Any = type("Body", (Secret,), {})
OtherRoom: Any = type("Room", (Thread,), {})


@pytest.mark.parametrize(
    ("hints", "message"),
    [
        (
            {"me": Me, "room": Room, "return": None},
            "Chatty.extra takes a Room, but no operation creates one: let one return it, `-> Room`",
        ),
        (
            {"me": Me, "return": All[Unwritten]},
            (
                "Chatty.extra shows Unwritten, but no operation writes one: give a writing one a parameter "
                "`unwritten: Unwritten`"
            ),
        ),
        (
            {"me": Me, "return": All},
            "Chatty.extra returns All of what? Write the kind of text: `All[Body]`",
        ),
        (
            {"me": Me, "return": Some[str]},
            "Chatty.extra returns Some[<class 'str'>], which is no kind of Secret",
        ),
        (
            {"me": Me, "return": tuple[All[Body], Some[Body]]},
            "Chatty.extra shows two kinds of text; one operation can promise one: split it",
        ),
        (
            {"me": Me, "room": Grants[Room], "return": None},
            "Chatty.extra: parameter 'room': Grants[...] is about a user; Room is a thread",
        ),
        (
            {"me": Me, "name": Ends[Name], "return": None},
            "Chatty.extra: parameter 'name': Ends[...] takes a thing, a User for example",
        ),
        (
            {"me": Me, "text": Secret, "return": None},
            "Chatty.extra: parameter 'text': subclass Secret, once for each kind of text: `class Body(Secret): ...`",
        ),
        (
            {"me": Me, "room": Thread, "return": None},
            "Chatty.extra: parameter 'room': subclass Thread and say what identifies one: `class MyThread(Thread)`",
        ),
        (
            {"me": Me, "body": OtherBody, "return": None},
            "Chatty.extra: parameter 'body': two classes are named Body; rename one",
        ),
        (
            {"me": Me, "return": tuple[Room, OtherRoom]},
            "Chatty.extra: two classes are named Room; rename one",
        ),
        (
            {"me": Me, "return": Nothing},
            "class Nothing announces what? Write `class Nothing(Subscription[Body])`",
        ),
        (
            {"me": Me, "return": Silent},
            "Chatty: Silent announces Unwritten, but no operation writes one",
        ),
        (
            {"me": Me},
            "Chatty.extra has no return annotation; write `-> None` if it creates and shows nothing",
        ),
        (
            {"me": Me, "return": "Elsewhere"},
            "extra: annotation 'Elsewhere' is not known there; define it at the top of its module",
        ),
    ],
)
def test_a_mistake_in_an_annotation(hints: dict[str, Any], message: str) -> None:
    with pytest.raises(TargetMistake, match=f"^{re.escape(message)}$"):
        read_signatures(mistaken("extra", hints))


class TestAMistake:
    def test_no_operation(self) -> None:
        class Empty(Target):
            pass

        with pytest.raises(TargetMistake, match=r"^Empty has no operation: mark what users can do with @operation$"):
            read_signatures(Empty)

    def test_a_synchronous_operation(self) -> None:
        class Chatty(Base):
            @operation  # type: ignore[type-var]  # the mistake
            def stop(self, me: Me) -> None: ...

        message = "Chatty.stop is not asynchronous: write `async def stop(...)`"
        with pytest.raises(TargetMistake, match=f"^{re.escape(message)}$"):
            read_signatures(Chatty)

    def test_a_parameter_without_an_annotation(self) -> None:
        class Chatty(Base):
            @operation
            async def greet(self, me: Me, whom) -> None: ...  # type: ignore[no-untyped-def]  # the mistake

        message = (
            "Chatty.greet: parameter 'whom' has no annotation; write what is drawn, for example "
            "`whom: Name` or one of your things"
        )
        with pytest.raises(TargetMistake, match=f"^{re.escape(message)}$"):
            read_signatures(Chatty)

    def test_a_parameter_that_takes_any_number(self) -> None:
        class Chatty(Base):
            @operation
            async def greet(self, me: Me, *whom: Who) -> None: ...

        message = "Chatty.greet: *whom cannot be drawn; name each parameter and annotate it"
        with pytest.raises(TargetMistake, match=f"^{re.escape(message)}$"):
            read_signatures(Chatty)

    def test_nobody_creates_a_user(self) -> None:
        class Lonely(Target):
            @operation
            async def post(self, body: Body) -> Room: ...

        message = (
            "Lonely: no operation creates a User; isolation is between users, so let one return it: "
            "`async def sign_up(self, name: Name) -> tuple[Who, Me]`"
        )
        with pytest.raises(TargetMistake, match=f"^{re.escape(message)}$"):
            read_signatures(Lonely)

    def test_nothing_is_ever_written(self) -> None:
        class Mute(Target):
            @operation
            async def sign_up(self, name: Name) -> tuple[Who, Me]: ...

        message = "Mute: no operation writes a secret, so no leak could be seen; add a parameter of a Secret class"
        with pytest.raises(TargetMistake, match=f"^{re.escape(message)}$"):
            read_signatures(Mute)

    def test_a_lifespan_that_does_not_yield(self) -> None:
        class Mortal(Base):
            async def lifespan(self, services: Services) -> None:  # type: ignore[override]  # that is the mistake
                return None

        message = (
            "Mortal.lifespan does not yield: write `async def lifespan(self, services)`, start the system, "
            "`yield` once while it is up, stop it"
        )
        with pytest.raises(TargetMistake, match=f"^{re.escape(message)}$"):
            read_signatures(Mortal)

    def test_a_subscription_to_several_things(self) -> None:
        class Greedy(Base):
            @operation
            async def watch_all(self, me: Me, rooms: Sequence[Room]) -> Feed: ...

        message = "Greedy.watch_all subscribes to several things at once; let it take one"
        with pytest.raises(TargetMistake, match=f"^{re.escape(message)}$"):
            read_signatures(Greedy)


class TestBudgets:
    @staticmethod
    def budget_of(budget: Any) -> float | None:
        class Timed(Chat):
            @operation(budget_ms=budget)
            async def look(self, me: Me) -> None: ...

        return read_signatures(Timed).vocabulary.operation("look").budget_ms

    @pytest.mark.parametrize("budget", [10, 0.5, 1e6, None])
    def test_of_an_operation(self, budget: float | None) -> None:
        assert self.budget_of(budget) == budget

    def test_of_one_that_is_marked_without_options(self) -> None:
        assert read_signatures(Chat).vocabulary.budgets == {}

    @pytest.mark.parametrize("budget", [0, -1, -0.5, float("nan"), float("inf"), float("-inf")])
    def test_that_nothing_can_keep_or_everything(self, budget: float) -> None:
        message = (
            f"Timed.look: budget_ms={budget} is no limit; write milliseconds above 0, `budget_ms=10`, or leave it out"
        )
        with pytest.raises(TargetMistake, match=f"^{re.escape(message)}$"):
            self.budget_of(budget)

    @pytest.mark.parametrize("budget", ["10", True, [10]])
    def test_that_is_no_number(self, budget: object) -> None:
        message = f"Timed.look: budget_ms={budget!r} is no number; write milliseconds: `budget_ms=10`"
        with pytest.raises(TargetMistake, match=f"^{re.escape(message)}$"):
            self.budget_of(budget)


class TestGraceAndLag:
    MEANING: ClassVar = {"grace": "that a right may still show", "lag": "that a write may take to show"}

    def read(self, **seconds: object) -> None:
        read_signatures(type("Patient", (Chat,), seconds))

    @pytest.mark.parametrize("name", MEANING)
    @pytest.mark.parametrize("seconds", [0, 0.0, 0.1, 60])
    def test_of_so_many_seconds(self, name: str, seconds: float) -> None:
        self.read(**{name: seconds})

    @pytest.mark.parametrize("name", MEANING)
    @pytest.mark.parametrize("seconds", [-1, -0.1, float("nan"), float("inf"), "1", True, None])
    def test_that_is_no_time(self, name: str, seconds: object) -> None:
        message = (
            f"Patient.{name}={seconds!r} is no time {self.MEANING[name]}; write seconds, 0 or more: `{name} = 0.5`"
        )
        with pytest.raises(TargetMistake, match=re.escape(message)):
            self.read(**{name: seconds})


class TestFlags:
    def test_compare_is_true_or_false(self) -> None:
        no: Any = 0

        class Odd(Chat):
            @operation(compare=no)
            async def look(self, me: Me) -> None: ...

        message = "Odd.look: compare=0 is neither true nor false; write `compare=False`, or leave it out"
        with pytest.raises(TargetMistake, match=re.escape(message)):
            read_signatures(Odd)

    @pytest.mark.parametrize("name", ["echo", "once", "in_order", "replay"])
    def test_what_a_subscription_says_is_true_or_false_or_nothing(self, name: str) -> None:
        def read(value: object) -> Vocabulary:
            feed = types.new_class("News", (Subscription[Body],), {name: value})

            class Odd(Chat):
                @operation
                async def look(self, me: Me, sock: Sock) -> Any: ...

            Odd.look.__annotations__["return"] = feed
            return read_signatures(Odd).vocabulary

        for value in (True, False, None):
            assert getattr(read(value).thing("News"), name.removeprefix("in_")) is value
        message = f"class News: {name}='yes' is neither true nor false; write True or False, or leave it out if it may"
        with pytest.raises(TargetMistake, match=re.escape(message)):
            read("yes")
