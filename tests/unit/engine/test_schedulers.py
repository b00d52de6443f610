"""Who decides who moves next."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from isofuzz.engine.schedulers import Alternating, Given, Pct, RandomWalk, scheduler
from isofuzz.program.schedule import Schedule

OPTIONS = st.lists(st.integers(1, 5), min_size=1, max_size=6)


def test_given_decides_as_it_says_and_then_switches_no_more() -> None:
    decides = Given(Schedule.of([0, 2, 1]))
    assert [decides.choose(place, [1, 2, 3]) for place in range(5)] == [0, 2, 1, 0, 0]
    assert decides.unfit_from(moves=3) is None


def test_given_does_not_fit_if_all_is_over_before_it_has_decided_all() -> None:
    decides = Given(Schedule.of([0, 0, 1]))
    assert [decides.choose(place, [1]) for place in range(2)] == [0, 0]
    assert decides.unfit_from(moves=2) == 2


def test_given_says_from_where_it_does_not_fit() -> None:
    decides = Given(Schedule.of([1, 2, 1]))
    assert [decides.choose(place, [1, 2]) for place in range(3)] == [1, 0, 0]
    assert decides.unfit_from(moves=3) == 1


@given(st.integers(0, 2**20), st.lists(OPTIONS, max_size=30))
def test_the_same_seed_decides_the_same(seed: int, moves: list[list[int]]) -> None:
    steps = [1, 2, 3, 4, 5]
    one, two = scheduler(seed, steps), scheduler(seed, steps)
    if one is None or two is None:
        assert one is two
        return
    for place, movers in enumerate(moves):
        decision = one.choose(place, movers)
        assert 0 <= decision < len(movers)
        assert decision == two.choose(place, movers)


def test_a_random_walk_goes_everywhere() -> None:
    walk = RandomWalk(7)
    taken = Counter(walk.choose(place, [1, 2, 3]) for place in range(300))
    assert set(taken) == {0, 1, 2}


def test_alternating_has_each_move_once_before_anybody_moves_again() -> None:
    beginnings = set()
    for seed in range(50):
        decides = Alternating(seed, [1, 2, 3])
        movers = [[1, 2, 3][decides.choose(place, [1, 2, 3])] for place in range(9)]
        assert movers[:3] == movers[3:6] == movers[6:]
        beginnings.add(tuple(movers[:3]))
    assert len(beginnings) == 6


def test_alternating_passes_over_who_cannot_move() -> None:
    decides = Alternating(0, [1, 2])
    first = [1, 2][decides.choose(0, [1, 2])]
    other = 3 - first
    assert [decides.choose(place, [first]) for place in (1, 2)] == [0, 0]
    assert [other, first][decides.choose(3, [other, first])] == other


def test_pct_lets_one_go_on_to_its_end_but_for_few_changes() -> None:
    for seed in range(50):
        depth = 1 + seed % 3
        decides = Pct(seed, depth, [1, 2])
        movers = [[1, 2][decides.choose(place, [1, 2])] for place in range(10)]
        changes = sum(one != other for one, other in pairwise(movers))
        assert changes <= depth - 1


def test_pct_of_depth_two_changes_its_mind_at_every_place_of_some_seed() -> None:
    places = set()
    for seed in range(200):
        decides = Pct(seed, 2, [1, 2])
        movers = [decides.choose(place, [1, 2]) for place in range(10)]
        places |= {place for place in range(1, 10) if movers[place] != movers[place - 1]}
    assert places == set(range(1, 10))


def test_the_portfolio_holds_bursts_that_nobody_controls() -> None:
    kinds = Counter(type(scheduler(seed, [1, 2])).__name__ for seed in range(80))
    assert kinds == {"NoneType": 10, "Alternating": 20, "RandomWalk": 30, "Pct": 20}
