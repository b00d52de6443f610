"""Where steps that took turns met: what one of them was about to do when another one came in, and what that did."""

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from isofuzz.history.entries import Entry, Invocation, Move, Moved
from isofuzz.program.canary import LENGTH, MARK

_CANARY = re.compile(rf"{MARK}[0-9a-z]{{{LENGTH - len(MARK)}}}", re.IGNORECASE)
_LONGEST = 60
"""Characters that are told of a statement."""


@dataclass(frozen=True)
class Meeting:
    """One step had come as far as `before` and was about to go on with `then`; meanwhile others made these moves."""

    before: Moved
    then: Moved
    meanwhile: tuple[Moved, ...]


def meeting(history: Sequence[Entry], at: int) -> str:
    """A sentence on the last meeting that began before this time, or nothing where no steps took turns.

    With one switch, which is what shrinking mostly leaves, there is no other one.
    """
    found = list(_meetings(history, at))
    if not found:
        return ""
    met, named = found[-1], step_names(history)
    return f"{_when(met, named(met.then.step))} {what_they_did(met.meanwhile, named)}."


def step_names(history: Sequence[Entry]) -> Callable[[int], str]:
    """How a step is called: by its number and its operation."""
    operations = {entry.step: entry.operation for entry in history if isinstance(entry, Invocation)}

    def named(step: int) -> str:
        return f"step {step} (`{operations[step]}`)" if step in operations else f"step {step}"

    return named


def _meetings(history: Sequence[Entry], until: int) -> Iterator[Meeting]:
    """In the order in which the steps that were interrupted went on, with what others did until then."""
    moves = [(at, entry) for at, entry in enumerate(history) if isinstance(entry, Moved)]
    last: dict[int, int] = {}
    for place, (_, move) in enumerate(moves):
        before = last.get(move.step)
        if before is not None:
            meanwhile = tuple(entry for at, entry in moves[before + 1 : place] if at < until)
            if meanwhile:
                yield Meeting(moves[before][1], move, meanwhile)
        last[move.step] = place


def _when(met: Meeting, step: str) -> str:
    if not _says(met.then):
        return f"when {step} had begun and was about to go on,"
    if met.then.move is Move.REPLY:
        return f"while {step} waited for the lock that {quoted(met.then)} takes,"
    if not _says(met.before):
        return f"when {step} had begun and not yet done {quoted(met.then)},"
    return f"between {quoted(met.before)} and {quoted(met.then)} of {step},"


def what_they_did(moves: Sequence[Moved], named: Callable[[int], str]) -> str:
    """What each step did in these moves; nothing if there are none."""
    steps = dict.fromkeys(move.step for move in moves)
    return " and ".join(f"{named(step)} {_did([move for move in moves if move.step == step])}" for step in steps)


def _did(moves: Sequence[Moved]) -> str:
    telling = list(filter(_says, moves))
    if not telling:
        return "began" if moves[0].move is Move.START else "went on"
    first, *_, last = telling if len(telling) > 1 else telling * 2
    return f"did {quoted(first)}" if first is last else f"did all from {quoted(first)} to {quoted(last)}"


def _says(move: Moved) -> bool:
    return bool(move.text)


def quoted(move: Moved) -> str:
    """What a move was about to do, no longer than a person reads."""
    return f"`{textwrap.shorten(_CANARY.sub('…', move.text), _LONGEST, placeholder=' …')}`"
