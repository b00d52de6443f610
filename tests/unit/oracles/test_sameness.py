"""Words of two histories say the same if they are equal, name the same thing, or come from a clock or from chance."""

import pytest

from isofuzz.oracles.sameness import Sameness

NONE = Sameness({}, {})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-11-22", "2026-11-23"),
        ("2026-11-22T21:41:32.123456+00:00", "2026-11-22T21:41:33Z"),
        ("21:41", "9:05"),
        ("21:41:32.5+01", "21:41:33"),
        ("1795383692", "1795383693"),
        ("1795383692.25", "1795383692123"),
        ("0b5c7a1e-8f7f-4a5c-9b57-0d9f3f6f2b11", "f2b9d6a0-1111-4c5e-8a8a-7d1f00000001"),
        ("0b5c7a1e8f7f4a5c9b570d9f3f6f2b11", "f2b9d6a011114c5e8a8a7d1f00000001"),
        ("q3Zt-9aLw_0pXc7B1", "aa81kkPz_42-vvN0e"),
    ],
)
def test_times_and_chance_are_the_same(first: str, second: str) -> None:
    assert NONE(first, second)
    assert NONE(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("4", "5"),
        ("404", "403"),
        ("3.5", "2.5"),
        ("not", "now"),
        ("forbidden-for-you-1", "not-found-for-you"),
        ("visible_threads:3", "visible_threads:1"),
        ("conversations-0004", "conversations-0002"),
        ("2026-11-22", "4"),
        ("1795383692", "3"),
        ("0b5c7a1e-8f7f-4a5c-9b57-0d9f3f6f2b11", "none"),
    ],
)
def test_counts_codes_and_words_are_not(first: str, second: str) -> None:
    assert not NONE(first, second)
    assert not NONE(second, first)


class TestIdentifiers:
    same = Sameness({(3, 0): ("14",), (4, 0): ("15",), (5, 0): ("a3f9",)}, {(3, 0): ("7",), (4, 0): ("14",)})

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("14", "7"),
            ("15", "14"),
            ("room:14", "room:7"),
            ("room-14_15.json", "room-7_14.json"),
            ("msg_14", "msg_7"),
            ("room14", "room7"),
            ("14:14", "7:7"),
        ],
    )
    def test_what_one_thing_is_called_is_the_same(self, first: str, second: str) -> None:
        assert self.same(first, second)

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("7", "14"),
            ("14", "14.0"),
            ("14", "15"),
            ("15", "7"),
            ("room:15", "room:7"),
            ("114", "17"),
            ("140", "70"),
            ("room:14:2", "room:7:1"),
            ("a3f9", "7"),
        ],
    )
    def test_what_two_things_are_called_is_not(self, first: str, second: str) -> None:
        assert not self.same(first, second)

    def test_an_identifier_that_looks_random_stands_for_its_thing_alone(self) -> None:
        mine, theirs = "0b5c7a1e-8f7f-4a5c-9b57-0d9f3f6f2b11", "f2b9d6a0-1111-4c5e-8a8a-7d1f00000001"
        foreign = "1c7e6f10-2222-4c5e-8a8a-7d1f00000002"
        same = Sameness({(1, 0): (mine,), (2, 0): (foreign,)}, {(1, 0): (theirs,)})
        assert same(mine, theirs)
        assert not same(foreign, theirs)
        assert same("99999999-8f7f-4a5c-9b57-0d9f3f6f2b11", "88888888-1111-4c5e-8a8a-7d1f00000001")

    def test_an_identifier_is_found_between_others(self) -> None:
        same = Sameness({1: ("r-3f_9",), 2: ("4",)}, {1: ("q_7-77",), 2: ("5",)})
        assert same("room:r-3f_9:4", "room:q_7-77:5")

    def test_identifiers_of_different_parts_have_nothing_in_common(self) -> None:
        same = Sameness({1: ("4", "1")}, {1: ("5",)})
        assert not same("4", "5")

    def test_a_count_that_is_equal_to_an_identifier_is_taken_for_it(self) -> None:
        """A limit: the two cannot be told apart where no two runs have other identifiers."""
        assert self.same("14", "7")

    def test_a_very_long_word_is_no_address(self) -> None:
        same = Sameness({1: ("4",)}, {1: ("5",)})
        assert not same(f"{'x' * 5000}:4", f"{'x' * 5000}:5")
        assert same(f"{'x' * 5000}:4", f"{'x' * 5000}:4")

    def test_many_identifiers_in_one_word_take_no_long(self) -> None:
        same = Sameness(dict.fromkeys(range(50), ("1",)), {number: (f"{number}",) for number in range(50)})
        assert same("1:" * 30, "".join(f"{number}:" for number in range(30)))
        assert not same("1:" * 30 + "33", "2:" * 30 + "4")
