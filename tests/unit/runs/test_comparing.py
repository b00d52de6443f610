"""What all comparisons of a run came to, and what of the target was never compared."""

from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from isofuzz.program.vocabulary import Draw, Kind, Operation, Parameter, ThingSpec, Vocabulary
from isofuzz.runs.comparing import Comparisons

if TYPE_CHECKING:
    from isofuzz.engine.comparison import Comparison

ME = Parameter("me", Draw.THING, "Me")
SPECS = (ThingSpec("Me", Kind.SESSION), ThingSpec("Room", Kind.THREAD))
OPERATIONS = (
    Operation("look", (ME,)),
    Operation("list_rooms", (ME,)),
    Operation("top_ten", (ME,), compare=False),
    Operation("tidy_up", ()),
)
TARGET = Vocabulary(SPECS, (), OPERATIONS)


def comparison(*, users: int = 0, left_out: str = "", observed: str = "", executions: int = 3) -> "Comparison":
    counts = SimpleNamespace(
        users=users, executions=executions, left_out=Counter(left_out.split()), observed=Counter(observed.split())
    )
    return cast("Comparison", counts)


def test_everything_is_added_up() -> None:
    counts = Comparisons()
    counts.add(comparison(users=2, left_out="post post", observed="look list_rooms look", executions=4), 0.5)
    counts.add(comparison(users=1, left_out="post", observed="look"), 0.25)
    assert (counts.programs, counts.users, counts.executions, counts.seconds) == (2, 3, 7, 0.75)
    assert counts.left_out == {"post": 3}
    assert counts.observed == {"look": 3, "list_rooms": 1}


def test_a_program_of_which_nothing_could_be_left_out_counts_only_as_time() -> None:
    counts = Comparisons()
    counts.add(comparison(executions=1), 0.5)
    assert (counts.programs, counts.users, counts.executions, counts.seconds) == (0, 0, 1, 0.5)


def test_without_any_comparison_noninterference_was_never_checked() -> None:
    [reason] = Comparisons().missing(TARGET)
    assert reason.startswith("noninterference was never checked")


def test_a_target_in_which_nothing_can_be_left_out_lacks_nothing() -> None:
    assert list(Comparisons().missing(Vocabulary(SPECS[:1], (), OPERATIONS))) == []


def test_an_operation_that_was_never_compared_is_named() -> None:
    """But not one that need not be, nor the operator's, which no user observes."""
    counts = Comparisons()
    counts.add(comparison(users=1, observed="look"), 1)
    assert list(counts.missing(TARGET)) == ["list_rooms was never compared with what it shows without the others"]


def test_once_all_were_nothing_is_missing() -> None:
    counts = Comparisons()
    counts.add(comparison(users=1, observed="look list_rooms"), 1)
    assert list(counts.missing(TARGET)) == []
