"""Does it take longer to judge an entry, the more came before it?

A healthy history is made up from a fixed seed, at three lengths, and fed to the judge; nothing else runs. More and more
users sign in, write, edit, delete, let each other in and put each other out, lose their connections and resume them.
Rooms stay small, as old texts go when new ones come, and nobody is in many of them; but one room, the hall, is as old
as the history, and whoever is there is put out and let in again all the time. That is where quadratic cost hides.
Strangers ask for the hall, beside what never existed; the pool is looked at now and then; and at the end, at rest,
there is all that is stored.

    python -m benchmarks.oracles

Counted is the time of the processor, so that a busy machine makes little difference. The judge keeps what it learns, so
Python's garbage collector has more to look at in a longer history. It stays switched on, as it is in a run; only the
history itself, which is there before the clock starts, is kept out of its sight.
"""

# mypy: disable-error-code="empty-body"
# The signatures are all that is read of an operation here.

import gc
import random
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from isofuzz import (
    All,
    Ends,
    Grants,
    Name,
    News,
    Record,
    Revokes,
    Secret,
    Session,
    Socket,
    Some,
    Subscription,
    Target,
    Thread,
    User,
    operation,
)
from isofuzz.history.entries import (
    Barrier,
    Closed,
    Completion,
    Delivery,
    Entry,
    Invocation,
    Outcome,
    Pooled,
    Row,
    Storage,
)
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.residue import Residue
from isofuzz.program.probes import probe
from isofuzz.program.steps import CANARY_SLOT, Argument, Call, Literal, NeverIssued, Ref, SecretText
from isofuzz.target.signatures import read_signatures

SEED = 20
LENGTHS = {1_000: 25, 10_000: 5, 100_000: 2}
"""How many entries, and how often they are judged: the best time counts."""
LIMIT = 1.5
"""How much longer an entry may take at the greatest length than at the smallest."""

MESSAGES = 8
"""In one room, at the most."""
MEMBERS = 5
HALL_HOLDS = 8
ROOMS = 3
"""That one user is in, at the most."""
ACTIVE = 12
"""Users who still do anything."""
POOL = 5


class Body(Secret):
    pass


class Title(Secret):
    pass


class Who(User):
    id: str


class Me(Session):
    pass


class Room(Thread):
    id: str


class Message(Record):
    id: int


class Line(Socket):
    pass


class Feed(Subscription[Body], echo=True, once=True, in_order=True, replay=True):
    pass


class Tidings(Subscription[Title]):
    pass


class Chat(Target):
    @operation
    async def sign_in(self, name: Name) -> tuple[Who, Me, Line]: ...
    @operation
    async def new_room(self, me: Me, title: Title) -> Room: ...
    @operation
    async def rename(self, me: Me, room: Room, title: Title) -> None: ...
    @operation
    async def post(self, me: Me, room: Room, body: Body) -> Message: ...
    @operation
    async def edit(self, me: Me, message: Message, body: Body) -> None: ...
    @operation
    async def delete(self, me: Me, message: Ends[Message]) -> None: ...
    @operation
    async def invite(self, me: Me, room: Room, member: Grants[Who]) -> None: ...
    @operation
    async def kick(self, me: Me, room: Room, member: Revokes[Who]) -> None: ...
    @operation
    async def history(self, me: Me, room: Room) -> All[Body]: ...
    @operation
    async def overview(self, me: Me) -> All[Body]: ...
    @operation
    async def titles(self, me: Me) -> All[Title]: ...
    @operation
    async def search(self, me: Me) -> Some[Body]: ...
    @operation
    async def inbox(self, me: Me) -> News[Body]: ...
    @operation
    async def watch(self, me: Me, line: Line, room: Room) -> Feed: ...
    @operation
    async def watch_titles(self, me: Me, line: Line) -> Tidings: ...
    @operation
    async def unwatch(self, me: Me, feed: Ends[Feed]) -> None: ...
    @operation
    async def resume(self, me: Me, line: Line) -> Line: ...
    @operation
    async def connect(self, me: Me) -> Line: ...


