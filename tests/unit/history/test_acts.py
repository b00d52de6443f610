"""Whether an operation happened, and when at the latest."""

import pytest

from isofuzz.history.acts import Act, Standing
from isofuzz.history.entries import Outcome


def act(invoked: int, completed: int, outcome: Outcome = Outcome.OK, standing: Standing = Standing.CERTAIN) -> Act:
    return Act(invoked, "op", invoked, completed, outcome, standing)


@pytest.mark.parametrize(
    ("one", "possible", "certain"),
    [
        (act(0, 1), True, True),
        (act(0, 1, standing=Standing.POSSIBLE), True, False),
        (act(0, 1, standing=Standing.NONE), False, False),
        (act(0, 1, Outcome.REFUSED), False, False),
        (act(0, 1, Outcome.INFO), True, False),
        (Act(0, "op", 0), True, False),
    ],
)
def test_whether_an_act_happened(one: Act, possible: bool, certain: bool) -> None:
    assert (one.possible, one.certain) == (possible, certain)


def test_an_act_of_unknown_outcome_may_happen_any_time_later() -> None:
    assert act(0, 1).surely_before(act(2, 3))
    assert not act(0, 2).surely_before(act(1, 3))
    assert not act(0, 1, Outcome.INFO).surely_before(act(2, 3))


def test_no_act_comes_before_itself() -> None:
    one = act(0, 1)
    assert not one.surely_before(one)
