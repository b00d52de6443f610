"""Lines to clients, what they subscribe to, and what is pushed to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.oracles.model.rights import Rights
from tests.unit.oracles.model.state import Account, Client, Declared, Frame, Line, Login, No, Space, Text, Watch

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator


class Lines(Rights):
    def __init__(self, chance: random.Random, chosen: dict[str, bool] | None = None) -> None:
        super().__init__(chance, chosen)
        self.lines: list[Line] = []
        self.watches: list[Watch] = []

    # -- what is pushed

    def push(self, text: Text) -> None:
        for watch in self.watches:
            account = watch.login.account
            own = text.author is account and not watch.declared.echo
            if watch.alive and not own and self.covers(watch, text) and self.gets(account, text):
                self.send(watch, self.frame(account, text, watch))

    def frame(self, account: Account, text: Text, watch: Watch) -> Frame:
        quoted = text.quotes and self.choice("events quote") and self.may_read(account, text.quotes)
        bodies = (text.body, text.quotes.body) if text.quotes and quoted else (text.body,)
        return Frame(bodies, watch, about=f"Message {text.number}" if text.number else "")

    def gets(self, account: Account, text: Text) -> bool:
        return self.may_read(account, text)

    def covers(self, watch: Watch, text: Text) -> bool:
        return watch.space is None or text.space in (watch.space, *(s for s in self.spaces if s.room is watch.space))

    def send(self, watch: Watch, frame: Frame) -> None:
        clients = [watch.client] if watch.client else self.clients_of(watch.login.account)
        for client in clients:
            if client.line and client.line.open:
                client.line.queue.append(frame)
            elif watch.client and watch.declared.replay:
                watch.missed.append(Frame(frame.bodies, watch, missed=True, about=frame.about))

    def clients_of(self, account: Account) -> list[Client]:
        return list(dict.fromkeys(line.client for line in self.lines if line.client.account is account))

    def tell_gone(self, text: Text) -> None:
        """An event without a text."""
        for client in self.clients_that_may(text.space):
            assert client.line
            client.line.queue.append(Frame((), about=f"Message {text.number} is gone"))

    def clients_that_may(self, space: Space) -> Iterator[Client]:
        for line in self.lines:
            client = line.client
            if client.line is line and line.open and self.may(client.account, space):
                yield client

    # -- lines

    def connect(self, me: Login) -> Line:
        return self.connected(me, Client(me.account))

    def connected(self, me: Login, client: Client) -> Line:
        line = client.line = Line(me, client)
        self.lines.append(line)
        return line

    def check_line(self, me: Login, sock: Line | None) -> Line:
        if sock is None or sock.login.account is not me.account:
            raise No
        return sock

    def resume(self, me: Login, sock: Line) -> Line:
        old = self.check_line(me, sock)
        client = old.client
        if client.line is not old and not self.choice("resume what was resumed"):
            raise No
        before = client.line
        new = self.connected(me, client)
        if before and before.open:
            self.hand_over(before, new)
        for watch in client.watches:
            if watch.alive:
                self.replay(watch, new)
            watch.missed.clear()
        return new

    def hand_over(self, old: Line, new: Line) -> None:
        """What was under way arrives where it was sent to, or where the client is now, or at both."""
        staying = []
        for frame in old.queue:
            fate = self.chance.choice(("old", "new", "both"))
            if fate != "new":
                staying.append(frame)
            again = frame.watch is not None and frame.watch.declared.replay
            if fate == "new" or (fate == "both" and again):
                new.queue.append(Frame(frame.bodies, frame.watch, missed=True, about=frame.about))
        old.queue.clear()
        old.queue.extend(staying)

    def replay(self, watch: Watch, line: Line) -> None:
        """What was missed comes after all, if the right is still there."""
        line.queue.extend(watch.missed)

    def reconnect(self, me: Login, sock: Line) -> Line:
        old = self.check_line(me, sock)
        old.open = False
        if old.client.line is old:
            self.silence(lambda watch: watch.client is old.client)
        return self.connect(me)

    def close(self, which: Callable[[Line], bool]) -> None:
        for line in self.lines:
            if which(line):
                self.drop(line)

    def drop(self, line: Line) -> None:
        """The line breaks: what was under way is lost, but not for those to whom it is replayed."""
        for frame in line.queue:
            if frame.watch and frame.watch.client and frame.watch.declared.replay:
                frame.watch.missed.append(Frame(frame.bodies, frame.watch, missed=True, about=frame.about))
        line.queue.clear()
        line.open = False

    def silence(self, which: Callable[[Watch], bool]) -> None:
        for watch in self.watches:
            watch.alive = watch.alive and not which(watch)

    # -- subscriptions

    def declared(
        self, echo: bool | None = None, once: bool | None = None, order: bool | None = None, replay: bool | None = None
    ) -> Declared:
        """What is promised; where nothing is, this system does as it chose to."""
        return Declared(
            self.choice("events echo") if echo is None else echo,
            self.choice("events come once") if once is None else once,
            self.choice("events keep their order") if order is None else order,
            self.choice("events are replayed") if replay is None else replay,
        )

    def watching(self, me: Login, client: Client | None, space: Space | None, declared: Declared) -> Watch:
        watch = Watch(me, client, space, declared)
        self.watches.append(watch)
        if client:
            client.watches.append(watch)
        return watch

    def watch_space(self, me: Login, sock: Line, room: Space | None, declared: Declared) -> Watch:
        line = self.check_line(me, sock)
        if not line.open:
            raise No
        if not self.choice("anyone subscribes"):
            self.check(me.account, room)
        return self.watching(me, line.client, room or Space(me.account), declared)

    def watch_everything(self, me: Login, sock: Line, declared: Declared) -> Watch:
        line = self.check_line(me, sock)
        if not line.open:
            raise No
        return self.watching(me, line.client, None, declared)

    def watch(self, me: Login, sock: Line, room: Space) -> Watch:
        return self.watch_space(me, sock, room, self.declared())

    def watch_all(self, me: Login, sock: Line) -> Watch:
        return self.watch_everything(me, sock, self.declared())

    def mirror(self, me: Login, sock: Line, room: Space) -> Watch:
        return self.watch_space(me, sock, room, self.declared(echo=True))

    def mute(self, me: Login, sock: Line, room: Space) -> Watch:
        return self.watch_space(me, sock, room, self.declared(echo=False))

    def digest(self, me: Login, sock: Line, room: Space) -> Watch:
        return self.watch_space(me, sock, room, self.declared(once=True))

    def digest_all(self, me: Login) -> Watch:
        return self.watching(me, None, None, self.declared(once=True))

    def follow(self, me: Login, sock: Line, room: Space) -> Watch:
        return self.watch_space(me, sock, room, self.declared(order=True))

    def follow_all(self, me: Login, sock: Line) -> Watch:
        return self.watch_everything(me, sock, self.declared(order=True))

    def catch_up(self, me: Login, sock: Line, room: Space) -> Watch:
        return self.watch_space(me, sock, room, self.declared(echo=True, order=True, replay=True))

    def listen(self, me: Login, sock: Line, room: Space) -> Watch:
        return self.watch_space(me, sock, room, self.declared(replay=False))

    def unwatch(self, me: Login, feed: Watch | None) -> None:
        if feed is None or feed.login.account is not me.account:
            raise No
        feed.alive = False

    def end_digest(self, me: Login, digest: Watch) -> None:
        self.unwatch(me, digest)