@dataclass(eq=False)
class Person:
    user: Ref
    session: Ref
    line: Ref
    rooms: "list[Space]" = field(default_factory=list)
    feeds: "dict[Space, Ref]" = field(default_factory=dict)
    titles: bool = False
    unread: list[int] = field(default_factory=list)


@dataclass(eq=False)
class Space:
    room: Ref
    owner: Person
    title: int
    renamed_by: Person
    members: list[Person]
    messages: "deque[Text]" = field(default_factory=deque)


@dataclass(eq=False)
class Text:
    message: Ref
    author: Person
    body: int


class Story:
    """A chat that isolates, in memory, and the history of what is done there."""

    def __init__(self, length: int) -> None:
        self.entries: list[Entry] = []
        self.mix: Counter[str] = Counter()
        self._chance = random.Random(SEED)  # noqa: S311  # the same story each time
        self._people: list[Person] = []
        self._spaces: list[Space] = []
        self._ids: dict[Ref, tuple[str, ...]] = {}
        self._serials = self._steps = 0
        self._look_at_pool()
        self._hall = self._new_room(self._arrives())
        while len(self.entries) < length:
            self._something()
        self._come_to_rest()

    def _something(self) -> None:
        chance = self._chance
        if chance.random() < 0.02 or len(self._people) < MEMBERS:
            self._arrives()
        if chance.random() < 0.01:
            self._look_at_pool()
        person = chance.choice(self._people[-ACTIVE:])
        if chance.random() < 0.02:
            self._probe(person)
        elif chance.random() < 0.25:
            self._in_the_hall(person)
        elif len(person.rooms) < ROOMS and chance.random() < 0.3:
            self._new_room(person)
        elif person.rooms:
            chance.choice(_IN_A_ROOM)(self, person, chance.choice(person.rooms))
        else:
            chance.choice(_ALONE)(self, person)

    def _in_the_hall(self, person: Person) -> None:
        hall = self._hall
        if person not in hall.members:
            if len(hall.members) > HALL_HOLDS:
                self._kick(hall, self._chance.choice(hall.members[1:]))
            self._invite(hall, person)
        elif person is not hall.owner and self._chance.random() < 0.2:
            self._kick(hall, person)
        else:
            self._chance.choice((*_IN_A_ROOM, Story._rename))(self, person, hall)

    # -- what people do

    def _arrives(self) -> Person:
        step = self._call("sign_in", name=Literal(f"user {len(self._people)}"))
        self._returns(step)
        person = Person(Ref(step, 0), Ref(step, 1), Ref(step, 2))
        self._people.append(person)
        return person

    def _new_room(self, person: Person) -> Space:
        step = self._call("new_room", me=person.session, title=SecretText(CANARY_SLOT))
        self._returns(step)
        space = Space(Ref(step), person, self._serials, person, [person])
        self._spaces.append(space)
        person.rooms.append(space)
        return space

    def _post(self, person: Person, space: Space) -> None:
        if len(space.messages) >= MESSAGES:
            self._delete(person, space)
        step = self._call("post", me=person.session, room=space.room, body=SecretText(CANARY_SLOT))
        text = Text(Ref(step), person, self._serials)
        if self._chance.random() < 0.3:
            self._read(person, space, overlaps=True)
        space.messages.append(text)
        self._push(space, text.body)
        self._returns(step)
        self._barriers(space)

    def _edit(self, person: Person, space: Space) -> None:
        if not space.messages:
            return
        text = self._chance.choice(space.messages)
        step = self._call("edit", me=person.session, message=text.message, body=SecretText(CANARY_SLOT))
        if self._chance.random() < 0.02:
            self.entries.append(Completion(step, Outcome.INFO))  # it never happened, and nobody will know
            return
        text.body = self._serials
        self._push(space, text.body)
        self._returns(step)
        self._barriers(space)

    def _delete(self, person: Person, space: Space) -> None:
        if space.messages:
            self._returns(self._call("delete", me=person.session, message=space.messages.popleft().message))

    def _rename(self, person: Person, space: Space) -> None:
        step = self._call("rename", me=person.session, room=space.room, title=SecretText(CANARY_SLOT))
        space.title, space.renamed_by = self._serials, person
        for member in space.members:
            if member.titles:
                self.entries.append(Delivery(member.line, (space.title,)))
        self._returns(step)

    def _share(self, person: Person, space: Space) -> None:
        guest = self._chance.choice(self._people[-ACTIVE:])
        if guest in space.members:
            if guest is not space.owner:
                self._kick(space, guest)
        elif len(space.members) < MEMBERS and len(guest.rooms) < ROOMS:
            self._invite(space, guest)

    def _invite(self, space: Space, guest: Person) -> None:
        self._returns(self._call("invite", me=space.owner.session, room=space.room, member=guest.user))
        space.members.append(guest)
        if space is not self._hall:
            guest.rooms.append(space)

    def _kick(self, space: Space, guest: Person) -> None:
        self._returns(self._call("kick", me=space.owner.session, room=space.room, member=guest.user))
        space.members.remove(guest)
        guest.feeds.pop(space, None)
        if space is not self._hall:
            guest.rooms.remove(space)

    def _read(self, person: Person, space: Space, *, overlaps: bool = False) -> None:
        step = self._call("history", me=person.session, room=space.room)
        self._returns(step, *(text.body for text in space.messages))
        if not overlaps and self._chance.random() < 0.2:
            refused = self._call("history", me=self._people[0].session, room=space.room)
            if self._people[0] in space.members:
                self._returns(refused, *(text.body for text in space.messages))
            else:
                self.entries.append(Completion(refused, Outcome.REFUSED))

    def _overview(self, person: Person, _: Space | None = None) -> None:
        step = self._call("overview", me=person.session)
        self._returns(step, *(text.body for space in self._rooms_of(person) for text in space.messages))

    def _titles(self, person: Person, _: Space | None = None) -> None:
        step = self._call("titles", me=person.session)
        self._returns(step, *(space.title for space in self._rooms_of(person)))

    def _search(self, person: Person, _: Space | None = None) -> None:
        step = self._call("search", me=person.session)
        self._returns(step, *(text.body for space in self._rooms_of(person) for text in list(space.messages)[:3]))

    def _inbox(self, person: Person, _: Space | None = None) -> None:
        step = self._call("inbox", me=person.session)
        there = {text.body for space in self._rooms_of(person) for text in space.messages}
        self._returns(step, *(body for body in person.unread if body in there))
        person.unread.clear()

    def _probe(self, person: Person) -> None:
        """Ask for the hall, which was made first, between two rooms that never were."""
        if person in self._hall.members:
            return
        arguments = {"me": person.session, "room": self._hall.room}
        for call in probe(Call(self._steps + 1, "history", arguments), _ROOM, self._hall.room):
            step = self._call(call.operation, **call.arguments)
            self.entries.append(Completion(step, Outcome.REFUSED, text="Refused: not found"))

    # -- lines

    def _watch(self, person: Person, space: Space) -> None:
        if space in person.feeds:
            self._returns(self._call("unwatch", me=person.session, feed=person.feeds.pop(space)))
            return
        step = self._call("watch", me=person.session, line=person.line, room=space.room)
        self._returns(step)
        person.feeds[space] = Ref(step)

    def _watch_titles(self, person: Person, _: Space) -> None:
        if not person.titles:
            self._returns(self._call("watch_titles", me=person.session, line=person.line))
            person.titles = True

    def _lose_line(self, person: Person, _: Space) -> None:
        self.entries.append(Closed(person.line))
        if self._chance.random() < 0.5:
            step = self._call("resume", me=person.session, line=person.line)
        else:
            step = self._call("connect", me=person.session)
            person.feeds.clear()
            person.titles = False
        self._returns(step)
        person.line = Ref(step)

    def _push(self, space: Space, body: int) -> None:
        for member in space.members:
            member.unread.append(body)
            if space in member.feeds:
                self.entries.append(Delivery(member.line, (body,)))

    def _barriers(self, space: Space) -> None:
        for member in space.members:
            if space in member.feeds:
                self.entries.append(Barrier(member.line, len(self.entries), orders=True))

    # -- at rest

    def _look_at_pool(self) -> None:
        self.entries += [Pooled(str(connection), {"role": "app"}) for connection in range(POOL)]

    def _come_to_rest(self) -> None:
        rows = []
        for space in self._spaces:
            rows.append(Row((space.title,), "…", (space.room,), (space.renamed_by.user,)))
            rows += [Row((text.body,), "…", (space.room,), (text.author.user,)) for text in space.messages]
        self.entries.append(Storage(tuple(rows)))
        self._look_at_pool()

    # -- entries

    def _rooms_of(self, person: Person) -> Iterator[Space]:
        yield from person.rooms
        if person in self._hall.members and self._hall not in person.rooms:
            yield self._hall

    def _call(self, name: str, /, **arguments: Argument) -> int:
        self._steps += 1
        self.mix[name] += 1
        canaries = {}
        for parameter, argument in arguments.items():
            if isinstance(argument, SecretText):
                self._serials += 1
                canaries[parameter] = self._serials
        ids = {parameter: self._identifier(argument) for parameter, argument in arguments.items()}
        self.entries.append(Invocation.of(Call(self._steps, name, arguments), canaries, ids))
        if name in _IDENTIFIED:
            self._ids[Ref(self._steps)] = (str(self._steps),)
        return self._steps

    def _identifier(self, argument: Argument) -> tuple[str, ...]:
        match argument:
            case Ref():
                return self._ids.get(argument, ())
            case NeverIssued(variant=variant):
                return (f"none {variant}",)
        return ()

    def _returns(self, step: int, *seen: int) -> None:
        ids = {0: self._ids[Ref(step)]} if Ref(step) in self._ids else {}
        self.entries.append(Completion(step, Outcome.OK, seen, ids=ids))


