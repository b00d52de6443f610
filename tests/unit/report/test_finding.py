"""Fingerprints in words."""

import pytest

from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import Ref
from isofuzz.report.finding import title


@pytest.mark.parametrize(
    ("breach", "words"),
    [
        (Breach.FOREIGN, "history showed a user a Body of someone else, written by post"),
        (Breach.STALE, "history showed a Body, written by post, that was no longer there for the user"),
        (Breach.MISPLACED, "history showed a Body, written by post, of another Room"),
        (Breach.MISSING, "history left out a Body, written by post, that it had to show"),
        (Breach.DENIED, "history was refused to a user who is entitled to it"),
        (Breach.UNDELIVERED, "a Body, written by post, was not delivered to a user who had subscribed to it"),
        (Breach.ECHOED, "a Body, written by post, came back to its author"),
    ],
)
def test_each_breach_has_its_words(breach: Breach, words: str) -> None:
    assert title(Violation(Oracle.CROSSING, breach, 0, Ref(1), "Room", "history", "post", "Body")) == words


def test_a_frame_is_no_operation() -> None:
    violation = Violation(Oracle.DELIVERY, Breach.FOREIGN, 0, Ref(1), "Room", "frame", "post", "Body")
    assert title(violation) == "a frame showed a user a Body of someone else, written by post"


def test_a_text_of_an_earlier_program_has_no_known_writer() -> None:
    violation = Violation(Oracle.CROSSING, Breach.FOREIGN, 0, Ref(1), "program", "history")
    assert title(violation) == "history showed a text of an earlier program, which a reset should have removed"


def test_an_event_without_a_text_is_told_by_its_kind() -> None:
    violation = Violation(Oracle.NONINTERFERENCE, Breach.INTERFERED, 0, Ref(1), "", "frame", kind="joined")
    assert title(violation) == "a frame (joined) shows a user what others do in threads that are none of theirs"
