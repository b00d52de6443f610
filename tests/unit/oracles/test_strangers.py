"""What is none of a user's business: what others do in threads and records that were never the user's."""

from typing import TYPE_CHECKING

from isofuzz.history.entries import Skipped
from isofuzz.oracles.strangers import strangers_steps
from isofuzz.program.steps import Call, NeverIssued, Program, Ref

if TYPE_CHECKING:
    from tests.unit.conftest import Person, Story


def strange_to(person: "Person") -> list[str]:
    """The operations that are none of their business, in order."""
    story = person.story
    model = story.model
    steps = strangers_steps(story.program, model, model.things[person.user], len(story.history))
    return [call.operation for call in story.calls if call.number in steps]


def test_what_others_do_in_their_own_threads_is_strange(story: "Story") -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    ada.does("post", room=room)
    ada.does("history", room=room)
    assert strange_to(bob) == ["new_room", "post", "history"]
    assert strange_to(ada) == []


def test_so_is_what_was_refused_and_what_nobody_knows_about(story: "Story") -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    ada.is_refused("post", room=room)
    ada.loses("post", room=room)
    assert strange_to(bob) == ["new_room", "post", "post"]


def test_what_others_do_elsewhere_stays(story: "Story") -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    sock = ada.does("connect").made()
    for name in ("overview", "profile", "describe", "inbox"):
        ada.does(name)
    ada.does("resume", sock=sock)
    ada.does("log_out")
    ada.does("close_account", who=ada)
    assert strange_to(bob) == []


def test_what_the_user_does_to_a_strangers_thread_stays(story: "Story") -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    bob.is_refused("history", room=room)
    assert strange_to(bob) == ["new_room"]


def test_a_third_user_in_a_strangers_thread_is_as_strange(story: "Story") -> None:
    ada, bob, cyd = (story.sign_up(name) for name in ("ada", "bob", "cyd"))
    room = ada.does("new_room").made()
    ada.does("invite", room=room, member=cyd)
    cyd.does("post", room=room)
    assert strange_to(bob) == ["new_room", "invite", "post"]
    assert strange_to(cyd) == []


