"""Whose bytes arrive, told from who wrote how many of them."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isofuzz.gate.attribution import Letters
from isofuzz.gate.operation import CURRENT, Operation

END = ("here", "there")
OPERATIONS = [None, Operation(1), Operation(2)]


class Named:
    """A socket, as far as it matters here."""

    def __init__(self, name: str) -> None:
        self._name = name

    def getsockname(self) -> str:
        return self._name


@pytest.fixture
def letters() -> Letters:
    return noting()


def noting() -> Letters:
    letters = Letters()
    letters.listen([Named("there")])
    letters.note(noting=True)
    return letters


def write(letters: Letters, operation: Operation | None, size: int, end: tuple[object, object] = END) -> None:
    token = CURRENT.set(operation)
    letters.write(end, size)
    CURRENT.reset(token)


@given(
    written=st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(1, 9)), max_size=9),
    cuts=st.lists(st.integers(1, 9), max_size=30),
)
def test_each_byte_is_of_whoever_wrote_it(written: list[tuple[Operation | None, int]], cuts: Sequence[int]) -> None:
    letters = noting()
    expected: list[tuple[int, Operation | None]] = []
    for operation, size in written:
        write(letters, operation, size)
        expected += [(len(expected) + place, operation) for place in range(size)]
    assert list(_arriving(letters, len(expected), cuts)) == expected


def _arriving(letters: Letters, total: int, cuts: Sequence[int]) -> Iterator[tuple[int, Operation | None]]:
    """All bytes, each with whose it is, as they arrive in pieces of these sizes and then the rest."""
    data = bytes(range(total))
    for size in [*cuts, total]:
        piece, data = data[:size], data[size:]
        for part, operation in letters.read(END, piece):
            yield from ((byte, operation) for byte in part)


def test_what_was_written_before_anybody_noted_is_nobodys(letters: Letters) -> None:
    letters.note(noting=False)
    write(letters, OPERATIONS[1], 3)
    letters.note(noting=True)
    assert list(letters.read(END, b"abc")) == [(b"abc", None)]


def test_nothing_is_noted_of_what_leaves_the_loop(letters: Letters) -> None:
    elsewhere = ("here", "elsewhere")
    write(letters, OPERATIONS[1], 3, elsewhere)
    assert list(letters.read(elsewhere, b"abc")) == [(b"abc", None)]


def test_each_direction_is_one_of_its_own(letters: Letters) -> None:
    back = ("there", "here")
    letters.connect(Named("here"))
    write(letters, OPERATIONS[1], 3)
    write(letters, OPERATIONS[2], 3, back)
    assert list(letters.read(back, b"abc")) == [(b"abc", OPERATIONS[2])]
    assert list(letters.read(END, b"abc")) == [(b"abc", OPERATIONS[1])]


def test_who_is_gone_reads_nothing_more(letters: Letters) -> None:
    write(letters, OPERATIONS[1], 3)
    letters.forget(END)
    assert list(letters.read(END, b"abc")) == [(b"abc", None)]
