"""What happened in a history, row by row in time order, as a person tells it: who did what, and what came of it."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby

from isofuzz.cases.case import Case
from isofuzz.history.entries import (
    Closed,
    Completion,
    Delivery,
    Entry,
    Invocation,
    Move,
    Moved,
    Outcome,
    Skipped,
    Storage,
    Struck,
)
from isofuzz.history.model import Model
from isofuzz.history.world import Thing
from isofuzz.oracles.exhibits import row_of
from isofuzz.oracles.naming import cast
from isofuzz.oracles.violation import Breach
from isofuzz.program.canary import LENGTH, MARK
from isofuzz.program.faults import FaultKind
from isofuzz.program.steps import CANARY_SLOT, Argument, Literal, NeverIssued, Ref, SecretText, Several
from isofuzz.program.vocabulary import Kind, Vocabulary
from isofuzz.report.printable import printable

CROSSED = "◆"
"""Stands for the canary that a violation is about."""
OTHER = "◇"
"""Stands for any other canary; the step that wrote it follows."""

_CANARY = re.compile(rf"{MARK}[0-9a-z]{{{LENGTH - len(MARK)}}}", re.IGNORECASE)
_LONGEST_ANSWER = 60
_LONGEST_STATEMENT = 60
_MOST_IN_A_ROW = 3
"""So many statements of one step are told one after the other; of more, the first and the last."""


class Mark(Enum):
    """What a row is to the violation."""

    NONE = " "
    WRITTEN = CROSSED
    LEFT_OUT = "○"
    BREACH = "✗"


class Happening(Enum):
    """What a row tells of."""

    BEGUN = "→"
    """An operation begins."""
    ENDED = "←"
    """An operation is over during which something else happened."""
    MOVED = "·"
    """An operation goes on: a statement, mostly."""
    PUSHED = "⇠"
    """Something came to a socket."""
    STRUCK = "↯"
    """Something goes wrong."""
    STORED = "▤"
    """What is stored at the end."""
    SKIPPED = ""
    """A step could not be done."""


@dataclass
class Row:
    """One thing that happened, in the column of the session to which it happened, in `words`.

    `at` is the logical time at which it begins; `sent_by` are the steps whose event it is, if it is one; `ending` is
    the part that must not be cut off, and `seen` all that was seen, where the text has no room for it; `bracket` joins
    the rows of steps that overlap; `move`: what kind of move of its step it is, if it is one.
    """

    column: int
    happening: Happening
    words: str
    at: int
    ending: str = ""
    seen: str = ""
    step: int | None = None
    mark: Mark = Mark.NONE
    bracket: str = " "
    move: Move | None = None
    sent_by: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """What happened, after its sign."""
        return f"{self.happening.value} {self.words}".strip()


@dataclass(frozen=True)
class Storyline:
    """The heading of each column, and the rows."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]


def storyline(case: Case, vocabulary: Vocabulary) -> Storyline:
    """The story of a case; barriers and frames without news are left out."""
    return _Teller(case, vocabulary).tell()


_FAULTS = {
    FaultKind.CANCEL: "{} is given up",
    FaultKind.DROP_BEFORE: "the database connection of {} is lost before its next statement",
    FaultKind.DROP_AFTER: "the database connection of {} is lost after its next statement",
    FaultKind.TERMINATE: "the database connection of {} is ended by the server",
    FaultKind.HOLD_REPLY: "the reply to the next statement of {} comes late",
    FaultKind.ABORT: "{} is lost",
    FaultKind.HALF_CLOSE: "{} sends nothing more",
    FaultKind.RESTART: "the system is restarted in the middle of {}",
}


def _without_routine(rows: Iterable[Row]) -> Iterator[Row]:
    """Of the moves that a step makes one after the other the first and the last: between them nobody came in.

    That it goes on is told where it sends no statement.
    """
    for (_, is_move), run in groupby(rows, lambda row: (row.step, row.move in (Move.STATEMENT, Move.TASK))):
        told = list(run)
        if is_move:
            told = [row for row in told if row.move is Move.STATEMENT] or told[:1]
            if len(told) > _MOST_IN_A_ROW:
                first, *between, last = told
                seen = "\n".join(row.seen for row in between)
                told = [first, replace(between[0], words=f"… {len(between)} more …", seen=seen), last]
        yield from told


def fault_in_words(kind: FaultKind, of: str) -> str:
    """What goes wrong, and with what."""
    return _FAULTS[kind].format(of)