_Deed = Callable[[Story, Person, Space], None]
_OFTEN: tuple[_Deed, ...] = (Story._post, Story._edit, Story._delete, Story._read)
_SELDOM: tuple[_Deed, ...] = (
    Story._rename,
    Story._share,
    Story._overview,
    Story._titles,
    Story._search,
    Story._inbox,
    Story._watch,
    Story._watch_titles,
    Story._lose_line,
)
_IN_A_ROOM = (*_OFTEN * 3, *_SELDOM)
_ALONE = (Story._overview, Story._inbox)

_VOCABULARY = read_signatures(Chat).vocabulary
_IDENTIFIED = ("sign_in", "new_room", "post")
"""What first makes something with an identifier."""
_ROOM = next(each for each in _VOCABULARY.operation("history").parameters if each.name == "room")


def seconds_to_judge(entries: list[Entry]) -> float:
    """How long judging takes; AssertionError if anything is found wrong with a healthy history."""
    gc.collect()
    gc.freeze()
    court, residue = Judge(_VOCABULARY), Residue()
    began = time.process_time()
    for at, entry in enumerate(entries):
        court.feed(entry)
        residue.feed(at, entry)
    took = time.process_time() - began
    gc.unfreeze()
    assert not court.violations, court.violations[0]
    assert not residue.hazards, residue.hazards[0]
    assert court.existence.alike, "no probe was judged"
    return took


def main() -> int:
    table = Table(title="Judging a healthy history")
    for column in ("entries", "best of", "seconds", "µs per entry"):
        table.add_column(column, justify="right")
    costs = []
    for length, times in LENGTHS.items():
        story = Story(length)
        seconds = min(seconds_to_judge(story.entries) for _ in range(times))
        costs.append(seconds / len(story.entries))
        table.add_row(f"{len(story.entries):,}", str(times), f"{seconds:.3f}", f"{costs[-1] * 1e6:.1f}")
    mix = Table(title=f"What is done in {length:,} entries")
    for column in ("operation", "times"):
        mix.add_column(column, justify="right" if column == "times" else "left")
    for name, count in story.mix.most_common():
        mix.add_row(name, f"{count:,}")
    console = Console()
    console.print(mix)
    console.print(table)
    growth = costs[-1] / costs[0]
    print(f"growth = {growth:.2f}")
    return 0 if growth <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
