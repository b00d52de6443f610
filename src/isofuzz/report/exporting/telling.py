"""The programs of a case as straight-line code."""

import re
from collections.abc import Iterator
from typing import Final

from isofuzz.cases.case import Case
from isofuzz.errors import CaseUnreadable
from isofuzz.history.acts import Standing
from isofuzz.history.entries import Entry, Outcome, Skipped
from isofuzz.history.model import Model, model_of
from isofuzz.program.prune import without
from isofuzz.program.steps import Burst, Call, Fault, Program
from isofuzz.report.exporting.calls import HISTORY, Calls
from isofuzz.report.exporting.comments import comment, turns
from isofuzz.report.exporting.names import LocalNames, snake
from isofuzz.report.exporting.players import Players
from isofuzz.report.exporting.python import Atom, Text, called, laid_out

OVERLAP: Final = "overlap"
_BODY: Final = 4
_BLOCK: Final = 8
_STEPS: Final = re.compile(r"\bsteps? (\d+)(?: and (\d+))?")


class Telling:
    """The body of the test."""

    def __init__(self, case: Case, calls: Calls, names: LocalNames) -> None:
        self._case = case
        self._calls = calls
        self._names = names
        self._vocabulary = calls.signatures.vocabulary
        self._last: Players | None = None
        found = _STEPS.findall(case.explanation)
        self._mentioned = {int(number) for numbers in found for number in numbers if number}

    def lines(self) -> Iterator[str]:
        """The lines, indented as in the function."""
        for number, earlier in enumerate(self._case.earlier, start=1):
            yield from comment(f"Earlier program {number}: what it leaves behind shows later.", _BODY)
            players = Players(earlier, self._vocabulary, self._names)
            yield from self._program(earlier, players, players.model, ())
            yield ""
            yield from comment("Everything is reset, and the system goes on.", _BODY)
            yield from laid_out("await ", called(f"{HISTORY}.start_over"), "", _BODY)
            yield ""
        case = self._case
        program = without(case.program, [entry.step for entry in case.history if isinstance(entry, Skipped)])
        self._last = players = Players(
            program,
            self._vocabulary,
            self._names,
            written_by=case.violation.written_by,
            guests_only=bool(case.earlier),
        )
        yield from self._program(program, players, self._as_found(), case.history)

    def _as_found(self) -> Model:
        try:
            return model_of(self._case.history, self._vocabulary)
        except (KeyError, StopIteration, IndexError) as problem:
            raise CaseUnreadable(f"its history does not fit its target ({problem}); the file was edited") from None

    def _program(self, program: Program, players: Players, found: Model, history: tuple[Entry, ...]) -> Iterator[str]:
        for burst in program.bursts:
            if len(burst.numbers) > 1 or burst.faults:
                yield from self._overlap(burst, players, history)
            else:
                [call] = burst.calls
                yield from self._step(call, players, found)

    # -- one step

    def _step(self, call: Call, players: Players, found: Model) -> Iterator[str]:
        yield from self._notes(call, players, _BODY)
        outputs = self._calls.outputs(call, players)
        before = f"{outputs} = await " if outputs else "await "
        excused = "" if outputs else self._excused(call, found)
        if excused:
            yield f"{' ' * _BODY}with {self._calls.imports.name('contextlib', 'suppress')}({excused}):"
        yield from laid_out(before, self._calls.call(call, players), "", _BLOCK if excused else _BODY)

    def _excused(self, call: Call, found: Model) -> str:
        """What the step may raise, for it ended so when it was found, or its user had no sure right to do it."""
        deed = found.deeds.get(call.number)
        if deed and deed.act.outcome is Outcome.INFO:
            return "Exception"
        if deed and deed.act.outcome is Outcome.OK and deed.act.standing is Standing.CERTAIN:
            return ""
        refused = self._calls.imports.name("isofuzz", "Refused")
        more = f", *{self._calls.imports.of(self._calls.target_class)}.refusals"
        return refused + (more if self._calls.target_class.refusals else "")

    def _notes(self, call: Call, players: Players, indent: int) -> Iterator[str]:
        """What reports call the step and the user who appears in it, and what it is to the finding."""
        made = players.model.deeds[call.number].created
        users = [thing.ref for thing in made if thing is thing.owner and thing.ref.step == call.number]
        notes = [f"user {players.letters[ref]}" for ref in users]
        if players is self._last:
            if call.number == self._case.violation.step:
                notes.append("here it shows")
            if call.number in self._mentioned:
                notes.insert(0, f"step {call.number}")
        if notes:
            said = ", ".join(notes)
            yield from comment(f"{said[0].upper()}{said[1:]}.", indent)

    # -- steps that overlap

    def _overlap(self, burst: Burst, players: Players, history: tuple[Entry, ...]) -> Iterator[str]:
        yield from turns(burst, history, _called(burst, players), _BODY)
        schedule = () if burst.schedule is None else (Text(str(burst.schedule)),)
        yield from laid_out("async with ", called(f"{HISTORY}.overlap", *schedule), f" as {OVERLAP}:", _BODY)
        outputs = {call.number: self._calls.outputs(call, players) for call in burst.calls}
        hit = {fault.of.step for fault in burst.faults if not fault.kind.is_of_a_socket}
        tasks = {}
        for call in burst.calls:
            yield from self._notes(call, players, _BLOCK)
            before = ""
            if outputs[call.number] or call.number in hit:
                tasks[call.number] = self._names.new(snake(call.operation))
                before = f"{tasks[call.number]} = "
            yield from laid_out(before, called(f"{OVERLAP}.start", self._calls.call(call, players)), "", _BLOCK)
        for fault in burst.faults:
            of = self._hit(fault, players, tasks)
            yield from laid_out("", called(f"{OVERLAP}.fault", Text(fault.kind.value), Atom(of)), "", _BLOCK)
        for call in burst.calls:
            if names := outputs[call.number]:
                yield from laid_out(f"{names} = ", called(f"{tasks[call.number]}.result"), "", _BODY)

    def _hit(self, fault: Fault, players: Players, tasks: dict[int, str]) -> str:
        if not fault.kind.is_of_a_socket and fault.of.step in tasks:
            return tasks[fault.of.step]
        if fault.kind.is_of_a_socket and fault.of in players.model.things:
            return players.name(fault.of)
        raise CaseUnreadable(f"fault {fault.number} is of nothing that it can happen to; the file was edited")


def _called(burst: Burst, players: Players) -> dict[int, str]:
    """What to call each step of the burst: by its operation, and by who does it if that does not tell them apart."""
    operations = [call.operation for call in burst.calls]
    names = {}
    for call in burst.calls:
        actor = players.actor(call)
        alike = operations.count(call.operation) > 1
        names[call.number] = f"{call.operation} of {actor}" if alike and actor else call.operation
    return names
