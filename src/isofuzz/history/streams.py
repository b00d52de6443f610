"""What is announced to one client: the subscriptions on a socket, and on those that continue it once it is resumed."""

from bisect import insort
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isofuzz.history.entries import Outcome

if TYPE_CHECKING:
    from isofuzz.history.acts import Act
    from isofuzz.history.world import Canary, Thing
    from isofuzz.program.vocabulary import ThingSpec


class Announced:
    """Subscriptions, by the kind of text and the thing that they announce (None: everything their owner may see)."""

    def __init__(self) -> None:
        self._specs: defaultdict[tuple[str | None, Thing | None], set[ThingSpec]] = defaultdict(set)
        self._living: defaultdict[tuple[str | None, Thing | None], list[Thing]] = defaultdict(list)
        self._over: defaultdict[tuple[str | None, Thing | None], list[tuple[int, int, Thing]]] = defaultdict(list)
        self.kinds: set[str | None] = set()
        """The kinds of text that any of them announces."""

    def add(self, subscription: "Thing") -> None:
        """Know of one more."""
        self.kinds.add(subscription.spec.pushes)
        place = subscription.spec.pushes, subscription.scope
        self._specs[place].add(subscription.spec)
        self._living[place].append(subscription)

    def __iter__(self) -> "Iterator[Thing]":
        """Those that may still be there."""
        for place in list(self._living):
            self._sort_out(place)
            yield from self._living[place]

    def specs_for(self, canary: "Canary") -> "set[ThingSpec]":
        """The classes of those that announce the canary, or did when they were there."""
        return {spec for place in _places(canary) if place in self._specs for spec in self._specs[place]}

    def announcing(self, canary: "Canary", since: int) -> "Iterator[Thing]":
        """Those that announce the canary and may have been there at time `since` or later."""
        for place in _places(canary):
            if place in self._living:
                self._sort_out(place)
                yield from self._living[place]
                for ended, _, subscription in reversed(self._over[place]):
                    if ended < since:
                        break
                    yield subscription

    def _sort_out(self, place: "tuple[str | None, Thing | None]") -> None:
        """Take aside what was certainly ended, so that looking at what is there takes no longer for what was."""
        subscriptions = self._living[place]
        over = [(end.latest, subscription) for subscription in subscriptions for end in _sure_ends(subscription)[:1]]
        for ended, subscription in over:
            insort(self._over[place], (ended, subscription.ref.step, subscription), key=lambda each: each[:2])
        ended_now = {subscription for _, subscription in over}
        refused = Outcome.REFUSED
        self._living[place] = [
            each for each in subscriptions if each not in ended_now and each.births[0].outcome is not refused
        ]


class Stream:
    """A socket and those that continued it, in the order in which they were asked for: one client, as long as it lasts.

    `announced` is what was subscribed to on any of them, for it goes over to the next; `unbound` what their user
    subscribed to without a socket.
    """

    def __init__(self, unbound: Announced) -> None:
        self.sockets: list[Thing] = []
        self.announced = Announced()
        self.unbound = unbound

    def newest(self) -> "Thing | None":
        """The socket that was asked for last, unless that was refused."""
        while self.sockets and self.sockets[-1].births[0].outcome is Outcome.REFUSED:
            self.sockets.pop()
        return self.sockets[-1] if self.sockets else None

    def announces(self, kind: str) -> bool:
        """Was this kind of text ever subscribed to?"""
        return kind in self.announced.kinds or kind in self.unbound.kinds

    def specs_for(self, canary: "Canary") -> "set[ThingSpec]":
        """The classes of the subscriptions that announce the canary, or did when they were there."""
        return self.announced.specs_for(canary) | self.unbound.specs_for(canary)

    def announcing(self, canary: "Canary", since: int) -> "list[Thing]":
        """The subscriptions that announce the canary and may have been there at time `since` or later.

        One that its user had no right to make counts too: the system may look at the right only when it pushes.
        """
        return [*self.announced.announcing(canary, since), *self.unbound.announcing(canary, since)]


def _places(canary: "Canary") -> "Iterator[tuple[str | None, Thing | None]]":
    yield canary.spec.name, None
    for holder in canary.home.lineage():
        yield canary.spec.name, holder


def _sure_ends(subscription: "Thing") -> "list[Act]":
    birth = subscription.births[0]
    return [end for end in subscription.ends if end.certain and birth.surely_before(end)]
