"""A chat to speak of, and a way to write histories of it that reads like a story.

ada, bob = story.sign_up("ada"), story.sign_up("bob")
room = ada.does("new_room").made()
text = ada.does("post", room=room).text
bob.does("history", room=room, seen=[text])
assert story.verdict == ["foreign: bob sees ada's Body by history"]
"""

# mypy: disable-error-code="empty-body"
# The signatures are all that is read of an operation here.

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from isofuzz.history.entries import Barrier, Closed, Completion, Delivery, History, Invocation, Outcome, Struck
from isofuzz.history.model import Model
from isofuzz.history.world import Thing
from isofuzz.oracles.judge import judge
from isofuzz.oracles.violation import Violation
from isofuzz.program.faults import FaultKind
from isofuzz.program.steps import (
    CANARY_SLOT,
    Argument,
    Burst,
    Call,
    Literal,
    NeverIssued,
    Program,
    Ref,
    SecretText,
    Several,
)
from isofuzz.program.vocabulary import Draw, Kind, Vocabulary
from isofuzz.target.base import Target, operation
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
    Query,
    Record,
    Revokes,
    Secret,
    Session,
    Socket,
    Some,
    Subscription,
    Thread,
    User,
)


class Body(Secret):
    pass


class Note(Secret, private=True):
    pass


class About(Secret):
    pass


class Who(User):
    id: str


class Me(Session):
    pass


class Room(Thread):
    id: str


class Topic(Thread, within=Room):
    pass


class Plaza(Thread, public=True):
    pass


class Lobby(Thread, within=Room, public=True):
    pass


class Archive(Thread, keeps_past=True):
    pass


class Doc(Thread):
    pass


class Message(Record):
    id: int


class Card(Record):
    pass


class Sock(Socket):
    pass


class Feed(Subscription[Body]):
    pass


class Mirror(Subscription[Body], echo=True):
    pass


class Mute(Subscription[Body], echo=False):
    pass


class Digest(Subscription[Body], once=True):
    pass


class Timeline(Subscription[Body], in_order=True):
    pass


class Backlog(Subscription[Body], echo=True, in_order=True, replay=True):
    pass


class Radio(Subscription[Body], replay=False):
    pass