class _Teller:
    def __init__(self, case: Case, vocabulary: Vocabulary) -> None:
        self._case = case
        self._vocabulary = vocabulary
        self._names = cast(case.program, vocabulary)
        self._model = Model(vocabulary)
        self._columns: dict[Thing | None, int] = {}
        self._rows: list[Row] = []
        self._now = 0
        switching = (burst for burst in case.program.bursts if burst.schedule and burst.schedule.switches)
        self._switching = {call.number for burst in switching for call in burst.calls}
        self._written_in: dict[int, int] = {}
        for at, entry in enumerate(case.history):
            self._model.feed(at, entry)
            if isinstance(entry, Invocation):
                self._written_in |= dict.fromkeys(entry.canaries.values(), entry.step)

    def tell(self) -> Storyline:
        for at, entry in enumerate(self._case.history):
            self._now = at
            self._tell(entry, breach=at == self._case.violation.at)
        self._rows = list(_without_routine(self._rows))
        self._join_overlapping()
        return Storyline(tuple(map(self._heading, self._columns)), tuple(self._rows))

    def _tell(self, entry: Entry, *, breach: bool) -> None:
        mark = Mark.BREACH if breach else Mark.NONE
        match entry:
            case Invocation():
                if entry.step == self._case.violation.written_by:
                    mark = Mark.WRITTEN
                elif entry.step in self._case.violation.without:
                    mark = Mark.LEFT_OUT
                self._add(self._actor(entry.step), Happening.BEGUN, self._call(entry), step=entry.step, mark=mark)
            case Completion():
                self._complete(entry, mark)
            case Delivery() if breach or not entry.reply:
                told = " ".join(filter(None, (self._symbols(entry.seen), self._masked(entry.text, entry.seen))))
                sent_by = dict.fromkeys(self._written_in[serial] for serial in entry.seen if serial in self._written_in)
                self._add(self._receiver(entry.socket), Happening.PUSHED, told, mark=mark, sent_by=tuple(sent_by))
            case Closed(socket):
                self._add(self._receiver(socket), Happening.PUSHED, "closed by the system", mark=mark)
            case Skipped(step, operation):
                why = f"{operation} skipped: what it needs never came to be"
                self._add(None, Happening.SKIPPED, why, step=step)
            case Moved() if entry.step in self._switching:
                self._move(entry)
            case Struck():
                self._strike(entry)
            case Storage() if breach:
                of = self._session(self._model.things[self._case.violation.user])
                self._add(of, Happening.STORED, self._stored(), mark=mark)
            case _ if breach:  # a barrier that has passed without what had to come before it
                waiting = self._case.violation.socket
                of = self._receiver(waiting) if waiting else None
                self._add(of, Happening.PUSHED, f"{CROSSED} never came", mark=mark)

    def _move(self, entry: Moved) -> None:
        """A move of steps that take turns, where who moves when is a part of the story; their start is told anyway."""
        whole = printable(entry.text)
        statement = textwrap.shorten(whole, _LONGEST_STATEMENT, placeholder=" …")
        match entry.move:
            case _ if entry.connection is not None:
                reply = "gets an answer: " if entry.move is Move.REPLY else ""
                words = f"connection {entry.connection}, presumably: {reply}{statement}"
            case Move.STATEMENT:
                words = statement
            case Move.REPLY:
                words = f"gets the lock: {statement}"
            case Move.TASK:
                words, whole = "goes on", ""
            case _:
                return
        actor = self._actor(entry.step)
        self._add(actor, Happening.MOVED, words, step=entry.step, move=entry.move, seen=whole)

    def _strike(self, entry: Struck) -> None:
        """Something goes wrong."""
        owner = self._receiver(entry.of) if entry.kind.is_of_a_socket else self._actor(entry.of.step)
        what = self._argument(entry.of, None) if entry.kind.is_of_a_socket else f"step {entry.of.step}"
        self._add(owner, Happening.STRUCK, fault_in_words(entry.kind, what), step=entry.step)

    def _stored(self) -> str:
        """What is wrong with what is stored at the end; a row with what it says that it belongs to."""
        row = row_of(self._case.history, self._case.violation)
        if row is None:
            return f"{CROSSED} is no longer stored"
        said = (*self._names_of("in", row.threads), *self._names_of("of", row.owners))
        return " ".join(("stored", *said, self._masked(row.text, row.seen)))

    def _names_of(self, preposition: str, refs: tuple[Ref, ...] | None) -> list[str]:
        things = dict.fromkeys(self._model.things[ref] for ref in refs or ())  # several steps may have opened one
        names = dict.fromkeys(self._argument(thing.ref, None) for thing in things)
        return [] if refs is None else [f"{preposition} {' or '.join(names) or 'nobody knows what'}"]

    def _complete(self, entry: Completion, mark: Mark) -> None:
        ending = self._ending(entry, breach=mark is Mark.BREACH)
        seen = self._masked(entry.text, entry.seen)
        begun = self._rows[-1] if self._rows else None
        if begun and begun.step == entry.step and begun.happening is Happening.BEGUN:  # nothing happened meanwhile
            begun.ending, begun.seen = f" · {ending}", seen
            begun.mark = mark if mark is Mark.BREACH else begun.mark
        else:
            operation = self._model.deeds[entry.step].operation.name
            actor = self._actor(entry.step)
            self._add(actor, Happening.ENDED, operation, ending=f" · {ending}", seen=seen, step=entry.step, mark=mark)

    def _ending(self, entry: Completion, *, breach: bool) -> str:
        violation = self._case.violation
        word = {Outcome.OK: "ok", Outcome.REFUSED: "refused", Outcome.INFO: "?"}[entry.outcome]
        if entry.outcome is Outcome.INFO:
            word += f" {self._masked(entry.text, entry.seen).split(':')[0]}"
        if violation.breach is Breach.TOLD and entry.step in (violation.step, violation.instead) and entry.text:
            word += f" {textwrap.shorten(self._masked(entry.text, entry.seen), _LONGEST_ANSWER, placeholder=' …')}"
        own = {canary.serial for canary in self._model.deeds[entry.step].canaries}
        seen = [serial for serial in entry.seen if serial not in own]
        lacked = violation.breach.is_lack
        if breach and violation.serial is not None and not lacked and violation.serial not in seen:
            seen.append(violation.serial)  # it was seen in a frame that this operation had asked for
        parts = [word]
        if seen:
            parts.append(f"saw {self._symbols(seen)}")
        if breach and lacked and violation.serial is not None:
            parts.append(f"lacks {CROSSED}")
        return " · ".join(parts)

    def _add(self, owner: Thing | None, happening: Happening, words: str, **fields: object) -> None:
        column = self._columns.setdefault(owner, len(self._columns))
        self._rows.append(Row(column, happening, words, self._now, **fields))  # type: ignore[arg-type]  # named by the callers above

    # -- whose row it is

    def _actor(self, step: int) -> Thing | None:
        """The session that acts, or that the step makes; None: the operator."""
        deed = self._model.deeds[step]
        return self._session(deed.session or deed.made(Kind.SESSION, Kind.USER))

    def _receiver(self, socket: Ref) -> Thing | None:
        thing = self._model.things[socket]
        return self._session(thing.session or thing.owner)

    def _session(self, thing: Thing | None) -> Thing | None:
        """A user who also has a session is told of in the column of that."""
        if thing is None or thing.kind is Kind.SESSION:
            return thing
        sessions = (other for other in self._columns if other and other.owner is thing.owner)
        return next(sessions, thing)

    def _heading(self, owner: Thing | None) -> str:
        if owner is None or owner.owner is None:
            return "operator"
        same = [other for other in self._columns if other and other.owner is owner.owner]
        name = self._names.get(owner.ref if len(same) > 1 else owner.owner.ref, "?")
        return f"{name} · {owner.owner.label!r}" if owner.owner.label else name

    # -- what is said in it

    def _call(self, entry: Invocation) -> str:
        actor = self._vocabulary.actor(self._vocabulary.operation(entry.operation))
        arguments = [
            self._argument(argument, entry.canaries.get(name))
            for name, argument in entry.arguments.items()
            if actor is None or name != actor.name
        ]
        return f"{entry.operation}({', '.join(arguments)})"

    def _argument(self, argument: Argument, serial: int | None) -> str:
        match argument:
            case SecretText(template):
                return repr(template.replace(CANARY_SLOT, OTHER if serial is None else self._symbol(serial)))
            case Literal(value):
                return repr(value)
            case Several(items):
                return f"[{', '.join(self._argument(item, None) for item in items)}]"
            case NeverIssued(thing):
                return f"{thing} never issued"
            case Ref():
                thing_made = self._model.things.get(argument)
                kind = thing_made.spec.name if thing_made else "thing"
                return self._names.get(argument, f"{kind} {argument.step}")

    def _symbol(self, serial: int) -> str:
        if serial == self._case.violation.serial:
            return CROSSED
        return f"{OTHER}{self._written_in.get(serial, '?')}"

    def _symbols(self, serials: Iterable[int]) -> str:
        return " ".join(map(self._symbol, serials))

    def _masked(self, text: str, seen: Iterable[int]) -> str:
        """The text with symbols for its canaries, which are in `seen` in order of appearance."""
        canaries = dict.fromkeys(canary.lower() for canary in _CANARY.findall(text))
        symbols = dict(zip(canaries, map(self._symbol, seen), strict=False))  # one may be cut off, or be escaped
        return printable(_CANARY.sub(lambda found: symbols.get(found[0].lower(), OTHER), text))

    def _join_overlapping(self) -> None:
        """Bracket the rows from the first step of a burst to the end of its last."""
        for burst in self._case.program.bursts:
            steps = {call.number for call in burst.calls}
            places = [place for place, row in enumerate(self._rows) if row.step in steps]
            if len(steps) < 2 or len(places) < 2:
                continue
            for place in range(places[0], places[-1] + 1):
                self._rows[place].bracket = "│"
            self._rows[places[0]].bracket, self._rows[places[-1]].bracket = "┌", "└"
