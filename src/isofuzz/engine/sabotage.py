"""Leaks made on purpose, between a healthy system and the oracles: what real replies and frames then show is reported.

If it is not, then neither would be a leak of the system's own: what the target hands over carries nothing to tell by.
"""

from collections.abc import Collection, Mapping

from isofuzz.history.model import Model
from isofuzz.history.world import Thing
from isofuzz.program.steps import Ref
from isofuzz.program.vocabulary import Kind


class Sabotage:
    """What becomes of replies and frames on their way to the oracles: this one lets everything be.

    Until it has `begun`, what is reported is the system's own.
    """

    @property
    def begun(self) -> bool:
        """Has anything been changed?"""
        return False

    def reply(self, step: int, values: list[object]) -> list[object]:
        """What the actor of a step that succeeded gets to see, where the system showed `values`."""
        return values

    def copies(self, socket: Ref, seen: Collection[int]) -> Collection[Ref]:
        """The sockets that also get an event frame which arrived on this one and shows these canaries."""
        return ()


class SwappedReplies(Sabotage):
    """Steps that get the reply of another: `instead` maps each to an earlier step, whose reply it gets for its own."""

    def __init__(self, instead: Mapping[int, int]) -> None:
        self.swapped: set[int] = set()
        self.replies: dict[int, list[object]] = {}
        self._instead = instead

    @property
    def begun(self) -> bool:
        return bool(self.swapped)

    def reply(self, step: int, values: list[object]) -> list[object]:
        self.replies[step] = values
        other = self._instead.get(step)
        if other not in self.replies:
            return values
        self.swapped.add(step)
        return self.replies[other]


class CopiedFrames(Sabotage):
    """Each event of one class of subscription also goes to a socket of a stranger, as soon as they have one.

    `model` is that of the judge who watches; `stranger` is a session of somebody to whom none of it belongs.
    """

    def __init__(self, model: Model, subscription: str, stranger: Ref) -> None:
        self.copied = 0
        self.arrived = 0
        """Frames with a text on sockets that such a subscription is on."""
        self._model = model
        self._subscription = subscription
        self._stranger = stranger

    @property
    def begun(self) -> bool:
        return self.copied > 0

    @property
    def socket(self) -> Ref | None:
        """The stranger's socket; None if they have none."""
        stranger = self._model.things.get(self._stranger)
        theirs = (
            ref
            for ref, thing in self._model.things.items()
            if stranger and thing.kind is Kind.SOCKET and thing.owner is stranger.owner
        )
        return next(theirs, None)

    def copies(self, socket: Ref, seen: Collection[int]) -> Collection[Ref]:
        if not self._announced(self._model.things[socket], seen):
            return ()
        self.arrived += 1
        if self.socket is None:
            return ()
        self.copied += 1
        return (self.socket,)

    def _announced(self, socket: Thing, seen: Collection[int]) -> bool:
        """Does a subscription of the class, on this socket, announce one of these canaries?"""
        canaries = [self._model.canaries[serial] for serial in seen if serial in self._model.canaries]
        return any(
            canary.spec.name == each.spec.pushes and (each.scope is None or canary.home.lies_in(each.scope))
            for each in self._model.subscriptions
            if each.spec.name == self._subscription and each.socket and each.socket.stream is socket.stream
            for canary in canaries
        )
