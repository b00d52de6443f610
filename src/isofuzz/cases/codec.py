"""Cases as JSON: a stable order of fields, a line for each step and entry, and every reading error says where it is."""

import json
from dataclasses import asdict

from isofuzz.cases.case import Case
from isofuzz.cases.layout import Line, laid_out
from isofuzz.cases.reading import Json, Reader
from isofuzz.errors import CaseUnreadable
from isofuzz.history.entries import (
    Barrier,
    Closed,
    Completion,
    Delivery,
    Entry,
    Invocation,
    Moved,
    Pooled,
    Row,
    Skipped,
    Storage,
    Struck,
)
from isofuzz.program.steps import Argument, Burst, Call, Literal, NeverIssued, Program, Ref, SecretText, Several

FORMAT = "isofuzz-case"
VERSION = 4
READABLE = range(1, VERSION + 1)


def to_json(case: Case) -> str:
    """The text of a case file."""
    violation = case.violation
    document = {
        "format": FORMAT,
        "version": VERSION,
        "fingerprint": case.fingerprint,
        "target": case.target,
        "defect": case.defect,
        "explanation": case.explanation,
        "earlier": [_program(program) for program in case.earlier],
        "origin": case.origin and asdict(case.origin),
        "program": _program(case.program),
        "violation": {
            "oracle": violation.oracle,
            "breach": violation.breach,
            "at": violation.at,
            "user": _ref(violation.user),
            "boundary": violation.boundary,
            "observer": violation.observer,
            "writer": violation.writer,
            "secret": violation.secret,
            "step": violation.step,
            "written_by": violation.written_by,
            "socket": violation.socket and _ref(violation.socket),
            "serial": violation.serial,
            "text": violation.text,
            "other": violation.other,
            "without": list(violation.without),
            "instead": violation.instead,
            "kind": violation.kind,
        },
        "found": case.found,
        "found_by": case.found_by,
        "steps_found": case.steps_found,
        "hit_rate": [case.hit_rate.seen, case.hit_rate.runs],
        "shrunk": case.shrunk,
        "cold": case.cold,
        "services": case.services,
        "versions": dict(sorted(case.versions.items())),
        "history": [Line(_entry(entry)) for entry in case.history],
        "counterpart": [Line(_entry(entry)) for entry in case.counterpart],
    }
    text = laid_out(document) + "\n"
    # A system may answer with half of a surrogate pair. UTF-8 has none, but JSON can spell it.
    return text.encode(errors="backslashreplace").decode()


def from_json(text: str, where: str) -> Case:
    """The case in the text of a file; `where` names the file in errors. Raises CaseUnreadable."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise CaseUnreadable(f"{where} is no complete JSON ({problem}); restore it or delete it") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise CaseUnreadable(f"{where} is not an isofuzz case: its field `format` is not {FORMAT!r}")
    version = document.get("version")
    if type(version) is not int or version not in READABLE:  # JSON's true is 1 to Python
        raise CaseUnreadable(
            f"{where} is a case of version {version!r}; this isofuzz reads versions up to {VERSION}: "
            "use the isofuzz that wrote it, or a newer one"
        )
    case = Reader(where).case(document)
    # An older isofuzz may have called the same bug otherwise.
    if version == VERSION and document.get("fingerprint") != case.fingerprint:
        raise CaseUnreadable(
            f"{where}: its fingerprint is {document.get('fingerprint')!r}, but its violation has {case.fingerprint!r}; "
            "the file was edited"
        )
    return case


def program_to_json(program: Program) -> str:
    """A program by itself, on one line."""
    return json.dumps(_program(program))


def program_from_json(text: str) -> Program:
    """The program that `program_to_json` wrote; raises CaseUnreadable."""
    return Reader("a program").program(json.loads(text))


def _program(program: Program) -> list[Json | list[Json]]:
    return [_burst(burst) for burst in program.bursts]


def _burst(burst: Burst) -> Json | list[Json]:
    """The steps; those that take turns with their schedule, and with what goes wrong meanwhile."""
    steps = [_call(call) for call in burst.calls]
    if burst.schedule is None and not burst.faults:
        return steps
    faults = [Line(step=fault.number, fault=fault.kind, of=_ref(fault.of)) for fault in burst.faults]
    schedule = None if burst.schedule is None else str(burst.schedule)
    return {"schedule": schedule, "steps": steps, "faults": faults}


def _call(call: Call) -> Json:
    arguments = {name: _argument(value) for name, value in call.arguments.items()}
    return Line(step=call.number, operation=call.operation, arguments=arguments)


def _argument(argument: Argument) -> Json:
    match argument:
        case Ref():
            return {"ref": _ref(argument)}
        case NeverIssued(thing, variant):
            return {"never_issued": thing, "variant": variant}
        case SecretText(template):
            return {"secret": template}
        case Literal(value):
            return {"literal": value}
        case Several(items):
            return {"several": [_argument(item) for item in items]}


def _ref(ref: Ref) -> list[int]:
    return [ref.step, ref.output]


def _entry(entry: Entry) -> Json:
    match entry:
        case Invocation():
            call = _call(Call(entry.step, entry.operation, entry.arguments))
            ids = {name: list(parts) for name, parts in entry.ids.items()}
            return {"entry": "invocation", **call, "canaries": dict(entry.canaries), "ids": ids}
        case Completion():
            seen = list(entry.seen)
            return {
                "entry": "completion",
                "step": entry.step,
                "outcome": entry.outcome,
                "seen": seen,
                "text": entry.text,
                "ids": {str(output): list(parts) for output, parts in entry.ids.items()},
            }
        case Delivery():
            seen, reply = list(entry.seen), entry.reply
            return {
                "entry": "delivery",
                "socket": _ref(entry.socket),
                "seen": seen,
                "text": entry.text,
                "reply": reply,
            }
        case Closed():
            return {"entry": "closed", "socket": _ref(entry.socket)}
        case Barrier():
            return {
                "entry": "barrier",
                "socket": _ref(entry.socket),
                "since": entry.since,
                "orders": entry.orders,
            }
        case Skipped():
            return {"entry": "skipped", "step": entry.step, "operation": entry.operation}
        case Storage():
            return {"entry": "storage", "rows": [_row(row) for row in entry.rows]}
        case Pooled():
            return {"entry": "pooled", "connection": entry.connection, "state": dict(entry.state)}
        case Moved():
            blocked = list(entry.blocked)
            guessed = {} if entry.connection is None else {"connection": entry.connection}
            moved = {"entry": "moved", "step": entry.step, "move": entry.move, "text": entry.text, "blocked": blocked}
            return moved | guessed
        case Struck():
            return {"entry": "struck", "step": entry.step, "fault": entry.kind, "of": _ref(entry.of)}


def _row(row: Row) -> Json:
    return {
        "seen": list(row.seen),
        "text": row.text,
        "threads": None if row.threads is None else [_ref(ref) for ref in row.threads],
        "owners": None if row.owners is None else [_ref(ref) for ref in row.owners],
    }
