"""Running a program again without what is none of a user's business, to compare what that user observes.

Everything runs serially and from reset: once as it is and once for each user. Where that differs both are run again,
for what differs between two runs of the same program is noise.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.system import System
from isofuzz.history.entries import Skipped
from isofuzz.history.world import Thing
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.noninterference import Interference
from isofuzz.oracles.observations import viewpoint
from isofuzz.oracles.strangers import strangers_steps
from isofuzz.oracles.violation import Violation
from isofuzz.program.prune import one_by_one, without
from isofuzz.program.purge import purged
from isofuzz.program.steps import Program, Ref
from isofuzz.program.vocabulary import Kind

SURE = 8
"""So often both programs are run again before a difference counts: a coin that falls nine times the same way on either
side, and differently on both, would be taken for interference once in 100,000 times."""

LIKELY = 2
"""So often they are while a difference that is already known is looked for in smaller programs: a smaller one that
shows it by mere chance is found out at the end, when it has to be sure again."""

_MOST_USERS = 4
"""Of more users in one program, each of the later ones would only be one more of the same."""

_SLOWER = 3
"""What was left out took time, and time shows: in ages, in what has expired. So one repetition waits instead, so many
times as long as the operations took, for their events took time as well."""


Guesses = Callable[[Execution, Violation], Iterable[Program]]
"""Smaller programs that may well show the violation that this execution was about to show."""


@dataclass
class Comparison:
    """What the comparisons of one program came to.

    `complete` is the first run of the program as it is; if a user's observations differed, its judge holds that
    violation. `users` says for how many users something was left out, `left_out` how often each operation was, and
    `observed` what these users did meanwhile that could be compared. `leaking` is a run that showed a violation by
    itself, if one did: nothing was compared with it. `smaller` is the comparison of a smaller program, if that showed
    the difference.
    """

    complete: Execution
    executions: int = 1
    users: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    observed: Counter[str] = field(default_factory=Counter)
    leaking: Execution | None = None
    smaller: "Comparison | None" = None

    @property
    def executed(self) -> Iterator[Execution]:
        """The executions that may have shown something."""
        yield from filter(None, (self.complete, self.leaking))
        if self.smaller:
            yield from self.smaller.executed


async def compare(
    system: System,
    program: Program,
    new_judge: Callable[[], Judge],
    *,
    user: Ref | None = None,
    wanted: Callable[[Violation], bool] = lambda violation: True,
    repetitions: int = SURE,
    guesses: Guesses = lambda execution, violation: (),
) -> Comparison:
    """Compare the program for each of its users, or for one alone, up to the first whose observations differ.

    A difference counts if it is still there after so many `repetitions` of both runs. Violations that are not `wanted`
    stop nothing, whatever they are. Where one of the `guesses` shows the same difference, that is enough: to repeat a
    smaller program so often takes less time.
    """
    complete = await execute(system, one_by_one(program), new_judge(), stop=partial(_shows, wanted), whole=True)
    comparing = _Comparing(system, complete, new_judge, wanted, repetitions, guesses)
    comparing.heed(complete)
    things = complete.judge.model.things
    users = [thing for thing in dict.fromkeys(things.values()) if thing.kind is Kind.USER]
    for each in users[:_MOST_USERS] if user is None else filter(None, [things.get(user)]):
        if comparing.result.leaking or comparing.result.smaller or complete.counterpart:
            break
        await comparing.compare_for(each)
    return comparing.result


class _Comparing:
    """The executions of one program, compared for one user after the other."""

    def __init__(
        self,
        system: System,
        complete: Execution,
        new_judge: Callable[[], Judge],
        wanted: Callable[[Violation], bool],
        repetitions: int,
        guesses: Guesses,
    ) -> None:
        self.result = Comparison(complete)
        self._system = system
        self._vocabulary = system.signatures.vocabulary
        self._model = complete.judge.model
        self._complete = [complete]
        self._new_judge = new_judge
        self._wanted = wanted
        self._repetitions = repetitions
        self._guesses = guesses
        skipped = {entry.step for entry in complete.history if isinstance(entry, Skipped)}
        self._program = without(complete.program, skipped)

    async def compare_for(self, user: Thing) -> None:
        """Compare what the user observes with what they do without the others, if that leaves out anything."""
        complete = self.result.complete
        left_out = strangers_steps(self._program, self._model, user, len(complete.history))
        if not (left_out and viewpoint(self._model, user).steps):
            return
        program = purged(self._program, left_out, self._vocabulary)
        alone: list[Execution] = []
        await self._again(alone, program)
        if self.result.leaking:
            return
        interference = self._interference(user, left_out, alone)
        self.result.users += 1
        self.result.left_out.update(self._names(left_out))
        self.result.observed.update(self._names(interference.compared))
        waits = self._waits(left_out)
        for repetition in range(self._repetitions):
            for executions, repeated, waiting in ((self._complete, self._program, {}), (alone, program, waits)):
                if not self._wanted_of(interference):
                    return
                await self._again(executions, repeated, waiting)
                if self.result.leaking:
                    return
                interference = self._interference(user, left_out, alone)
            waits = {}  # once is enough
            if repetition == 0 and (likely := self._wanted_of(interference)) and await self._shown_by_smaller(likely):
                return
        violation = self._wanted_of(interference)
        if violation:
            complete.judge.violations.append(violation)
            complete.counterpart = alone[0].history

    async def _shown_by_smaller(self, likely: Violation) -> bool:
        def is_same(violation: Violation) -> bool:
            return self._wanted(violation) and violation.fingerprint == likely.fingerprint

        for program in self._guesses(self.result.complete, likely):
            compared = await compare(self._system, program, self._new_judge, user=likely.user, wanted=is_same)
            self.result.executions += compared.executions
            if any(is_same(violation) for each in compared.executed for violation in each.judge.violations):
                self.result.smaller = compared
                return True
        return False

    def _wanted_of(self, interference: Interference) -> Violation | None:
        return next(filter(self._wanted, interference.violations), None)

    def _interference(self, user: Thing, left_out: frozenset[int], alone: list[Execution]) -> Interference:
        histories, others = ([each.history for each in executions] for executions in (self._complete, alone))
        return Interference(self._model, user, left_out, histories, others)

    def _waits(self, left_out: frozenset[int]) -> dict[int, float]:
        """How many seconds to wait before which step, so that time goes by as if nothing had been left out."""
        waits: dict[int, float] = {}
        due = 0.0
        for call in self._program.calls:
            if call.number in left_out:
                due += self.result.complete.durations.get(call.number, 0) * _SLOWER
            elif due:
                waits[call.number], due = due, 0
        return waits

    def _names(self, steps: frozenset[int]) -> list[str]:
        return [self._model.deeds[step].operation.name for step in steps]

    async def _again(
        self, executions: list[Execution], program: Program, waits: Mapping[int, float] = MappingProxyType({})
    ) -> None:
        execution = await execute(
            self._system, program, self._new_judge(), stop=partial(_shows, self._wanted), whole=True, waits=waits
        )
        self.result.executions += 1
        executions.append(execution)
        self.heed(execution)

    def heed(self, execution: Execution) -> None:
        """Note it if the execution shows a violation by itself."""
        if _shows(self._wanted, execution):
            self.result.leaking = execution


def _shows(wanted: Callable[[Violation], bool], execution: Execution) -> bool:
    return any(map(wanted, execution.judge.violations))
