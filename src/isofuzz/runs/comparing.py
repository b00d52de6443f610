"""Which programs of a run are compared for noninterference, and what that came to."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from isofuzz.engine.comparison import Comparison, compare
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.system import System
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.violation import Violation
from isofuzz.program.steps import Program
from isofuzz.program.vocabulary import GUARDED, Vocabulary
from isofuzz.runs.guessing import guesses

_SO_MUCH_SMALLER = 4
"""A guess is worth a try if it has no more than a quarter of the steps."""


@dataclass
class Comparisons:
    """Counts over all comparisons of a run.

    `programs` were compared for `users` users, which took `executions` and so many `seconds`; `left_out` and `observed`
    count the operations, by name, that were left out for a user, and of which a user's view was compared.
    """

    programs: int = 0
    users: int = 0
    executions: int = 0
    seconds: float = 0.0
    left_out: Counter[str] = field(default_factory=Counter)
    observed: Counter[str] = field(default_factory=Counter)

    def add(self, comparison: Comparison, seconds: float) -> None:
        """Count the comparison of one program, which took so many seconds."""
        self.programs += bool(comparison.users)
        self.users += comparison.users
        self.executions += comparison.executions
        self.seconds += seconds
        self.left_out += comparison.left_out
        self.observed += comparison.observed

    def missing(self, vocabulary: Vocabulary) -> Iterator[str]:
        """What of a target with threads or records was never compared, in words."""
        if not any(thing.kind in GUARDED for thing in vocabulary.things):
            return
        if not self.users:
            yield "noninterference was never checked: no program held anything that was none of a user's business"
            return
        for operation in vocabulary.operations:
            if operation.compare and vocabulary.actor(operation) and not self.observed[operation.name]:
                yield f"{operation.name} was never compared with what it shows without the others"


class Comparing:
    """Compares programs on one system, and tells `see` of each violation."""

    def __init__(
        self,
        system: System,
        new_judge: Callable[[], Judge],
        see: Callable[[Execution, Violation], None],
        is_known: Callable[[Violation], bool] = lambda violation: False,
    ) -> None:
        """`is_known` says whether a violation would tell nothing new: it then stops no comparison."""
        self.counts = Comparisons()
        self._system = system
        self._new_judge = new_judge
        self._see = see
        self._is_known = is_known
        self._seen: set[str] = set()

    async def compare(self, program: Program) -> None:
        """Compare the program for each of its users; what differed in an earlier one does not stop it."""
        began = time.perf_counter()
        comparison = await compare(
            self._system, program, self._new_judge, wanted=self._is_new, guesses=self._small_enough
        )
        self.counts.add(comparison, time.perf_counter() - began)
        for execution in comparison.executed:
            for violation in execution.judge.violations:
                self._seen.add(violation.fingerprint)
                self._see(execution, violation)

    def _small_enough(self, execution: Execution, violation: Violation) -> Iterator[Program]:
        """Guesses that are so small that trying them all costs less than to repeat the program."""
        vocabulary = self._system.signatures.vocabulary
        smaller = guesses(execution.program, execution.history, violation, vocabulary)
        return (guess for guess in smaller if len(guess) <= len(execution.program) // _SO_MUCH_SMALLER)

    def _is_new(self, violation: Violation) -> bool:
        return violation.fingerprint not in self._seen and not self._is_known(violation)
