"""No false alarm on a service that isolates, whatever overlaps; and each of several leaks is seen.

The service is a few sets and dictionaries. What healthy systems do differently from one another is drawn with each
program: whether a member may put others out, whether a subscription revives with the right, and so on.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isofuzz.history.entries import Barrier, Closed, Completion, Delivery, Entry, Invocation, Outcome, Row, Storage
from isofuzz.oracles.judge import Judge, judge
from isofuzz.oracles.violation import Oracle
from isofuzz.program.probes import hiding, probe
from isofuzz.program.steps import CANARY_SLOT, Argument, Call, Literal, NeverIssued, Ref, SecretText, Several
from isofuzz.program.vocabulary import Draw, Operation, Parameter, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.unit.conftest import Story


class No(Exception):
    """The service refuses, and says why."""

    def __init__(self, why: str = "there is no such thing") -> None:
        super().__init__(why)


@dataclass(eq=False)
class Account:
    name: str
    about: int | None = None
    alive: bool = True


@dataclass(eq=False)
class Login:
    account: Account
    alive: bool = True


@dataclass(eq=False)
class Space:
    """A room, topic, plaza, lobby or document; a topic and a lobby lie in a room."""

    owner: Account
    room: Space | None = None
    public: bool = False
    members: set[Account] = field(default_factory=set)
    offered: set[Account] = field(default_factory=set)
    texts: dict[object, Text] = field(default_factory=dict)
    notes: dict[Account, int] = field(default_factory=dict)
    alive: bool = True

    @property
    def lives(self) -> bool:
        return self.alive and (self.room is None or self.room.lives)


@dataclass(eq=False)
class Text:
    """A message, a card, or what a space says about itself."""

    space: Space
    author: Account
    body: int
    only: frozenset[Account] | None = None
    alive: bool = True


@dataclass(eq=False)
class Line:
    login: Login
    queue: deque[tuple[int, ...]] = field(default_factory=deque)
    open: bool = True


@dataclass(eq=False)
class Watch:
    line: Line
    space: Space | None
    echo: bool
    alive: bool = True


TITLE = "title"


class Service:
    """The service that isolates. `choice(name)` says which of the ways to be healthy this one has."""

    def __init__(self, choices: random.Random) -> None:
        self._choices = choices
        self._chosen: dict[str, bool] = {}
        self.accounts: dict[str, Account] = {}
        self.spaces: list[Space] = []
        self.docs: dict[tuple[Account, str], Space] = {}
        self.lines: list[Line] = []
        self.watches: list[Watch] = []

    def choice(self, name: str) -> bool:
        if name not in self._chosen:
            self._chosen[name] = self._choices.random() < 0.5
        return self._chosen[name]

    # -- who may what

    def may(self, account: Account, space: Space) -> bool:
        if not space.lives:
            return False
        if space.public:
            return space.room is None or self.may(account, space.room)
        return account in space.members and (
            space.room is None or self.choice("topics without their room") or self.may(account, space.room)
        )

    def may_read(self, account: Account, text: Text) -> bool:
        return text.alive and self.may(account, text.space) and (text.only is None or account in text.only)

    def check(self, account: Account, space: Space) -> None:
        if not self.may(account, space):
            raise No

    def check_rules(self, account: Account, space: Space) -> None:
        self.check(account, space)
        if space.owner is not account and self.choice("owners rule"):
            raise No

    def visible(self, account: Account, scope: Space | None = None) -> Iterator[int]:
        for space in self.spaces:
            if scope is None or space is scope or space.room is scope:
                yield from (text.body for text in space.texts.values() if self.may_read(account, text))

    # -- what happens to texts

    def put(self, key: object, text: Text) -> Text:
        text.space.texts[key] = text
        self.push(text)
        return text

    def push(self, text: Text) -> None:
        for watch in self.watches:
            account = watch.line.login.account
            covered = watch.space is None or text.space in (
                watch.space,
                *(s for s in self.spaces if s.room is watch.space),
            )
            own = text.author is account and not watch.echo
            if watch.alive and watch.line.open and covered and not own and self.gets(account, text):
                watch.line.queue.append((text.body,))

    def gets(self, account: Account, text: Text) -> bool:
        return self.may_read(account, text)

    def put_out(self, account: Account, space: Space) -> None:
        space.members.discard(account)
        space.offered.discard(account)
        for watch in self.watches:
            if watch.space is space and watch.line.login.account is account and not self.choice("watches revive"):
                watch.alive = False

    def current(self, account: Account) -> Account:
        """Whom a reference to an account means now."""
        if not account.alive and self.choice("accounts by name"):
            account = self.accounts.get(account.name, account)
        if not account.alive:
            raise No
        return account

    # -- operations

    def sign_up(self, name: str) -> tuple[Account, Login]:
        account = self.accounts.get(name)
        if account is None or not account.alive:
            account = self.accounts[name] = Account(name)
        elif self.choice("names are taken"):
            raise No
        return account, Login(account)

    def log_out(self, me: Login) -> None:
        me.alive = False
        if self.choice("logout closes"):
            self.close(lambda line: line.login is me)
        elif self.choice("logout silences"):
            for watch in self.watches:
                watch.alive = watch.alive and watch.line.login is not me

    def close(self, which: Callable[[Line], bool]) -> None:
        for line in self.lines:
            line.open = line.open and not which(line)

    def close_account(self, me: Login, who: Account) -> None:
        if who is not me.account:
            raise No
        who.alive = False
        self.close(lambda line: line.login.account is who)
        for space in self.spaces:
            if self.choice("accounts take their rooms along") and space.owner is who:
                space.alive = False
            space.members.discard(who)
            for text in space.texts.values():
                text.alive = text.alive and not (self.choice("accounts take their texts along") and text.author is who)

    def new_space(self, owner: Account, **more: Any) -> Space:
        space = Space(owner, members={owner}, **more)
        self.spaces.append(space)
        return space

    def new_room(self, me: Login) -> Space:
        return self.new_space(me.account)

    def new_room_for(self, me: Login, members: list[Account], body: int) -> Space:
        space = self.new_space(me.account)
        space.members |= {self.current(member) for member in members}
        self.put(TITLE, Text(space, me.account, body))
        return space

    def new_topic(self, me: Login, room: Space) -> Space:
        self.check(me.account, room)
        return self.new_space(me.account, room=room)

    def new_plaza(self, me: Login) -> Space:
        return self.new_space(me.account, public=True)

    def new_lobby(self, me: Login, room: Space) -> Space:
        self.check(me.account, room)
        return self.new_space(me.account, room=room, public=True)

    def open_doc(self, me: Login, key: str) -> Space:
        doc = self.docs.get((me.account, key))
        if doc and not doc.lives and self.choice("documents by key"):
            doc.alive, doc.members, doc.texts = True, {me.account}, {}
        if doc is None or not doc.lives:
            doc = self.docs[me.account, key] = self.new_space(me.account)
        return doc

    def delete_doc(self, me: Login, doc: Space) -> None:
        self.delete_room(me, doc)

    def delete_room(self, me: Login, room: Space) -> None:
        self.check_rules(me.account, room)
        room.alive = False

    def write(self, me: Login, space: Space, body: int) -> None:
        self.check(me.account, space)
        self.put(TITLE, Text(space, me.account, body))

    def retitle(self, me: Login, room: Space, body: int) -> None:
        self.write(me, room, body)

    def write_topic(self, me: Login, topic: Space, body: int) -> None:
        self.write(me, topic, body)

    def write_plaza(self, me: Login, plaza: Space, body: int) -> None:
        self.write(me, plaza, body)

    def write_lobby(self, me: Login, lobby: Space, body: int) -> None:
        self.write(me, lobby, body)

    def write_doc(self, me: Login, doc: Space, body: int) -> None:
        self.write(me, doc, body)

    def post(self, me: Login, room: Space, body: int) -> Text:
        self.check(me.account, room)
        return self.put(object(), Text(room, me.account, body))

    def reply(self, me: Login, message: Text, body: int) -> Text:
        self.check(me.account, message.space)
        if not message.alive and self.choice("replies need their message"):
            raise No
        if message.only is not None and me.account not in message.only:
            raise No
        return self.put(object(), Text(message.space, me.account, body))

    def whisper(self, me: Login, room: Space, only: list[Account], body: int) -> Text:
        self.check(me.account, room)
        audience = {self.current(account) for account in only}
        if self.choice("whispers need members") and not audience <= room.members:
            raise No
        own = {me.account} if self.choice("whispers are heard by oneself") else set()
        return self.put(object(), Text(room, me.account, body, only=frozenset(audience | own)))

    def put_card(self, me: Login, room: Space, key: str, body: int) -> Text:
        self.check(me.account, room)
        card = room.texts.get(key)
        if card is None or not (card.alive or self.choice("cards by key")):
            return self.put(key, Text(room, me.account, body))
        card.alive, card.author, card.body = True, me.account, body
        self.push(card)
        return card

    def drop_card(self, me: Login, card: Text) -> None:
        self.delete(me, card)

    def edit(self, me: Login, message: Text, body: int) -> None:
        if not self.may_read(me.account, message):
            raise No
        message.author, message.body = me.account, body
        self.push(message)

    def edit_in(self, me: Login, room: Space, message: Text, body: int) -> None:
        self.check(me.account, room)
        if message.space is not room:
            if self.choice("updates of nothing are fine"):
                return
            raise No
        self.edit(me, message, body)

    def delete(self, me: Login, message: Text) -> None:
        if not self.may_read(me.account, message):
            raise No
        message.alive = False

    def invite(self, me: Login, room: Space, member: Account) -> None:
        self.check_rules(me.account, room)
        room.members.add(self.current(member))

    def share_doc(self, me: Login, doc: Space, member: Account) -> None:
        self.invite(me, doc, member)

    def share_topic(self, me: Login, topic: Space, member: Account) -> None:
        self.invite(me, topic, member)

    def ask_in(self, me: Login, room: Space, member: Account) -> None:
        self.check_rules(me.account, room)
        room.offered.add(self.current(member))

    def join(self, me: Login, room: Space, self_: Login) -> None:
        if self_.account is not me.account or not room.lives or me.account not in room.offered | room.members:
            raise No
        room.members.add(me.account)

    def kick(self, me: Login, room: Space, member: Account) -> None:
        self.check_rules(me.account, room)
        self.put_out(member, room)

    def limit_to(self, me: Login, room: Space, members: list[Account]) -> None:
        self.check_rules(me.account, room)
        audience = {self.current(member) for member in members}
        if self.choice("owners stay"):
            audience.add(me.account)
        room.offered.clear()
        for account in room.members - audience:
            self.put_out(account, room)
        room.members |= audience

    def post_and_kick(self, me: Login, room: Space, member: Account, body: int) -> Text:
        self.kick(me, room, member)
        return self.put(object(), Text(room, me.account, body))

    def retitle_and_invite(self, me: Login, room: Space, member: Account, body: int) -> None:
        self.invite(me, room, member)
        self.put(TITLE, Text(room, me.account, body))

    def write_note(self, me: Login, room: Space, note: int) -> None:
        self.check(me.account, room)
        room.notes[me.account] = note

    def notes(self, me: Login, room: Space) -> list[int]:
        self.check(me.account, room)
        return [room.notes[me.account]] if me.account in room.notes else []

    def describe(self, me: Login, about: int) -> None:
        me.account.about = about

    def profile(self, me: Login) -> list[int]:
        return [] if me.account.about is None else [me.account.about]

    def profile_of(self, me: Login, who: Account) -> list[int]:
        if who is not me.account:
            raise No
        return self.profile(me)

    def history(self, me: Login, room: Space) -> list[int]:
        self.check(me.account, room)
        return list(self.visible(me.account, room))

    def read_doc(self, me: Login, doc: Space) -> list[int]:
        return self.history(me, doc)

    def read_plaza(self, me: Login, plaza: Space) -> list[int]:
        return self.history(me, plaza)

    def read_message(self, me: Login, room: Space, message: Text) -> list[int]:
        self.check(me.account, room)
        if message.space is not room or not self.may_read(me.account, message):
            raise No
        return [message.body]

    def overview(self, me: Login) -> list[int]:
        return list(self.visible(me.account))

    def search(self, me: Login, text: str) -> list[int]:
        return [body for body in self.visible(me.account) if self._choices.random() < 0.7]

    def inbox(self, me: Login) -> list[int]:
        return self.search(me, "")

    def stored(self) -> Iterator[Stored]:
        """All that the service keeps: of what is gone perhaps a row that says so."""
        for space in self.spaces:
            for text in space.texts.values():
                if (space.lives and text.alive) or self.choice("what is deleted stays"):
                    yield Stored(text.body, space, text.author)
                    if self.choice("texts are copied to whoever may see them"):
                        yield from (Stored(text.body, space, m) for m in space.members if self.may_read(m, text))
            yield from (Stored(note, space, account) for account, note in space.notes.items())
        for account in self.accounts.values():
            if account.about is not None:
                yield Stored(account.about, None, account)

    def connect(self, me: Login) -> Line:
        line = Line(me)
        self.lines.append(line)
        return line

    def watch(self, me: Login, sock: Line, room: Space, echo: bool | None = None) -> Watch:
        if sock.login.account is not me.account or not sock.open:
            raise No
        if not self.choice("anyone subscribes"):
            self.check(me.account, room)
        return self.watching(sock, room, self.choice("feeds echo") if echo is None else echo)

    def watching(self, sock: Line, space: Space | None, echo: bool) -> Watch:
        watch = Watch(sock, space, echo)
        self.watches.append(watch)
        return watch

    def watch_all(self, me: Login, sock: Line) -> Watch:
        if sock.login.account is not me.account or not sock.open:
            raise No
        return self.watching(sock, None, self.choice("feeds echo"))

    def mirror(self, me: Login, sock: Line, room: Space) -> Watch:
        return self.watch(me, sock, room, echo=True)

    def mute(self, me: Login, sock: Line, room: Space) -> Watch:
        return self.watch(me, sock, room, echo=False)

    def unwatch(self, me: Login, feed: Watch) -> None:
        if feed.line.login.account is not me.account:
            raise No
        feed.alive = False


@dataclass
class Stored:
    """A row: its text, and what it says that it belongs to."""

    text: int
    space: Space | None
    owner: Account


@dataclass
class Running:
    """An operation between its invocation and its return; `then` is what it came to when its instant was there."""

    call: Call
    operation: Operation
    then: tuple[Outcome, Any] | None = None


class Simulation:
    """Runs a random program of overlapping operations against a service, and writes the history."""

    SETTING = ("sign_up", "sign_up", "new_room", "invite", "connect", "watch")

    def __init__(self, vocabulary: Vocabulary, service: Service, choices: random.Random) -> None:
        self.vocabulary = vocabulary
        self.service = service
        self.choices = choices
        self.history: list[Entry] = []
        self.values: dict[Ref, Any] = {}
        self.classes: dict[str, list[Ref]] = {}
        self.accounts: dict[Ref, Account] = {}
        self.steps = 0
        self.serial = 0
        self.shut: set[Ref] = set()
        self.late: list[Running] = []
        self.numbers: dict[object, str] = {}
        self.nowhere = Space(Account("nobody"), alive=False)

    def run(self, bursts: int) -> list[Entry]:
        names = [operation.name for operation in self.vocabulary.operations if hasattr(self.service, operation.name)]
        for name in self.SETTING:
            self.burst([name])
        for _ in range(bursts):
            if self.choices.random() < 0.2:
                self.probe(self.choices.choice(names))
            self.burst(self.choices.choices(names, k=self.choices.choice((1, 1, 1, 2, 3))))
        self.look_into_storage()
        return self.history

    def probe(self, name: str) -> None:
        """The operation about the first thing of a class, between two that never existed, one after the other."""
        operation = self.vocabulary.operation(name)
        for parameter in hiding(self.vocabulary, operation):
            asking = self.invoke(name) if parameter.type in self.classes else None
            if asking is None:
                continue
            self.history.pop()
            self.steps += 2
            for call in probe(asking.call, parameter, self.classes[parameter.type][0]):
                ids = {parameter.name: (self.written(call.arguments[parameter.name]),)}
                self.serial += 1
                canaries = {each.name: self.serial for each in operation.drawn(Draw.SECRET)}
                self.history.append(Invocation.of(call, canaries, ids))
                running = Running(call, operation)
                self.act(running)
                self.complete(running)

    def written(self, argument: Argument) -> str:
        """The identifier of what is named."""
        if isinstance(argument, Ref):
            return self.number(self.values[argument])
        assert isinstance(argument, NeverIssued)
        return f"never {argument.variant}"

    def number(self, value: object) -> str:
        return self.numbers.setdefault(value, str(len(self.numbers)))

    def look_into_storage(self) -> None:
        known = {kind: self.classes.get(kind, ()) for kind in ("Room", "Who")}
        rows = []
        for stored in self.service.stored():
            threads = tuple(ref for ref in known["Room"] if self.values[ref] is stored.space)
            owners = tuple(ref for ref in known["Who"] if self.values[ref] is stored.owner)
            rows.append(Row((stored.text,), "", None if stored.space is None else threads, owners))
        self.history.append(Storage(tuple(rows)))

    def burst(self, names: list[str]) -> None:
        """Operations that overlap in any way; their instants come in any order, and frames arrive any time later."""
        waiting = deque(names)
        running: list[Running] = []
        while waiting or running:
            at = self.choices.randrange(len(running) + 1)
            if at == len(running):
                if waiting and (started := self.invoke(waiting.popleft())):
                    running.append(started)
            elif running[at].then is None and not self.is_lost(running[at]):
                self.act(running[at])
            else:
                self.complete(running.pop(at))
            self.deliver(some=True)
        self.deliver(some=False)
        for ref in self.classes.get("Sock", ()):
            self.history.append(Barrier(ref, len(self.history), orders=True))

    def is_lost(self, running: Running) -> bool:
        """Now and then a call is cut off before it has happened; it may still happen later, or never."""
        if self.choices.random() > 0.03 or running.operation.creates:
            return False
        running.then = (Outcome.INFO, None)
        if self.choices.random() < 0.5:
            self.late.append(running)
        return True

    def invoke(self, name: str) -> Running | None:
        operation = self.vocabulary.operation(name)
        arguments: dict[str, Argument] = {}
        canaries: dict[str, int] = {}
        for parameter in operation.parameters:
            argument = self.argument(parameter, canaries)
            if argument is None:
                return None
            arguments[parameter.name] = argument
        self.steps += 1
        call = Call(self.steps, name, arguments)
        self.history.append(Invocation.of(call, canaries))
        return Running(call, operation)

    def argument(self, parameter: Parameter, canaries: dict[str, int]) -> Argument | None:
        if parameter.draws is Draw.SECRET:
            self.serial += 1
            canaries[parameter.name] = self.serial
            return SecretText(CANARY_SLOT)
        if parameter.draws is Draw.NAME:
            return Literal(self.choices.choice("abc"))
        if parameter.draws is not Draw.THING:
            return Literal(self.choices.choice("kl"))
        known = self.classes.get(parameter.type, [])
        if parameter.several:
            return Several(tuple(self.choices.sample(known, min(len(known), self.choices.randrange(1, 3)))))
        if self.choices.random() < 0.02 and parameter.name != "me":
            return NeverIssued(parameter.type)
        return self.choices.choice(known) if known else None

    def act(self, running: Running) -> None:
        """The instant of an operation."""
        try:
            running.then = (Outcome.OK, self.call(running))
        except No as no:
            running.then = (Outcome.REFUSED, no)

    def call(self, running: Running) -> Any:
        invocation = next(e for e in self.history if isinstance(e, Invocation) and e.step == running.call.number)
        values: dict[str, Any] = {
            name: invocation.canaries[name] if name in invocation.canaries else self.value(argument)
            for name, argument in invocation.arguments.items()
        }
        if "me" in values and not (values["me"].alive and values["me"].account.alive):
            raise No
        return getattr(self.service, running.call.operation)(**values)

    def value(self, argument: Argument) -> Any:
        match argument:
            case Ref():
                return self.values[argument]
            case Literal():
                return argument.value
            case Several():
                return [self.values[item] for item in argument.items if isinstance(item, Ref)]
            case NeverIssued("Room"):
                return self.nowhere
            case NeverIssued("Message"):
                return Text(self.nowhere, self.nowhere.owner, 0, alive=False)
        raise No

    def complete(self, running: Running) -> None:
        assert running.then
        outcome, value = running.then
        seen = tuple(value) if running.operation.shows and outcome is Outcome.OK else ()
        ids: dict[int, tuple[str, ...]] = {}
        if outcome is Outcome.OK:
            made = value if isinstance(value, tuple) else (value,)
            for output, name in enumerate(running.operation.creates):
                ref = Ref(running.call.number, output)
                self.values[ref] = made[output]
                self.classes.setdefault(name, []).append(ref)
                if self.vocabulary.thing(name).issued:
                    ids[output] = (self.number(made[output]),)
        text = str(value) if outcome is Outcome.REFUSED else ""
        self.history.append(Completion(running.call.number, outcome, seen, text, ids))
        if self.late and self.choices.random() < 0.3:
            self.act(self.late.pop())

    def deliver(self, *, some: bool) -> None:
        for ref in self.classes.get("Sock", ()):
            line = self.values[ref]
            while line.queue and not (some and self.choices.random() < 0.5):
                self.history.append(Delivery(ref, line.queue.popleft()))
            if not line.open and ref not in self.shut:
                self.shut.add(ref)
                self.history.append(Closed(ref))


def breaches(service: type[Service], vocabulary: Vocabulary, seed: int, bursts: int = 25) -> list[str]:
    choices = random.Random(seed)
    history = Simulation(vocabulary, service(choices), choices).run(bursts)
    return [violation.fingerprint for violation in judge(vocabulary, history)]


@settings(derandomize=True, max_examples=400, deadline=None)
@given(seed=st.integers(0, 2**32), bursts=st.integers(1, 40))
def test_a_service_that_isolates_is_never_accused(vocabulary: Vocabulary, seed: int, bursts: int) -> None:
    assert breaches(Service, vocabulary, seed, bursts) == []


class ReadsUnchecked(Service):
    """The history of a room does not ask who reads it."""

    def history(self, me: Login, room: Space) -> list[int]:
        return [text.body for text in room.texts.values() if room.lives and text.alive]


class SearchesEverything(Service):
    def search(self, me: Login, text: str) -> list[int]:
        return [text.body for space in self.spaces for text in space.texts.values()]


class PushesToWhoeverSubscribed(Service):
    """Neither removal nor the end of an account ends a subscription, and nobody asks for the right."""

    def gets(self, account: Account, text: Text) -> bool:
        return True


class RemovesTooLate(Service):
    """The write that puts someone out pushes its text first."""

    def post_and_kick(self, me: Login, room: Space, member: Account, body: int) -> Text:
        message = self.post(me, room, body)
        self.kick(me, room, member)
        return message


class DeletesNothing(Service):
    def delete(self, me: Login, message: Text) -> None:
        self.check(me.account, message.space)


class IgnoresTheRoom(Service):
    def history(self, me: Login, room: Space) -> list[int]:
        self.check(me.account, room)
        return self.overview(me)


class ForgetsTheOldest(Service):
    def history(self, me: Login, room: Space) -> list[int]:
        return super().history(me, room)[1:]


class DropsEvents(Service):
    def push(self, text: Text) -> None:
        if self._choices.random() < 0.5:
            super().push(text)


class LocksOut(Service):
    """Whoever was put out once stays out, although let in again."""

    def history(self, me: Login, room: Space) -> list[int]:
        if me.account in self.banned:
            raise No
        return super().history(me, room)

    def put_out(self, account: Account, space: Space) -> None:
        super().put_out(account, space)
        self.banned.add(account)

    def __init__(self, choices: random.Random) -> None:
        super().__init__(choices)
        self.banned: set[Account] = set()


class TellsWhatExists(Service):
    def check(self, account: Account, space: Space) -> None:
        if space.lives and not self.may(account, space):
            raise No("it is not for you")
        super().check(account, space)


class StoresBeforeItAsks(Service):
    def post(self, me: Login, room: Space, body: int) -> Text:
        text = Text(room, me.account, body)
        room.texts[object()] = text
        self.check(me.account, room)
        return text


class FilesUnderAnother(Service):
    def stored(self) -> Iterator[Stored]:
        last = list(self.accounts.values())[-1]
        yield from (replace(stored, owner=last) for stored in super().stored())


class FilesInAnotherRoom(Service):
    def stored(self) -> Iterator[Stored]:
        yield from (replace(stored, space=stored.space and self.spaces[-1]) for stored in super().stored())


class LosesRows(Service):
    def stored(self) -> Iterator[Stored]:
        yield from (stored for stored in super().stored() if self._choices.random() < 0.8)


@pytest.mark.parametrize(
    ("service", "breach"),
    [
        (ReadsUnchecked, "crossing:foreign:Room:history"),
        (SearchesEverything, "crossing:foreign:Doc:search"),
        (SearchesEverything, "visibility:stale:Room:search"),
        (PushesToWhoeverSubscribed, "delivery:foreign:Room:frame"),
        (RemovesTooLate, "delivery:foreign:Room:frame:post_and_kick"),
        (DeletesNothing, "visibility:stale:Room:history"),
        (IgnoresTheRoom, "visibility:misplaced"),
        (ForgetsTheOldest, "visibility:missing:Room:history"),
        (DropsEvents, "delivery:undelivered:Room:frame:post"),
        (LocksOut, "visibility:denied:Room:history"),
        (TellsWhatExists, "existence:told:Room:history"),
        (StoresBeforeItAsks, "integrity:intruded:Room:stored:post"),
        (FilesUnderAnother, "integrity:misfiled:Room:stored:post"),
        (FilesInAnotherRoom, "integrity:misfiled:Room:stored:post"),
        (LosesRows, "integrity:lost:user:stored:describe"),
    ],
)
def test_a_leak_is_seen(vocabulary: Vocabulary, service: type[Service], breach: str) -> None:
    assert any(
        fingerprint.startswith(breach)
        for seed in range(150)
        for fingerprint in breaches(service, vocabulary, seed, bursts=40)
    )


def test_only_what_was_asked_for_is_reported(story: Story) -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    text = ada.does("post", room=room).text
    bob.does("search", text="", seen=[text])
    court = Judge(story.vocabulary, only=[Oracle.DELIVERY])
    assert [court.feed(entry) for entry in story.history] == [[]] * len(story.history)
    assert court.violations == []
