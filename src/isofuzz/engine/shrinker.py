"""Delta debugging over a recorded program (Zeller and Hildebrandt 2002), keeping its fingerprint.

It works on whole steps with what refers to them, so it needs a few dozen executions where shrinking the draws that
made the program takes hundreds: first steps, then overlap, then context switches, then values. Before all that, what
chance decided is tried with somebody deciding it: what is controlled has to be tried only once.
"""

import math
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations

from isofuzz.generators import KEYS, NAMES, QUERIES, TEMPLATES, plainer
from isofuzz.program.canary import held_by_chance
from isofuzz.program.prune import apart, bypassing, scheduled, with_call, without
from isofuzz.program.schedule import plain_turns
from isofuzz.program.steps import Argument, Call, Literal, NeverIssued, Program, Ref, SecretText
from isofuzz.program.vocabulary import Draw, Vocabulary

_CORPORA = {Draw.NAME: NAMES, Draw.KEY: KEYS, Draw.QUERY: QUERIES}
_FEWEST_TOGETHER = 2
"""Of no more steps that overlap none can be left out without there being no overlap."""

Reproduces = Callable[[Program], Awaitable[bool]]


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
        *,
        may_go_on: Callable[[], bool],
        on_progress: Callable[["Shrinker"], None],
    ) -> None:
        self.best = program
        self.executions = 0
        self.exhausted = False
        self._vocabulary = vocabulary
        self._reproduces = reproduces
        self._may_go_on = may_go_on
        self._on_progress = on_progress
        self._tried: set[str] = {repr(program)}

    async def shrink(self, guesses: Iterable[Program] = ()) -> Program:
        """The smallest program found: no step can be left out of it, unless `exhausted` says that time ran out.

        The first of the guesses that reproduces, smaller than the program as they should be, is where it begins.
        """
        for guess in guesses:
            if len(guess) < len(self.best) and await self._try(guess):
                break
        await self._control()
        before = None
        while before != self.best and not self.exhausted:
            before = self.best
            await self._drop_steps()
            await self._thin_out()
            await self._drop_alike()
            await self._drop_links()
        await self._take_apart()
        await self._take_plainer_turns()
        await self._switch_less()
        await self._simplify_values()
        return self.best

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

    async def _control(self) -> None:
        """Have steps that overlap as chance has it do so as somebody decides, or not at all, where either shows it."""
        for burst in self.best.bursts:
            if len(burst.calls) > 1 and burst.schedule is None:
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

    async def _with_plain_turns(self, program: Program, index: int, fewer_than: float = math.inf) -> None:
        """Try the program with the steps of one burst taking turns in the plainest way that shows it."""
        for schedule in plain_turns():
            if schedule.switches < fewer_than and await self._try(scheduled(program, index, schedule)):
                return

    async def _take_apart(self) -> None:
        index = 0
        while index < len(self.best.bursts):
            if len(self.best.bursts[index].calls) > 1:
                await self._try(apart(self.best, index))
            index += 1

    async def _switch_less(self) -> None:
        """Have whoever moved last go on wherever that is enough, later decisions first."""
        for index in range(len(self.best.bursts)):
            schedule = self.best.bursts[index].schedule
            for place in reversed(range(len(schedule.decisions) if schedule else 0)):
                now = self.best.bursts[index].schedule
                if now and now[place]:
                    await self._try(scheduled(self.best, index, now.without_switch(place)))

    async def _simplify_values(self) -> None:
        for number in [call.number for call in self.best.calls]:
            call = next(call for call in self.best.calls if call.number == number)
            for name in call.arguments:
                for plain in self._plainer(call, name):
                    current = next(call for call in self.best.calls if call.number == number)
                    if await self._try(with_call(self.best, _with_argument(current, name, plain))):
                        break

    def _plainer(self, call: Call, name: str) -> Iterator[Argument]:
        argument = call.arguments[name]
        parameter = next(p for p in self._vocabulary.operation(call.operation).parameters if p.name == name)
        match argument:
            case SecretText(template) if template != TEMPLATES[0]:
                yield SecretText(TEMPLATES[0])
            case Literal(str(text)) if parameter.draws in _CORPORA:
                for plain in plainer(text, _CORPORA[parameter.draws]):
                    if parameter.draws is not Draw.QUERY or not held_by_chance(plain):
                        yield Literal(plain)
            case NeverIssued(thing, variant) if variant:
                yield NeverIssued(thing)

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


def _with_argument(call: Call, name: str, argument: Argument) -> Call:
    return replace(call, arguments={**call.arguments, name: argument})
