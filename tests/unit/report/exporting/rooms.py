"""A target to export tests of, and cases of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from isofuzz.cases.case import Case
from isofuzz.errors import UsageError
from isofuzz.history.entries import Completion, Entry, Invocation, Outcome
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import Argument, Burst, Call, Literal, NeverIssued, Program, Ref, SecretText, Several
from isofuzz.target.base import Target, operation
from isofuzz.target.things import All, Grants, Key, Name, Query, Record, Refused, Secret, Session, Socket, Thread, User


class Body(Secret):
    """What a message says."""


class Who(User):
    id: str


class Me(Session):
    token: str


class Line(Socket):
    pass


class Room(Thread):
    id: int


class Message(Record):
    id: int


class Rooms(Target):
    """Nothing of it is ever called."""

    defects: ClassVar[Mapping[str, str]] = {"open": "everybody may read"}
    refusals: ClassVar[tuple[type[Exception], ...]] = (UsageError,)

    @operation
    async def sign_up(self, name: Name) -> tuple[Who, Me]:
        raise NotImplementedError

    @operation
    async def connect(self, me: Me) -> Line:
        raise NotImplementedError

    @operation
    async def new_room(self, me: Me, key: Key, *, sizes: Sequence[int]) -> tuple[Room, All[Body]]:
        raise NotImplementedError

    @operation
    async def post(self, me: Me, room: Room, body: Body) -> Message:
        raise NotImplementedError

    @operation
    async def share(self, me: Me, room: Room, members: Sequence[Grants[Who]]) -> None:
        raise NotImplementedError

    @operation
    async def read(self, me: Me, room: Room) -> All[Body]:
        raise NotImplementedError

    @operation
    async def edit(self, me: Me, message: Message, body: Body) -> None:
        raise NotImplementedError

    @operation
    async def search(self, me: Me, text: Query) -> All[Body]:
        raise Refused


SIGN_UPS = (Call(0, "sign_up", {"name": Literal("a")}), Call(1, "sign_up", {"name": Literal("b")}))
NEW_ROOM = Call(2, "new_room", {"me": Ref(0, 1), "key": Literal("x"), "sizes": Literal([1, 2])})
POST = Call(5, "post", {"me": Ref(0, 1), "room": Ref(2), "body": SecretText("{canary}")})
READ = Call(9, "read", {"me": Ref(1, 1), "room": Ref(2)})
PLACE = "tests.unit.report.exporting.rooms:Rooms"


def call(number: int, name: str, **arguments: Argument) -> Call:
    """A step."""
    return Call(number, name, arguments)


def never(variant: int = 0) -> NeverIssued:
    """A message that was never issued."""
    return NeverIssued("Message", variant)


def several(*items: Ref) -> Several:
    """Some things."""
    return Several(items)


def history(program: Program, outcomes: Mapping[int, Outcome], *moves: Entry) -> tuple[Entry, ...]:
    """All went well, but for what is said to have ended otherwise; the moves come last."""
    entries: list[Entry] = []
    for burst in program.bursts:
        entries += [Invocation.of(each, {}) for each in burst.calls]
        entries += [Completion(each.number, outcomes.get(each.number, Outcome.OK)) for each in burst.calls]
    return (*entries, *moves)


def a_case(
    *steps: Call | Burst, moves: Sequence[Entry] = (), outcomes: Mapping[int, Outcome] = {}, **fields: Any
) -> Case:
    """A finding in a program of these steps: what one user read was another's."""
    program = Program(tuple(step if isinstance(step, Burst) else Burst((step,)) for step in steps))
    violation = Violation(
        Oracle.CROSSING, Breach.FOREIGN, 0, Ref(1), "Room", "read", "post", "Body", step=9, written_by=5, serial=0
    )
    case = Case(
        target=PLACE,
        defect=None,
        violation=violation,
        explanation="User B (named 'b') saw text that was not theirs to see, in step 9 (`read`).",
        program=program,
        history=history(program, outcomes, *moves),
        found="2026-11-26T00:00:00+00:00",
        services="",
    )
    return replace(case, **fields)
