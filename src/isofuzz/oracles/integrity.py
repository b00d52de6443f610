"""Integrity: what is stored came from operations that may store it, is filed where it belongs, and is all there.

Judged is what the system stores while it is at rest: each row that holds a canary, with the thread and the owner that
it names. Systems store texts several times, or together with others. So a row may also belong to the owner of what its
text lies in, and beside a row that belongs to whom it should, copies may belong to anyone who may see the text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isofuzz.history.acts import Standing
from isofuzz.history.entries import Entry, Invocation, Outcome, Row, Storage
from isofuzz.history.model import Model
from isofuzz.history.world import Canary, Thing, may_see, must_see
from isofuzz.oracles.crossing import boundary_of
from isofuzz.oracles.issued import Issued
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import Ref
from isofuzz.program.vocabulary import Kind, Shows

STORED = "stored"
"""What shows a stored row, as operations and frames show other things."""


@dataclass(frozen=True)
class _Holding:
    """A row holds the canary."""

    canary: Canary
    row: Row


class Integrity:
    """The oracle, fed entry by entry after the model and what was issued."""

    def __init__(self, model: Model, issued: Issued) -> None:
        self._model = model
        self._issued = issued
        self._polled: dict[str, int] = {}

    def feed(self, at: int, entry: Entry) -> list[Violation]:
        """What is wrong with what is stored, if the entry says what is."""
        if isinstance(entry, Invocation):
            self._note_poll(at, entry)
        if not isinstance(entry, Storage):
            return []
        held = self._held(entry.rows)
        found = [*self._left_over(at, entry), *self._intruded(at, held), *self._misfiled(at, held)]
        found += self._lost(at, {each.canary.serial: each.canary for each in held})
        return list({(violation.breach, violation.serial): violation for violation in reversed(found)}.values())[::-1]

    def lacks(self, at: int, rows: Sequence[Row]) -> bool:
        """Would something certainly be lost if these rows were all that is stored now?"""
        return any(self._lost(at, {each.canary.serial: each.canary for each in self._held(rows)}))

    def _held(self, rows: Sequence[Row]) -> list[_Holding]:
        return [
            _Holding(canary, row) for row in rows for serial in row.seen if (canary := self._model.canaries.get(serial))
        ]

    def _note_poll(self, at: int, entry: Invocation) -> None:
        """A read of what is new may take it away: a queue is emptied by those who read it."""
        operation = self._model.vocabulary.operation(entry.operation)
        if operation.shows is Shows.NEWS and operation.shown:
            self._polled[operation.shown] = at

    def _left_over(self, at: int, entry: Storage) -> Iterator[Violation]:
        """What an earlier program stored."""
        for row in entry.rows:
            for serial in row.seen:
                if serial not in self._model.canaries and serial not in self._model.homeless:
                    somebody = next((ref for ref, each in self._model.things.items() if each.kind is Kind.USER), None)
                    if somebody:
                        yield _violation(at, Breach.INTRUDED, somebody, None, row.text, serial=serial)

    def _intruded(self, at: int, held: list[_Holding]) -> Iterator[Violation]:
        for canary, row in ((each.canary, each.row) for each in held):
            if canary.written.outcome is Outcome.REFUSED or self._trespassed(canary):
                yield _violation(at, Breach.INTRUDED, _whose(canary), canary, row.text)

    def _trespassed(self, canary: Canary) -> bool:
        """Was it written by someone who certainly had no right to? Where there is nothing, nobody is trespassed on."""
        return canary.written.standing is Standing.NONE and self._model.deeds[canary.written.step].names_all()

    def _misfiled(self, at: int, held: list[_Holding]) -> Iterator[Violation]:
        rightly = {each.canary.serial for each in held if self._is_rightful(each.canary, each.row)}
        for canary, row in ((each.canary, each.row) for each in held):
            copy = canary.serial in rightly
            if _is_there(canary, at) and (self._elsewhere(canary, row) or self._another_s(canary, row, at, copy=copy)):
                yield _violation(at, Breach.MISFILED, _whose(canary), canary, row.text)

    def _elsewhere(self, canary: Canary, row: Row) -> bool:
        """Does the row say that it belongs to a thread in which the canary's home does not lie?"""
        home = next((thing for thing in canary.home.lineage() if thing.kind is Kind.THREAD), None)
        if row.threads is None or home is None or not self._issued.knows(home):
            return False
        return not any(home.lies_in(thread) for thread in self._things(row.threads))

    def _is_rightful(self, canary: Canary, row: Row) -> bool:
        return any(owner in _rightful(canary) for owner in self._things(row.owners or ()))

    def _another_s(self, canary: Canary, row: Row, at: int, *, copy: bool) -> bool:
        """Does the row say that it belongs to somebody else, and is it no copy for one who may see the text?"""
        if row.owners is None or self._is_rightful(canary, row) or not all(map(self._issued.knows, _rightful(canary))):
            return False
        return not (copy and any(may_see(owner, canary, at) for owner in self._things(row.owners)))

    def _things(self, refs: tuple[Ref, ...]) -> list[Thing]:
        """The things, each once: who signs up twice under one name is one user."""
        return list(dict.fromkeys(self._model.things[ref] for ref in refs))

    def _lost(self, at: int, stored: dict[int, Canary]) -> Iterator[Violation]:
        """Texts that certainly are to be there and are not, though others of their kind from the same operation are."""
        told = {(canary.spec.name, canary.written.operation) for canary in stored.values()}
        replaced_by = {canary.written for canary in stored.values()}
        for canary in self._model.canaries.values():
            if (
                canary.serial not in stored
                and (canary.spec.name, canary.written.operation) in told
                and canary.written.invoked > self._polled.get(canary.spec.name, -1)
                and not self._model.deeds[canary.written.step].reopened  # which need not write anything
                and replaced_by.isdisjoint(canary.ends)  # what took its place is told instead
                and _is_there(canary, at)
            ):
                yield _violation(at, Breach.LOST, _whose(canary), canary, "")


def _rightful(canary: Canary) -> list[Thing]:
    """Whose the text may be: its author's, or of whoever made what it is in."""
    owners = (canary.author, *(thing.owner for thing in canary.home.lineage()))
    return [owner for owner in owners if owner]


def _is_there(canary: Canary, at: int) -> bool:
    """Does it certainly live, in what certainly does, and may its author certainly see it?"""
    return canary.author is not None and must_see(canary.author, canary, at, at)


def _whose(canary: Canary) -> Ref:
    return (canary.author or canary.home.owner or canary.home).ref


def _violation(
    at: int, breach: Breach, user: Ref, canary: Canary | None, text: str, *, serial: int | None = None
) -> Violation:
    return Violation(
        oracle=Oracle.INTEGRITY,
        breach=breach,
        at=at,
        user=user,
        boundary=boundary_of(canary),
        observer=STORED,
        writer=canary.written.operation if canary else "",
        secret=canary.spec.name if canary else "",
        written_by=canary.written.step if canary else None,
        serial=canary.serial if canary else serial,
        text=text,
    )
