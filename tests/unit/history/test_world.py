"""Who may and who must see a thing, by the rights given and taken in a story."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from isofuzz.history.world import may_be_shown, may_have_used, may_see, may_use, must_see, surely_uses

if TYPE_CHECKING:
    from tests.unit.conftest import Person, Story

    from isofuzz.program.steps import Ref


@pytest.fixture
def ada(story: Story) -> Person:
    return story.sign_up("ada")


@pytest.fixture
def bob(story: Story) -> Person:
    return story.sign_up("bob")


def use(story: Story, person: Person, thing: Ref) -> str:
    """How sure it is, at the end of the story, that the person may use the thing."""
    model, now = story.model, len(story.history)
    user, what = model.things[person.user], model.things[thing]
    if surely_uses(user, what, now, now):
        return "surely"
    if may_use(user, what, now, now):
        return "maybe"
    return "once" if may_have_used(user, what, now, now) else "no"


def sight(story: Story, person: Person, text: int) -> str:
    """How sure it is, at the end of the story, that the person sees the text."""
    model, now = story.model, len(story.history)
    user, canary = model.things[person.user], model.canaries[text]
    if must_see(user, canary, now, now):
        return "must"
    if may_be_shown(user, canary, now, now):
        return "may"
    return "might have" if may_see(user, canary, now) else "never"


class TestThings:
    def test_a_thread_is_its_creators(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        assert (use(story, ada, room), use(story, bob, room)) == ("surely", "no")

    def test_and_of_those_let_in_until_they_are_put_out(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        assert use(story, bob, room) == "surely"
        ada.does("kick", room=room, member=bob)
        assert use(story, bob, room) == "no"
        ada.does("invite", room=room, member=bob)
        assert use(story, bob, room) == "surely"

    def test_an_offer_is_no_certainty(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("ask_in", room=room, member=bob)
        assert use(story, bob, room) == "maybe"

    def test_refused_and_lost_operations(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.is_refused("invite", room=room, member=bob)
        assert use(story, bob, room) == "no"
        ada.loses("invite", room=room, member=bob)
        assert use(story, bob, room) == "maybe"
        ada.does("invite", room=room, member=bob)
        assert use(story, bob, room) == "surely"
        ada.loses("kick", room=room, member=bob)
        assert use(story, bob, room) == "maybe"

    def test_an_invitation_beside_a_kick(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        invite, kick = ada.starts("invite", room=room, member=bob), ada.starts("kick", room=room, member=bob)
        invite.returns()
        kick.returns()
        assert use(story, bob, room) == "maybe"

    def test_what_someone_not_entitled_does_changes_nothing(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        bob.does("invite", room=room, member=bob)
        bob.does("kick", room=room, member=ada)
        bob.does("delete_room", room=room)
        assert (use(story, ada, room), use(story, bob, room)) == ("surely", "no")

    def test_an_audience_is_exactly_these(self, story: Story, ada: Person, bob: Person) -> None:
        cleo, room = story.sign_up("cleo"), ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        ada.does("limit_to", room=room, members=[cleo])
        assert [use(story, person, room) for person in (ada, bob, cleo)] == ["maybe", "no", "surely"]

    def test_an_end_takes_all_rights(self, story: Story, ada: Person, bob: Person) -> None:
        doc = ada.does("open_doc", key="k").made()
        ada.does("share_doc", doc=doc, member=bob)
        ada.does("delete_doc", doc=doc)
        assert (use(story, ada, doc), use(story, bob, doc)) == ("once", "once")
        ada.does("open_doc", key="k")
        assert (use(story, ada, doc), use(story, bob, doc)) == ("surely", "once")

    def test_what_lies_within_ends_with_it(self, story: Story, ada: Person) -> None:
        room = ada.does("new_room").made()
        topic = ada.does("new_topic", room=room).made()
        assert use(story, ada, topic) == "surely"
        ada.does("delete_room", room=room)
        assert use(story, ada, topic) == "once"

    def test_a_thread_within_needs_the_right_to_both(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        topic = ada.does("new_topic", room=room).made()
        assert use(story, bob, topic) == "no"
        ada.does("share_topic", topic=topic, member=bob)
        assert use(story, bob, topic) == "maybe"
        ada.does("invite", room=room, member=bob)
        assert use(story, bob, topic) == "surely"

    def test_public_is_for_anyone_who_may_see_the_container(self, story: Story, ada: Person, bob: Person) -> None:
        room, plaza = ada.does("new_room").made(), ada.does("new_plaza").made()
        lobby = ada.does("new_lobby", room=room).made()
        assert (use(story, bob, plaza), use(story, bob, lobby)) == ("surely", "no")
        ada.does("invite", room=room, member=bob)
        assert use(story, bob, lobby) == "surely"

    def test_a_session_is_its_users_until_it_logs_out(self, story: Story, ada: Person, bob: Person) -> None:
        assert (use(story, ada, ada.session), use(story, bob, ada.session)) == ("surely", "no")
        sock = ada.does("connect").made()
        ada.does("log_out")
        assert (use(story, ada, ada.session), use(story, ada, sock)) == ("once", "maybe")

    def test_nothing_of_a_closed_account_is_certain(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        ada.does("close_account", who=ada)
        assert (use(story, bob, room), use(story, ada, ada.session)) == ("maybe", "maybe")


class TestTexts:
    def test_of_ones_own_space(self, story: Story, ada: Person, bob: Person) -> None:
        text = ada.does("describe").text
        assert (sight(story, ada, text), sight(story, bob, text)) == ("must", "never")

    def test_in_a_room(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        post = ada.does("post", room=room)
        assert (sight(story, ada, post.text), sight(story, bob, post.text)) == ("must", "never")
        ada.does("invite", room=room, member=bob)
        assert sight(story, bob, post.text) == "must"
        ada.does("delete", message=post.made())
        assert (sight(story, ada, post.text), sight(story, bob, post.text)) == ("might have", "might have")

    def test_with_an_audience(self, story: Story, ada: Person, bob: Person) -> None:
        cleo, room = story.sign_up("cleo"), ada.does("new_room").made()
        for person in (bob, cleo):
            ada.does("invite", room=room, member=person)
        text = ada.does("whisper", room=room, only=[bob]).text
        assert [sight(story, person, text) for person in (ada, bob, cleo)] == ["may", "must", "never"]

    def test_that_are_private(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        note = ada.does("write_note", room=room).text
        assert (sight(story, ada, note), sight(story, bob, note)) == ("must", "never")

    def test_in_the_write_that_revokes(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        ada.does("invite", room=room, member=bob)
        before, within = ada.does("post", room=room), ada.does("post_and_kick", room=room, member=bob)
        assert (sight(story, bob, before.text), sight(story, bob, within.text)) == ("might have", "never")

    def test_in_the_write_that_grants(self, story: Story, ada: Person, bob: Person) -> None:
        room = ada.does("new_room").made()
        old, new = ada.does("retitle", room=room), ada.does("retitle_and_invite", room=room, member=bob)
        assert (sight(story, bob, old.text), sight(story, bob, new.text)) == ("never", "must")
