"""Delivery: whoever is stably subscribed and entitled gets each event as declared, and gets no other thread's.

That nobody unentitled receives anything is the crossing oracle's, which looks at frames too. A missing event is
asserted only after a barrier, because only a barrier shows absence; where the barrier does not order the system's
fan-out, absence is counted as unknown.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from operator import attrgetter

from isofuzz.history.entries import Barrier, Closed, Completion, Delivery, Entry, Invocation
from isofuzz.history.model import Model
from isofuzz.history.streams import Stream
from isofuzz.history.world import Canary, Thing, may_see, must_see, surely_hears, surely_uses
from isofuzz.oracles.arrivals import Arrivals, Due
from isofuzz.oracles.crossing import FRAME, boundary_of
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import Ref


class DeliveryOracle:
    """The oracle, fed entry by entry after the model.

    `asserted` counts, for each class of subscription, the deliveries that had to happen and did; `unknown` those that
    were absent after a barrier which does not order the system's fan-out.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._arrivals: dict[Stream, Arrivals] = {}
        self._pending: dict[Stream, list[Due]] = {}
        self._interrupted: dict[Stream, int] = {}
        self.asserted: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()

    def feed(self, at: int, entry: Entry) -> list[Violation]:
        """What is wrong with the deliveries, as far as this entry shows it."""
        match entry:
            case Invocation():
                self._interrupt_resumed(entry)
            case Completion():
                self._expect(at, entry)
                self._expect_missed(at, entry)
            case Delivery() if not entry.reply:
                return list(self._receive(at, entry))
            case Closed():
                self._close(at, self._model.things[entry.socket])
            case Barrier():
                return list(self._settle(at, entry))
        return []

    def awaited(self) -> set[Ref]:
        """The sockets of which a barrier has something to show: an event is due there that none has settled yet.

        Or it is closed, and what was sent to it may not come once it is resumed.
        """
        newest = [socket for stream in self._pending if (socket := stream.newest()) and not socket.closed]
        closed = [socket for stream in self._interrupted if (socket := stream.newest()) and socket.closed]
        forgetting = (each for each in closed if each.stream and _declaring(each.stream, replay=False))
        return {socket.ref for socket in (*newest, *forgetting)}

    def lacks(self, at: int, socket: Ref) -> bool:
        """Would a barrier now show that something has not arrived on this socket which had to?"""
        thing = self._model.things[socket]
        assert thing.stream
        return any(self._is_absent(due, thing, at) for due in self._pending.get(thing.stream, ()))

    # -- what has to come

    def _expect(self, at: int, entry: Completion) -> None:
        deed = self._model.deeds[entry.step]
        if not deed.act.certain:
            return
        for canary in deed.canaries:
            for subscription in sorted(self._model.watching(canary.home), key=attrgetter("ref")):
                if self._must_announce(subscription, canary, deed.act.invoked, at):
                    self._add_on_newest(subscription, canary, at)

    def _add_on_newest(self, subscription: Thing, canary: Canary, at: int) -> None:
        """It has to come where the client is now; if they came while it was written, then it may have been missed."""
        assert subscription.socket
        assert subscription.socket.stream
        socket = subscription.socket.stream.newest()
        if socket is None or socket.closed or not socket.births[0].certain:
            return
        if surely_uses(subscription.owner, socket, canary.written.invoked, at):
            self._add(Due(subscription, canary, at, socket))
        elif subscription.spec.replay is True:
            self._add(Due(subscription, canary, at, None))

    def _add(self, due: Due) -> None:
        assert due.subscription.socket
        stream = due.subscription.socket.stream
        assert stream
        self._arrivals_on(stream).due[due.canary.serial].append(due)
        self._pending.setdefault(stream, []).append(due)

    def _interrupt_resumed(self, entry: Invocation) -> None:
        """A stream is interrupted while it is being resumed."""
        deed = self._model.deeds[entry.step]
        for socket in deed.created:
            if socket.stream and len(socket.stream.sockets) > 1:
                self._interrupt(socket.stream, deed.act.invoked)

    def _interrupt(self, stream: Stream, at: int) -> None:
        """From now on, and for what is being written just now, it takes a replay."""
        if _declaring(stream, replay=True) or _declaring(stream, replay=False):
            running = next(iter(self._model.in_flight.values()), None)
            self._interrupted.setdefault(stream, min(at, running.act.invoked) - 1 if running else at)

    def _expect_missed(self, at: int, entry: Completion) -> None:
        """What was written while the stream was interrupted has to come now that it is resumed."""
        for socket in self._model.deeds[entry.step].created:
            if socket.stream in self._interrupted and socket.births[0].outcome is not None:
                self._go_on(socket, at)

    def _go_on(self, socket: Thing, at: int) -> None:
        assert socket.stream
        newest = socket.stream.newest()
        if newest and newest.closed:
            return
        since = self._interrupted.pop(socket.stream)
        if newest is not socket or not socket.births[0].certain:
            return
        for subscription in _declaring(socket.stream, replay=True):
            for text in self._missed(subscription, since, at):
                self._add(Due(subscription, text, at, None))

    def _missed(self, subscription: Thing, since: int, at: int) -> list[Canary]:
        """What it had to announce and was not to bring yet, the oldest first."""
        assert subscription.owner
        assert subscription.spec.pushes
        assert subscription.socket
        assert subscription.socket.stream
        due = self._arrivals_on(subscription.socket.stream).due
        texts = self._model.texts(subscription.owner, subscription.scope, subscription.spec.pushes, since=since)
        missed = [
            text
            for text in dict.fromkeys(texts)
            if text.written.certain
            and all(each.subscription is not subscription for each in due.get(text.serial, ()))
            and self._must_announce(subscription, text, text.written.invoked, at)
        ]
        return sorted(missed, key=attrgetter("serial"))

    def _must_announce(self, subscription: Thing, canary: Canary, since: int, until: int) -> bool:
        user = subscription.owner
        own = canary.author is user
        return (
            user is not None
            and subscription.socket is not None
            and subscription.spec.pushes == canary.spec.name
            and not (own and subscription.spec.echo is not True)
            and (subscription.scope is None or canary.home.lies_in(subscription.scope))
            and surely_uses(user, subscription, since, until)
            and surely_hears(user, canary, since, until)
        )

    def _settle(self, at: int, entry: Barrier) -> Iterator[Violation]:
        """Judge what had to have arrived before the barrier on this socket."""
        socket = self._model.things[entry.socket]
        assert socket.stream
        arrivals = self._arrivals_on(socket.stream)
        arrivals.settle(socket, entry)
        later = []
        for due in self._pending.pop(socket.stream, ()):
            if due.written > entry.since or due.is_for_later(socket):
                later.append(due)
            elif arrivals.came(due):
                self.asserted[due.subscription.spec.name] += 1
            elif self._may_come_later(due, socket):
                later.append(due)
            elif not self._still_due(due, socket, entry.since, at):
                continue
            elif entry.orders:
                yield self._violation(at, socket, due.canary, Breach.UNDELIVERED, "")
            else:
                self.unknown[due.subscription.spec.name] += 1
        if later:
            self._pending[socket.stream] = later

    def _is_absent(self, due: Due, socket: Thing, at: int) -> bool:
        assert socket.stream
        came = self._arrivals_on(socket.stream).came(due)
        later = due.is_for_later(socket) or self._may_come_later(due, socket)
        return not (came or later) and self._still_due(due, socket, at, at)

    def _close(self, at: int, socket: Thing) -> None:
        """What was missed on a socket that the system has closed need not come, unless it is replayed."""
        assert socket.stream
        pending = self._pending.pop(socket.stream, ())
        if later := [due for due in pending if due.subscription.spec.replay is True or due.is_for_later(socket)]:
            self._pending[socket.stream] = later
        if socket.stream.newest() is socket:
            self._interrupt(socket.stream, at)

    def _may_come_later(self, due: Due, socket: Thing) -> bool:
        """Will what is missing here come when the stream is resumed, or has that been asked for already?"""
        assert socket.stream
        gone = socket.closed or socket.stream.newest() is not socket
        return gone and due.subscription.spec.replay is True

    def _still_due(self, due: Due, socket: Thing, since: int, at: int) -> bool:
        """Nothing that happened since the subscription can explain the absence on this socket."""
        subscription = due.subscription
        user = subscription.owner
        assert user
        resumed = subscription.spec.replay is True and socket.births[0].completed < since
        return (
            not socket.closed
            and (due.socket is socket or resumed)
            and surely_uses(user, socket, at, at)
            and self._stands(due, at)
        )

    def _stands(self, due: Due, at: int) -> bool:
        """Were the subscription and the right there all the time since the text was written, and is the text?"""
        subscription, user = due.subscription, due.subscription.owner
        assert user
        return (
            surely_uses(user, subscription, due.written, at)
            and must_see(user, due.canary, due.written + 1, at)
            and self._held_since(user, subscription, at)
        )

    def _held_since(self, user: Thing, subscription: Thing, at: int) -> bool:
        """The right did not lapse since the subscription was made: a right that returns need not revive it."""
        begun = subscription.births[0].completed
        return subscription.scope is None or surely_uses(user, subscription.scope, begun, at)

    # -- what comes

    def _receive(self, at: int, entry: Delivery) -> Iterator[Violation]:
        socket = self._model.things[entry.socket]
        canaries = [canary for serial in entry.seen if (canary := self._model.canaries.get(serial))]
        mine = [canary for canary in canaries if socket.owner and may_see(socket.owner, canary, at)]
        by_others = len(canaries) < len(entry.seen) or any(each.author is not socket.owner for each in canaries)
        for canary in mine:
            if breach := self._misdirected(socket, canary, by_others=by_others):
                yield self._violation(at, socket, canary, breach, entry.text)
        if mine and len(mine) == len(entry.seen):
            for breach, canary in self._undeclared(at, socket, mine):
                yield self._violation(at, socket, canary, breach, entry.text)

    def _misdirected(self, socket: Thing, canary: Canary, *, by_others: bool) -> Breach | None:
        """What is wrong with this canary on this socket; `by_others`: the frame has texts of others in it."""
        assert socket.stream
        specs = socket.stream.specs_for(canary)
        if not specs:
            return Breach.MISPLACED if socket.stream.announces(canary.spec.name) else None
        echoed = canary.author is socket.owner and not by_others and all(spec.echo is False for spec in specs)
        return Breach.ECHOED if echoed else None

    def _undeclared(self, at: int, socket: Thing, canaries: Sequence[Canary]) -> list[tuple[Breach, Canary]]:
        """What is wrong with an event of these canaries after all that came before it."""
        assert socket.stream
        arrivals = self._arrivals_on(socket.stream)
        found = []
        if arrivals.replays(socket, canaries):
            found.append((Breach.REPLAYED, canaries[0]))
        for canary in canaries:
            overtaken = arrivals.overtaken(socket, canary) if arrivals.is_first(socket, canary) else ()
            if any(surely_uses(socket.owner, socket, at, at) and self._stands(due, at) for due in overtaken):
                found.append((Breach.REORDERED, canary))
        arrivals.take(socket, canaries)
        if arrivals.repeats(socket, canaries):
            found.append((Breach.REPEATED, canaries[0]))
        return found

    def _arrivals_on(self, stream: Stream) -> Arrivals:
        if stream not in self._arrivals:
            self._arrivals[stream] = Arrivals(stream)
        return self._arrivals[stream]

    def _violation(self, at: int, socket: Thing, canary: Canary, breach: Breach, text: str) -> Violation:
        assert socket.owner
        return Violation(
            oracle=Oracle.DELIVERY,
            breach=breach,
            at=at,
            user=socket.owner.ref,
            boundary=boundary_of(canary),
            observer=FRAME,
            writer=canary.written.operation,
            secret=canary.spec.name,
            written_by=canary.written.step,
            socket=socket.ref,
            serial=canary.serial,
            text=text,
        )


def _declaring(stream: Stream, *, replay: bool) -> list[Thing]:
    """The subscriptions that say so of what is missed."""
    return [each for each in stream.announced if each.spec.replay is replay]
