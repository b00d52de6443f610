"""An operation is over its budget if enough of its calls say so."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from isofuzz.oracles.hazard import Hazard, HazardKind
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.exercised import Exercised
from isofuzz.runs.hazards import over_budget, unjudged
from isofuzz.target.signatures import Signatures

Budgeted = Callable[..., Vocabulary]


@pytest.fixture
def budgeted(signatures: Signatures) -> Budgeted:
    """The vocabulary of the chat, with budgets in milliseconds for some of its operations."""

    def vocabulary(**budgets: float) -> Vocabulary:
        operations = tuple(replace(each, budget_ms=budgets.get(each.name)) for each in signatures.vocabulary.operations)
        return replace(signatures.vocabulary, operations=operations)

    return vocabulary


def measured(*seconds: float) -> Exercised:
    """What posting took."""
    exercised = Exercised()
    for each in seconds:
        exercised.latency["post"].add(each)
    return exercised


def test_a_p95_over_the_budget_is_a_hazard_with_its_figures(budgeted: Budgeted) -> None:
    exercised = measured(*[0.001] * 38, *[0.0163] * 3)
    assert list(over_budget(exercised, budgeted(post=10))) == [
        Hazard(HazardKind.OVER_BUDGET, "post", "post is too slow: p95 of 41 calls was 16.2 ms, and the budget is 10 ms")
    ]
    assert list(unjudged(exercised, budgeted(post=10))) == []


def test_one_slow_call_of_twenty_is_none(budgeted: Budgeted) -> None:
    exercised = measured(*[0.001] * 19, 5)
    assert list(over_budget(exercised, budgeted(post=10))) == []


def test_what_takes_exactly_its_budget_is_within_it(budgeted: Budgeted) -> None:
    assert list(over_budget(measured(*[0.010] * 20), budgeted(post=10))) == []


def test_nineteen_calls_are_too_few_to_judge_however_slow(budgeted: Budgeted) -> None:
    exercised = measured(*[5.0] * 19)
    assert list(over_budget(exercised, budgeted(post=10.5))) == []
    assert list(unjudged(exercised, budgeted(post=10.5))) == [
        "budget of post (10.5 ms) not judged: only 19 calls, and it takes 20"
    ]


def test_a_budget_of_what_was_never_called_is_not_judged(budgeted: Budgeted) -> None:
    exercised = Exercised()
    assert list(unjudged(exercised, budgeted(history=3))) == [
        "budget of history (3 ms) not judged: only 0 calls, and it takes 20"
    ]
    assert not exercised.latency


def test_without_a_budget_nothing_is_too_slow(budgeted: Budgeted) -> None:
    exercised = measured(*[50.0] * 100)
    assert list(over_budget(exercised, budgeted())) == []
    assert list(unjudged(exercised, budgeted())) == []
