"""From the JSON of a case file to the case, part by part."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from isofuzz.cases.case import Case, HitRate
from isofuzz.errors import CaseUnreadable
from isofuzz.history.entries import (
    Barrier,
    Closed,
    Completion,
    Delivery,
    Entry,
    Invocation,
    Move,
    Moved,
    Outcome,
    Pooled,
    Row,
    Skipped,
    Storage,
    Struck,
)
from isofuzz.oracles.origin import Origin
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.faults import FaultKind
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Argument, Burst, Call, Fault, Literal, NeverIssued, Program, Ref, SecretText, Several

T = TypeVar("T")
Json = dict[str, Any]


class Reader:
    """Reads the parts of one file, so that whatever is wrong is said with its place."""

    def __init__(self, where: str) -> None:
        self._where = where

    def case(self, document: Json) -> Case:
        """The case; raises CaseUnreadable."""
        violation = self._part("violation", document, self._violation)
        program = self._part("program", document, self._program)
        history = self._part("history", document, self._history)
        # Older versions knew not all of these.
        newer = {"earlier": [], "origin": None, "counterpart": [], "found_by": "", "shrunk": None, **document}
        earlier = self._part("earlier", newer, lambda programs: tuple(map(self._program, programs)))
        return Case(
            target=self._part("target", document, _text),
            defect=self._part("defect", document, _text_or_none),
            violation=violation,
            explanation=self._part("explanation", document, _text),
            program=program,
            history=history,
            earlier=earlier,
            origin=self._part("origin", newer, lambda fields: _origin(fields, earlier)),
            counterpart=self._part("counterpart", newer, self._history),
            found=self._part("found", document, _text),
            found_by=self._part("found_by", newer, _text),
            services=self._part("services", document, _text),
            versions=self._part("versions", document, lambda versions: {str(k): str(v) for k, v in versions.items()}),
            steps_found=self._part("steps_found", document, int),
            hit_rate=self._part("hit_rate", document, _hit_rate),
            shrunk=self._part("shrunk", newer, _flag_or_none),
            cold=self._part("cold", document, _flag_or_none),
        )

    def program(self, bursts: list[Json | list[Json]]) -> Program:
        """A program by itself; raises CaseUnreadable."""
        return self._part("program", {"program": bursts}, self._program)

    def _part(self, name: str, document: Json, read: Callable[[Any], T]) -> T:
        try:
            return read(document[name])
        except KeyError as missing:
            raise CaseUnreadable(f"{self._where}: {name} lacks {missing}; the file was edited or cut") from None
        except (TypeError, ValueError, AttributeError, IndexError, OverflowError) as problem:
            raise CaseUnreadable(f"{self._where}: {name} cannot be read ({problem}); the file was edited") from None

    def _history(self, entries: list[Json]) -> tuple[Entry, ...]:
        return tuple(self._entry(entry) for entry in entries)

    def _program(self, bursts: list[Json | list[Json]]) -> Program:
        program = Program(tuple(map(self._burst, bursts)))
        known: set[int] = set()
        for call in program.calls:
            for ref in call.references():
                if ref.step not in known:
                    raise ValueError(f"step {call.number} refers to step {ref.step}, which does not come before it")
            if call.number in known:
                raise ValueError(f"two steps have the number {call.number}")
            known.add(call.number)
        for fault in program.faults:
            if fault.of.step not in known:
                raise ValueError(f"fault {fault.number} is of step {fault.of.step}, which is not there")
        if len(set(program.numbers)) < len(program):
            raise ValueError("a fault and another step have the same number")
        if not known:
            raise ValueError("it has no step")
        return program

    def _burst(self, burst: Json | list[Json]) -> Burst:
        if isinstance(burst, list):
            return Burst(tuple(map(self._call, burst)))
        schedule = _text_or_none(burst["schedule"])
        return Burst(
            tuple(map(self._call, burst["steps"])),
            None if schedule is None else Schedule.parse(schedule),
            tuple(map(_read_fault, burst["faults"])),
        )

    def _call(self, call: Json) -> Call:
        arguments = {str(name): self._argument(value) for name, value in call["arguments"].items()}
        return Call(int(call["step"]), _text(call["operation"]), arguments)

    def _argument(self, argument: Json) -> Argument:
        match argument:
            case {"ref": ref}:
                return _read_ref(ref)
            case {"never_issued": thing, "variant": variant}:
                return NeverIssued(_text(thing), int(variant))
            case {"secret": template}:
                return SecretText(_text(template))
            case {"literal": value}:
                return Literal(value)
            case {"several": items}:
                return Several(tuple(self._item(item) for item in items))
        raise ValueError(f"an argument is none of the known forms: {json.dumps(argument)[:80]}")

    def _item(self, item: Json) -> Ref | NeverIssued:
        read = self._argument(item)
        if isinstance(read, Ref | NeverIssued):
            return read
        raise ValueError(f"a sequence holds something that is no thing: {json.dumps(item)[:80]}")

    def _violation(self, fields: Json) -> Violation:
        return Violation(
            oracle=Oracle(fields["oracle"]),
            breach=Breach(fields["breach"]),
            at=int(fields["at"]),
            user=_read_ref(fields["user"]),
            boundary=_text(fields["boundary"]),
            observer=_text(fields["observer"]),
            writer=_text(fields["writer"]),
            secret=_text(fields["secret"]),
            step=_number_or_none(fields["step"]),
            written_by=_number_or_none(fields["written_by"]),
            socket=_read_ref(fields["socket"]) if fields["socket"] else None,
            serial=_number_or_none(fields["serial"]),
            text=_text(fields["text"]),
            other=_text(fields.get("other", "")),
            without=tuple(int(step) for step in fields.get("without", ())),
            instead=_number_or_none(fields.get("instead")),
            kind=_text(fields.get("kind", "")),
        )

    def _entry(self, entry: Json) -> Entry:
        match entry["entry"]:
            case "invocation":
                call = self._call(entry)
                canaries = {str(name): int(serial) for name, serial in entry["canaries"].items()}
                return Invocation.of(call, canaries, {str(n): _texts(ids) for n, ids in entry.get("ids", {}).items()})
            case "completion":
                seen = tuple(int(serial) for serial in entry["seen"])
                ids = {int(output): _texts(ids) for output, ids in entry.get("ids", {}).items()}
                return Completion(int(entry["step"]), Outcome(entry["outcome"]), seen, _text(entry["text"]), ids)
            case "delivery":
                seen = tuple(int(serial) for serial in entry["seen"])
                socket = _read_ref(entry["socket"])
                return Delivery(socket, seen, _text(entry["text"]), reply=bool(entry["reply"]))
            case "closed":
                return Closed(_read_ref(entry["socket"]))
            case "barrier":
                return Barrier(_read_ref(entry["socket"]), int(entry["since"]), bool(entry["orders"]))
            case "skipped":
                return Skipped(int(entry["step"]), _text(entry["operation"]))
            case "storage":
                return Storage(tuple(map(_read_row, entry["rows"])))
            case "pooled":
                return Pooled(_text(entry["connection"]), {_text(n): _text(v) for n, v in entry["state"].items()})
            case "moved":
                blocked = tuple(int(step) for step in entry["blocked"])
                connection = int(entry["connection"]) if "connection" in entry else None
                return Moved(int(entry["step"]), Move(entry["move"]), _text(entry["text"]), blocked, connection)
            case "struck":
                return Struck(int(entry["step"]), FaultKind(entry["fault"]), _read_ref(entry["of"]))
        raise ValueError(f"there is no entry {entry['entry']!r}")


def _origin(fields: Json | None, earlier: Sequence[Program]) -> Origin | None:
    if fields is None:
        return None
    number, step = int(fields["program"]), int(fields["step"])
    if not (0 < number <= len(earlier) and any(call.number == step for call in earlier[number - 1].calls)):
        raise ValueError(f"there is no step {step} of an earlier program {number}")
    return Origin(number, step, _text(fields["operation"]), _text(fields["secret"]))


def _read_row(row: Json) -> Row:
    threads, owners = (None if row[n] is None else tuple(map(_read_ref, row[n])) for n in ("threads", "owners"))
    return Row(tuple(int(serial) for serial in row["seen"]), _text(row["text"]), threads, owners)


def _read_fault(fault: Json) -> Fault:
    return Fault(int(fault["step"]), FaultKind(fault["fault"]), _read_ref(fault["of"]))


def _read_ref(value: Any) -> Ref:
    step, output = value
    return Ref(int(step), int(output))


def _hit_rate(value: Any) -> HitRate:
    seen, runs = (int(number) for number in value)
    if not 0 <= seen <= runs or not runs:
        raise ValueError(f"it cannot have shown {seen} times in {runs} runs")
    return HitRate(seen, runs)


def _number_or_none(value: Any) -> int | None:
    return None if value is None else int(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(map(_text, values))


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _flag_or_none(value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value
