"""A program as it would be without what is none of somebody's business."""

from collections.abc import Collection
from dataclasses import replace

from isofuzz.program.prune import with_arguments
from isofuzz.program.steps import Argument, Call, NeverIssued, Program, Ref, Several
from isofuzz.program.vocabulary import Vocabulary


def purged(program: Program, steps: Collection[int], vocabulary: Vocabulary) -> Program:
    """The program without these steps, in which whoever still names what they made names what was never issued.

    It has no faults: what they hit may be gone. A step that would need to name so a thing without an identifier is
    left out as well, and what depends on it.
    """
    return _Purge(program, steps, vocabulary).program()


class _Purge:
    def __init__(self, program: Program, steps: Collection[int], vocabulary: Vocabulary) -> None:
        self._program = program
        self._steps = frozenset(steps)
        self._operations = {call.number: vocabulary.operation(call.operation) for call in program.calls}
        self._vocabulary = vocabulary
        self._lost: set[int] = set()
        self._unissued: dict[Ref, NeverIssued] = {}

    def program(self) -> Program:
        bursts = (burst.with_calls(filter(None, map(self._purged, burst.calls)), ()) for burst in self._program.bursts)
        return Program(tuple(burst for burst in bursts if burst.calls))

    def _purged(self, call: Call) -> Call | None:
        if call.number in self._steps:
            return None
        gone = [ref for ref in call.references() if ref.step in self._steps]
        if any(ref.step in self._lost for ref in call.references()) or not all(map(self._has_identifier, gone)):
            self._lost.add(call.number)
            return None
        return with_arguments(call, self._argument) if gone else call

    def _argument(self, _name: str, argument: Argument) -> Argument:
        if isinstance(argument, Several):
            return replace(argument, items=tuple(self._thing(item) for item in argument.items))
        return self._thing(argument) if isinstance(argument, Ref) else argument

    def _thing(self, item: Ref | NeverIssued) -> Ref | NeverIssued:
        if isinstance(item, NeverIssued) or item.step not in self._steps:
            return item
        return self._unissued.setdefault(item, NeverIssued(self._class_of(item), len(self._unissued)))

    def _has_identifier(self, ref: Ref) -> bool:
        return self._vocabulary.thing(self._class_of(ref)).issued

    def _class_of(self, ref: Ref) -> str:
        return self._operations[ref.step].creates[ref.output]
