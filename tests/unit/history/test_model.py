"""What comes into being, whose it is, and what an operation changes: nothing, for someone not entitled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from isofuzz.history.acts import Standing
from isofuzz.history.entries import Skipped
from isofuzz.program.steps import NeverIssued

if TYPE_CHECKING:
    from tests.unit.conftest import Op, Person, Story


@pytest.fixture
def ada(story: Story) -> Person:
    return story.sign_up("ada")


@pytest.fixture
def bob(story: Story) -> Person:
    return story.sign_up("bob")


class TestCreation:
    def test_who_signs_up_owns_their_session(self, story: Story, ada: Person) -> None:
        things = story.model.things
        user, session = things[ada.user], things[ada.session]
        assert user.owner is user
        assert session.owner is user
        assert user.label == "ada"

    def test_a_record_lives_in_its_thread_and_its_texts_in_both(self, story: Story, ada: Person) -> None:
        room = ada.does("new_room").made()
        post = ada.does("post", room=room)
        model = story.model
        message = model.things[post.made()]
        assert list(message.lineage()) == [message, model.things[room]]
        assert [c.serial for c in model.texts(model.things[ada.user], model.things[room], "Body")] == [post.text]
        assert model.canaries[post.text].home is message

    def test_a_thread_lives_in_the_thread_that_its_class_names(self, story: Story, ada: Person) -> None:
        room = ada.does("new_room").made()
        topic = ada.does("new_topic", room=room).made()
        things = story.model.things
        assert things[topic].container is things[room]

    def test_a_subscription_knows_its_scope_socket_and_session(self, story: Story, ada: Person) -> None:
        room, sock = ada.does("new_room").made(), ada.does("connect").made()
        feed = ada.does("watch", sock=sock, room=room).made()
        things = story.model.things
        assert things[feed].scope is things[room]
        assert things[feed].socket is things[sock]
        assert things[feed].session is things[sock].session is things[ada.session]

    def test_a_text_without_a_thread_lives_in_its_authors_space(self, story: Story, ada: Person) -> None:
        text = ada.does("describe").text
        model = story.model
        assert model.canaries[text].home is model.things[ada.user]

    def test_the_operators_text_without_a_thread_has_no_home(self, story: Story) -> None:
        text = story.starts("announce", None, {}).returns().text
        assert story.model.homeless == {text}


class TestIdentity:
    def test_an_equal_name_is_the_same_user(self, story: Story, ada: Person) -> None:
        again = story.sign_up("ada")
        things = story.model.things
        assert things[again.user] is things[ada.user]

    def test_another_name_is_another_user_however_alike(self, story: Story, ada: Person) -> None:
        other = story.sign_up("Ada")
        things = story.model.things
        assert things[other.user] is not things[ada.user]

    def test_an_equal_key_is_the_same_thing_of_one_user(self, story: Story, ada: Person, bob: Person) -> None:
        mine, again, other = (person.does("open_doc", key="k").made() for person in (ada, ada, bob))
        things = story.model.things
        assert things[mine] is things[again]
        assert things[mine] is not things[other]

    def test_an_equal_key_is_the_same_thing_in_one_container(self, story: Story, ada: Person, bob: Person) -> None:
        rooms = [ada.does("new_room").made() for _ in range(2)]
        ada.does("invite", room=rooms[0], member=bob)
        cards = [
            ada.does("put_card", room=rooms[0], key="k"),
            bob.does("put_card", room=rooms[0], key="k"),
            ada.does("put_card", room=rooms[1], key="k"),
        ]
        things = story.model.things
        assert things[cards[0].made()] is things[cards[1].made()]
        assert things[cards[0].made()] is not things[cards[2].made()]

    def test_a_name_is_someone_else_after_the_account_was_closed(self, story: Story, ada: Person) -> None:
        ada.does("close_account", who=ada)
        again = story.sign_up("ada")
        things = story.model.things
        assert things[again.user] is not things[ada.user]
        assert list(things[ada.user].bearers()) == [things[ada.user], things[again.user]]


class TestReplacement:
    def test_a_text_replaces_the_one_before(self, story: Story, ada: Person) -> None:
        room = ada.does("new_room").made()
        old, new = ada.does("retitle", room=room), ada.does("retitle", room=room)
        canaries = story.model.canaries
        assert [act.step for act in canaries[old.text].ends] == [new.step]
        assert canaries[new.text].ends == []

    def test_of_two_overlapping_texts_each_may_replace_the_other(self, story: Story, ada: Person) -> None:
        room = ada.does("new_room").made()
        one, two = ada.starts("retitle", room=room), ada.starts("retitle", room=room)
        one.returns()
        two.returns()
        canaries = story.model.canaries
        assert [act.step for act in canaries[one.text].ends] == [two.step]
        assert [act.step for act in canaries[two.text].ends] == [one.step]

    def test_a_message_does_not_replace_what_the_room_says_or_the_other_way_round(
        self, story: Story, ada: Person
    ) -> None:
        room = ada.does("new_room").made()
        title, post = ada.does("retitle", room=room), ada.does("post", room=room)
        ada.does("post", room=room)
        canaries = story.model.canaries
        assert canaries[title.text].ends == canaries[post.text].ends == []

    def test_private_texts_lie_side_by_side(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        mine, yours = ada.does("write_note", room=room), bob.does("write_note", room=room)
        again = ada.does("write_note", room=room)
        canaries = story.model.canaries
        assert [act.step for act in canaries[mine.text].ends] == [again.step]
        assert canaries[yours.text].ends == []


class TestStanding:
    def standing(self, story: Story, op: Op) -> Standing:
        return story.model.deeds[op.step].act.standing

    def test_of_an_owner_a_stranger_and_a_member(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        assert self.standing(story, ada.does("post", room=room)) is Standing.CERTAIN
        assert self.standing(story, bob.does("post", room=room)) is Standing.NONE
        ada.does("invite", room=room, member=bob)
        assert self.standing(story, bob.does("post", room=room)) is Standing.CERTAIN
        ada.does("kick", room=room, member=bob)
        assert self.standing(story, bob.does("post", room=room)) is Standing.NONE

    def test_of_one_who_was_offered_or_perhaps_let_in(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("ask_in", room=room, member=bob)
        assert self.standing(story, bob.does("post", room=room)) is Standing.POSSIBLE

    def test_is_open_while_the_operation_runs(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        post = bob.starts("post", room=room)
        assert self.standing(story, post) is Standing.POSSIBLE
        post.returns()
        assert self.standing(story, post) is Standing.NONE

    def test_does_not_come_from_the_operation_itself(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        assert self.standing(story, bob.does("invite", room=room, member=bob)) is Standing.NONE
        assert self.standing(story, ada.does("log_out")) is Standing.CERTAIN

    def test_towards_what_was_never_issued(self, story: Story, ada: Person) -> None:
        room = ada.does("new_room").made()
        assert self.standing(story, ada.does("post", room=NeverIssued("Room"))) is Standing.NONE
        assert self.standing(story, ada.does("invite", room=room, member=NeverIssued("Who"))) is Standing.CERTAIN

    def test_towards_what_is_gone(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("delete_room", room=room)
        assert self.standing(story, ada.does("post", room=room)) is Standing.POSSIBLE
        assert self.standing(story, bob.does("post", room=room)) is Standing.NONE

    def test_of_a_session_that_has_logged_out(self, story: Story, ada: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("log_out")
        assert self.standing(story, ada.does("post", room=room)) is Standing.NONE

    def test_towards_things_that_do_not_lie_in_one_another(self, story: Story, ada: Person) -> None:
        room, other = ada.does("new_room").made(), ada.does("new_room").made()
        message = ada.does("post", room=room).made()
        assert self.standing(story, ada.does("edit_in", room=room, message=message)) is Standing.CERTAIN
        assert self.standing(story, ada.does("edit_in", room=other, message=message)) is Standing.POSSIBLE

    def test_towards_the_first_of_two_things_of_one_key(self, story: Story, ada: Person) -> None:
        """Whether the old reference still means anything depends on the system."""
        first = ada.does("open_doc", key="k").made()
        ada.does("delete_doc", doc=first)
        second = ada.does("open_doc", key="k").made()
        assert self.standing(story, ada.does("write_doc", doc=second)) is Standing.CERTAIN
        assert self.standing(story, ada.does("write_doc", doc=first)) is Standing.POSSIBLE

    def test_of_one_who_was_let_into_the_first_of_two_things_of_one_key(
        self, story: Story, ada: Person, bob: Person
    ) -> None:
        doc = ada.does("open_doc", key="k").made()
        ada.does("share_doc", doc=doc, member=bob)
        ada.does("delete_doc", doc=doc)
        assert self.standing(story, bob.does("write_doc", doc=doc)) is Standing.POSSIBLE
        ada.does("open_doc", key="k")
        assert self.standing(story, bob.does("write_doc", doc=doc)) is Standing.NONE


def test_a_skipped_step_changes_nothing(story: Story, ada: Person) -> None:
    before = len(story.model.things)
    story.history.append(Skipped(99, "post"))
    assert len(story.model.things) == before


def test_overlapping_operations_are_those_that_ran_at_some_time_during_it(story: Story, ada: Person) -> None:
    room = ada.does("new_room").made()
    read = ada.starts("history", room=room)
    first = ada.does("post", room=room)
    inner = ada.starts("history", room=room)
    second = ada.starts("post", room=room)
    inner.returns()
    model = story.model
    assert [deed.act.step for deed in model.overlapping(model.deeds[inner.step])] == [read.step, second.step]
    assert first.step not in model.in_flight


class TestForgetting:
    """However much has been there, only what may still matter is looked at."""

    def test_texts_that_are_gone(self, story: Story, ada: Person) -> None:
        room = ada.does("new_room").made()
        kept = ada.does("post", room=room).text
        message = ada.does("post", room=room).made()
        last = 0
        for _ in range(60):
            ada.does("delete", message=ada.does("post", room=room).made())
            last = ada.does("edit", message=message).text
        model = story.model
        texts = [text.serial for text in model.texts(model.things[ada.user], model.things[room], "Body")]
        assert {kept, last} <= {*texts}
        assert len(texts) < 20

    def test_rooms_that_one_was_put_out_of(self, story: Story, ada: Person, bob: Person) -> None:
        for _ in range(60):
            room = ada.does("new_room").made()
            ada.does("invite", room=room, member=bob)
            last = ada.does("post", room=room).text
            ada.does("kick", room=room, member=bob)
        ada.does("invite", room=room, member=bob)
        model = story.model
        texts = [text.serial for text in model.texts(model.things[bob.user], None, "Body")]
        assert last in texts
        assert len(texts) < 20

    def test_subscriptions_that_are_over(self, story: Story, ada: Person) -> None:
        room = ada.does("new_room").made()
        for _ in range(60):
            sock = ada.does("connect").made()
            ada.does("unwatch", feed=ada.does("watch", sock=sock, room=room).made())
            ada.does("watch", sock=sock, room=room)
            ada.does("watch_all", sock=sock)
            story.closed(sock)
        last = ada.does("watch", sock=ada.does("connect").made(), room=room).made()
        model = story.model
        watching = list(model.watching(model.things[room]))
        assert model.things[last] in watching
        assert len(watching) < 40
