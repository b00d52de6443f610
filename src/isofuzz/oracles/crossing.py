"""Crossing: nobody observes a canary to which they were entitled at no instant of its life, under any order.

Sound under any concurrency: a canary that is possibly the observer's under some order of overlapping operations is
excused. An excuse may rest on an operation that is still running, so it is examined again once all have ended that ran
when the canary was seen: nothing that is asked for later can have shown it.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from isofuzz.history.acts import NEVER
from isofuzz.history.entries import Completion, Delivery, Entry
from isofuzz.history.model import Model
from isofuzz.history.world import Canary, Thing, may_see
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import Ref
from isofuzz.program.vocabulary import Kind

FRAME = "frame"


@dataclass(frozen=True)
class _Sighting:
    """A user saw a canary: by the operation `observer` of `step`, or in a frame on `socket`."""

    at: int
    user: Thing
    serial: int
    observer: str
    text: str
    step: int | None = None
    socket: Ref | None = None


class Crossing:
    """The oracle, fed entry by entry after the model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._excused: deque[_Sighting] = deque()
        self._replies: defaultdict[Thing, list[_Sighting]] = defaultdict(list)

    def feed(self, at: int, entry: Entry) -> list[Violation]:
        """The crossings that this entry shows."""
        found = []
        for sighting in self._sightings(at, entry):
            if self._crosses(sighting):
                found.append(self._violation(sighting))
            elif self._model.in_flight:
                self._excused.append(sighting)
        return [*found, *self._no_longer_excused()]

    def _no_longer_excused(self) -> Iterator[Violation]:
        running = next(iter(self._model.in_flight.values()), None)
        oldest = running.act.invoked if running else NEVER
        while self._excused and self._excused[0].at < oldest:
            sighting = self._excused.popleft()
            if self._crosses(sighting):
                yield self._violation(sighting)

    def _sightings(self, at: int, entry: Entry) -> Iterator[_Sighting]:
        if isinstance(entry, Completion):
            yield from self._of_operation(at, entry)
        elif isinstance(entry, Delivery):
            socket = self._model.things[entry.socket]
            if socket.owner is None:
                return
            for serial in entry.seen:
                sighting = _Sighting(at, socket.owner, serial, FRAME, entry.text, socket=entry.socket)
                if entry.reply and self._model.in_flight:
                    self._replies[socket.owner].append(sighting)
                else:
                    yield sighting

    def _of_operation(self, at: int, entry: Completion) -> Iterator[_Sighting]:
        """What its actor saw: in the value or error, and in the frames that it had asked for."""
        deed = self._model.deeds[entry.step]
        if deed.user is None or deed.acted_for_operator:
            return
        texts = {sighting.serial: sighting.text for sighting in self._replies.pop(deed.user, ())}
        texts |= dict.fromkeys(entry.seen, entry.text)
        for serial, text in texts.items():
            yield _Sighting(at, deed.user, serial, deed.operation.name, text, step=entry.step)

    def _crosses(self, sighting: _Sighting) -> bool:
        canary = self._model.canaries.get(sighting.serial)
        if canary is None:
            return sighting.serial not in self._model.homeless
        return not may_see(sighting.user, canary, sighting.at)

    def _violation(self, sighting: _Sighting) -> Violation:
        canary = self._model.canaries.get(sighting.serial)
        return Violation(
            oracle=Oracle.DELIVERY if sighting.socket else Oracle.CROSSING,
            breach=Breach.FOREIGN,
            at=sighting.at,
            user=sighting.user.ref,
            boundary=boundary_of(canary),
            observer=sighting.observer,
            writer=canary.written.operation if canary else "",
            secret=canary.spec.name if canary else "",
            step=sighting.step,
            written_by=canary.written.step if canary else None,
            socket=sighting.socket,
            serial=sighting.serial,
            text=sighting.text,
        )


def boundary_of(canary: Canary | None) -> str:
    """The boundary that a canary crosses when a foreigner sees it: that of the innermost thread, else of the user."""
    if canary is None:
        return "program"
    thread = next((thing for thing in canary.home.lineage() if thing.kind is Kind.THREAD), None)
    return thread.spec.name if thread else Kind.USER
