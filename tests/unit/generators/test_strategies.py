"""What is drawn: only corpora's texts, plain at first, related later, and shrinking to the plainest."""

import random
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Final, Literal, Protocol

import pytest
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st

from isofuzz.errors import TargetMistake
from isofuzz.generators import KEYS, NAMES, QUERIES, confusable, keys, names, queries, values
from isofuzz.generators.corpora import PLAIN_NAMES

KINDS: Final[dict[str, tuple[Callable[[], st.SearchStrategy[str]], tuple[str, ...]]]] = {
    "names": (names, NAMES),
    "keys": (keys, KEYS),
    "queries": (queries, QUERIES),
}


@pytest.mark.parametrize(("strategy", "corpus"), KINDS.values(), ids=KINDS)
@given(data=st.data())
def test_draws_come_from_the_corpus(
    strategy: Callable[[], st.SearchStrategy[str]], corpus: tuple[str, ...], data: st.DataObject
) -> None:
    assert data.draw(strategy()) in corpus


@pytest.mark.parametrize(("strategy", "corpus"), KINDS.values(), ids=KINDS)
def test_all_shrinks_to_the_plainest(strategy: Callable[[], st.SearchStrategy[str]], corpus: tuple[str, ...]) -> None:
    assert find(strategy(), lambda text: True, settings=settings(database=None)) == corpus[0]


def test_several_names_shrink_to_different_ones_and_several_keys_to_the_same() -> None:
    def shrunk(strategy: st.SearchStrategy[str]) -> list[str]:
        return find(st.lists(strategy, min_size=3), lambda texts: True, settings=settings(database=None))

    assert shrunk(names()) == ["a", "b", "c"]
    assert shrunk(keys()) == ["a", "a", "a"]


def sample() -> list[list[str]]:
    """The first six names of two hundred programs. (Of shorter ones Hypothesis would soon run out of plain ones.)"""
    programs: list[list[str]] = []

    @seed(1)
    @settings(
        max_examples=200, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None
    )
    @given(st.tuples(*[names()] * 6))
    def collect(texts: tuple[str, ...]) -> None:
        programs.append(list(texts))

    collect()
    return programs


def test_the_first_names_of_a_program_are_mostly_plain() -> None:
    opening = [name for program in sample() for name in program[:2]]
    assert sum(name in PLAIN_NAMES for name in opening) > len(opening) / 2


def test_later_names_of_a_program_are_often_confusable() -> None:
    def related(texts: list[str]) -> bool:
        odd = set(texts) - set(PLAIN_NAMES)  # plain ones share a cluster too (a:b, a, b), but anyone draws those
        return any(one != other and other in confusable(one) for one in texts for other in odd)

    programs = sample()
    chance = random.Random(5)
    shuffled = [[chance.choice(NAMES) for _ in range(6)] for _ in programs]
    assert sum(map(related, programs)) > len(programs) / 2
    assert sum(map(related, programs)) > sum(map(related, shuffled))


def test_programs_do_not_all_use_one_cluster() -> None:
    assert len({name for program in sample() for name in program}) > len(NAMES) / 2


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [(Annotated[int, st.just(7)], 7), (Literal["a"], "a"), (Annotated[object, st.just("b")], "b"), (type(None), None)],
)
def test_values_of_an_annotation(annotation: Any, expected: object) -> None:
    assert find(values(annotation), lambda value: True) == expected


class Opaque:
    def __init__(self, handle) -> None:  # type: ignore[no-untyped-def]  # not annotated: that is the point
        self.handle = handle


class Shape(Protocol):
    sides: int


@pytest.mark.parametrize(
    "annotation", [Opaque, Shape, AsyncIterator[int], list[Opaque], "Missing", 5, None, Any, object]
)
def test_values_says_what_to_write_for_what_cannot_be_drawn(annotation: Any) -> None:
    with pytest.raises(TargetMistake, match=r"Write Annotated\[.*, strategy\]"):
        values(annotation)
