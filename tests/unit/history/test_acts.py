"""Claims say 'possibly' and 'certainly' as a search through every order of the instants does, only quicker."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, chain, combinations, permutations
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isofuzz.history.acts import NEVER, Act, Claim, Right, Standing
from isofuzz.history.entries import Outcome

BIRTH, END, GIVE, INVITE, REVOKE = "born", "ends", "gives", "invites", "revokes"
ROLES: Final = [(BIRTH,), (BIRTH, GIVE), (BIRTH, REVOKE), (END,), (END, GIVE), (GIVE,), (INVITE,), (REVOKE,)]


@dataclass(frozen=True)
class Situation:
    """Some acts with what each does, and the period that is asked about."""

    acts: "Happening"
    since: int
    until: int
    always: bool

    @property
    def claim(self) -> Claim:
        return Claim(
            self._doing(BIRTH),
            self._doing(END),
            [Right(act) for act in self._doing(GIVE)] + [Right(act, invited=True) for act in self._doing(INVITE)],
            self._doing(REVOKE),
            self.always,
        )

    def _doing(self, role: str) -> list[Act]:
        return [act for act, roles in self.acts if role in roles]


Happening = tuple[tuple[Act, tuple[str, ...]], ...]


def truths(situation: Situation) -> set[bool]:
    """Whether the claim holds, at each instant of the period, in each world that the acts allow."""
    return {
        truth
        for happening in _selections(situation.acts)
        for order in permutations(happening)
        for truth in _seen(situation, order)
    }


def _selections(acts: Happening) -> Iterator[Happening]:
    """What may have happened: all that certainly did, with any of what may have."""
    certain = [pair for pair in acts if pair[0].certain]
    doubtful = [pair for pair in acts if pair[0].possible and not pair[0].certain]
    for some in chain.from_iterable(combinations(doubtful, n) for n in range(len(doubtful) + 1)):
        yield (*certain, *some)


def _seen(situation: Situation, order: Happening) -> Iterator[bool]:
    """What is so during the period if the instants come in this order; nothing if they cannot."""
    earliest = list(accumulate((act.invoked + 0.5 for act, _ in order), max))
    latest = list(accumulate((act.latest - 0.5 for act, _ in reversed(order)), min))[::-1]
    if any(begins > ends for begins, ends in zip(earliest, latest, strict=True)):
        return
    lives = entitled = False
    for index in range(len(order) + 1):
        if index:
            roles = order[index - 1][1]
            lives = (lives and END not in roles) or BIRTH in roles
            entitled = (entitled and REVOKE not in roles) or GIVE in roles or INVITE in roles
        begins = earliest[index - 1] if index else -1
        ends = latest[index] if index < len(order) else NEVER
        if begins <= situation.until and ends >= situation.since:
            yield lives and (entitled or situation.always)


@st.composite
def situations(draw: st.DrawFn, *, overlapping: bool) -> Situation:
    count = draw(st.integers(1, 5))
    periods = draw(_periods(count + 1, overlapping=overlapping))
    since, until = periods.pop(draw(st.integers(0, count)))
    acts = []
    for step, (invoked, completed) in enumerate(periods):
        outcome = draw(st.sampled_from([Outcome.OK, Outcome.OK, Outcome.REFUSED, Outcome.INFO, None]))
        standing = draw(st.sampled_from([Standing.CERTAIN, Standing.CERTAIN, *Standing]))
        if not overlapping and (outcome in (Outcome.INFO, None) or standing is Standing.POSSIBLE):
            outcome, standing = Outcome.OK, Standing.CERTAIN
        roles = draw(st.sampled_from([r for r in ROLES if overlapping or INVITE not in r]))
        acts.append((Act(step, "op", invoked, completed if outcome else NEVER, outcome, standing), roles))
    return Situation(tuple(acts), since, until, draw(st.booleans()))


@st.composite
def _periods(draw: st.DrawFn, count: int, *, overlapping: bool) -> list[tuple[int, int]]:
    times = list(range(2 * count))
    if overlapping:
        times = draw(st.permutations(times))
    return [(min(pair), max(pair)) for pair in zip(times[::2], times[1::2], strict=True)]


@settings(derandomize=True, max_examples=600, deadline=None)
@given(situations(overlapping=True))
def test_claims_are_sound(situation: Situation) -> None:
    holds = truths(situation)
    claim = situation.claim
    assert claim.possibly(situation.since, situation.until) or True not in holds
    assert not claim.certainly(situation.since, situation.until) or False not in holds


@settings(derandomize=True, max_examples=600, deadline=None)
@given(situations(overlapping=False))
def test_claims_are_exact_where_nothing_overlaps(situation: Situation) -> None:
    (holds,) = truths(situation)
    assert situation.claim.possibly(situation.since, situation.until) is holds
    assert situation.claim.certainly(situation.since, situation.until) is holds


@settings(derandomize=True, max_examples=150, deadline=None)
@given(situations(overlapping=True))
def test_what_is_doubtful_is_possible_and_never_certain(situation: Situation) -> None:
    doubtful = replace(situation.claim, doubtful=True)
    since, until = situation.since, situation.until
    assert doubtful.possibly(since, until) is situation.claim.possibly(since, until)
    assert not doubtful.certainly(since, until)


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


def test_what_never_ended_is_claimed_as_if_it_lived() -> None:
    born, gone = act(0, 1), act(2, 3)
    claim = Claim([born], [gone], [Right(born)], [gone])
    assert not claim.possibly(4, 5)
    assert claim.unending().possibly(4, 5)