class TestRights:
    def test_a_right_that_comes_late_covers_all_that_came_before(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        room = ada.does("new_room").made()
        ada.does("post", room=room)
        ada.does("invite", room=room, member=bob)
        assert strange_to(bob) == []

    def test_a_right_that_is_taken_away_covers_all_that_comes_after(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        ada.does("kick", room=room, member=bob)
        ada.does("post", room=room)
        ada.does("delete_room", room=room)
        assert strange_to(bob) == []

    def test_a_right_that_may_have_been_given_counts(self, story: "Story") -> None:
        ada, bob, cyd = (story.sign_up(name) for name in ("ada", "bob", "cyd"))
        room = ada.does("new_room").made()
        ada.loses("invite", room=room, member=bob)
        ada.does("ask_in", room=room, member=cyd)
        assert strange_to(bob) == strange_to(cyd) == []

    def test_a_right_that_was_refused_does_not(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        room = ada.does("new_room").made()
        ada.is_refused("invite", room=room, member=bob)
        assert strange_to(bob) == ["new_room", "invite"]

    def test_nor_does_one_that_was_given_by_somebody_who_had_none(self, story: "Story") -> None:
        ada, bob, cyd = (story.sign_up(name) for name in ("ada", "bob", "cyd"))
        room = ada.does("new_room").made()
        cyd.does("invite", room=room, member=bob)
        assert strange_to(bob) == ["new_room", "invite"]

    def test_what_is_public_is_everybodys_business(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        plaza = ada.does("new_plaza").made()
        ada.does("write_plaza", plaza=plaza)
        assert strange_to(bob) == []

    def test_what_is_public_in_a_strangers_thread_is_not(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        room = ada.does("new_room").made()
        lobby = ada.does("new_lobby", room=room).made()
        ada.does("write_lobby", lobby=lobby)
        assert strange_to(bob) == ["new_room", "new_lobby", "write_lobby"]

    def test_what_is_within_a_shared_thread_stays_even_if_it_is_for_others(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        topic = ada.does("new_topic", room=room).made()
        ada.does("write_topic", topic=topic)
        ada.does("whisper", room=room, only=[ada])
        assert strange_to(bob) == []

    def test_a_topic_that_is_shared_alone_leaves_its_room_strange(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        room = ada.does("new_room").made()
        ada.does("post", room=room)
        topic = ada.does("new_topic", room=room).made()
        ada.does("share_topic", topic=topic, member=bob)
        ada.does("write_topic", topic=topic)
        assert strange_to(bob) == ["post"]

    def test_what_was_made_for_an_audience_is_the_audiences(self, story: "Story") -> None:
        ada, bob, cyd = (story.sign_up(name) for name in ("ada", "bob", "cyd"))
        room = ada.does("new_room_for", members=[bob]).made()
        ada.does("post", room=room)
        assert strange_to(bob) == []
        assert strange_to(cyd) == ["new_room_for", "post"]


class TestWhoSomebodyIs:
    def test_two_sessions_of_one_name_are_one_user(self, story: "Story") -> None:
        ada, again, bob = story.sign_up("ada"), story.sign_up("ada"), story.sign_up("bob")
        ada.does("new_room")
        assert strange_to(again) == []
        assert strange_to(bob) == ["new_room"]

    def test_an_equal_key_is_another_users_own_document(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        ada.does("open_doc", key="plan")
        bob.does("open_doc", key="plan")
        assert strange_to(bob) == strange_to(ada) == ["open_doc"]

    def test_whatever_the_operator_does_stays(self, story: "Story") -> None:
        bob = story.sign_up("bob")
        story.starts("announce", None, {}).returns()
        assert strange_to(bob) == []


class TestWhatStaysForOthers:
    def test_what_a_step_that_stays_names_stays_with_all_that_was_done_to_it(self, story: "Story") -> None:
        """Through a step about something of the user's and something strange, the strange may show."""
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        shared, own = (ada.does("new_room").made() for _ in range(2))
        ada.does("invite", room=shared, member=bob)
        message = ada.does("post", room=own).made()
        ada.does("edit", message=message)
        ada.does("history", room=own)
        ada.does("edit_in", room=shared, message=message)
        assert strange_to(bob) == ["history"]

    def test_what_is_only_needed_stays_alone(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        sock = ada.does("connect").made()
        room = ada.does("new_room").made()
        ada.does("post", room=room)
        lobby = ada.does("new_lobby", room=room).made()
        ada.does("share_topic", topic=ada.does("new_topic", room=room).made(), member=bob)
        ada.does("write_lobby", lobby=lobby)
        ada.does("watch", sock=sock, room=room)
        assert strange_to(bob) == ["post", "new_lobby", "write_lobby", "watch"]

    def test_a_subscription_to_a_strangers_thread_is_strange_to_its_end(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        sock = ada.does("connect").made()
        room = ada.does("new_room").made()
        feed = ada.does("watch", sock=sock, room=room).made()
        ada.does("unwatch", feed=feed)
        assert strange_to(bob) == ["new_room", "watch", "unwatch"]

    def test_a_subscription_to_everything_is_not(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        sock = ada.does("connect").made()
        feed = ada.does("watch_all", sock=sock).made()
        ada.does("unwatch", feed=feed)
        assert strange_to(bob) == []

    def test_a_step_that_was_not_done_keeps_nothing(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        room = ada.does("new_room").made()
        skipped = Call(99, "history", {"me": ada.session, "room": room})
        story.history.append(Skipped(99, "history"))
        model = story.model
        program = Program.serial(*story.calls, skipped)
        assert strangers_steps(program, model, model.things[bob.user], len(story.history)) == {room.step}

    def test_naming_what_was_never_issued_is_nothing_to_leave_out(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        ada.is_refused("history", room=NeverIssued("Room"))
        assert strange_to(bob) == []

    def test_the_future_does_not_count(self, story: "Story") -> None:
        ada, bob = story.sign_up("ada"), story.sign_up("bob")
        room = ada.does("new_room").made()
        until = len(story.history)
        ada.does("invite", room=room, member=bob)
        model = story.model
        assert strangers_steps(story.program, model, model.things[bob.user], until - 1) == {3, 4}
        assert Ref(3) == room