class Chat(Target):
    @operation
    async def sign_up(self, name: Name) -> tuple[Who, Me]: ...
    @operation
    async def log_out(self, me: Ends[Me]) -> None: ...
    @operation
    async def close_account(self, me: Me, who: Ends[Who]) -> None: ...
    @operation
    async def new_room(self, me: Me) -> Room: ...
    @operation
    async def new_room_for(self, me: Me, members: Audience[Sequence[Who]], body: Body) -> Room: ...
    @operation
    async def new_topic(self, me: Me, room: Room) -> Topic: ...
    @operation
    async def new_plaza(self, me: Me) -> Plaza: ...
    @operation
    async def new_lobby(self, me: Me, room: Room) -> Lobby: ...
    @operation
    async def new_archive(self, me: Me) -> Archive: ...
    @operation
    async def open_doc(self, me: Me, key: Key) -> Doc: ...
    @operation
    async def put_card(self, me: Me, room: Room, key: Key, body: Body) -> Card: ...
    @operation
    async def drop_card(self, me: Me, card: Ends[Card]) -> None: ...
    @operation
    async def delete_doc(self, me: Me, doc: Ends[Doc]) -> None: ...
    @operation
    async def delete_room(self, me: Me, room: Ends[Room]) -> None: ...
    @operation
    async def post(self, me: Me, room: Room, body: Body) -> Message: ...
    @operation
    async def reply(self, me: Me, message: Message, body: Body) -> Message: ...
    @operation
    async def write_topic(self, me: Me, topic: Topic, body: Body) -> None: ...
    @operation
    async def write_plaza(self, me: Me, plaza: Plaza, body: Body) -> None: ...
    @operation
    async def write_lobby(self, me: Me, lobby: Lobby, body: Body) -> None: ...
    @operation
    async def write_archive(self, me: Me, archive: Archive, body: Body) -> None: ...
    @operation
    async def write_doc(self, me: Me, doc: Doc, body: Body) -> None: ...
    @operation
    async def write_note(self, me: Me, room: Room, note: Note) -> None: ...
    @operation
    async def describe(self, me: Me, about: About) -> None: ...
    @operation
    async def announce(self, body: Body) -> None: ...
    @operation
    async def edit(self, me: Me, message: Message, body: Body) -> None: ...
    @operation
    async def edit_in(self, me: Me, room: Room, message: Message, body: Body) -> None: ...
    @operation
    async def delete(self, me: Me, message: Ends[Message]) -> None: ...
    @operation
    async def edit_and_kick(self, me: Me, message: Message, member: Revokes[Who], body: Body) -> None: ...
    @operation
    async def post_and_kick(self, me: Me, room: Room, member: Revokes[Who], body: Body) -> Message: ...
    @operation
    async def whisper(self, me: Me, room: Room, only: Audience[Sequence[Who]], body: Body) -> Message: ...
    @operation
    async def retitle_and_invite(self, me: Me, room: Room, member: Grants[Who], body: Body) -> None: ...
    @operation
    async def retitle(self, me: Me, room: Room, body: Body) -> None: ...
    @operation
    async def invite(self, me: Me, room: Room, member: Grants[Who]) -> None: ...
    @operation
    async def ask_in(self, me: Me, room: Room, member: Invites[Who]) -> None: ...
    @operation
    async def join(self, me: Me, room: Room, self_: Grants[Me]) -> None: ...
    @operation
    async def kick(self, me: Me, room: Room, member: Revokes[Who]) -> None: ...
    @operation
    async def limit_to(self, me: Me, room: Room, members: Audience[Sequence[Who]]) -> None: ...
    @operation
    async def keep(self, me: Me, archive: Archive, member: Grants[Who]) -> None: ...
    @operation
    async def unkeep(self, me: Me, archive: Archive, member: Revokes[Who]) -> None: ...
    @operation
    async def share_doc(self, me: Me, doc: Doc, member: Grants[Who]) -> None: ...
    @operation
    async def share_topic(self, me: Me, topic: Topic, member: Grants[Who]) -> None: ...
    @operation
    async def history(self, me: Me, room: Room) -> All[Body]: ...
    @operation
    async def read_message(self, me: Me, room: Room, message: Message) -> All[Body]: ...
    @operation
    async def read_doc(self, me: Me, doc: Doc) -> All[Body]: ...
    @operation
    async def read_plaza(self, me: Me, plaza: Plaza) -> All[Body]: ...
    @operation
    async def read_archive(self, me: Me, archive: Archive) -> All[Body]: ...
    @operation
    async def page(self, me: Me, room: Room, size: int) -> All[Body]: ...
    @operation
    async def overview(self, me: Me) -> All[Body]: ...
    @operation
    async def notes(self, me: Me, room: Room) -> All[Note]: ...
    @operation
    async def profile(self, me: Me) -> All[About]: ...
    @operation
    async def profile_of(self, me: Me, who: Who) -> All[About]: ...
    @operation
    async def search(self, me: Me, text: Query) -> Some[Body]: ...
    @operation
    async def glimpse(self, me: Me, room: Room) -> Some[Body]: ...
    @operation
    async def inbox(self, me: Me) -> News[Body]: ...
    @operation
    async def news_of(self, me: Me, room: Room) -> News[Body]: ...
    @operation
    async def connect(self, me: Me) -> Sock: ...
    @operation
    async def resume(self, me: Me, sock: Sock) -> Sock: ...
    @operation
    async def watch(self, me: Me, sock: Sock, room: Room) -> Feed: ...
    @operation
    async def watch_all(self, me: Me, sock: Sock) -> Feed: ...
    @operation
    async def mirror(self, me: Me, sock: Sock, room: Room) -> Mirror: ...
    @operation
    async def mute(self, me: Me, sock: Sock, room: Room) -> Mute: ...
    @operation
    async def unwatch(self, me: Me, feed: Ends[Feed]) -> None: ...
    @operation
    async def reconnect(self, me: Me, sock: Ends[Sock]) -> Sock: ...
    @operation
    async def digest(self, me: Me, sock: Sock, room: Room) -> Digest: ...
    @operation
    async def digest_all(self, me: Me) -> Digest: ...
    @operation
    async def end_digest(self, me: Me, digest: Ends[Digest]) -> None: ...
    @operation
    async def follow(self, me: Me, sock: Sock, room: Room) -> Timeline: ...
    @operation
    async def follow_all(self, me: Me, sock: Sock) -> Timeline: ...
    @operation
    async def catch_up(self, me: Me, sock: Sock, room: Room) -> Backlog: ...
    @operation
    async def listen(self, me: Me, sock: Sock, room: Room) -> Radio: ...


CHAT = read_signatures(Chat).vocabulary


