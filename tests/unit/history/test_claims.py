"""Claims say 'possibly' and 'certainly' as a search through every order of the instants does, only quicker."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, chain, combinations, permutations
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from isofuzz.history.acts import NEVER, Act, Right, Standing
from isofuzz.history.claims import Acts, Claim, Rights
from isofuzz.history.entries import Outcome
from isofuzz.history.log import Log

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
        return self.claim_without(())

    def claim_without(self, apart: Collection[Act]) -> Claim:
        return Claim(
            Acts(self._doing(BIRTH), apart),
            [Acts(self._doing(END), apart)],
            Rights(
                [Right(act, invited=INVITE in roles) for act, roles in self._in_order() if {GIVE, INVITE} & {*roles}]
            ),
            [Acts(self._doing(REVOKE), apart)],
            self.always,
            apart=apart,
        )

    def _doing(self, role: str) -> Log:
        return Log(act for act, roles in self._in_order() if role in roles)

    def _in_order(self) -> "Happening":
        return tuple(sorted(self.acts, key=lambda pair: pair[0].invoked))


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
def situations(draw: st.DrawFn, *, overlapping: bool, most: int = 5) -> Situation:
    count = draw(st.integers(1, most))
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


@dataclass(frozen=True)
class Plain:
    """What a claim says, by looking at every act: as slow as it is easy to follow."""

    born: list[Act]
    ends: list[Act]
    rights: list[Right]
    revokes: list[Act]
    always: bool

    def possibly(self, since: int, until: int) -> bool:
        births = [act for act in self.born if act.possible and act.invoked <= until]
        if not births:
            return False
        start = max(since, min(act.invoked for act in births))
        if self.always:
            return not any(_ended(end, births, start) for end in self.ends)
        return any(self._possible_through(right.given, births, start, until) for right in self.rights)

    def certainly(self, since: int, until: int) -> bool:
        if not any(act.certain and act.completed < since for act in self.born):
            return False
        if any(end.possible and end.invoked <= until and not self._outlived(end, since) for end in self.ends):
            return False
        return self.always or any(
            right.given.certain
            and not right.invited
            and right.given.completed < since
            and not any(
                revoke.possible and revoke.invoked <= until and not revoke.surely_before(right.given)
                for revoke in self.revokes
            )
            for right in self.rights
        )

    def _possible_through(self, given: Act, births: list[Act], start: int, until: int) -> bool:
        if not given.possible or given.invoked > until:
            return False
        start = max(start, given.invoked)
        if any(_ended(end, births, start, given) for end in self.ends):
            return False
        return not any(_revoked(revoke, given, births, start) for revoke in self.revokes)

    def _outlived(self, end: Act, since: int) -> bool:
        return any(act.certain and act.completed < since and end.surely_before(act) for act in self.born)


def _ended(end: Act, births: list[Act], start: int, given: Act | None = None) -> bool:
    follows = all(act.surely_before(end) for act in births)
    return end.certain and follows and (end is given or end.latest < start)


def _revoked(revoke: Act, given: Act, births: list[Act], start: int) -> bool:
    in_birth = all(act is revoke for act in births)
    return revoke.certain and given.surely_before(revoke) and (in_birth or revoke.latest < start)


@settings(derandomize=True, max_examples=500, deadline=None)
@given(st.data())
def test_claims_say_the_same_as_looking_at_every_act(data: st.DataObject) -> None:
    situation = data.draw(situations(overlapping=True, most=9))
    apart = data.draw(st.sets(st.sampled_from([act for act, _ in situation.acts]), max_size=2))
    left = [(act, roles) for act, roles in situation.acts if act not in apart]
    plain = Plain(
        [act for act, roles in left if BIRTH in roles],
        [act for act, roles in left if END in roles],
        [Right(act, invited=INVITE in roles) for act, roles in left if {GIVE, INVITE} & {*roles}],
        [act for act, roles in left if REVOKE in roles],
        situation.always,
    )
    claim = situation.claim_without(apart)
    period = situation.since, situation.until
    assert (claim.possibly(*period), claim.certainly(*period)) == (plain.possibly(*period), plain.certainly(*period))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(situations(overlapping=True, most=9))
def test_it_makes_no_difference_when_one_learns_of_an_outcome(situation: Situation) -> None:
    """The logs are asked after each completion, as while a history grows."""
    claim = situation.claim
    known = [(act, act.completed, act.outcome) for act, _ in situation.acts]
    for act, _, _ in known:
        act.completed, act.outcome = NEVER, None
    for act, completed, outcome in sorted(known, key=lambda each: each[1]):
        claim.possibly(situation.since, situation.until)
        claim.certainly(situation.since, situation.until)
        act.completed, act.outcome = completed, outcome
    period = situation.since, situation.until
    fresh = situation.claim
    assert claim.possibly(*period) is fresh.possibly(*period)
    assert claim.certainly(*period) is fresh.certainly(*period)


def test_what_never_ended_is_claimed_as_if_it_lived() -> None:
    born, gone = (Act(step, "op", 2 * step, 2 * step + 1, Outcome.OK, Standing.CERTAIN) for step in (0, 1))
    ends = [Acts(Log([gone]))]
    claim = Claim(Acts(Log([born])), ends, Rights([Right(born)]), ends)
    assert not claim.possibly(4, 5)
    assert claim.unending().possibly(4, 5)
