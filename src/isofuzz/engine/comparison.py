"""Running a program again without what is none of a user's business, to compare what that user observes.

Everything runs serially and from reset: twice as it is, for what differs then is noise, and once more for each user.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.system import System
from isofuzz.history.entries import Skipped
from isofuzz.history.world import Thing
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.noninterference import interference
from isofuzz.oracles.observations import viewpoint
from isofuzz.oracles.strangers import strangers_steps
from isofuzz.oracles.violation import Violation
from isofuzz.program.prune import one_by_one, without
from isofuzz.program.purge import purged
from isofuzz.program.steps import Program, Ref
from isofuzz.program.vocabulary import Kind

SURE = 4
"""So often both programs are run again before a difference counts: a coin that falls five times the same way on either
side, and differently on both, would be taken for interference once in 500 times."""

_MOST_USERS = 4
"""Of more users in one program, each of the later ones would only be one more of the same."""


@dataclass
class Comparison:
    """What the comparisons of one program came to.

    `complete` is the first run of the program as it is; if a user's observations differed, its judge holds that
    violation. `users` says for how many users something was left out, `left_out` how often each operation was, and
    `observed` what these users did meanwhile. `leaking` is a run that showed a violation by itself, if one did:
    nothing was compared with it.
    """

    complete: Execution
    executions: int = 1
    users: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    observed: Counter[str] = field(default_factory=Counter)
    leaking: Execution | None = None


async def compare(
    system: System, program: Program, new_judge: Callable[[], Judge], *, user: Ref | None = None, repeat: int = SURE
) -> Comparison:
    """Compare the program for each of its users, or for one alone, up to the first whose observations differ.

    A difference counts if it is still there after so many repetitions of both runs.
    """
    complete = await execute(system, one_by_one(program), new_judge(), whole=True)
    comparing = _Comparing(system, complete, new_judge, repeat)
    if complete.judge.violations:
        comparing.result.leaking = complete
    things = complete.judge.model.things
    users = [thing for thing in dict.fromkeys(things.values()) if thing.kind is Kind.USER]
    for each in users[:_MOST_USERS] if user is None else filter(None, [things.get(user)]):
        if comparing.result.leaking or complete.counterpart:
            break
        await comparing.compare_for(each)
    return comparing.result


class _Comparing:
    """The executions of one program, compared for one user after the other."""

    def __init__(self, system: System, complete: Execution, new_judge: Callable[[], Judge], repeat: int) -> None:
        self.result = Comparison(complete)
        self._system = system
        self._vocabulary = system.signatures.vocabulary
        self._model = complete.judge.model
        self._complete = [complete]
        self._new_judge = new_judge
        self._repeat = repeat

    async def compare_for(self, user: Thing) -> None:
        """Compare what the user observes with what they do without the others, if that leaves out anything."""
        complete = self.result.complete
        left_out = strangers_steps(complete.program, self._model, user, len(complete.history))
        steps = viewpoint(self._model, user).steps
        if not (left_out and steps):
            return
        if len(self._complete) == 1:
            await self._again(self._complete, complete.program)
        skipped = {entry.step for entry in complete.history if isinstance(entry, Skipped)}
        program = purged(without(complete.program, skipped), left_out, self._vocabulary)
        alone: list[Execution] = []
        await self._again(alone, program)
        self.result.users += 1
        self.result.left_out.update(self._names(left_out))
        self.result.observed.update(self._names(steps))
        for _ in range(self._repeat):
            if not self._difference(user, left_out, alone):
                return
            await self._again(self._complete, complete.program)
            await self._again(alone, program)
        violation = self._difference(user, left_out, alone)
        if violation:
            complete.judge.violations.append(violation)
            complete.counterpart = alone[0].history

    def _difference(self, user: Thing, left_out: frozenset[int], alone: list[Execution]) -> Violation | None:
        """What differs; nothing once a run has shown a violation by itself, for it was not run to its end."""
        if self.result.leaking:
            return None
        histories, others = ([each.history for each in executions] for executions in (self._complete, alone))
        return interference(self._model, user, left_out, histories, others)

    def _names(self, steps: frozenset[int]) -> list[str]:
        return [self._model.deeds[step].operation.name for step in steps]

    async def _again(self, executions: list[Execution], program: Program) -> None:
        execution = await execute(self._system, program, self._new_judge(), whole=True)
        self.result.executions += 1
        executions.append(execution)
        if execution.judge.violations:
            self.result.leaking = execution
