"""Delta debugging over a recorded program (Zeller and Hildebrandt 2002), keeping its fingerprint.

It works on whole steps with what refers to them, so it needs a few dozen executions where shrinking the draws that
made the program takes hundreds: first steps, faults among them, then users, sockets and whatever else one of may do for
two, then overlap, then context switches, then values. Before all that, what chance decided is tried with somebody
deciding it: what is controlled has to be tried only once.
"""

import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from itertools import combinations

from isofuzz.engine.simpler import simpler
from isofuzz.generators import KEYS, NAMES, QUERIES, TEMPLATES, plainer, plainer_pairs
from isofuzz.program.canary import held_by_chance
from isofuzz.program.prune import apart, bypassing, merged, scheduled, taken_out, with_argument, without
from isofuzz.program.schedule import plain_turns
from isofuzz.program.steps import Argument, Burst, Call, Literal, NeverIssued, Program, Ref, SecretText, Several
from isofuzz.program.vocabulary import Draw, Operation, Parameter, Vocabulary

_CORPORA = {Draw.NAME: NAMES, Draw.KEY: KEYS, Draw.QUERY: QUERIES}
_FEWEST_TOGETHER = 2
"""Of no more steps that overlap none can be left out without there being no overlap."""

Place = tuple[int, str]
"""An argument: the number of the step, and the name of the parameter."""

Reproduces = Callable[[Program], Awaitable[bool]]

Plainest = Callable[[Operation, Parameter], Argument]
"""The plainest argument that a parameter can have."""


