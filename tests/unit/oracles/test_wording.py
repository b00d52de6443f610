"""What varies in one place says nothing of the place beside it."""

import pytest

from isofuzz.oracles.sameness import Sameness
from isofuzz.oracles.wording import Path, Word, Wording, beginning, differing, excerpt, wording, words

SAME = Sameness({1: ("14",)}, {1: ("7",)})


def parts(whole: Wording) -> object:
    """The texts alone."""
    return whole.text if isinstance(whole, Word) else [parts(each) for each in whole]


def between(one: str, other: str) -> list[Path]:
    return list(differing(wording(one), wording(other), SAME))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("no such room, sorry", ["no", "such", "room", ",", "sorry"]),
        ("at 9:05 in room:4.", ["at", "9:05", "in", "room:4", "."]),
        ("[]", [[]]),
        ("[1, 2 3]", [[["1"], ["2", "3"]]]),
        ('{"a": 1, "b": [2]}', [[['"', "a", '"', ":", "1"], ['"', "b", '"', ":", [["2"]]]]]),
        ('["a, [b", 2]', [[['"', "a", ",", "[", "b", '"'], ["2"]]]),
        (r'["a \"quoted, text", 2]', [[['"', "a", "\\", '"', "quoted", ",", "text", '"'], ["2"]]]),
        ("{'a': 1, 'b': 2}", [[["'", "a", "'", ":", "1"], ["'", "b", "'", ":", "2"]]]),
        ('Refused: {"code": 4} again', ["Refused", ":", [['"', "code", '"', ":", "4"]], "again"]),
        ("a] b} c", ["a", "]", "b", "}", "c"]),
        ("a [b, c", ["a", [["b"], ["c"]]]),
        ('5" or [6', ["5", '"', "or", [["6"]]]),
        ("◇4", ["◇", "4"]),
    ],
)
def test_a_text_in_its_parts(text: str, expected: object) -> None:
    assert parts(wording(text)) == expected


def test_the_words_alone() -> None:
    assert words('a/4 ["x"]') == ("a", "/", "4", "[", '"', "x", '"', "]")


def test_a_word_knows_where_it_stands() -> None:
    text = 'rooms: {"a": [1, 22], "b c": "x y"}'

    def flat(whole: Wording) -> list[Word]:
        return [whole] if isinstance(whole, Word) else [word for each in whole for word in flat(each)]

    found = flat(wording(text))
    assert [text[word.start : word.start + len(word.text)] for word in found] == [word.text for word in found]


def test_what_is_nested_too_deeply_to_follow_is_compared_as_words() -> None:
    deep, deeper = "[" * 5000 + "1" + "]" * 5000, "[" * 5000 + "2" + "]" * 5000
    assert between(deep, deep) == []
    assert len(between(deep, deeper)) == 1


class TestDiffering:
    def test_the_same_does_not(self) -> None:
        assert between('{"a": [1, 14]}', '{"a": [1, 7]}') == []

    def test_a_word_in_a_list(self) -> None:
        assert between("[1, 2, 3]", "[1, 5, 3]") == [(0, 1, 0)]

    def test_every_word_that_does(self) -> None:
        assert between("a 1 b 2", "a 3 b 4") == [(1,), (3,)]

    def test_a_list_of_another_length_alone(self) -> None:
        assert between('{"a": [1, 2], "b": 1}', '{"a": [1], "b": 2}') == [(0, 0, 4), (0, 1, 4)]

    def test_a_longer_greeting_alone(self) -> None:
        assert between('{"tip": "Search!", "n": 1}', '{"tip": "Have a label?", "n": 1}') == [(0, 0)]

    def test_one_more_field_is_all_of_its_object(self) -> None:
        assert between('{"a": {"x": 1}, "b": 1}', '{"a": {"x": 1, "y": 2}, "b": 1}') == [(0, 0, 4)]

    def test_a_list_instead_of_a_word(self) -> None:
        assert between("a [1]", "a 1") == [(1,)]

    def test_something_instead_of_nothing(self) -> None:
        assert between("", "a") == [()]


class TestWhereItBegins:
    def begins(self, one: str, other: str) -> tuple[str, str]:
        [path] = between(one, other)
        mine, theirs = beginning(wording(one), wording(other), SAME, path)
        return one[mine:], other[theirs:]

    def test_at_the_word(self) -> None:
        assert self.begins("rooms 2 of 9", "rooms 1 of 9") == ("2 of 9", "1 of 9")

    def test_where_it_goes_another_way_and_not_at_an_identifier(self) -> None:
        assert self.begins("room 14: a b", "room 7: c") == ("a b", "c")

    def test_where_one_of_them_ends(self) -> None:
        assert self.begins("room 14: a b", "room 7: a") == ("b", "a")
        assert self.begins("[[5, 6], [8, 9]]", "[[5, 6]]") == ("8, 9]]", "6]]")

    def test_within_a_list(self) -> None:
        assert self.begins("[1, 2, 3]", "[1, 4]") == ("2, 3]", "4]")

    def test_at_the_beginning_where_all_is_the_same(self) -> None:
        assert beginning(wording("no"), wording("no"), SAME, ()) == (0, 0)
        assert beginning([], [], SAME, ()) == (0, 0)


class TestExcerpts:
    TEXT = " ".join(f"word{number}" for number in range(100))

    def test_a_short_text_is_whole(self) -> None:
        assert excerpt("a b c", 4, 20) == "a b c"

    @pytest.mark.parametrize(("word", "start", "end"), [(0, "word0 ", "…"), (50, "…", "…"), (99, "…", "word99")])
    def test_a_long_one_is_cut_around_the_place(self, word: int, start: str, end: str) -> None:
        cut = excerpt(self.TEXT, self.TEXT.index(f"word{word}"), 60)
        assert cut.startswith(start)
        assert cut.endswith(end)
        assert f"word{word}" in cut
        assert 60 <= len(cut) <= 62
