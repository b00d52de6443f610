"""What arrived on one stream, and whether it came as the subscriptions declare: once, in order, nothing replayed.

Of a frame with several canaries nobody can tell which of them it announces: the others may only be quoted. So it is
held against the system only if it would be wrong whichever of them it announces.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from isofuzz.history.entries import Barrier, Outcome
from isofuzz.history.streams import Stream
from isofuzz.history.world import Canary, Thing


class Due(NamedTuple):
    """The subscription has to announce the canary, whose write had completed at `written`.

    `socket` is where it has to arrive, or any that continues it; None: nowhere before the stream is resumed.
    """

    subscription: Thing
    canary: Canary
    written: int
    socket: Thing | None

    def is_for_later(self, socket: Thing) -> bool:
        """Is it to come only on a socket that continues this one?"""
        return self.socket is not None and self.socket.births[0].invoked > socket.births[0].invoked


class Arrivals:
    """The events of one stream.

    `due` holds, by canary, what had to be announced here.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.due: defaultdict[int, list[Due]] = defaultdict(list)
        self._on: defaultdict[int, list[Thing]] = defaultdict(list)
        self._frames: Counter[tuple[Thing, tuple[int, ...]]] = Counter()
        self._newest: dict[tuple[Thing, Thing, bool], tuple[Canary, list[Thing]]] = {}
        self._ordered: dict[Thing, int] = {}

    def take(self, socket: Thing, canaries: Sequence[Canary]) -> None:
        """An event with these canaries has arrived on this socket."""
        self._frames[socket, _serials(canaries)] += 1
        for canary in canaries:
            if socket not in self._on[canary.serial]:
                self._on[canary.serial].append(socket)
                self._note_order(socket, canary)

    def settle(self, socket: Thing, barrier: Barrier) -> None:
        """What had been sent to the socket before the barrier has arrived. Once it is being resumed, that tells little:
        what was not sent yet may go to the next one."""
        if barrier.orders and self.stream.newest() is socket:
            self._ordered[socket] = barrier.since

    def came(self, due: Due) -> bool:
        """Has it arrived where it had to, or on a socket that continues that one?"""
        begun = due.socket.births[0].invoked if due.socket else 0
        return any(socket.births[0].invoked >= begun for socket in self._on[due.canary.serial])

    def is_first(self, socket: Thing, canary: Canary) -> bool:
        """Has it not been on this socket yet?"""
        return socket not in self._on[canary.serial]

    # -- once

    def repeats(self, socket: Thing, canaries: Sequence[Canary]) -> bool:
        """Did this event come on this socket more often than subscriptions that may be there announce it?

        Two subscriptions may bring it twice; and what came on a socket may come again on the one that continues it.
        """
        count = self._frames[socket, _serials(canaries)]
        if count < 2:
            return False
        announcing = [each for canary in canaries for each in self._announcing(canary)]
        return all(each.spec.once is True for each in announcing) and count > len(announcing) > 0

    # -- order

    def overtaken(self, socket: Thing, canary: Canary) -> Iterator[Due]:
        """What had to announce the canary, now here for the first time, and has announced one here that is younger.

        Two events can be compared if both had to come while this socket was there, or if both were missed before and
        had to come when it was resumed: nobody says how a system mixes what it replays with what is new.
        """
        missed = self._is_replay(socket, canary)
        due = self.due.get(canary.serial, ())
        due = [each for each in due if (each.subscription.spec.replay is True if missed else each.socket is socket)]
        subscriptions = {each.subscription for each in due}
        for each in due:
            younger, by = self._newest.get((socket, each.subscription, missed), (canary, []))
            if canary.written.surely_before(younger.written) and subscriptions.issuperset(by):
                yield each

    def _note_order(self, socket: Thing, canary: Canary) -> None:
        announcing = self._announcing(canary)
        if not all(each.spec.order is True for each in announcing):
            return
        missed = self._is_replay(socket, canary)
        for subscription in announcing:
            place = socket, subscription, missed
            known, _ = self._newest.get(place, (canary, []))
            if known.written.invoked <= canary.written.invoked:
                self._newest[place] = canary, announcing

    def _is_replay(self, socket: Thing, canary: Canary) -> bool:
        """Was it written before this socket was asked for, and has it not come on an earlier one?"""
        elsewhere = any(other is not socket for other in self._on[canary.serial])
        return canary.written.latest < socket.births[0].invoked and not elsewhere

    # -- replay

    def replays(self, socket: Thing, canaries: Sequence[Canary]) -> bool:
        """Was all of this certainly missed on the sockets before, and comes on one that continues them after all?"""
        return bool(canaries) and all(self._was_missed(socket, canary) for canary in canaries)

    def _was_missed(self, socket: Thing, canary: Canary) -> bool:
        resumed = socket.births[0]
        if canary.written.outcome is not Outcome.OK or not self._is_replay(socket, canary):
            return False
        announcing = self._announcing(canary)
        return (
            bool(announcing)
            and all(each.spec.replay is False and each.births[0].surely_before(resumed) for each in announcing)
            and self._was_settled(socket, canary)
        )

    def _was_settled(self, socket: Thing, canary: Canary) -> bool:
        """Did a barrier on an earlier socket of the stream show that the event was not on its way any more?"""
        before = (each for each in self._ordered if each.births[0].invoked < socket.births[0].invoked)
        return any(self._ordered[each] > canary.written.latest for each in before)

    def _announcing(self, canary: Canary) -> list[Thing]:
        return self.stream.announcing(canary, canary.written.invoked)


def _serials(canaries: Sequence[Canary]) -> tuple[int, ...]:
    return tuple(sorted(canary.serial for canary in canaries))