class Shrinker:
    """Looks for a smaller program that still `reproduces` the finding.

    `best` is the smallest so far at any moment, so an interruption loses nothing. `may_go_on` is asked before each
    execution; once it says no, `shrink` returns what there is. `executions` counts.
    """

    def __init__(
        self,
        program: Program,
        vocabulary: Vocabulary,
        reproduces: Reproduces,
        plainest: Plainest,
        *,
        may_go_on: Callable[[], bool],
        on_progress: Callable[["Shrinker"], None],
    ) -> None:
        self.best = program
        self.executions = 0
        self.exhausted = False
        self._vocabulary = vocabulary
        self._reproduces = reproduces
        self._plainest = plainest
        self._may_go_on = may_go_on
        self._on_progress = on_progress
        self._tried: set[str] = {repr(program)}

    async def shrink(self, guesses: Iterable[Program] = ()) -> Program:
        """The smallest program found: each step of it was tried away, unless `exhausted` says that time ran out.

        The first of the guesses that reproduces, smaller than the program as they should be, is where it begins.
        """
        for guess in guesses:
            if len(guess) < len(self.best) and await self._try(guess):
                break
        await self._control()
        await self._try(self._plain())
        await self._until_nothing_changes(self._all)
        return self.best

    def _plain(self) -> Program:
        """The program with plain texts all over; those that differ still do. To try that first saves many values."""
        plain: dict[Draw, dict[str, str]] = {Draw.NAME: {}, Draw.KEY: {}}
        program = self.best
        for call in program.calls:
            for parameter in self._vocabulary.operation(call.operation).parameters:
                match call.arguments[parameter.name]:
                    case SecretText():
                        program = with_argument(program, call.number, parameter.name, SecretText(TEMPLATES[0]))
                    case Literal(str(text)) if parameter.draws in plain:
                        known, corpus = plain[parameter.draws], _CORPORA[parameter.draws]
                        text = known.setdefault(text, corpus[len(known)])
                        program = with_argument(program, call.number, parameter.name, Literal(text))
        return program

    async def _all(self) -> None:
        await self._until_nothing_changes(self._fewer_steps)
        await self._take_apart()
        await self._take_plainer_turns()
        await self._switch_less()
        await self._simplify_values()

    async def _fewer_steps(self) -> None:
        await self._drop_steps()
        await self._thin_out()
        await self._drop_alike()
        await self._drop_links()
        await self._merge()

    async def _until_nothing_changes(self, shrink: Callable[[], Awaitable[None]]) -> None:
        """Again and again: what could not be left out before may be once something else is gone or plainer."""
        before = None
        while before != self.best and not self.exhausted:
            before = self.best
            await shrink()

    async def _drop_steps(self) -> None:
        """Leave out runs of steps, long ones first, later ones first: what comes last is referred to least."""
        size = max(1, len(self.best) // 2)
        while size:
            end = len(self.best)
            while end > 0:
                await self._try(without(self.best, self.best.numbers[max(0, end - size) : end]))
                end = min(end - size, len(self.best))
            size //= 2

    async def _drop_alike(self) -> None:
        """Leave out two steps of one operation: what counts how often it was asked may need both or neither."""
        for one, other in combinations(reversed(self.best.calls), 2):
            if one.operation == other.operation:
                await self._try(without(self.best, [one.number, other.number]))

    async def _drop_links(self) -> None:
        """Leave out steps that make one thing of another of its class: what took the new one takes the old one."""
        for number in reversed(self.best.numbers):
            call = next((call for call in self.best.calls if call.number == number), None)
            operation = call and self._vocabulary.operation(call.operation)
            for parameter in operation.parameters if operation else ():
                taken = call.arguments[parameter.name] if call else None
                if operation and isinstance(taken, Ref) and parameter.type in operation.creates:
                    made = Ref(number, operation.creates.index(parameter.type))
                    await self._try(bypassing(self.best, made, taken))

    async def _merge(self) -> None:
        """Have one user, session, socket or thread do for two: what took the later one takes the earlier one."""
        for later, earlier in combinations(reversed(self.best.calls), 2):
            made = self._vocabulary.operation(later.operation).creates
            if made and made == self._vocabulary.operation(earlier.operation).creates:
                fewer = merged(self.best, later.number, earlier.number)
                if not any(map(self._takes_twice, fewer.bursts)):
                    await self._try(fewer)

    def _takes_twice(self, burst: Burst) -> bool:
        """Do steps that overlap take one thing that only one call at a time may take?"""
        taken = Counter(ref for call in burst.calls for ref in set(call.references()))
        return any(count > 1 and self._is_exclusive(ref) for ref, count in taken.items())

    def _is_exclusive(self, ref: Ref) -> bool:
        making = next(call for call in self.best.calls if call.number == ref.step)
        return self._vocabulary.thing(self._vocabulary.operation(making.operation).creates[ref.output]).exclusive

    async def _control(self) -> None:
        """Have steps that overlap as chance has it do so as somebody decides, or not at all, where either shows it."""
        for burst in self.best.bursts:
            if burst.is_left_to_chance:
                index = self.best.bursts.index(burst)
                if not await self._try(apart(self.best, index)):
                    await self._with_plain_turns(self.best, index)

    async def _thin_out(self) -> None:
        """Leave out steps of many that overlap, with plain turns: what was decided for all of them fits no longer."""
        for burst in self.best.bursts:
            if len(burst.calls) > _FEWEST_TOGETHER:
                for call in reversed(burst.calls):
                    fewer = without(self.best, [call.number])
                    for index, left in enumerate(fewer.bursts):
                        if not set(left.numbers).isdisjoint(burst.numbers):
                            await self._with_plain_turns(fewer, index)

    async def _take_plainer_turns(self) -> None:
        """Have steps take turns in a plain way where that takes fewer switches."""
        for index, burst in enumerate(self.best.bursts):
            if burst.schedule:
                await self._with_plain_turns(self.best, index, fewer_than=burst.schedule.switches)

    async def _with_plain_turns(self, program: Program, index: int, fewer_than: float = math.inf) -> bool:
        """Try the program with the steps of one burst taking turns in the plainest way that shows it, if any does."""
        for schedule in plain_turns():
            if schedule.switches < fewer_than and await self._try(scheduled(program, index, schedule)):
                return True
        return False

    async def _take_apart(self) -> None:
        """Have steps that overlap come one after the other: all of them, else those of many that can."""
        index = 0
        while index < len(self.best.bursts):
            burst = self.best.bursts[index]
            if len(burst.calls) > 1 and not await self._try(apart(self.best, index)):
                for call in reversed(burst.calls):
                    await self._take_out(call.number)
            index += 1

    async def _take_out(self, number: int) -> None:
        """Have one step of many that overlap come before the others or after them, which take plain turns."""
        for before in (True, False):
            others = next(burst for burst in self.best.bursts if number in burst.numbers).numbers
            if len(others) <= _FEWEST_TOGETHER:
                return
            candidate = taken_out(self.best, number, before=before)
            index, rest = next(
                (index, burst)
                for index, burst in enumerate(candidate.bursts)
                if number not in burst.numbers and not set(burst.numbers).isdisjoint(others)
            )
            if await (self._try(candidate) if rest.schedule is None else self._with_plain_turns(candidate, index)):
                return

    async def _switch_less(self) -> None:
        """Have whoever moved last go on wherever that is enough, later decisions first."""
        for index in range(len(self.best.bursts)):
            schedule = self.best.bursts[index].schedule
            for place in reversed(range(len(schedule.decisions) if schedule else 0)):
                now = self.best.bursts[index].schedule
                if now and now[place]:
                    await self._try(scheduled(self.best, index, now.without_switch(place)))

    async def _simplify_values(self) -> None:
        for call in self.best.calls:  # of each argument nothing was changed before its turn
            operation = self._vocabulary.operation(call.operation)
            for parameter in operation.parameters:
                if parameter.draws is Draw.VALUE:
                    await self._simplify_value(call, operation, parameter)
                for plain in self._plainer(call.arguments[parameter.name], parameter):
                    if await self._try(with_argument(self.best, call.number, parameter.name, plain)):
                        break
        for draws in (Draw.NAME, Draw.KEY):
            for places in combinations(self._texts(draws), 2):
                await self._simplify_pair(draws, places)

    async def _simplify_value(self, call: Call, operation: Operation, parameter: Parameter) -> None:
        """Have a value that was drawn become the plainest of its kind that shows it, or be nearer to that."""
        drawn, plainest = call.arguments[parameter.name], self._plainest(operation, parameter)
        if isinstance(drawn, Literal) and isinstance(plainest, Literal):
            candidates = simpler(drawn.value, plainest.value)
            with suppress(StopIteration):
                candidate = next(candidates)
                while True:
                    changed = with_argument(self.best, call.number, parameter.name, Literal(candidate))
                    candidate = candidates.send(await self._try(changed))

    async def _simplify_pair(self, draws: Draw, places: tuple[Place, Place]) -> None:
        """Have two texts that are confused become the plainest two that are confused in the same way."""
        texts = self._texts(draws)
        for pair in plainer_pairs(*(texts[place] for place in places)):
            changed = self.best
            for (number, name), text in zip(places, pair, strict=True):
                changed = with_argument(changed, number, name, Literal(text))
            if await self._try(changed):
                return

    def _texts(self, draws: Draw) -> dict[Place, str]:
        """The names or the keys, by where they are."""
        texts = {}
        for call in self.best.calls:
            for parameter in self._vocabulary.operation(call.operation).parameters:
                argument = call.arguments[parameter.name]
                if parameter.draws is draws and isinstance(argument, Literal):
                    texts[call.number, parameter.name] = str(argument.value)
        return texts

    def _plainer(self, argument: Argument, parameter: Parameter) -> Iterator[Argument]:
        match argument:
            case SecretText(template) if template != TEMPLATES[0]:
                yield SecretText(TEMPLATES[0])
            case Literal(str(text)) if parameter.draws in _CORPORA:
                for plain in plainer(text, _CORPORA[parameter.draws]):
                    if parameter.draws is not Draw.QUERY or not held_by_chance(plain):
                        yield Literal(plain)
            case NeverIssued(thing, variant) if variant:
                yield NeverIssued(thing)
            case Several(items):
                for place, item in enumerate(items):
                    if len(items) > 1:
                        yield Several(items[:place] + items[place + 1 :])
                    if isinstance(item, NeverIssued) and item.variant:
                        yield Several((*items[:place], NeverIssued(item.thing), *items[place + 1 :]))

    async def _try(self, candidate: Program) -> bool:
        """Execute the candidate unless that was done; if it reproduces, it is the best from now on."""
        key = repr(candidate)
        if not candidate.bursts or key in self._tried or self.exhausted:
            return False
        if not self._may_go_on():
            self.exhausted = True
            return False
        self._tried.add(key)
        self.executions += 1
        reproduced = await self._reproduces(candidate)
        if reproduced:
            self.best = candidate
        self._on_progress(self)
        return reproduced
