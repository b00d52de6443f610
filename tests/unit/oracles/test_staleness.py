"""What may be staleness: somebody once had the right that it would have taken, and lost it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from isofuzz.oracles.staleness import lost_by

if TYPE_CHECKING:
    from tests.unit.conftest import Person, Story

    from isofuzz.program.steps import Ref


@pytest.fixture
def ada(story: Story) -> Person:
    return story.sign_up("ada")


@pytest.fixture
def bob(story: Story) -> Person:
    return story.sign_up("bob")


@pytest.fixture
def room(ada: Person, bob: Person) -> Ref:
    room = ada.does("new_room").made()
    ada.does("invite", room=room, member=bob)
    return room


def taken_by(story: Story) -> str | None:
    violation = story.violations[0]
    return lost_by(story.history, violation, story.vocabulary)


def test_who_was_put_out_still_sees_what_was_there(story: Story, ada: Person, bob: Person, room: Ref) -> None:
    post = ada.does("post", room=room)
    ada.does("kick", room=room, member=bob)
    bob.does("history", room=room, seen=[post.text])
    assert taken_by(story) == "kick"


def test_who_was_put_out_sees_what_came_since(story: Story, ada: Person, bob: Person, room: Ref) -> None:
    ada.does("kick", room=room, member=bob)
    post = ada.does("post", room=room)
    bob.does("history", room=room, seen=[post.text])
    assert taken_by(story) == "kick"


def test_what_was_deleted_still_shows(story: Story, ada: Person, bob: Person, room: Ref) -> None:
    post = ada.does("post", room=room)
    ada.does("delete", message=post.made())
    bob.does("history", room=room, seen=[post.text])
    assert taken_by(story) == "delete"


def test_who_was_put_out_still_writes(story: Story, ada: Person, bob: Person, room: Ref) -> None:
    ada.does("kick", room=room, member=bob)
    post = bob.does("post", room=room)
    ada.does("history", room=room, seen=[post.text])
    assert taken_by(story) == "kick"


def test_who_was_put_out_still_deletes(story: Story, ada: Person, bob: Person, room: Ref) -> None:
    post = ada.does("post", room=room)
    ada.does("kick", room=room, member=bob)
    bob.does("delete", message=post.made())
    ada.does("history", room=room)
    assert taken_by(story) == "kick"


def test_who_was_never_let_in_lost_nothing(story: Story, ada: Person, bob: Person, room: Ref) -> None:
    eve = story.sign_up("eve")
    post = ada.does("post", room=room)
    ada.does("kick", room=room, member=bob)
    eve.does("history", room=room, seen=[post.text])
    assert taken_by(story) is None


def test_a_right_to_another_room_is_none_to_this(story: Story, ada: Person, bob: Person, room: Ref) -> None:
    post = ada.does("post", room=ada.does("new_room").made())
    ada.does("kick", room=room, member=bob)
    bob.does("search", text="", seen=[post.text])
    assert taken_by(story) is None


def test_what_is_private_never_was_anyone_elses(story: Story, ada: Person, bob: Person, room: Ref) -> None:
    note = ada.does("write_note", room=room)
    ada.does("kick", room=room, member=bob)
    bob.does("notes", room=room, seen=[note.text])
    assert taken_by(story) is None


def test_what_was_replaced_was_taken_from_nobody(story: Story, ada: Person, bob: Person, room: Ref) -> None:
    post = ada.does("post", room=room)
    ada.does("edit", message=post.made())
    bob.does("history", room=room, seen=[post.text])
    assert taken_by(story) is None


def test_a_text_of_an_earlier_program_was_nobodys(story: Story, bob: Person) -> None:
    bob.does("search", text="", seen=[-1])
    assert taken_by(story) is None


def test_a_refusal_is_no_staleness(story: Story, ada: Person, room: Ref) -> None:
    ada.is_refused("history", room=room)
    assert taken_by(story) is None
