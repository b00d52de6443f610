"""Delivery: whoever is stably subscribed and entitled gets each event, and gets no other thread's.

That nobody unentitled receives anything is the crossing oracle's, which looks at frames too. A missing event is
asserted only after a barrier, because only a barrier shows absence; where the barrier does not order the system's
fan-out, absence is counted as unknown.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

from isofuzz.history.entries import Barrier, Closed, Completion, Delivery, Entry
from isofuzz.history.model import Model
from isofuzz.history.world import Canary, Thing, may_see, must_see, surely_uses
from isofuzz.oracles.crossing import FRAME, boundary_of
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import Ref


@dataclass(frozen=True)
class _Expected:
    """The subscription has to announce the canary, whose write had completed at `written`."""

    subscription: Thing
    canary: Canary
    written: int


class DeliveryOracle:
    """The oracle, fed entry by entry after the model.

    `asserted` counts, for each class of subscription, the deliveries that had to happen and did; `unknown` those that
    were absent after a barrier which does not order the system's fan-out.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._expected: defaultdict[Ref, list[_Expected]] = defaultdict(list)
        self._received: defaultdict[Ref, set[int]] = defaultdict(set)
        self._closed: set[Ref] = set()
        self.asserted: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()

    def feed(self, at: int, entry: Entry) -> list[Violation]:
        """What is wrong with the deliveries, as far as this entry shows it."""
        match entry:
            case Completion():
                self._expect(at, entry)
            case Delivery() if not entry.reply:
                return self._receive(at, entry)
            case Closed():
                self._closed.add(entry.socket)
            case Barrier():
                return self._settle(at, entry)
        return []

    def awaited(self) -> set[Ref]:
        """The sockets of which a barrier has something to show: an event is due there that none has settled yet."""
        return {socket for socket, expected in self._expected.items() if expected}

    def _expect(self, at: int, entry: Completion) -> None:
        deed = self._model.deeds[entry.step]
        if not deed.act.certain:
            return
        for canary in deed.canaries:
            for subscription in self._model.subscriptions:
                if self._must_announce(subscription, canary, deed.act.invoked, at):
                    assert subscription.socket
                    self._expected[subscription.socket.ref].append(_Expected(subscription, canary, at))

    def _must_announce(self, subscription: Thing, canary: Canary, since: int, until: int) -> bool:
        user = subscription.owner
        own = canary.author is user
        return (
            user is not None
            and subscription.socket is not None
            and subscription.spec.pushes == canary.spec.name
            and not (own and subscription.spec.echo is not True)
            and self._covers(subscription, canary)
            and surely_uses(user, subscription, since, until)
            and self._entitled_throughout(user, canary, since, until)
        )

    def _entitled_throughout(self, user: Thing, canary: Canary, since: int, until: int) -> bool:
        """Was the right to what the canary was written into there before the write and after it?"""
        there_before = (thing for thing in canary.home.lineage() if canary.written not in thing.births)
        thing = next(there_before, None)
        return thing is not None and surely_uses(user, thing, since, until)

    def _covers(self, subscription: Thing, canary: Canary) -> bool:
        return subscription.scope is None or canary.home.lies_in(subscription.scope)

    def _receive(self, at: int, entry: Delivery) -> list[Violation]:
        socket = self._model.things[entry.socket]
        self._received[entry.socket].update(entry.seen)
        found = []
        for serial in entry.seen:
            canary = self._model.canaries.get(serial)
            if canary is None or socket.owner is None or not may_see(socket.owner, canary, at):
                continue
            subscriptions = [
                subscription
                for subscription in self._model.subscriptions
                if subscription.socket is socket and subscription.spec.pushes == canary.spec.name
            ]
            covering = [subscription for subscription in subscriptions if self._covers(subscription, canary)]
            if subscriptions and not covering:
                found.append(self._violation(at, socket, canary, Breach.MISPLACED, entry.text))
            elif covering and canary.author is socket.owner and all(s.spec.echo is False for s in covering):
                found.append(self._violation(at, socket, canary, Breach.ECHOED, entry.text))
        return found

    def _settle(self, at: int, entry: Barrier) -> list[Violation]:
        """Judge what had to have arrived on this socket before the barrier."""
        due = [expected for expected in self._expected[entry.socket] if expected.written <= entry.since]
        self._expected[entry.socket] = [e for e in self._expected[entry.socket] if e.written > entry.since]
        found = []
        for expected in due:
            if expected.canary.serial in self._received[entry.socket]:
                self.asserted[expected.subscription.spec.name] += 1
            elif not self._still_due(expected, at):
                continue
            elif entry.orders:
                socket = self._model.things[entry.socket]
                found.append(self._violation(at, socket, expected.canary, Breach.UNDELIVERED, ""))
            else:
                self.unknown[expected.subscription.spec.name] += 1
        return found

    def _still_due(self, expected: _Expected, at: int) -> bool:
        """Nothing that happened since the subscription can explain the absence."""
        subscription = expected.subscription
        user, socket = subscription.owner, subscription.socket
        assert user
        assert socket
        return (
            socket.ref not in self._closed
            and surely_uses(user, socket, expected.written, at)
            and surely_uses(user, subscription, expected.written, at)
            and must_see(user, expected.canary, expected.written + 1, at)
            and self._held_since(user, subscription, at)
        )

    def _held_since(self, user: Thing, subscription: Thing, at: int) -> bool:
        """The right did not lapse since the subscription was made: a right that returns need not revive it."""
        begun = subscription.births[0].completed
        return subscription.scope is None or surely_uses(user, subscription.scope, begun, at)

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
