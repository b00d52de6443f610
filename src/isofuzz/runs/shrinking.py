"""A finding on its way to its smallest program: how often it shows, and the shrinker run with that."""

import time
from collections.abc import Callable, Iterator

from isofuzz.cases.case import Case, HitRate
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.shrinker import Reproduces, Shrinker
from isofuzz.oracles.explanation import steps_involved
from isofuzz.oracles.violation import Oracle
from isofuzz.program.prune import only
from isofuzz.program.steps import Program
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.events import Listener, Shrinking
from isofuzz.runs.keeper import Keeper
from isofuzz.runs.reproduction import Reproducer, overlaps, tries_for

_FIRST_TRIES = 8
"""How often a program that does not show its violation every time is run, to learn how often it does."""


async def shrink(reproducer: Reproducer, keeper: Keeper, seconds: float, listener: Listener) -> HitRate:
    """Shrink the finding as far as it reproduces, for at most so many seconds; the hit rate of what is left."""
    found = reproducer.case.program
    first = await reproducer.rate(1, found)
    if overlaps(found) or not first.seen:
        first = await reproducer.rate(_FIRST_TRIES, found)
    if not first.seen:
        return HitRate(1, first.runs + 2)
    tries = tries_for(first)
    until = time.monotonic() + seconds
    shrinking = _Shrinking(reproducer, keeper, tries, lambda: time.monotonic() < until, listener)
    best = await shrinking.program(found)
    if reproducer.case.earlier:
        await shrinking.earlier(best)
    last = await shrinking.reproducer.rate(_FIRST_TRIES if tries > 1 or overlaps(best) else 2, best)
    # The execution that made it the best did show it, whatever the ones after say.
    return last if last.seen else HitRate(1, last.runs + 1)


class _Shrinking:
    """One finding while it is shrunk; whatever is smaller is kept at once."""

    def __init__(
        self, reproducer: Reproducer, keeper: Keeper, tries: int, may_go_on: Callable[[], bool], listener: Listener
    ) -> None:
        self.reproducer = reproducer
        self._keeper = keeper
        self._tries = tries
        self._may_go_on = may_go_on
        self._listener = listener

    async def program(self, found: Program) -> Program:
        """The smallest program, after the earlier ones as they are."""
        vocabulary = self.reproducer.system.signatures.vocabulary
        return await self._shrunk(found, self._reproduces, guesses(self.reproducer.case, vocabulary))

    async def earlier(self, best: Program) -> None:
        """Fewer earlier programs, and smaller ones; what comes last is the program that shows what they left behind."""
        if len(self.reproducer.case.earlier) > 1:  # the first is the one that wrote what shows
            await self._reproduces_after(self.reproducer.case.earlier[:1], best)
        for index in reversed(range(1, len(self.reproducer.case.earlier))):
            now = self.reproducer.case.earlier
            if self._may_go_on():
                await self._reproduces_after(now[:index] + now[index + 1 :], best)
        for index, program in enumerate(self.reproducer.case.earlier):

            async def reproduces(candidate: Program, index: int = index) -> bool:
                now = self.reproducer.case.earlier
                return await self._reproduces_after((*now[:index], candidate, *now[index + 1 :]), best)

            await self._shrunk(program, reproduces, ())

    async def _reproduces(self, candidate: Program) -> bool:
        return self._kept(await self.reproducer.within(self._tries, candidate))

    async def _reproduces_after(self, earlier: tuple[Program, ...], program: Program) -> bool:
        reproducer = self.reproducer.after(earlier)
        if not self._kept(await reproducer.within(self._tries, program), earlier):
            return False
        self.reproducer = reproducer
        return True

    def _kept(self, execution: Execution | None, earlier: tuple[Program, ...] | None = None) -> bool:
        if execution:
            self._keeper.improve(self.reproducer.fingerprint, execution, earlier)
        return execution is not None

    async def _shrunk(self, found: Program, reproduces: Reproduces, first: "Iterator[Program] | tuple[()]") -> Program:
        shrinker = Shrinker(
            found,
            self.reproducer.system.signatures.vocabulary,
            reproduces,
            may_go_on=self._may_go_on,
            on_progress=lambda at: self._listener(Shrinking(at.executions, len(at.best), len(found))),
        )
        return await shrinker.shrink(first)


def guesses(case: Case, vocabulary: Vocabulary) -> Iterator[Program]:
    """Programs that may well be enough, the smallest first: a guess that holds saves most of the search."""
    violation, program = case.violation, case.program
    if violation.oracle is not Oracle.NONINTERFERENCE:
        yield only(program, steps_involved(case.history, violation, vocabulary))
        return
    ending = {violation.step} if violation.socket is None else {violation.socket.step}
    seen_by = {call.number for call in program.calls for ref in call.references() if ref == violation.socket}
    observing = {step for step in ending | seen_by if step is not None}
    done = {call.number for call in program.calls if call.number not in violation.without}
    for also in (observing, observing | done):
        for step in reversed(violation.without):
            yield only(program, also | {step})
