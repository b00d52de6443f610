"""What is stored came from who may store it, is filed where it belongs, and is all there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from isofuzz.history.entries import Completion, Row, Storage
from isofuzz.oracles.explanation import explain, steps_involved
from isofuzz.program.steps import NeverIssued

if TYPE_CHECKING:
    from tests.unit.conftest import Op, Person, Story

    from isofuzz.program.steps import Ref


@pytest.fixture
def ada(story: Story) -> Person:
    return known(story, story.sign_up("ada"))


@pytest.fixture
def bob(story: Story, ada: Person) -> Person:
    return known(story, story.sign_up("bob"))


@pytest.fixture
def room(story: Story, ada: Person) -> Ref:
    return issued(story, ada.does("new_room")).made()


def known(story: Story, person: Person) -> Person:
    issue(story, person.user)
    return person


def issued(story: Story, op: Op) -> Op:
    issue(story, op.made())
    return op


def issue(story: Story, ref: Ref) -> None:
    """The completion tells the identifier of what its step made."""
    for place, entry in enumerate(story.history):
        if isinstance(entry, Completion) and entry.step == ref.step:
            story.history[place] = replace(entry, ids={**entry.ids, ref.output: (f"id {ref.step}",)})


def stored(story: Story, *rows: Row) -> list[str]:
    """What is wrong if these rows are stored, as fingerprints."""
    story.history.append(Storage(rows))
    return [violation.fingerprint for violation in story.violations]


def row(*texts: int, threads: tuple[Ref, ...] | None = None, owners: tuple[Ref, ...] | None = None) -> Row:
    return Row(texts, f"row of {texts}", threads, owners)


def told(story: Story) -> str:
    [violation] = story.violations
    return explain(story.program, story.history, violation, story.vocabulary)


class TestIntruded:
    def test_the_text_of_a_refused_write(self, story: Story, ada: Person, room: Ref) -> None:
        post = ada.starts("post", room=room).is_refused()
        assert stored(story, row(post.text)) == ["integrity:intruded:Room:stored:post:Body"]
        assert (story.violations[0].user, story.violations[0].written_by) == (ada.user, post.step)
        assert told(story) == (
            "A text is stored that should not be: the Body that user A (named 'ada') wrote in step 3 (`post`) into A's "
            "Room (step 2). Step 3 was refused, so it has to change nothing."
        )

    def test_the_text_of_a_stranger_whatever_was_answered(
        self, story: Story, ada: Person, bob: Person, room: Ref
    ) -> None:
        post = ada.does("post", room=room)
        edit = bob.does("edit", message=post.made())
        assert stored(story, row(edit.text)) == ["integrity:intruded:Room:stored:edit:Body"]
        assert story.violations[0].user == bob.user
        assert steps_involved(story.history, story.violations[0], story.vocabulary) == (1, 2, 3, 4, 5)

    def test_the_text_of_an_earlier_program(self, story: Story, ada: Person) -> None:
        assert stored(story, row(-4), row(-4)) == ["integrity:intruded:program:stored"]
        assert told(story) == (
            "A text is stored that should not be: a text of an earlier program. Nothing of an earlier program may be "
            "there after a reset."
        )

    def test_not_a_text_that_has_no_home(self, story: Story, ada: Person) -> None:
        text = story.starts("announce", None, {}).returns().text
        assert stored(story, row(text)) == []

    def test_not_a_text_of_somebody_who_may_have_been_let_in(
        self, story: Story, ada: Person, bob: Person, room: Ref
    ) -> None:
        invite = ada.starts("invite", room=room, member=bob)
        post = bob.does("post", room=room)
        invite.returns()
        assert stored(story, row(post.text)) == []

    def test_not_a_text_that_went_to_where_there_was_nothing(self, story: Story, bob: Person) -> None:
        assert stored(story, row(bob.does("post", room=NeverIssued("Room")).text)) == []

    def test_not_a_text_that_was_replaced_or_deleted(self, story: Story, ada: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        edit = ada.does("edit", message=post.made())
        ada.does("delete", message=post.made())
        assert stored(story, row(post.text), row(edit.text)) == []


class TestMisfiled:
    def test_under_another_thread(self, story: Story, ada: Person, room: Ref) -> None:
        other = issued(story, ada.does("new_room")).made()
        post = ada.does("post", room=room)
        assert stored(story, row(post.text, threads=(other,))) == ["integrity:misfiled:Room:stored:post:Body"]
        assert told(story) == (
            "A text is stored as if it were another's: the Body that user A (named 'ada') wrote in step 4 (`post`) "
            "into A's Room (step 2). The row says that it belongs to A's Room (step 3)."
        )
        assert steps_involved(story.history, story.violations[0], story.vocabulary) == (1, 2, 3, 4)

    def test_under_an_owner_who_has_nothing_to_do_with_it(
        self, story: Story, ada: Person, bob: Person, room: Ref
    ) -> None:
        post = ada.does("post", room=room)
        row_of_bob = row(post.text, threads=(room,), owners=(bob.user,))
        assert stored(story, row_of_bob) == ["integrity:misfiled:Room:stored:post:Body"]
        assert told(story).endswith("The row says that it belongs to A's Room (step 3) and to user B (named 'bob').")

    def test_under_somebody_else_who_may_see_it(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("invite", room=room, member=bob)
        post = ada.does("post", room=room)
        assert stored(story, row(post.text, owners=(bob.user,))) == ["integrity:misfiled:Room:stored:post:Body"]

    def test_a_copy_for_somebody_who_may_not_see_it(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        rows = row(post.text, owners=(ada.user,)), row(post.text, owners=(bob.user,))
        assert stored(story, *rows) == ["integrity:misfiled:Room:stored:post:Body"]

    def test_a_text_of_ones_own_space(self, story: Story, ada: Person, bob: Person) -> None:
        about = ada.does("describe")
        assert stored(story, row(about.text, owners=(bob.user,))) == ["integrity:misfiled:user:stored:describe:About"]

    def test_under_what_no_step_made(self, story: Story, ada: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        assert stored(story, row(post.text, threads=(), owners=())) == ["integrity:misfiled:Room:stored:post:Body"]
        assert told(story).endswith("belongs to a thread that no step made and to a user whom no step made.")

    def test_once_for_each_text(self, story: Story, ada: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        assert len(stored(story, row(post.text, threads=()), row(post.text, threads=()))) == 1

    def test_not_where_it_belongs(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        topic = issued(story, ada.does("new_topic", room=room)).made()
        text = ada.does("write_topic", topic=topic).text
        assert (
            stored(story, row(text, threads=(topic,), owners=(ada.user,)), row(text, threads=(room,)), row(text)) == []
        )

    def test_not_under_one_of_several_that_have_the_identifier(
        self, story: Story, ada: Person, bob: Person, room: Ref
    ) -> None:
        other = issued(story, bob.does("new_room")).made()
        post = ada.does("post", room=room)
        assert stored(story, row(post.text, threads=(other, room), owners=(bob.user, ada.user))) == []

    def test_not_a_copy_for_somebody_who_may_see_it(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("invite", room=room, member=bob)
        post = ada.does("post", room=room)
        assert stored(story, row(post.text, owners=(bob.user,)), row(post.text, owners=(ada.user,))) == []

    def test_not_under_the_owner_of_what_it_lies_in(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("invite", room=room, member=bob)
        post = bob.does("post", room=room)
        assert stored(story, row(post.text, owners=(ada.user,))) == []

    def test_not_one_who_signed_up_twice(self, story: Story, ada: Person, room: Ref) -> None:
        again = known(story, story.sign_up("ada"))
        post = ada.does("post", room=room)
        assert stored(story, row(post.text, owners=(again.user,))) == []

    def test_not_where_the_identifier_is_not_known(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        again = story.sign_up("ada")  # perhaps under another identifier
        post = again.does("post", room=room)
        assert stored(story, row(post.text, threads=(), owners=())) == []

    def test_not_what_may_have_been_replaced_or_whose_author_may_be_gone(
        self, story: Story, ada: Person, bob: Person, room: Ref
    ) -> None:
        ada.does("invite", room=room, member=bob)
        first, second = ada.does("post", room=room), bob.does("post", room=room)
        ada.loses("edit", message=first.made())
        bob.loses("close_account", who=bob)
        assert stored(story, row(first.text, owners=()), row(second.text, owners=())) == []


class TestLost:
    def test_a_text_that_nobody_took_away(self, story: Story, ada: Person, room: Ref) -> None:
        lost, there = ada.does("post", room=room), ada.does("post", room=room)
        assert stored(story, row(there.text)) == ["integrity:lost:Room:stored:post:Body"]
        assert story.violations[0].serial == lost.text
        assert steps_involved(story.history, story.violations[0], story.vocabulary) == (1, 2, 3, 4)
        assert told(story).endswith("Nobody who had the right to it has replaced or deleted it.")

    def test_a_text_that_a_stranger_deleted(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        lost = ada.does("post", room=room)
        there = ada.does("post", room=room)
        bob.does("delete", message=lost.made())
        assert stored(story, row(there.text)) == ["integrity:lost:Room:stored:post:Body"]
        assert told(story).endswith("has replaced or deleted it, but step 6 (`delete`) tried.")
        assert 6 in steps_involved(story.history, story.violations[0], story.vocabulary)

    def test_not_beside_the_intrusion_that_took_its_place(
        self, story: Story, ada: Person, bob: Person, room: Ref
    ) -> None:
        replaced, there = ada.does("post", room=room), ada.does("post", room=room)
        edit = bob.does("edit", message=replaced.made())
        assert stored(story, row(there.text), row(edit.text)) == ["integrity:intruded:Room:stored:edit:Body"]

    def test_not_where_no_text_of_the_operation_is_told(self, story: Story, ada: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        ada.does("retitle", room=room)
        assert stored(story, row(post.text)) == []

    def test_not_what_was_replaced_or_may_have_been(self, story: Story, ada: Person, room: Ref) -> None:
        posts = [ada.does("post", room=room) for _ in range(4)]
        ada.does("edit", message=posts[0].made())
        ada.loses("edit", message=posts[1].made())
        ada.does("delete", message=posts[2].made())
        assert stored(story, row(posts[3].text)) == []

    def test_not_what_was_not_certainly_written(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.loses("post", room=room)
        ada.is_refused("post", room=room)
        bob.does("post", room=room)
        assert stored(story, row(ada.does("post", room=room).text)) == []

    def test_not_what_went_with_its_author_or_the_author_s_right(
        self, story: Story, ada: Person, bob: Person, room: Ref
    ) -> None:
        ada.does("invite", room=room, member=bob)
        bob.does("post", room=room)
        there = ada.does("post", room=room)
        ada.does("kick", room=room, member=bob)
        assert stored(story, row(there.text)) == []

    def test_not_what_a_read_of_what_is_new_may_have_taken(self, story: Story, ada: Person, room: Ref) -> None:
        ada.does("post", room=room)
        ada.does("inbox")
        assert stored(story, row(ada.does("post", room=room).text)) == []

    def test_not_a_text_that_came_with_opening_what_there_was(self, story: Story, ada: Person, room: Ref) -> None:
        first, again = (ada.does("put_card", room=room, key="k") for _ in range(2))
        there = ada.does("put_card", room=room, key="l")
        assert first.text != again.text
        assert stored(story, row(there.text)) == []


def test_nothing_is_said_where_nobody_is_there_to_say_it_of(story: Story) -> None:
    assert stored(story, row(-1)) == []
