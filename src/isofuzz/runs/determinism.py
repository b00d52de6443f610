"""Does the same program do the same? Each is executed once more, with the decisions that were taken, and compared.

A check in which nothing had to be controlled says nothing, so it counts what was: operations that succeeded, steps
that waited for a lock, and replies that were held until their turn came.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.system import System
from isofuzz.history.entries import Completion, History, Move, Moved, Outcome
from isofuzz.history.sameness import first_difference
from isofuzz.oracles.judge import Judge
from isofuzz.program.canary import held_by_chance
from isofuzz.program.steps import Call, Literal
from isofuzz.program.vocabulary import Draw

_UNORDERED = "steps started at once, and nobody decided who moves when"
_BY_CHANCE = "what is searched for is so short that some canaries hold it by chance"
_SHOWN = 5


@dataclass
class Determinism:
    """What came of executing programs twice.

    `programs` were, of which `uncontrolled` says why some may do otherwise: their differences assert nothing.
    `differences` are those of the others, in words. Of both executions are counted: operations that succeeded,
    `moves` of steps that took turns, those `blocked` moves during which some step waited for a lock, and the replies
    that were `held` until then.
    """

    programs: int = 0
    succeeded: int = 0
    took_turns: int = 0
    moves: int = 0
    blocked: int = 0
    held: int = 0
    differences: list[str] = field(default_factory=list)
    uncontrolled: Counter[str] = field(default_factory=Counter)
    uncontrolled_programs: int = 0
    diverged: int = 0

    def add(self, history: History) -> None:
        """Count what there was to control."""
        self.succeeded += sum(isinstance(entry, Completion) and entry.outcome is Outcome.OK for entry in history)
        moves = [entry for entry in history if isinstance(entry, Moved)]
        self.took_turns += len({move.step for move in moves})
        self.moves += len(moves)
        self.blocked += sum(bool(move.blocked) for move in moves)
        self.held += sum(move.move is Move.REPLY for move in moves)

    def missing(self) -> Iterator[str]:
        """Why this is no proof: what differed, and what there was none of."""
        for difference in self.differences[:_SHOWN]:
            yield f"not deterministic: {difference}"
        if len(self.differences) > _SHOWN:
            yield f"not deterministic: {len(self.differences) - _SHOWN} programs more"
        nothing = {
            "no operation succeeded": self.succeeded,
            "no steps took turns": self.took_turns,
            "no step waited for a lock": self.blocked,
            "no reply was held": self.held,
        }
        for words, count in nothing.items():
            if not count:
                yield f"determinism was not checked: {words}"


class Twice:
    """Executes programs a second time, on the same system from reset."""

    def __init__(self, system: System, new_judge: Callable[[], Judge]) -> None:
        self.counts = Determinism()
        self._system = system
        self._new_judge = new_judge

    async def check(self, first: Execution) -> None:
        """Compare what the program did with what it does once more."""
        second = await execute(self._system, first.program, self._new_judge(), stop=lambda execution: False)
        counts = self.counts
        counts.programs += 1
        counts.diverged += bool(second.turns.diverged)
        for execution in (first, second):
            counts.add(execution.history)
        reasons = {*first.turns.uncontrolled, *second.turns.uncontrolled}
        if first.program.is_left_to_chance:
            reasons.add(_UNORDERED)
        if any(map(self._finds_by_chance, first.program.calls)):
            reasons.add(_BY_CHANCE)
        counts.uncontrolled.update(reasons)
        counts.uncontrolled_programs += bool(reasons)
        difference = first_difference(first.history, second.history)
        if difference and not reasons:
            counts.differences.append(f"program {counts.programs}, {difference}")

    def _finds_by_chance(self, call: Call) -> bool:
        operation = self._system.signatures.vocabulary.operation(call.operation)
        queries = (call.arguments[parameter.name] for parameter in operation.drawn(Draw.QUERY))
        return any(isinstance(query, Literal) and held_by_chance(str(query.value)) for query in queries)