@dataclass
class Op:
    """One operation of the story; `text` is the canary that it writes."""

    story: "Story"
    step: int
    texts: tuple[int, ...]

    @property
    def text(self) -> int:
        (text,) = self.texts
        return text

    def made(self, output: int = 0) -> Ref:
        return Ref(self.step, output)

    def returns(self, seen: Sequence[int] = ()) -> "Op":
        return self._ends(Outcome.OK, seen)

    def is_refused(self, seen: Sequence[int] = ()) -> "Op":
        return self._ends(Outcome.REFUSED, seen)

    def is_lost(self, seen: Sequence[int] = ()) -> "Op":
        """Nobody knows whether it happened."""
        return self._ends(Outcome.INFO, seen)

    def _ends(self, outcome: Outcome, seen: Sequence[int]) -> "Op":
        self.story.history.append(Completion(self.step, outcome, tuple(seen)))
        return self


@dataclass
class Person:
    """A user with one session."""

    story: "Story"
    name: str
    user: Ref
    session: Ref

    def starts(self, name: str, **arguments: Any) -> Op:
        return self.story.starts(name, self, arguments)

    def does(self, name: str, *, seen: Sequence[int] = (), **arguments: Any) -> Op:
        return self.starts(name, **arguments).returns(seen)

    def is_refused(self, name: str, *, seen: Sequence[int] = (), **arguments: Any) -> Op:
        return self.starts(name, **arguments).is_refused(seen)

    def loses(self, name: str, **arguments: Any) -> Op:
        return self.starts(name, **arguments).is_lost()

    def receives(self, sock: Ref, *texts: int, reply: bool = False) -> None:
        self.story.history.append(Delivery(sock, texts, reply=reply))


@dataclass
class Story:
    """A history in the making, and the program that it is one of."""

    vocabulary: Vocabulary = CHAT
    history: History = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    names: dict[Ref, str] = field(default_factory=dict)
    written: int = 0

    def sign_up(self, name: str) -> Person:
        """A user; an equal name is another session of the same one."""
        op = self.starts("sign_up", None, {"name": name}).returns()
        return self._person(op, name)

    def _person(self, op: Op, name: str) -> Person:
        self.names[op.made(0)] = name
        return Person(self, name, op.made(0), op.made(1))

    def starts(self, name: str, actor: Person | None, arguments: dict[str, Any]) -> Op:
        operation = self.vocabulary.operation(name)
        given: dict[str, Argument] = {}
        canaries: dict[str, int] = {}
        for parameter in operation.parameters:
            if parameter.draws is Draw.SECRET:
                self.written += 1
                canaries[parameter.name] = self.written
                given[parameter.name] = SecretText(CANARY_SLOT)
            elif parameter.name in arguments:
                given[parameter.name] = _argument(arguments[parameter.name])
            elif actor:
                kind = self.vocabulary.kind_of(parameter)
                given[parameter.name] = actor.session if kind is Kind.SESSION else actor.user
        call = Call(len(self.calls) + 1, name, given)
        self.calls.append(call)
        self.history.append(Invocation.of(call, canaries))
        return Op(self, call.number, tuple(canaries.values()))

    def barrier(self, sock: Ref, *, orders: bool = True) -> None:
        """All that had been sent so far has arrived."""
        self.history.append(Barrier(sock, len(self.history), orders))

    def closed(self, sock: Ref) -> None:
        self.history.append(Closed(sock))

    def restarts(self, amid: Op, *socks: Ref) -> None:
        """The system is restarted in the middle of an operation; these sockets go."""
        self.history.append(Struck(1000, FaultKind.RESTART, Ref(amid.step)))
        for sock in socks:
            self.closed(sock)

    @property
    def program(self) -> Program:
        return Program(tuple(Burst((call,)) for call in self.calls))

    @property
    def violations(self) -> list[Violation]:
        return judge(self.vocabulary, self.history)

    @property
    def model(self) -> Model:
        """What the model knows at the end of the story."""
        model = Model(self.vocabulary)
        for at, entry in enumerate(self.history):
            model.feed(at, entry)
        return model

    @property
    def verdict(self) -> list[str]:
        """What the oracles find, as sentences."""
        return [self._sentence(violation) for violation in self.violations]

    def _sentence(self, violation: Violation) -> str:
        model = self.model
        what = violation.secret
        if violation.serial is not None:
            canary = model.canaries.get(violation.serial)
            author = canary and canary.author
            what = f"{self._name(author)}'s {what}" if author else what or "unknown text"
        verb = "misses" if violation.breach in ("missing", "denied", "undelivered") else "sees"
        return f"{violation.breach}: {self.names[violation.user]} {verb} {what} by {violation.observer}"

    def _name(self, user: Thing) -> str:
        return self.names.get(user.ref, user.label)


def _argument(value: Any) -> Argument:
    if isinstance(value, Person):
        return value.user
    if isinstance(value, (Ref, NeverIssued)):
        return value
    if isinstance(value, list):
        return Several(tuple(item.user if isinstance(item, Person) else item for item in value))
    return Literal(value)


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return CHAT
