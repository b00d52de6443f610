"""Nobody sees what was never theirs, and nobody is accused without need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from isofuzz.program.steps import NeverIssued

if TYPE_CHECKING:
    from tests.unit.conftest import Person, Story


@pytest.fixture
def ada(story: Story) -> Person:
    return story.sign_up("ada")


@pytest.fixture
def bob(story: Story) -> Person:
    return story.sign_up("bob")


@pytest.fixture
def cleo(story: Story) -> Person:
    return story.sign_up("cleo")


class TestWhoNeverHadARight:
    def test_sees_a_text_in_a_value(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        text = ada.does("post", room=room).text
        bob.does("search", text="", seen=[text])
        assert story.verdict == ["foreign: bob sees ada's Body by search"]
        assert story.violations[0].fingerprint == "crossing:foreign:Room:search:post:Body"

    def test_sees_a_text_in_a_refusal(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        text = ada.does("post", room=room).text
        bob.is_refused("history", room=room, seen=[text])
        assert story.verdict == ["foreign: bob sees ada's Body by history"]

    def test_sees_a_text_in_a_frame(self, story: Story, ada: Person, bob: Person) -> None:
        room, sock = ada.does("new_room").made(), bob.does("connect").made()
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        assert story.verdict == ["foreign: bob sees ada's Body by frame"]
        assert story.violations[0].fingerprint == "delivery:foreign:Room:frame:post:Body"

    def test_sees_a_text_in_the_answer_to_a_request(self, story: Story, ada: Person, bob: Person) -> None:
        room, sock = ada.does("new_room").made(), bob.does("connect").made()
        text = ada.does("post", room=room).text
        bob.receives(sock, text, reply=True)
        assert story.verdict == ["foreign: bob sees ada's Body by frame"]

    def test_sees_what_lies_in_a_users_own_space(self, story: Story, ada: Person, bob: Person) -> None:
        text = ada.does("describe").text
        bob.does("profile_of", who=ada, seen=[text])
        assert story.verdict == ["foreign: bob sees ada's About by profile_of"]
        assert story.violations[0].boundary == "user"

    def test_subscribed_although_it_was_not_entitled(self, story: Story, ada: Person, bob: Person) -> None:
        room, sock = ada.does("new_room").made(), bob.does("connect").made()
        bob.does("watch", sock=sock, room=room)
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        assert story.verdict == ["foreign: bob sees ada's Body by frame"]

    def test_let_itself_in(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        text = ada.does("post", room=room).text
        bob.does("invite", room=room, member=bob)
        bob.does("history", room=room, seen=[text])
        assert story.verdict == ["foreign: bob sees ada's Body by history"]

    def test_sees_a_text_that_is_private_to_its_author(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        note = ada.does("write_note", room=room).text
        ada.does("notes", room=room, seen=[note])
        assert story.verdict == []
        bob.does("notes", room=room, seen=[note])
        assert story.verdict == ["foreign: bob sees ada's Note by notes"]

    def test_sees_a_text_of_an_earlier_program(self, story: Story, bob: Person) -> None:
        bob.does("search", text="", seen=[999])
        assert story.verdict == ["foreign: bob sees unknown text by search"]
        assert story.violations[0].boundary == "program"

    def test_shares_only_the_container(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        topic = ada.does("new_topic", room=room).made()
        text = ada.does("write_topic", topic=topic).text
        bob.does("search", text="", seen=[text])
        assert story.verdict == ["foreign: bob sees ada's Body by search"]


class TestWhoLostTheRight:
    def test_sees_what_was_written_afterwards(self, story: Story, ada: Person, bob: Person) -> None:
        room, sock = ada.does("new_room").made(), bob.does("connect").made()
        ada.does("invite", room=room, member=bob)
        bob.does("watch", sock=sock, room=room)
        ada.does("kick", room=room, member=bob)
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        assert story.verdict == ["foreign: bob sees ada's Body by frame"]

    def test_may_still_get_what_was_on_its_way(self, story: Story, ada: Person, bob: Person) -> None:
        room, sock = ada.does("new_room").made(), bob.does("connect").made()
        ada.does("invite", room=room, member=bob)
        text = ada.does("post", room=room).text
        ada.does("kick", room=room, member=bob)
        bob.receives(sock, text)
        assert story.verdict == []

    def test_in_the_write_itself_never_sees_the_new_text(self, story: Story, ada: Person, bob: Person) -> None:
        room, sock = ada.does("new_room").made(), bob.does("connect").made()
        ada.does("invite", room=room, member=bob)
        text = ada.does("post_and_kick", room=room, member=bob).text
        bob.receives(sock, text)
        assert story.verdict == ["foreign: bob sees ada's Body by frame"]

    def test_in_a_write_that_did_not_happen_is_not_accused(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        ada.is_refused("post_and_kick", room=room, member=bob)
        text = ada.does("post", room=room).text
        bob.does("history", room=room, seen=[text])
        assert story.verdict == []

    def test_by_a_kick_that_overlaps_the_post_is_excused(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        kick = ada.starts("kick", room=room, member=bob)
        post = ada.starts("post", room=room)
        kick.returns()
        post.returns()
        bob.is_refused("search", text="", seen=[post.text])
        assert story.verdict == []

    def test_to_an_audience_that_it_is_not_part_of(self, story: Story, ada: Person, bob: Person, cleo: Person) -> None:
        opening = ada.does("new_room_for", members=[ada, bob])
        room = opening.made()
        ada.does("limit_to", room=room, members=[ada, cleo])
        text = ada.does("post", room=room).text
        cleo.does("history", room=room, seen=[opening.text, text])
        assert story.verdict == []
        bob.does("search", text="", seen=[text])
        assert story.verdict == ["foreign: bob sees ada's Body by search"]

    def test_and_was_let_in_again_sees_all(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        ada.does("kick", room=room, member=bob)
        text = ada.does("post", room=room).text
        ada.does("invite", room=room, member=bob)
        bob.does("history", room=room, seen=[text])
        assert story.verdict == []


class TestWhoWasLetIn:
    def test_sees_what_there_is(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        text = ada.does("post", room=room).text
        ada.does("invite", room=room, member=bob)
        bob.does("history", room=room, seen=[text])
        assert story.verdict == []

    def test_never_sees_what_had_been_replaced_before(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        post = ada.does("post", room=room)
        ada.does("edit", message=post.made())
        ada.does("invite", room=room, member=bob)
        bob.does("search", text="", seen=[post.text])
        assert story.verdict == ["foreign: bob sees ada's Body by search"]

    def test_by_the_write_that_replaces_a_text_never_sees_the_old_one(
        self, story: Story, ada: Person, bob: Person
    ) -> None:
        room, sock = ada.does("new_room").made(), bob.does("connect").made()
        old = ada.does("retitle", room=room).text
        new = ada.does("retitle_and_invite", room=room, member=bob).text
        bob.receives(sock, new)
        assert story.verdict == []
        bob.receives(sock, old)
        assert story.verdict == ["foreign: bob sees ada's Body by frame"]

    def test_may_see_before_the_invitation_has_returned(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        text = ada.does("post", room=room).text
        invite = ada.starts("invite", room=room, member=bob)
        bob.does("search", text="", seen=[text])
        invite.returns()
        assert story.verdict == []

    def test_is_accused_once_the_invitation_turns_out_refused(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        text = ada.does("post", room=room).text
        invite = ada.starts("invite", room=room, member=bob)
        bob.does("search", text="", seen=[text])
        assert story.verdict == []
        invite.is_refused()
        assert story.verdict == ["foreign: bob sees ada's Body by search"]

    def test_is_accused_then_even_while_something_else_runs(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        text = ada.does("post", room=room).text
        invite = ada.starts("invite", room=room, member=bob)
        bob.does("search", text="", seen=[text])
        ada.starts("invite", room=room, member=bob)
        assert story.verdict == []
        invite.is_refused()
        assert story.verdict == ["foreign: bob sees ada's Body by search"]

    def test_may_have_been_by_an_invitation_that_was_lost(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        text = ada.does("post", room=room).text
        ada.loses("invite", room=room, member=bob)
        bob.does("search", text="", seen=[text])
        assert story.verdict == []

    def test_may_write_beside_the_invitation(self, story: Story, ada: Person, bob: Person, cleo: Person) -> None:
        """The frame comes while nobody knows yet whether the invitation preceded the post."""
        room, sock = ada.does("new_room").made(), cleo.does("connect").made()
        ada.does("invite", room=room, member=cleo)
        post = bob.starts("post", room=room)
        invite = ada.starts("invite", room=room, member=bob)
        cleo.receives(sock, post.text)
        invite.returns()
        post.returns()
        assert story.verdict == []

    def test_may_come_by_an_offer(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        text = ada.does("post", room=room).text
        ada.does("ask_in", room=room, member=bob)
        bob.does("history", room=room, seen=[text])
        assert story.verdict == []


class TestAText:
    def test_may_be_seen_before_its_write_has_returned(self, story: Story, ada: Person, bob: Person) -> None:
        room, sock = ada.does("new_room").made(), bob.does("connect").made()
        ada.does("invite", room=room, member=bob)
        post = ada.starts("post", room=room)
        bob.receives(sock, post.text)
        post.returns()
        assert story.verdict == []

    def test_of_a_refused_write_is_no_news_to_its_author(self, story: Story, ada: Person) -> None:
        room = ada.does("new_room").made()
        post = ada.starts("post", room=room)
        post.is_refused(seen=[post.text])
        ada.does("search", text="", seen=[post.text])
        assert story.verdict == []

    def test_of_a_refused_write_must_not_show_to_others(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        text = ada.is_refused("post", room=room).text
        bob.does("history", room=room, seen=[text])
        assert story.verdict == ["foreign: bob sees ada's Body by history"]

    def test_of_a_lost_write_may_show_any_time(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        text = ada.loses("post", room=room).text
        bob.does("history", room=room, seen=[])
        bob.does("history", room=room, seen=[text])
        assert story.verdict == []

    def test_of_someone_not_entitled_is_at_home_nowhere(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        text = bob.does("post", room=room).text
        bob.does("search", text="", seen=[text])
        assert story.verdict == []
        ada.does("history", room=room, seen=[text])
        assert story.verdict == ["foreign: ada sees bob's Body by history"]

    def test_of_a_session_that_has_logged_out_is_at_home_nowhere(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        ada.does("log_out")
        text = ada.does("post", room=room).text
        bob.does("history", room=room, seen=[text])
        assert story.verdict == ["foreign: bob sees ada's Body by history"]

    def test_of_the_operator_without_a_home_is_for_anyone(self, story: Story, bob: Person) -> None:
        text = story.starts("announce", None, {}).returns().text
        bob.does("search", text="", seen=[text])
        assert story.verdict == []

    def test_in_reply_to_a_record_lives_where_that_does(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        post = ada.does("post", room=room)
        reply = bob.does("reply", message=post.made())
        ada.does("history", room=room, seen=[post.text, reply.text])
        assert story.verdict == []

    def test_in_a_public_thread_is_for_everyone(self, story: Story, ada: Person, bob: Person) -> None:
        plaza = ada.does("new_plaza").made()
        text = ada.does("write_plaza", plaza=plaza).text
        bob.does("read_plaza", plaza=plaza, seen=[text])
        assert story.verdict == []

    def test_in_a_public_thread_of_a_room_is_for_those_in_the_room(
        self, story: Story, ada: Person, bob: Person, cleo: Person
    ) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        lobby = ada.does("new_lobby", room=room).made()
        text = ada.does("write_lobby", lobby=lobby).text
        bob.does("search", text="", seen=[text])
        assert story.verdict == []
        cleo.does("search", text="", seen=[text])
        assert story.verdict == ["foreign: cleo sees ada's Body by search"]

    def test_with_an_audience_is_not_for_the_rest_of_the_room(
        self, story: Story, ada: Person, bob: Person, cleo: Person
    ) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        text = ada.does("whisper", room=room, only=[ada, bob]).text
        ada.does("invite", room=room, member=cleo)
        bob.does("history", room=room, seen=[text])
        cleo.does("history", room=room, seen=[])
        assert story.verdict == []
        cleo.does("history", room=room, seen=[text])
        assert story.verdict == ["foreign: cleo sees ada's Body by history"]


class TestWhatIsMadeAgain:
    def test_a_name_that_is_signed_up_twice_is_one_user(self, story: Story, ada: Person) -> None:
        again = story.sign_up("ada")
        text = ada.does("describe").text
        again.does("profile", seen=[text])
        assert story.verdict == []

    def test_a_name_signed_up_after_the_account_was_closed_is_someone_else(self, story: Story, ada: Person) -> None:
        text = ada.does("describe").text
        ada.does("close_account", who=ada)
        again = story.sign_up("ada")
        again.does("profile", seen=[text])
        assert story.verdict == ["foreign: ada sees ada's About by profile"]

    def test_a_reference_to_a_closed_account_may_come_to_mean_who_took_its_name(
        self, story: Story, ada: Person, bob: Person
    ) -> None:
        room = ada.does("new_room").made()
        text = ada.does("post", room=room).text
        bob.does("close_account", who=bob)
        again = story.sign_up("bob")
        ada.does("invite", room=room, member=bob)
        again.does("history", room=room, seen=[text])
        assert story.verdict == []

    def test_a_key_used_again_after_deletion_does_not_bring_back_who_was_let_in(
        self, story: Story, ada: Person, bob: Person
    ) -> None:
        doc = ada.does("open_doc", key="plan").made()
        ada.does("share_doc", doc=doc, member=bob)
        ada.does("delete_doc", doc=doc)
        again = ada.does("open_doc", key="plan").made()
        text = ada.does("write_doc", doc=again).text
        ada.does("read_doc", doc=doc, seen=[text])
        bob.is_refused("read_doc", doc=doc)
        assert story.verdict == []
        bob.does("read_doc", doc=doc, seen=[text])
        assert story.verdict == ["foreign: bob sees ada's Body by read_doc"]

    def test_an_old_reference_to_a_key_means_what_the_key_names_now(
        self, story: Story, ada: Person, bob: Person
    ) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        first = ada.does("put_card", room=room, key="k")
        ada.does("drop_card", card=first.made())
        second = bob.does("put_card", room=room, key="k")
        third = ada.does("put_card", room=room, key="k")
        bob.does("history", room=room, seen=[third.text])
        assert story.verdict == []
        bob.does("history", room=room, seen=[second.text, third.text])
        assert story.verdict == ["stale: bob sees bob's Body by history"]

    def test_a_key_whose_first_use_was_refused_beside_the_second(self, story: Story, ada: Person, bob: Person) -> None:
        refused = ada.starts("open_doc", key="plan")
        taken = ada.starts("open_doc", key="plan")
        refused.is_refused()
        taken.returns()
        text = ada.does("write_doc", doc=taken.made()).text
        ada.does("share_doc", doc=taken.made(), member=bob)
        bob.does("read_doc", doc=taken.made(), seen=[text])
        assert story.verdict == []


class TestTheReference:
    def test_to_a_user_who_never_existed_does_not_undo_the_rest(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room_for", members=[ada, bob, NeverIssued("Who")])
        bob.does("history", room=room.made(), seen=[room.text])
        assert story.verdict == []

    def test_to_a_deleted_message_does_not_make_the_reply_a_trespass(
        self, story: Story, ada: Person, bob: Person
    ) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        post = ada.does("post", room=room)
        ada.does("delete", message=post.made())
        reply = ada.does("reply", message=post.made())
        bob.does("history", room=room, seen=[reply.text])
        assert story.verdict == []

    def test_to_a_session_that_was_never_issued_changes_nothing(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        text = ada.does("post", room=room, me=NeverIssued("Me")).text
        bob.does("history", room=room, seen=[text])
        assert len(story.verdict) == 1
