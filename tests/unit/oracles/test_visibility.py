"""A read shows what was there, all of it if it says so, and nothing that had gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from isofuzz.program.steps import NeverIssued

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """Ada's room, with bob in it."""
    room = ada.does("new_room").made()
    ada.does("invite", room=room, member=bob)
    return room


class TestMissing:
    def test_a_text_that_was_written_before_the_read(self, story: Story, ada: Person, room: Ref) -> None:
        ada.does("post", room=room)
        ada.does("history", room=room)
        assert story.verdict == ["missing: ada misses ada's Body by history"]
        assert story.violations[0].fingerprint == "visibility:missing:Room:history:post:Body"

    def test_a_text_of_someone_else(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("post", room=room)
        bob.does("history", room=room)
        assert story.verdict == ["missing: bob misses ada's Body by history"]

    def test_a_text_of_ones_own_space(self, story: Story, ada: Person) -> None:
        ada.does("describe")
        ada.does("profile")
        assert story.verdict == ["missing: ada misses ada's About by profile"]

    def test_a_text_from_a_view_of_everything(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("post", room=room)
        bob.does("overview")
        assert story.verdict == ["missing: bob misses ada's Body by overview"]

    def test_not_what_a_search_leaves_out(self, story: Story, ada: Person, room: Ref) -> None:
        ada.does("post", room=room)
        ada.does("search", text="")
        ada.does("inbox")
        assert story.verdict == []

    def test_not_while_the_write_still_runs(self, story: Story, ada: Person, room: Ref) -> None:
        post = ada.starts("post", room=room)
        ada.does("history", room=room)
        post.returns()
        assert story.verdict == []

    def test_not_while_another_write_shifts_the_pages(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("post", room=room)
        read = bob.starts("history", room=room)
        ada.does("post", room=room)
        read.returns()
        assert story.verdict == []

    def test_even_while_something_is_written_elsewhere(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        other = bob.does("new_room").made()
        ada.does("post", room=room)
        read = ada.starts("history", room=room)
        bob.does("post", room=other)
        read.returns()
        assert story.verdict == ["missing: ada misses ada's Body by history"]

    def test_not_a_text_whose_write_was_lost_or_refused(self, story: Story, ada: Person, room: Ref) -> None:
        ada.loses("post", room=room)
        ada.is_refused("post", room=room)
        ada.does("history", room=room)
        assert story.verdict == []

    def test_not_a_text_that_was_written_by_someone_not_entitled(
        self, story: Story, ada: Person, bob: Person, room: Ref
    ) -> None:
        ada.does("kick", room=room, member=bob)
        bob.does("post", room=room)
        ada.does("history", room=room)
        assert story.verdict == []

    def test_not_a_text_that_was_replaced(self, story: Story, ada: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        edit = ada.does("edit", message=post.made())
        ada.does("history", room=room, seen=[edit.text])
        assert story.verdict == []

    def test_not_a_text_that_a_lost_edit_may_have_replaced(self, story: Story, ada: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        edit = ada.loses("edit", message=post.made())
        ada.does("history", room=room, seen=[post.text])
        ada.does("history", room=room, seen=[edit.text])
        assert story.verdict == []

    @pytest.mark.parametrize("last", [0, 1])
    def test_not_the_loser_of_two_overlapping_edits(
        self, story: Story, ada: Person, bob: Person, room: Ref, last: int
    ) -> None:
        post = ada.does("post", room=room)
        edits = [ada.starts("edit", message=post.made()), bob.starts("edit", message=post.made())]
        edits[1].returns()
        edits[0].returns()
        ada.does("history", room=room, seen=[edits[last].text])
        assert story.verdict == []

    def test_not_to_one_who_was_only_offered_to_come(self, story: Story, ada: Person, room: Ref) -> None:
        cleo = story.sign_up("cleo")
        ada.does("post", room=room)
        ada.does("ask_in", room=room, member=cleo)
        cleo.does("history", room=room)
        cleo.is_refused("history", room=room)
        assert story.verdict == []

    def test_to_one_who_took_the_offer(self, story: Story, ada: Person, room: Ref) -> None:
        cleo = story.sign_up("cleo")
        ada.does("post", room=room)
        ada.does("ask_in", room=room, member=cleo)
        cleo.does("join", room=room, self_=cleo.session)
        cleo.does("history", room=room)
        assert story.verdict == []  # the offer made joining possible, not certain

    def test_not_to_one_whom_an_overlapping_audience_may_have_left_out(
        self, story: Story, ada: Person, bob: Person
    ) -> None:
        cleo, room = story.sign_up("cleo"), ada.does("new_room").made()
        limit = ada.starts("limit_to", room=room, members=[ada, bob])
        ada.does("invite", room=room, member=cleo)
        limit.returns()
        ada.does("post", room=room)
        cleo.does("history", room=room)
        cleo.is_refused("history", room=room)
        assert story.verdict == []

    def test_not_when_a_key_or_a_user_selects_what_is_shown(self, story: Story, ada: Person, bob: Person) -> None:
        ada.does("describe")
        ada.does("profile_of", who=bob)
        ada.is_refused("profile_of", who=bob)
        assert story.verdict == []

    def test_not_when_its_author_is_gone(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        bob.does("post", room=room)
        bob.does("close_account", who=bob)
        ada.does("history", room=room)
        assert story.verdict == []


class TestStale:
    def test_a_deleted_text(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        ada.does("delete", message=post.made())
        bob.does("history", room=room, seen=[post.text])
        assert story.verdict == ["stale: bob sees ada's Body by history"]

    def test_a_deleted_text_even_to_its_author(self, story: Story, ada: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        ada.does("delete", message=post.made())
        ada.does("history", room=room, seen=[post.text])
        assert story.verdict == ["stale: ada sees ada's Body by history"]

    def test_a_text_of_a_deleted_room(self, story: Story, ada: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        ada.does("delete_room", room=room)
        ada.does("search", text="", seen=[post.text])
        assert story.verdict == ["stale: ada sees ada's Body by search"]

    def test_a_replaced_text(self, story: Story, ada: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        edit = ada.does("edit", message=post.made())
        ada.does("history", room=room, seen=[post.text, edit.text])
        assert story.verdict == ["stale: ada sees ada's Body by history"]

    def test_a_room_that_one_was_put_out_of(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        ada.does("kick", room=room, member=bob)
        bob.does("history", room=room, seen=[post.text])
        assert story.verdict == ["stale: bob sees ada's Body by history"]

    def test_not_while_the_deletion_still_runs(self, story: Story, ada: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        delete = ada.starts("delete", message=post.made())
        ada.does("history", room=room, seen=[post.text])
        ada.does("history", room=room, seen=[])
        delete.returns()
        assert story.verdict == []

    def test_not_after_a_deletion_that_was_lost_or_refused(self, story: Story, ada: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        ada.loses("delete", message=post.made())
        ada.does("history", room=room, seen=[post.text])
        assert story.verdict == []

    def test_not_after_a_deletion_by_someone_not_entitled(self, story: Story, ada: Person, room: Ref) -> None:
        cleo = story.sign_up("cleo")
        post = ada.does("post", room=room)
        cleo.does("delete", message=post.made())
        ada.does("history", room=room, seen=[post.text])
        assert story.verdict == []
        ada.does("history", room=room, seen=[])
        assert story.verdict == ["missing: ada misses ada's Body by history"]

    def test_not_what_one_keeps_of_the_past(self, story: Story, ada: Person, bob: Person) -> None:
        archive = ada.does("new_archive").made()
        ada.does("keep", archive=archive, member=bob)
        text = ada.does("write_archive", archive=archive).text
        ada.does("unkeep", archive=archive, member=bob)
        bob.does("read_archive", archive=archive, seen=[text])
        bob.is_refused("read_archive", archive=archive)
        assert story.verdict == []

    def test_not_an_edit_of_a_message_under_another_room(self, story: Story, ada: Person, room: Ref) -> None:
        """A system that finds no such message there may well answer that all is done."""
        other = ada.does("new_room").made()
        post = ada.does("post", room=room)
        ada.does("edit_in", room=other, message=post.made())
        ada.does("history", room=room, seen=[post.text])
        assert story.verdict == []


class TestMisplaced:
    def test_a_text_of_one_room_in_another_of_the_same_user(self, story: Story, ada: Person, room: Ref) -> None:
        other = ada.does("new_room").made()
        text = ada.does("post", room=room).text
        ada.does("history", room=other, seen=[text])
        assert story.verdict == ["misplaced: ada sees ada's Body by history"]

    def test_not_in_a_view_of_everything(self, story: Story, ada: Person, room: Ref) -> None:
        text = ada.does("post", room=room).text
        ada.does("overview", seen=[text])
        assert story.verdict == []

    def test_not_a_text_of_a_room_within(self, story: Story, ada: Person, room: Ref) -> None:
        topic = ada.does("new_topic", room=room).made()
        text = ada.does("write_topic", topic=topic).text
        ada.does("history", room=room, seen=[text])
        assert story.verdict == []


class TestDenied:
    def test_an_owner(self, story: Story, ada: Person, room: Ref) -> None:
        ada.is_refused("history", room=room)
        assert story.verdict == ["denied: ada misses Body by history"]
        assert story.violations[0].fingerprint == "visibility:denied:Room:history:Body"

    def test_not_a_stranger(self, story: Story, room: Ref) -> None:
        story.sign_up("cleo").is_refused("history", room=room)
        assert story.verdict == []

    def test_not_a_write(self, story: Story, ada: Person, room: Ref) -> None:
        ada.is_refused("post", room=room)
        assert story.verdict == []

    def test_not_for_what_was_never_issued_or_is_gone(self, story: Story, ada: Person, room: Ref) -> None:
        ada.is_refused("history", room=NeverIssued("Room"))
        ada.does("delete_room", room=room)
        ada.is_refused("history", room=room)
        assert story.verdict == []

    def test_not_after_logging_out(self, story: Story, ada: Person, room: Ref) -> None:
        ada.does("log_out")
        ada.is_refused("history", room=room)
        assert story.verdict == []

    def test_not_after_closing_the_account(self, story: Story, ada: Person, room: Ref) -> None:
        again = story.sign_up("ada")
        ada.does("close_account", who=ada)
        again.is_refused("history", room=room)
        assert story.verdict == []

    def test_not_while_being_put_out(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        kick = ada.starts("kick", room=room, member=bob)
        bob.is_refused("history", room=room)
        kick.returns()
        assert story.verdict == []

    def test_not_when_the_message_lies_in_another_room(self, story: Story, ada: Person, room: Ref) -> None:
        other = ada.does("new_room").made()
        post = ada.does("post", room=room)
        ada.is_refused("read_message", room=other, message=post.made())
        assert story.verdict == []
        ada.is_refused("read_message", room=room, message=post.made())
        assert story.verdict == ["denied: ada misses Body by read_message"]

    def test_an_owner_who_asks_for_some(self, story: Story, ada: Person, room: Ref) -> None:
        ada.is_refused("glimpse", room=room)
        assert story.verdict == ["denied: ada misses Body by glimpse"]

    def test_not_a_search(self, story: Story, ada: Person) -> None:
        ada.is_refused("search", text="")
        assert story.verdict == []

    def test_not_for_a_value_that_may_be_invalid(self, story: Story, ada: Person, room: Ref) -> None:
        ada.is_refused("page", room=room, size=-1)
        assert story.verdict == []


class TestRestarted:
    """What is stored outlives a restart; who is signed in, and what waits to be told, need not."""

    @pytest.fixture
    def restart(self, story: Story, ada: Person, room: Ref) -> Callable[[], None]:
        def restart() -> None:
            reading = ada.starts("history", room=room)
            story.restarts(reading)
            reading.is_lost()

        return restart

    def test_what_was_stored_has_to_be_shown(
        self, story: Story, ada: Person, room: Ref, restart: Callable[[], None]
    ) -> None:
        ada.does("post", room=room)
        restart()
        ada.does("history", room=room)
        assert story.verdict == ["missing: ada misses ada's Body by history"]

    def test_who_signed_in_before_may_be_refused(
        self, story: Story, ada: Person, room: Ref, restart: Callable[[], None]
    ) -> None:
        restart()
        ada.is_refused("history", room=room)
        assert story.verdict == []

    def test_not_who_signed_in_after(self, story: Story, ada: Person, room: Ref, restart: Callable[[], None]) -> None:
        restart()
        story.sign_up("ada").is_refused("history", room=room)
        assert story.verdict == ["denied: ada misses Body by history"]

    def test_who_asked_while_it_was_restarted_may_be_refused(self, story: Story, ada: Person, room: Ref) -> None:
        reading = ada.starts("history", room=room)
        story.restarts(reading)
        reading.is_refused()
        assert story.verdict == []

    def test_news_from_before_may_be_forgotten(
        self, story: Story, ada: Person, bob: Person, room: Ref, restart: Callable[[], None]
    ) -> None:
        bob.does("inbox")
        ada.does("post", room=room)
        restart()
        bob.does("inbox")
        assert story.verdict == []
        ada.does("post", room=room)
        bob.does("inbox")
        assert story.verdict == ["missing: bob misses ada's Body by inbox"]


class TestNews:
    """What came since the last call is in this one, or was in another since."""

    @pytest.fixture(autouse=True)
    def first_call(self, ada: Person, bob: Person, room: Ref) -> None:
        bob.does("inbox")

    def test_a_text_that_came_since_the_last_call(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        text = ada.does("post", room=room).text
        bob.does("inbox")
        assert story.verdict == ["missing: bob misses ada's Body by inbox"]
        (found,) = story.violations
        assert (found.fingerprint, found.serial) == ("visibility:missing:Room:inbox:post:Body", text)

    def test_each_of_several_in_one_room(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        bob.does("news_of", room=room)
        texts = [ada.does("post", room=room).text for _ in range(3)]
        bob.does("news_of", room=room, seen=texts[1:])
        assert [found.serial for found in story.violations] == texts[:1]

    def test_only_once(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        text = ada.does("post", room=room).text
        bob.does("inbox", seen=[text])
        bob.does("inbox")
        assert story.verdict == []
        text = ada.does("post", room=room).text
        bob.does("inbox")
        bob.does("inbox")
        assert [found.serial for found in story.violations] == [text]

    def test_not_at_the_first_call(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        """Nobody knows since when a session is told."""
        ada.does("post", room=room)
        again = story.sign_up("bob")
        again.does("inbox")
        bob.does("news_of", room=room)
        assert story.verdict == []

    def test_not_what_another_session_was_told(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        again = story.sign_up("bob")
        text = ada.does("post", room=room).text
        again.does("inbox", seen=[text])
        bob.does("inbox")
        assert story.verdict == []

    @pytest.mark.parametrize("ends", ["lost", "later", "refused"])
    def test_what_another_session_may_have_been_told(
        self, story: Story, ada: Person, bob: Person, room: Ref, ends: str
    ) -> None:
        again = story.sign_up("bob")
        ada.does("post", room=room)
        other = again.starts("inbox")
        if ends == "lost":
            other.is_lost()
        if ends == "refused":
            other.is_refused()
        bob.does("inbox")
        assert story.verdict == (["missing: bob misses ada's Body by inbox"] if ends == "refused" else [])

    def test_not_ones_own_text(self, story: Story, bob: Person, room: Ref) -> None:
        bob.does("post", room=room)
        bob.does("inbox")
        assert story.verdict == []

    @pytest.mark.parametrize("what", ["replaced", "deleted", "put out", "let in", "maybe replaced", "maybe put out"])
    def test_not_what_may_not_have_been_theirs_all_the_time(
        self, story: Story, ada: Person, bob: Person, room: Ref, what: str
    ) -> None:
        if what == "let in":
            ada.does("kick", room=room, member=bob)
        post = ada.does("post", room=room)
        replaced = 0
        match what:
            case "replaced":
                replaced = ada.does("edit", message=post.made()).text
            case "maybe replaced":
                ada.loses("edit", message=post.made())
            case "deleted":
                ada.does("delete", message=post.made())
            case "put out":
                ada.does("kick", room=room, member=bob)
            case "maybe put out":
                ada.loses("kick", room=room, member=bob)
            case "let in":
                ada.does("invite", room=room, member=bob)
        bob.does("inbox", seen=[replaced] if replaced else [])
        assert story.verdict == []

    def test_not_what_may_not_have_been_written(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.loses("post", room=room)
        ada.is_refused("post", room=room)
        call = bob.starts("inbox")
        ada.does("post", room=room)
        call.returns()
        assert story.verdict == []

    @pytest.mark.parametrize("where", ["here", "elsewhere"])
    def test_what_was_skipped_while_something_was_written(
        self, story: Story, ada: Person, bob: Person, room: Ref, where: str
    ) -> None:
        other = ada.does("new_room").made()
        bob.does("news_of", room=room)
        text = ada.does("post", room=room).text
        call = bob.starts("news_of", room=room)
        ada.does("post", room=room if where == "here" else other)
        call.returns()
        bob.does("news_of", room=room)
        assert [found.serial for found in story.violations] == ([] if where == "here" else [text])

    def test_the_next_call_after_one_that_skipped(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        call = bob.starts("inbox")
        ada.does("post", room=room)
        call.returns()
        text = ada.does("post", room=room).text
        bob.does("inbox")
        assert [found.serial for found in story.violations] == [text]

    def test_not_a_text_of_another_room(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        other = ada.does("new_room").made()
        ada.does("invite", room=other, member=bob)
        bob.does("news_of", room=room)
        ada.does("post", room=other)
        bob.does("news_of", room=room)
        assert story.verdict == []

    def test_are_not_refused(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("post", room=room)
        bob.is_refused("inbox")
        assert story.verdict == ["denied: bob misses Body by inbox"]

    def test_may_be_refused_where_nothing_is_new(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        bob.is_refused("inbox")
        post = ada.does("post", room=room)
        bob.does("inbox", seen=[post.text])
        bob.is_refused("inbox")
        assert story.verdict == []

    def test_may_be_refused_to_one_who_waits_for_them_elsewhere(
        self, story: Story, ada: Person, bob: Person, room: Ref
    ) -> None:
        ada.does("post", room=room)
        waiting = bob.starts("inbox")
        bob.is_refused("inbox")
        waiting.is_refused()
        assert story.verdict == []

    def test_what_is_gone_may_be_told_as_it_came(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        ada.does("delete", message=post.made())
        bob.does("inbox", seen=[post.text])
        assert story.verdict == []
