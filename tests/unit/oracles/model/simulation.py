"""Random programs of operations that overlap, against the service in memory."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.unit.oracles.model.stage import Ended, Stage

from isofuzz.history.entries import Barrier, Entry, Outcome
from isofuzz.oracles.judge import Judge
from isofuzz.program.probes import hiding, probe
from isofuzz.program.steps import CANARY_SLOT, Argument, Call, Literal, NeverIssued, Ref, SecretText, Several
from isofuzz.program.vocabulary import Draw, Operation, Parameter, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.unit.oracles.model.service import Service
    from tests.unit.oracles.model.state import Line

_THEMES = (
    ("post", "edit", "history", "kick", "invite"),
    ("new_archive", "write_archive", "keep", "unkeep", "read_archive"),
    ("open_doc", "write_doc", "read_doc", "share_doc"),
)
_SUBSCRIBING = ("watch", "mirror", "mute", "digest", "follow", "catch_up", "listen")


@dataclass
class Running:
    """An operation between its invocation and its return; `ended` is what it came to when its instant was there."""

    call: Call
    operation: Operation
    ended: Ended | None = None


class Choosing(Stage):
    """Draws calls."""

    def __init__(self, vocabulary: Vocabulary, service: Service, chance: random.Random) -> None:
        super().__init__(vocabulary, service, chance)
        self.chance = chance
        self.steps = 0
        self._unissued: dict[NeverIssued, str] = {}

    def never_issued(self, item: NeverIssued) -> str:
        """Plausible: it may well be the next to be issued."""
        if item not in self._unissued:
            known = max((int(self.ids[ref]) for ref in self.classes.get(item.thing, ())), default=0)
            near = str(known + 1 + item.variant)
            self._unissued[item] = self.chance.choice((near, super().never_issued(item)))
        return self._unissued[item]

    def draw(self, name: str, /, **chosen: Argument) -> Call | None:
        """A call of this operation, with what is chosen already; None if there is nothing that it could take."""
        arguments = dict(chosen)
        for parameter in self.vocabulary.operation(name).parameters:
            argument = chosen.get(parameter.name) or self._argument(parameter)
            if argument is None:
                return None
            arguments[parameter.name] = argument
        self.steps += 1
        return Call(self.steps, name, arguments)

    def _argument(self, parameter: Parameter) -> Argument | None:
        if parameter.draws is Draw.SECRET:
            return SecretText(CANARY_SLOT)
        if parameter.draws is Draw.NAME:
            return Literal(self.chance.choice("abc"))
        if parameter.draws is not Draw.THING:
            return Literal(self.chance.choice("kl"))
        known = self.classes.get(parameter.type, [])
        if parameter.several:
            return Several(tuple(self.chance.sample(known, min(len(known), self.chance.randrange(1, 3)))))
        if parameter.name != "me" and self.vocabulary.thing(parameter.type).issued and self.chance.random() < 0.02:
            return NeverIssued(parameter.type)
        few = known[: self.chance.choice((2, len(known)))]
        return self.chance.choice(few) if few else None


class Simulation(Choosing):
    """Operations overlap in any way; their instants come in any order, and frames arrive any time later."""

    def __init__(self, vocabulary: Vocabulary, service: Service, chance: random.Random) -> None:
        super().__init__(vocabulary, service, chance)
        self._late: list[Running] = []
        self._pace = chance.choice((0.1, 0.5, 0.9))
        self._rests = chance.choice((0.3, 0.7))

    def run(self, bursts: int, focus: tuple[str, ...] = ()) -> list[Entry]:
        """So many bursts of some operations; those in focus make up most of them, if there are any."""
        names = [operation.name for operation in self.vocabulary.operations]
        some = self.chance.sample(names, self.chance.randrange(1, 4 if focus else 20))
        names = [*some, "post", "post", *(focus * 4 or self.chance.choice(_THEMES))]
        if self.chance.random() < 0.9:
            self.set_the_scene(tuple(each for each in focus if each in _SUBSCRIBING) or _SUBSCRIBING)
        for _ in range(bursts):
            if self.chance.random() < 0.1:
                self.probe(focus)
            else:
                self.burst(self.chance.choices(names, k=self.chance.choice((1, 1, 1, 2, 3))))
            if self.chance.random() < self._rests:
                self.come_to_rest()
        self.come_to_rest()
        return self.history

    def set_the_scene(self, subscribing: Sequence[str]) -> None:
        """Two users in one room, the second with a subscription or two."""
        ada, bob, room, line = Ref(1, 1), Ref(2, 1), Ref(3), Ref(5)
        self.alone("sign_up", name=Literal("a"))
        self.alone("sign_up", name=Literal("b"))
        self.alone("new_room", me=ada)
        self.alone("invite", me=ada, room=room, member=Ref(2, 0))
        self.alone("connect", me=bob)
        for _ in range(self.chance.randrange(subscribing != _SUBSCRIBING, 3)):
            self.alone(self.chance.choice(subscribing), me=bob, sock=line, room=room)

    def alone(self, name: str, /, **chosen: Argument) -> None:
        if call := self.draw(name, **chosen):
            self.invoke(call)
            self.complete(call, self.perform(call))

    def burst(self, names: list[str]) -> None:
        waiting = deque(names)
        running: list[Running] = []
        while waiting or running:
            at = self.chance.randrange(len(running) + 1)
            if at == len(running):
                if waiting and (call := self.draw(waiting.popleft())):
                    self.invoke(call)
                    running.append(Running(call, self.vocabulary.operation(call.operation)))
            elif running[at].ended is None and not self._is_lost(running[at]):
                running[at].ended = self.perform(running[at].call)
            else:
                self._return(running.pop(at))
            self._disturb()

    def probe(self, focus: tuple[str, ...]) -> None:
        """The same call about what is there, between two about what never was."""
        parameters = [(each, hidden) for each in self.vocabulary.operations for hidden in hiding(self.vocabulary, each)]
        preferred = [pair for pair in parameters if pair[0].name in focus]
        operation, parameter = self.chance.choice(preferred or parameters)
        chosen = {"me": Ref(self.steps, 1)} if self._newcomer() else {}
        call, known = self.draw(operation.name, **chosen), self.classes.get(parameter.type)
        if call and known:
            thing = known[0] if self.chance.random() < 0.7 else self.chance.choice(known)
            for each in probe(call, parameter, thing):
                self.steps = each.number
                self.invoke(each)
                self._return(Running(each, operation, self.perform(each)))

    def _newcomer(self) -> bool:
        """Does somebody sign up who has nothing yet? They have the most to be told."""
        if self.chance.random() < 0.5:
            return False
        self.alone("sign_up", name=Literal(f"n{self.steps}"))
        return True

    def _is_lost(self, running: Running) -> bool:
        """Now and then a call is cut off before it has happened; it may still happen later, or never."""
        if self.chance.random() > 0.03:
            return False
        running.ended = (Outcome.INFO, None)
        if self.chance.random() < 0.5:
            self._late.append(running)
        return True

    def _return(self, running: Running) -> None:
        assert running.ended
        if running.ended[0] is Outcome.OK and self.chance.random() < 0.02:
            running.ended = (Outcome.INFO, None)  # it has happened, but nobody was told
        self.complete(running.call, running.ended)
        if self._late and self.chance.random() < 0.3:
            self.perform(self._late.pop().call)

    # -- lines

    def _disturb(self) -> None:
        """What may happen on the lines at any time."""
        for ref, line in self.lines():
            while line.queue and self.chance.random() < self._pace:
                self._arrive(ref, line)
            if line.open and self.chance.random() < 0.01:
                self.service.drop(line)
            if line.open and self.chance.random() < 0.05:
                self._bar(ref, line, orders=self.chance.random() < 0.7)
        self.note_closed()

    def _arrive(self, ref: Ref, line: Line) -> None:
        """Any frame that no other of its lane precedes; and once more later, if nothing is said against it."""
        lane = self.chance.choice(line.queue).lane
        frame = next(frame for frame in line.queue if frame.lane == lane)
        line.queue.remove(frame)
        self.arrive(ref, frame)
        if frame.watch and not frame.watch.declared.once and line.open and self.chance.random() < 0.1:
            line.queue.append(frame)

    def _bar(self, ref: Ref, line: Line, *, orders: bool) -> None:
        since = len(self.history)
        while orders and line.queue:
            self._arrive(ref, line)
        self.history.append(Barrier(ref, since, orders))

    def come_to_rest(self) -> None:
        """Everything arrives, and now and then somebody looks at what is stored."""
        for ref, line in self.lines():
            while line.queue:
                self._arrive(ref, line)
        self.note_closed()
        for ref, line in self.lines():
            if line.open:
                self._bar(ref, line, orders=True)
        if self.chance.random() < 0.2:
            self.look_into_storage()


def history_of(
    service: type[Service], vocabulary: Vocabulary, seed: int, bursts: int, focus: tuple[str, ...] = ()
) -> list[Entry]:
    """What happens in one random program against a system of this kind."""
    chance = random.Random(seed)
    return Simulation(vocabulary, service(chance), chance).run(bursts, focus)


def simulate(
    service: type[Service], vocabulary: Vocabulary, seed: int, bursts: int, focus: tuple[str, ...] = ()
) -> Judge:
    """The judge of that program."""
    judge = Judge(vocabulary)
    for entry in history_of(service, vocabulary, seed, bursts, focus):
        judge.feed(entry)
    return judge


def breaches(
    service: type[Service], vocabulary: Vocabulary, seed: int, bursts: int, focus: tuple[str, ...] = ()
) -> list[str]:
    """The fingerprints of what is found in it."""
    return [violation.fingerprint for violation in simulate(service, vocabulary, seed, bursts, focus).violations]
