"""Things are dataclasses that are compared by identity; their options are checked when they are defined."""

import re

import pytest

from isofuzz.errors import TargetMistake
from isofuzz.target.things import Record, Secret, Session, Socket, Subscription, Thread, User


class Body(Secret):
    pass


def test_a_thing_is_a_dataclass_compared_by_identity() -> None:
    class Room(Thread):
        id: int
        title: str = ""

    assert repr(Room(1)).endswith("Room(id=1, title='')")
    assert Room(1) != Room(1)


def test_options_are_inherited() -> None:
    class Space(Thread, public=True):
        pass

    class Room(Space, keeps_past=True):
        pass

    assert (Room.options.public, Room.options.keeps_past) == (True, True)
    assert not Space.options.keeps_past


@pytest.mark.parametrize(
    ("base", "option", "message"),
    [
        (User, "public", "class X: public= says nothing about a user; write one of exclusive="),
        (Session, "echo", "class X: echo= says nothing about a session; write one of exclusive="),
        (Record, "within", "class X: within= says nothing about a record; write one of exclusive=, existence="),
        (
            Thread,
            "echo",
            (
                "class X: echo= says nothing about a thread; "
                "write one of exclusive=, existence=, keeps_past=, public=, within="
            ),
        ),
        (
            Subscription,
            "public",
            (
                "class X: public= says nothing about a subscription; "
                "write one of echo=, exclusive=, in_order=, once=, replay="
            ),
        ),
    ],
)
def test_an_option_that_says_nothing_about_such_a_thing(base: type, option: str, message: str) -> None:
    with pytest.raises(TargetMistake, match=f"^{re.escape(message)}$"):
        type("X", (base,), {}, **{option: True})


def test_a_secret_is_not_private_unless_it_says_so() -> None:
    class Note(Secret, private=True):
        pass

    assert (Body.private, Note.private) == (False, True)
    assert Note("text") == "text"


@pytest.mark.parametrize("method", ["barrier", "abort"])
async def test_a_bare_socket_says_what_it_needs(method: str) -> None:
    class Sock(Socket):
        pass

    with pytest.raises(NotImplementedError, match=rf"Sock needs a method {method}\(\), or let it be a WebSocket"):
        await getattr(Sock(), method)()


def test_a_bare_socket_has_no_frames() -> None:
    class Sock(Socket):
        pass

    with pytest.raises(NotImplementedError, match=r"Sock needs a method frames\(\), or let it be a WebSocket"):
        Sock().frames()
