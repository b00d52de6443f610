"""Where steps that took turns met, in the exact words in which a person reads it."""

import pytest

from isofuzz.history.entries import Entry, Invocation, Move, Moved, Struck
from isofuzz.oracles.meeting import meeting
from isofuzz.oracles.mishap import mishap
from isofuzz.program.canary import Mint
from isofuzz.program.faults import FaultKind
from isofuzz.program.steps import Ref

START, TASK, REPLY = Move.START, Move.TASK, Move.REPLY


def told(*moves: tuple[int, Move | str], at: int = 99) -> str:
    """What is told of these moves, each a kind of move or a statement, by step."""
    history: list[Entry] = []
    for step, move in moves:
        history.append(Moved(step, move) if isinstance(move, Move) else Moved(step, Move.STATEMENT, move))
        if move is START:
            history.append(Invocation(step, {1: "post", 2: "kick"}.get(step, "read"), {}))
    return meeting(history, at)


@pytest.mark.parametrize(
    ("moves", "sentence"),
    [
        (
            [(1, START), (1, "SELECT 1"), (2, START), (2, "DELETE"), (2, "COMMIT"), (1, "INSERT")],
            "between `SELECT 1` and `INSERT` of step 1 (`post`), step 2 (`kick`) did all from `DELETE` to `COMMIT`.",
        ),
        (
            [(1, START), (2, START), (2, "DELETE"), (1, "INSERT")],
            "when step 1 (`post`) had begun and not yet done `INSERT`, step 2 (`kick`) did `DELETE`.",
        ),
        (
            [(1, START), (2, START), (2, TASK), (1, TASK)],
            "when step 1 (`post`) had begun and was about to go on, step 2 (`kick`) began.",
        ),
        (
            [(1, START), (2, START), (3, START), (2, "X"), (1, "ADD")],
            "when step 1 (`post`) had begun and not yet done `ADD`, step 2 (`kick`) did `X` and step 3 (`read`) began.",
        ),
    ],
)
def test_what_came_between_two_moves_of_a_step(moves: list[tuple[int, Move | str]], sentence: str) -> None:
    assert told(*moves) == sentence


def test_who_waited_for_a_lock() -> None:
    history = [Moved(1, START), Moved(1, Move.STATEMENT, "LOCK"), Moved(2, Move.STATEMENT, "COMMIT")]
    assert meeting([*history, Moved(1, REPLY, "LOCK")], 9) == (
        "while step 1 waited for the lock that `LOCK` takes, step 2 did `COMMIT`."
    )


def test_where_nobody_came_in_nothing_is_told() -> None:
    assert told() == told((1, START), (1, "SELECT"), (2, START), (2, "DELETE")) == ""


def test_what_came_after_the_violation_is_not_told() -> None:
    moves = ((1, START), (2, START), (2, "DELETE"), (2, "COMMIT"), (1, "INSERT"))
    assert told(*moves, at=2) == ""
    assert (
        told(*moves, at=5) == "when step 1 (`post`) had begun and not yet done `INSERT`, step 2 (`kick`) did `DELETE`."
    )


def test_a_long_statement_is_cut_and_a_canary_is_not_told() -> None:
    canary = Mint("abc123").mint(7)
    sentence = told((1, START), (2, START), (2, "SELECT " + "x " * 90), (1, f"INSERT '{canary}'"))
    assert "not yet done `INSERT '…'`" in sentence
    assert sentence.endswith(" x x x …`.")
    assert len(sentence) < 200


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (FaultKind.CANCEL, "step 1 (`read`) was given up after `GET`"),
        (FaultKind.ABORT, "the socket of step 1 was lost"),
        (FaultKind.HOLD_REPLY, "the reply to the next statement of step 1 (`read`) came late"),
    ],
)
def test_what_had_gone_wrong(kind: FaultKind, words: str) -> None:
    history: list[Entry] = [Invocation(1, "read", {}), Moved(1, START), Invocation(2, "read", {}), Moved(2, START)]
    history += [Moved(1, Move.STATEMENT, "GET"), Struck(3, kind, Ref(1)), Moved(2, Move.STATEMENT, "GET")]
    assert mishap(history, 99) == f"{words}, and then step 2 (`read`) did `GET`."
    assert mishap(history, 5) == ""


def test_what_went_wrong_before_anything_was_done() -> None:
    assert mishap([Struck(3, FaultKind.RESTART, Ref(1))], 1) == "the system was restarted in the middle of step 1."
    assert {kind for kind in FaultKind if mishap([Struck(3, kind, Ref(1))], 1)} == set(FaultKind)
