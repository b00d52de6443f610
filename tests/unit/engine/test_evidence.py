"""What was seen is kept short, with the canary in it, and without credentials."""

# mypy: disable-error-code="misc"
# The things below are made into dataclasses by their base class.

from typing import Any

import pytest

from isofuzz.engine.evidence import Withheld, credentials, excerpt, identifiers, shown, written
from isofuzz.program.canary import MARK, Mint, texts
from isofuzz.target.things import Record, Session, Socket, Thread

MINT = Mint("abc123")
CANARY = MINT.mint(7)


class Me(Session):
    token: str


class Wire(Socket):
    address: str


class Room(Thread):
    id: str
    title: str


class Bound(Record):
    me: Me
    text: str


class TestShown:
    def test_a_plain_value_is_shown_as_it_is(self) -> None:
        assert list(shown(["a", 1])) == [["a", 1]]

    def test_each_part_of_a_tuple_is_shown(self) -> None:
        assert list(shown((1, "a"))) == [1, "a"]

    def test_of_a_thing_its_fields(self) -> None:
        assert list(shown(Room("1", CANARY))) == [{"id": "1", "title": CANARY}]

    def test_of_a_socket_nothing(self) -> None:
        assert list(shown((Wire("ws://a"), "b"))) == ["b"]

    def test_a_thing_within_a_thing_is_not_looked_into(self) -> None:
        assert list(shown(Bound(Me("t0ken"), "a"))) == [{"text": "a"}]

    def test_the_fields_of_a_session_are_looked_through_but_not_kept(self) -> None:
        [fields] = shown(Me(f"t0ken of {CANARY}"))
        assert isinstance(fields, Withheld)
        assert MINT.scan(" ".join(texts(fields))) == (7,)
        assert excerpt([fields]) == ""


class Login(Session):
    headers: dict[str, str]
    cookies: list[bytes]
    number: int
    wire: Wire


class TestCredentials:
    def test_they_are_what_the_fields_hold_as_texts(self) -> None:
        login = Login(
            {"Authorization": "Bearer t0ken-of-a"}, [b"sid=0123456789; Path=/"], 1234567890, Wire("ws://somewhere")
        )
        assert set(credentials(login)) == {"t0ken-of-a", "0123456789"}

    def test_what_is_short_and_what_is_looked_for_are_none(self) -> None:
        assert list(credentials(Me("short"))) == []
        assert list(credentials(Me(f"t0ken-{CANARY}"))) == []

    def test_they_are_masked_before_a_text_is_cut(self) -> None:
        text = "x" * 395 + "t0ken-of-a and more"
        assert "t0k" not in excerpt([text], lambda text: text.replace("t0ken-of-a", "***"))


class TestExcerpt:
    def test_a_short_text_is_kept_whole(self) -> None:
        assert excerpt([f"note {CANARY}"]) == f"note {CANARY}"

    def test_the_parts_are_told_apart(self) -> None:
        assert excerpt(["a", {"b": 1}, None, [2]]) == 'a · {"b": 1} · [2]'

    def test_nothing_is_left_of_nothing(self) -> None:
        assert excerpt([None, {}]) == ""

    @pytest.mark.parametrize("canary", [CANARY, CANARY.upper()])
    @pytest.mark.parametrize("before", ["x" * 5000, "İ" * 5000, "a b " * 2000])
    def test_of_a_long_text_what_is_around_the_canary(self, before: str, canary: str) -> None:
        kept = excerpt([before + canary + "y" * 5000])
        assert canary in kept
        assert len(kept) <= 402
        assert kept.startswith("…")
        assert kept.endswith("…")

    def test_without_a_canary_the_beginning(self) -> None:
        assert excerpt(["x" * 1000]) == "x" * 400 + "…"

    def test_the_first_of_several_canaries_is_in_it(self) -> None:
        many = [f"{'z' * 300}{MINT.mint(serial)}" for serial in range(5)]
        assert MINT.mint(0) in excerpt(many)
        assert MARK not in excerpt(many).split(MINT.mint(0))[0]

    def test_credentials_are_masked(self) -> None:
        kept = excerpt([{"token": "hunter2", "url": "postgresql://ada:hunter2@db/chat", "note": CANARY}])
        assert "hunter2" not in kept
        assert CANARY in kept

    def test_an_error_is_named(self) -> None:
        assert excerpt([KeyError("room")]) == "KeyError: 'room'"

    def test_what_is_no_json_is_still_shown(self) -> None:
        loop: dict[str, Any] = {"note": CANARY}
        loop["self"] = loop
        assert CANARY in excerpt([loop])
        assert CANARY in excerpt([{(1, 2): CANARY}])
        assert CANARY in excerpt([{"a": {CANARY}}])

    def test_a_text_that_no_encoding_carries_is_kept(self) -> None:
        assert excerpt(["\ud800"]) == "\ud800"


class Strange:
    """Refuses to be compared, and to be written."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("ambiguous")

    __hash__ = None  # type: ignore[assignment]  # as what compares by element

    def __str__(self) -> str:
        raise RuntimeError("not ready")

    __repr__ = __str__


class StrangeError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not ready")


class TestStrangeValues:
    """Whatever a target returns or raises is evidence, and never a crash."""

    def test_a_value_that_cannot_be_written_is_named(self) -> None:
        assert excerpt([Strange()]) == "Strange (which cannot be written as text)"

    def test_an_error_that_cannot_be_written_is_named(self) -> None:
        assert excerpt([StrangeError()]) == "StrangeError (which cannot be written as text)"

    def test_a_value_that_is_nested_too_deeply_is_named(self) -> None:
        deep: list[Any] = []
        for _ in range(100_000):
            deep = [deep]
        assert excerpt([deep]) == "list (which cannot be written as text)"


class Numbered(Session):
    id: str


class TestIdentifiers:
    def test_each_part_of_an_id_as_it_is_written(self) -> None:
        assert identifiers(Room("7", "a")) == ("7",)
        assert written((1, None, "b")) == ("1", "b")

    def test_a_thing_without_an_id_has_none(self) -> None:
        assert identifiers(Wire("ws://a")) == ()

    def test_that_of_a_session_is_a_credential(self) -> None:
        assert identifiers(Numbered("t0ken")) == ()
