"""Who is subscribed and entitled gets each event, shown by a barrier; who asked for one room gets no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from isofuzz.oracles.judge import Judge

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
    """Ada's room, with bob in it."""
    room = ada.does("new_room").made()
    ada.does("invite", room=room, member=bob)
    return room


@pytest.fixture
def sock(bob: Person) -> Ref:
    return bob.does("connect").made()


UNDELIVERED = ["undelivered: bob misses ada's Body by frame"]


class TestUndelivered:
    def test_an_event_that_is_absent_after_a_barrier(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("watch", sock=sock, room=room)
        ada.does("post", room=room)
        assert story.verdict == []
        story.barrier(sock)
        assert story.verdict == UNDELIVERED
        assert story.violations[0].fingerprint == "delivery:undelivered:Room:frame:post:Body"

    def test_not_an_event_that_came(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        bob.does("watch", sock=sock, room=room)
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        story.barrier(sock)
        judge = Judge(story.vocabulary)
        assert [judge.feed(entry) for entry in story.history] == [[]] * len(story.history)
        assert (judge.delivery.asserted, judge.delivery.unknown) == ({"Feed": 1}, {})

    def test_not_an_event_that_came_before_its_write_returned(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("watch", sock=sock, room=room)
        post = ada.starts("post", room=room)
        bob.receives(sock, post.text)
        post.returns()
        story.barrier(sock)
        assert story.verdict == []

    def test_not_after_a_barrier_that_does_not_order_the_fan_out(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("watch", sock=sock, room=room)
        ada.does("post", room=room)
        story.barrier(sock, orders=False)
        judge = Judge(story.vocabulary)
        assert not any(judge.feed(entry) for entry in story.history)
        assert (judge.delivery.asserted, judge.delivery.unknown) == ({}, {"Feed": 1})

    def test_not_an_event_that_the_barrier_does_not_cover(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("watch", sock=sock, room=room)
        post = ada.starts("post", room=room)
        story.barrier(sock)
        post.returns()
        assert story.verdict == []

    def test_not_twice_for_a_double_subscription(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("watch", sock=sock, room=room)
        bob.does("watch", sock=sock, room=room)
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        story.barrier(sock)
        assert story.verdict == []
        bob.receives(sock, text)
        assert story.verdict == []

    def test_not_while_subscribing(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        watch = bob.starts("watch", sock=sock, room=room)
        ada.does("post", room=room)
        watch.returns()
        story.barrier(sock)
        assert story.verdict == []

    def test_not_on_another_socket(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        other = bob.does("connect").made()
        bob.does("watch", sock=sock, room=room)
        ada.does("post", room=room)
        story.barrier(other)
        assert story.verdict == []

    def test_not_after_unsubscribing(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        feed = bob.does("watch", sock=sock, room=room).made()
        bob.does("unwatch", feed=feed)
        ada.does("post", room=room)
        story.barrier(sock)
        assert story.verdict == []

    def test_not_on_a_socket_that_the_system_closed(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("watch", sock=sock, room=room)
        ada.does("post", room=room)
        story.closed(sock)
        story.barrier(sock)
        assert story.verdict == []

    def test_not_on_a_socket_that_was_resumed_as_another(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("watch", sock=sock, room=room)
        resumed = bob.does("resume", sock=sock).made()
        text = ada.does("post", room=room).text
        bob.receives(resumed, text)
        story.barrier(sock)
        assert story.verdict == []

    def test_not_after_logging_out(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        bob.does("watch", sock=sock, room=room)
        bob.does("log_out")
        ada.does("post", room=room)
        story.barrier(sock)
        assert story.verdict == []

    @pytest.mark.parametrize("returns", [False, True])
    def test_not_after_the_right_lapsed(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, returns: bool
    ) -> None:
        """A right that comes back need not revive the subscription."""
        bob.does("watch", sock=sock, room=room)
        ada.does("kick", room=room, member=bob)
        if returns:
            ada.does("invite", room=room, member=bob)
        ada.does("post", room=room)
        story.barrier(sock)
        assert story.verdict == []

    def test_not_a_text_that_was_written_while_being_let_in(
        self, story: Story, ada: Person, bob: Person, sock: Ref
    ) -> None:
        room = ada.does("new_room").made()
        bob.does("watch_all", sock=sock)
        invite = ada.starts("invite", room=room, member=bob)
        post = ada.starts("post", room=room)
        invite.returns()
        post.returns()
        story.barrier(sock)
        assert story.verdict == []

    def test_an_event_of_any_room_to_who_watches_all(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("watch_all", sock=sock)
        ada.does("post", room=room)
        story.barrier(sock)
        assert story.verdict == UNDELIVERED

    def test_not_the_event_of_a_write_that_was_lost(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("watch", sock=sock, room=room)
        ada.loses("post", room=room)
        story.barrier(sock)
        assert story.verdict == []


class TestEcho:
    @pytest.mark.parametrize(
        ("subscribe", "comes", "verdict"),
        [
            ("mirror", True, []),
            ("mirror", False, ["undelivered: bob misses bob's Body by frame"]),
            ("mute", True, ["echoed: bob sees bob's Body by frame"]),
            ("mute", False, []),
            ("watch", True, []),
            ("watch", False, []),
        ],
    )
    def test_of_an_authors_own_event(
        self, story: Story, bob: Person, room: Ref, sock: Ref, subscribe: str, comes: bool, verdict: list[str]
    ) -> None:
        bob.does(subscribe, sock=sock, room=room)
        text = bob.does("post", room=room).text
        if comes:
            bob.receives(sock, text)
        story.barrier(sock)
        assert story.verdict == verdict


class TestMisplaced:
    def test_an_event_of_a_room_that_was_not_asked_for(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        own = bob.does("new_room").made()
        bob.does("watch", sock=sock, room=own)
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        assert story.verdict == ["misplaced: bob sees ada's Body by frame"]
        assert story.violations[0].fingerprint == "delivery:misplaced:Room:frame:post:Body"

    def test_not_on_a_socket_without_a_subscription(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        assert story.verdict == []

    def test_not_the_answer_to_a_request(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        own = bob.does("new_room").made()
        bob.does("watch", sock=sock, room=own)
        text = ada.does("post", room=room).text
        bob.receives(sock, text, reply=True)
        assert story.verdict == []
