"""A finding on its way to its smallest program: how often it shows, and the shrinker run with that."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from isofuzz.cases.case import Case, HitRate
from isofuzz.engine.shrinker import Reproduces, Shrinker
from isofuzz.history.model import model_of
from isofuzz.oracles.explanation import steps_involved
from isofuzz.oracles.violation import Oracle
from isofuzz.program.prune import only
from isofuzz.program.steps import Argument, Call, Program
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.events import Listener, Shrinking
from isofuzz.runs.keeper import Keeper
from isofuzz.runs.reproduction import Reproducer, overlaps, tries_for


async def shrink(
    reproducer: Reproducer, vocabulary: Vocabulary, keeper: Keeper, seconds: float, listener: Listener
) -> HitRate | None:
    """Shrink the finding as far as it reproduces, for at most so many seconds.

    Returns the hit rate of what is left; None if it never shows again.
    """
    found = reproducer.case
    # What was found by comparing has been shown so often that once more would tell nothing.
    compared = found.violation.oracle is Oracle.NONINTERFERENCE
    first = HitRate(1, 1) if compared else await reproducer.rate(1, found.program)
    if _overlaps(found) or not first.seen:
        first = await reproducer.rate(reproducer.first_tries, found.program)
    if not first.seen:
        return None
    tries = tries_for(first)
    until = time.monotonic() + seconds
    shrinking = _Shrinking(reproducer, vocabulary, keeper, tries, lambda: time.monotonic() < until, listener)
    if found.earlier:
        await shrinking.at_once()
    await shrinking.program()
    if found.earlier:
        await shrinking.earlier()
    reproducer = shrinking.reproducer
    best = reproducer.case
    last = await reproducer.rate(reproducer.first_tries if tries > 1 or _overlaps(best) else 2, best.program)
    # The execution that made it the best did show it, whatever the ones after say.
    return last if last.seen else HitRate(1, last.runs + 1)


class _Shrinking:
    """One finding while it is shrunk; whatever is smaller is kept at once."""

    def __init__(
        self,
        reproducer: Reproducer,
        vocabulary: Vocabulary,
        keeper: Keeper,
        tries: int,
        may_go_on: Callable[[], bool],
        listener: Listener,
    ) -> None:
        self.reproducer = reproducer
        self._vocabulary = vocabulary
        self._keeper = keeper
        self._tries = tries
        self._by_chance = _overlaps(reproducer.case)
        self._may_go_on = may_go_on
        self._listener = listener

    async def at_once(self) -> None:
        """No more than it took to write the text and to see it, if that is enough: it saves most of the search."""
        case = self.reproducer.case
        for writing in earlier_guesses(case, self._vocabulary):
            for seeing in guesses(case, self._vocabulary):
                if self._may_go_on() and await self._reproduces_after((writing,), seeing):
                    return

    async def program(self) -> None:
        """The smallest program, after the earlier ones as they are."""
        case = self.reproducer.case

        async def reproduces(candidate: Program) -> bool:
            return await self._reproduces_after(case.earlier, candidate)

        await self._shrink(case.program, reproduces, guesses(case, self._vocabulary))

    async def earlier(self) -> None:
        """Fewer earlier programs, and smaller ones; what comes last is the program that shows what they left behind."""
        for index in reversed(range(len(self._earlier))):
            now = self._earlier
            if len(now) > 1 and self._may_go_on():
                await self._reproduces_after(now[:index] + now[index + 1 :], self.reproducer.case.program)
        for index, program in enumerate(self._earlier):

            async def reproduces(candidate: Program, index: int = index) -> bool:
                now = self._earlier
                changed = (*now[:index], candidate, *now[index + 1 :])
                return await self._reproduces_after(changed, self.reproducer.case.program)

            await self._shrink(program, reproduces, ())

    @property
    def _earlier(self) -> tuple[Program, ...]:
        return self.reproducer.case.earlier

    async def _reproduces_after(self, earlier: tuple[Program, ...], program: Program) -> bool:
        reproducer = self.reproducer.of(replace(self.reproducer.case, earlier=earlier))
        # Where chance was all that made it show only sometimes, what leaves nothing to chance is run once.
        by_design = self._by_chance and reproducer.controls and not any(map(overlaps, (*earlier, program)))
        shown = await reproducer.within(1 if by_design else self._tries, program)
        if shown:
            self.reproducer = reproducer.of(shown)
            self._keeper.improve(shown)
        return shown is not None

    async def _shrink(self, found: Program, reproduces: Reproduces, first: Iterable[Program]) -> None:
        shrinker = Shrinker(
            found,
            self._vocabulary,
            reproduces,
            may_go_on=self._may_go_on,
            on_progress=lambda at: self._listener(Shrinking(at.executions, len(at.best), len(found))),
        )
        await shrinker.shrink(first)


def _overlaps(case: Case) -> bool:
    return any(map(overlaps, (*case.earlier, case.program)))


def guesses(case: Case, vocabulary: Vocabulary) -> Iterator[Program]:
    """Programs that may well be enough, the smallest first: a guess that holds saves most of the search."""
    violation, program = case.violation, case.program
    if violation.oracle is not Oracle.NONINTERFERENCE:
        involved = steps_involved(case.history, violation, vocabulary)
        yield only(program, involved)
        if beside := set(_beside(program, involved)).difference(involved):
            yield only(program, beside.union(involved))
        return
    deeds = model_of(case.history[: violation.at], vocabulary).deeds  # what had been done when it showed, in order
    place = violation.step if violation.socket is None else violation.socket.step
    observing = set() if place is None else {place}
    observing |= {step for step, deed in deeds.items() if violation.socket in deed.references}
    own = {step for step, deed in deeds.items() if deed.user and deed.user.ref == violation.user}
    for also in (observing, observing | own, observing | deeds.keys() - set(violation.without)):
        for step in reversed(violation.without):
            if step in deeds and deeds[step].operation.writes:
                yield only(program, {*also, step})


def _beside(program: Program, involved: Collection[int]) -> Iterator[int]:
    """The steps that overlapped these, and the last of all that overlapped: a race may be seen once it is over."""
    wide = [burst for burst in program.bursts if len(burst.numbers) > 1]
    for burst in wide:
        if burst is wide[-1] or not set(involved).isdisjoint(burst.numbers):
            yield from burst.numbers


def earlier_guesses(case: Case, vocabulary: Vocabulary) -> Iterator[Program]:
    """Of the earlier program that wrote what shows: no more than it took to write it, then all that its author did."""
    if case.origin is None:
        return
    program, step = case.earlier[case.origin.program - 1], case.origin.step
    yield only(program, {step})

    def actor(call: Call) -> Argument | None:
        parameter = vocabulary.actor(vocabulary.operation(call.operation))
        return call.arguments[parameter.name] if parameter else None

    author = next(actor(call) for call in program.calls if call.number == step)
    yield only(program, {call.number for call in program.calls if actor(call) == author})
