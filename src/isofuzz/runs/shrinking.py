"""A finding on its way to its smallest program: how often it shows, and the shrinker run with that."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from isofuzz.cases.case import Case, HitRate
from isofuzz.engine.plan import Plan
from isofuzz.engine.shrinker import Reproduces, Shrinker
from isofuzz.oracles.violation import Oracle
from isofuzz.program.steps import Program
from isofuzz.runs.events import Listener, Shrinking
from isofuzz.runs.guessing import earlier_guesses, guesses
from isofuzz.runs.keeper import Keeper
from isofuzz.runs.reproduction import Reproducer, tries_for
from isofuzz.target.signatures import Signatures

_ENOUGH_RUNS = 2
"""Of what shows every time."""


@dataclass(frozen=True)
class Shrunk:
    """What came of shrinking: how often what is left shows, and whether each step of it was tried away.

    False: the time was up before. None: none was, for it never showed again: it only did when it was found.
    """

    hit_rate: HitRate
    whole: bool | None

    @property
    def showed_again(self) -> bool:
        """Did it show in any execution but the one that found it?"""
        return self.whole is not None


async def shrink(
    reproducer: Reproducer,
    signatures: Signatures,
    keeper: Keeper,
    may_go_on: Callable[[], bool],
    listener: Listener,
) -> Shrunk:
    """Shrink the finding as far as it reproduces, for as long as it may go on.

    What is kept of it from now on is always the smallest so far. Also when there is no time, it is executed a few times
    to tell how often it shows.
    """
    found = reproducer.case
    # What was found by comparing has been shown so often that once more would tell nothing.
    compared = found.violation.oracle is Oracle.NONINTERFERENCE
    rate = HitRate(1, 1) if compared else (await reproducer.often(1, found.program))[0]
    if _is_left_to_chance(found) or not rate.seen:
        more, _ = await reproducer.often(reproducer.first_tries, found.program, may_go_on=may_go_on)
        rate = HitRate(rate.seen + more.seen, rate.runs + more.runs)
    if not rate.seen:
        return Shrunk(HitRate(1, 1 + rate.runs), None)
    # What chance decides and has shown every time so far may yet fail to.
    tries = tries_for(HitRate(rate.seen, rate.runs + _is_left_to_chance(found)))

    async def smallest(of: Reproducer) -> Shrunk:
        shrinking = _Shrinking(of, signatures, keeper, tries, may_go_on, listener)
        await shrinking.to_the_end()
        return Shrunk(await shrinking.rate(reproducer), shrinking.whole)

    quick = reproducer.quick if compared else reproducer
    shrunk = await smallest(quick)
    if not shrunk.hit_rate.seen and quick is not reproducer:
        keeper.improve(found)  # what looked likely was mere chance
        shrunk = await smallest(reproducer)
    if shrunk.hit_rate.seen:
        return shrunk
    # The execution that made it the best did show it, whatever the ones after say.
    return replace(shrunk, hit_rate=HitRate(1, shrunk.hit_rate.runs + 1))


class _Shrinking:
    """One finding while it is shrunk; whatever is smaller is kept at once."""

    def __init__(
        self,
        reproducer: Reproducer,
        signatures: Signatures,
        keeper: Keeper,
        tries: int,
        may_go_on: Callable[[], bool],
        listener: Listener,
    ) -> None:
        self.whole = True
        """Was everything tried that was to be tried?"""
        self._reproducer = reproducer
        self._vocabulary = signatures.vocabulary
        self._plainest = Plan(signatures).drawn
        self._keeper = keeper
        self._tries = tries
        self._by_chance = _is_left_to_chance(reproducer.case)
        self._may_go_on = may_go_on
        self._listener = listener

    async def to_the_end(self) -> None:
        """All of it."""
        older = self._keeper.older.get(self._reproducer.case.fingerprint)
        if older and older.earlier == self._earlier and len(older.program) < len(self._reproducer.case.program):
            await self._reproduces_after(older.earlier, older.program)  # also if there is no time
        if self._earlier:
            await self._at_once()
        await self._program()
        if self._earlier:
            await self._fewer_earlier()
        if older and older.shrunk and self._reproducer.case.program == older.program:
            self.whole = True  # it was shown to be then

    async def rate(self, reproducer: Reproducer) -> HitRate:
        """How often the smallest shows by what this reproducer says: of what never failed to, two runs are enough."""
        best = self._reproducer.case
        always = self._tries == 1 or self._by_chance
        runs = _ENOUGH_RUNS if always and self._is_controlled(best.earlier, best.program) else reproducer.final_tries
        rate, shown = await reproducer.of(best).often(runs, best.program, least=_ENOUGH_RUNS, may_go_on=self._may_go_on)
        if shown:
            self._keeper.improve(shown)
        return rate

    async def _at_once(self) -> None:
        """No more than it took to write the text and to see it, if that is enough: it saves most of the search."""
        case = self._reproducer.case
        for writing in earlier_guesses(case, self._vocabulary):
            for seeing in self._guesses():
                if self._may_go_on() and await self._reproduces_after((writing,), seeing):
                    return

    def _guesses(self) -> Iterable[Program]:
        case = self._reproducer.case
        return guesses(case.program, case.history, case.violation, self._vocabulary)

    async def _program(self) -> None:
        """The smallest program, after the earlier ones as they are."""
        case = self._reproducer.case

        async def reproduces(candidate: Program) -> bool:
            return await self._reproduces_after(case.earlier, candidate)

        await self._shrink(
            case.program, reproduces, guesses(case.program, case.history, case.violation, self._vocabulary)
        )

    async def _fewer_earlier(self) -> None:
        """Fewer earlier programs, and smaller ones; what comes last is the program that shows what they left behind."""
        for index in reversed(range(len(self._earlier))):
            now = self._earlier
            if len(now) > 1:
                self.whole = self.whole and self._may_go_on()
                if not self.whole:
                    return
                await self._reproduces_after(now[:index] + now[index + 1 :], self._reproducer.case.program)
        for index, program in enumerate(self._earlier):

            async def reproduces(candidate: Program, index: int = index) -> bool:
                now = self._earlier
                changed = (*now[:index], candidate, *now[index + 1 :])
                return await self._reproduces_after(changed, self._reproducer.case.program)

            await self._shrink(program, reproduces, ())

    @property
    def _earlier(self) -> tuple[Program, ...]:
        return self._reproducer.case.earlier

    async def _reproduces_after(self, earlier: tuple[Program, ...], program: Program) -> bool:
        reproducer = self._reproducer.of(replace(self._reproducer.case, earlier=earlier))
        shown = await reproducer.within(self._tries_of(earlier, program), program, self._may_go_on)
        if shown:
            self._reproducer = reproducer.of(shown)
            self._keeper.improve(shown)
        else:
            self.whole = self.whole and self._may_go_on()  # it may not have been tried often enough
        return shown is not None

    def _tries_of(self, earlier: tuple[Program, ...], program: Program) -> int:
        # Where chance was all that made it show only sometimes, what leaves nothing to chance is run once.
        return 1 if self._by_chance and self._is_controlled(earlier, program) else self._tries

    def _is_controlled(self, earlier: tuple[Program, ...], program: Program) -> bool:
        every = (*earlier, program)
        return not any(each.is_left_to_chance for each in every) and (
            self._reproducer.controls or not any(each.overlaps for each in every)
        )

    async def _shrink(self, found: Program, reproduces: Reproduces, first: Iterable[Program]) -> None:
        shrinker = Shrinker(
            found,
            self._vocabulary,
            reproduces,
            self._plainest,
            may_go_on=self._may_go_on,
            on_progress=lambda at: self._listener(Shrinking(at.executions, len(at.best), len(found))),
        )
        await shrinker.shrink(first)
        self.whole = self.whole and not shrinker.exhausted


def _is_left_to_chance(case: Case) -> bool:
    return any(program.is_left_to_chance for program in (*case.earlier, case.program))
