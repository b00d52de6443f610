"""Who gives way, who is next, and what comes of a program, is the same each time; see `benchmarks.control`."""

import pytest
from benchmarks.control.chosen import orders, victims
from benchmarks.control.contended import Contended, ContendedByAlchemy
from benchmarks.control.repeated import twice
from benchmarks.control.stage import run

from isofuzz.target.base import Target


def test_the_same_step_gives_way_in_a_deadlock() -> None:
    outcomes = run(victims(15))
    assert outcomes.others == []
    # Somebody did: one of the steps, and not all of them.
    assert all(len(refused) == 1 for counts in outcomes.seen.values() for refused in counts)


def test_those_who_wait_for_one_holder_are_served_in_the_same_order() -> None:
    outcomes = run(orders(16))
    assert outcomes.others == []
    assert all(len(served) >= 3 for counts in outcomes.seen.values() for served in counts)


@pytest.mark.parametrize("target_class", [Contended, ContendedByAlchemy])
def test_the_same_program_does_the_same(target_class: type[Target]) -> None:
    repeated = run(twice(target_class, 8))
    assert list(repeated.counts.missing()) == []
    assert not repeated.counts.uncontrolled
