"""Made-up ids look like issued ones, are always the same, and never are one."""

import re
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isofuzz.errors import TargetMistake
from isofuzz.generators import never_issued

variants = st.integers(0, 50)


@given(variants, st.none() | st.text() | st.integers() | st.uuids() | st.tuples(st.integers(), st.text()))
def test_it_has_the_type_is_deterministic_and_never_the_example(variant: int, example: object) -> None:
    for id_type in (str, int, uuid.UUID):
        made = never_issued(id_type, variant, example)
        assert type(made) is id_type
        assert made == never_issued(id_type, variant, example)
        assert made != example


@given(st.from_regex(r"[a-z]{0,9}[_:-]?[0-9A-Za-z]{1,30}", fullmatch=True))
def test_variants_differ(example: str) -> None:
    assert len({never_issued(str, variant, example) for variant in range(20)}) == 20


@given(variants, st.uuids(), st.booleans(), st.booleans())
def test_a_uuid_in_a_text_stays_one(variant: int, example: uuid.UUID, hyphens: bool, upper: bool) -> None:
    text = str(example) if hyphens else example.hex
    text = text.upper() if upper else text
    made = never_issued(str, variant, text)
    assert isinstance(made, str)
    assert uuid.UUID(made).version == (example.version or 4)
    assert len(made) == len(text)
    assert made == (made.upper() if text == text.upper() else made.lower())


def test_a_uuid_keeps_its_version_and_its_time() -> None:
    example = uuid.UUID("01930d5c-6b1e-7cc0-98c4-dc0c0c07398f")
    made = never_issued(uuid.UUID, 0, example)
    assert isinstance(made, uuid.UUID)
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.bytes[:6] == example.bytes[:6]


@given(variants, st.integers(-(2**63) + 1, 2**63 - 1))
def test_a_number_is_far_from_the_example_and_fits_where_that_fits(variant: int, example: int) -> None:
    made = never_issued(int, variant, example)
    assert isinstance(made, int)
    assert 1_000_000 < abs(made - example) < 2_000_000
    assert abs(made) <= next(ceiling for ceiling in (2**31 - 1, 2**53 - 1, 2**63 - 1) if abs(example) <= ceiling)


@pytest.mark.parametrize(
    ("example", "shape"),
    [
        ("17", r"10000\d\d"),
        ("room_17", r"room_10000\d\d"),
        ("507f1f77bcf86cd799439011", r"507f1f77bcf8[0-9a-f]{12}"),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", r"01ARZ3NDEKTSV4[0-9A-HJKMNP-TV-Z]{12}"),
        ("V1StGXR8_Z5jdHi6B-myT", r"V1StGXR8_[0-9A-Za-z]{8}-myT"),
        ("general", r"[a-z]{8}"),
        ("a:b", r"[a-z]{8}:b"),
        ("é", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ],
)
def test_a_text_keeps_its_shape(example: str, shape: str) -> None:
    made = never_issued(str, 0, example)
    assert isinstance(made, str)
    assert re.fullmatch(shape, made)


@pytest.mark.parametrize(
    ("id_type", "example", "types"),
    [
        (tuple[int, str], None, [int, str]),
        (tuple[int, str], (3, "a"), [int, str]),
        (tuple[str, ...], ("a", "b", "c"), [str, str, str]),
        (tuple[str, ...], None, [str]),
        (tuple, (3, uuid.UUID(int=1)), [int, uuid.UUID]),
        (tuple[int, tuple[str, int]], (3, ("a", 1)), [int, tuple]),
    ],
)
def test_a_tuple_is_made_up_part_by_part(id_type: Any, example: tuple[object, ...] | None, types: list[type]) -> None:
    made = never_issued(id_type, 0, example)
    assert isinstance(made, tuple)
    assert [type(part) for part in made] == types
    assert all(part not in (example or ()) for part in made)


@pytest.mark.parametrize("id_type", [bool, float, object, list[int], tuple[float, int], "str", None])
def test_any_other_type_is_a_mistake_that_names_what_is_supported(id_type: Any) -> None:
    with pytest.raises(TargetMistake, match=r"str, int, uuid\.UUID or a tuple"):
        never_issued(id_type, 0, None)
