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


ORDERS = pytest.mark.parametrize("orders", [True, False])
"""What came can be judged whether or not a barrier orders the fan-out; what did not come cannot."""


class TestOnce:
    @ORDERS
    def test_an_event_that_comes_twice(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, orders: bool
    ) -> None:
        bob.does("digest", sock=sock, room=room)
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        story.barrier(sock, orders=orders)
        assert story.verdict == []
        bob.receives(sock, text)
        story.barrier(sock, orders=orders)
        assert story.verdict == ["repeated: bob sees ada's Body by frame"]
        assert story.violations[0].fingerprint == "delivery:repeated:Room:frame:post:Body"

    def test_not_where_nothing_is_declared(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        bob.does("watch", sock=sock, room=room)
        text = ada.does("post", room=room).text
        for _ in range(3):
            bob.receives(sock, text)
        assert story.verdict == []

    @pytest.mark.parametrize("second", ["digest", "watch", "digest_all"])
    def test_not_for_two_subscriptions(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, second: str
    ) -> None:
        """Whether or not the second one declares it too, and even if it names no socket."""
        bob.does("digest", sock=sock, room=room)
        where = {} if second == "digest_all" else {"sock": sock, "room": room}
        bob.starts(second, **where).returns()
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        bob.receives(sock, text)
        assert story.verdict == []

    def test_an_event_that_comes_three_times_for_two(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("digest", sock=sock, room=room)
        bob.does("digest", sock=sock, room=room)
        text = ada.does("post", room=room).text
        for _ in range(3):
            bob.receives(sock, text)
        assert story.verdict == ["repeated: bob sees ada's Body by frame"]

    @pytest.mark.parametrize("how", ["is in flight", "is lost", "had no right"])
    def test_not_for_a_second_subscription_that_may_be_there(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, how: str
    ) -> None:
        """Of one made without the right, the system may think only when it pushes."""
        if how == "had no right":
            ada.does("kick", room=room, member=bob)
            bob.does("digest", sock=sock, room=room)
            ada.does("invite", room=room, member=bob)
        bob.does("digest", sock=sock, room=room)
        if how != "had no right":
            second = bob.starts("digest", sock=sock, room=room)
            if how == "is lost":
                second.is_lost()
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        bob.receives(sock, text)
        assert story.verdict == []

    def test_for_a_second_subscription_that_was_refused(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("digest", sock=sock, room=room)
        bob.is_refused("digest", sock=sock, room=room)
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        bob.receives(sock, text)
        assert story.verdict == ["repeated: bob sees ada's Body by frame"]

    @pytest.mark.parametrize("ended", ["before", "after"])
    def test_for_a_second_subscription_that_had_ended_before_the_write(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, ended: str
    ) -> None:
        bob.does("digest", sock=sock, room=room)
        second = bob.does("digest", sock=sock, room=room).made()
        if ended == "before":
            bob.does("end_digest", digest=second)
        text = ada.does("post", room=room).text
        if ended == "after":
            bob.does("end_digest", digest=second)
        bob.receives(sock, text)
        bob.receives(sock, text)
        assert story.verdict == (["repeated: bob sees ada's Body by frame"] if ended == "before" else [])

    def test_not_on_two_sockets(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        other = bob.does("connect").made()
        for each in (sock, other):
            bob.does("digest", sock=each, room=room)
        text = ada.does("post", room=room).text
        for each in (sock, other):
            bob.receives(each, text)
        assert story.verdict == []

    def test_not_what_is_quoted(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        bob.does("digest", sock=sock, room=room)
        post = ada.does("post", room=room)
        reply = ada.does("reply", message=post.made())
        bob.receives(sock, post.text, reply.text)
        bob.receives(sock, post.text)
        assert story.verdict == []

    def test_a_frame_with_two_texts_that_comes_a_third_time(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("digest", sock=sock, room=room)
        post = ada.does("post", room=room)
        reply = ada.does("reply", message=post.made())
        for _ in range(2):
            bob.receives(sock, post.text, reply.text)
        assert story.verdict == []
        bob.receives(sock, post.text, reply.text)
        assert story.verdict == ["repeated: bob sees ada's Body by frame"]

    def test_not_the_answer_to_a_request(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        bob.does("digest", sock=sock, room=room)
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        bob.receives(sock, text, reply=True)
        assert story.verdict == []

    def test_not_what_had_come_on_the_socket_that_was_resumed(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("digest", sock=sock, room=room)
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        resumed = bob.does("resume", sock=sock).made()
        bob.receives(resumed, text)
        assert story.verdict == []
        bob.receives(resumed, text)
        assert story.verdict == ["repeated: bob sees ada's Body by frame"]


class TestOrder:
    @ORDERS
    def test_an_event_after_that_of_a_later_write(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, orders: bool
    ) -> None:
        bob.does("follow", sock=sock, room=room)
        first, second = ada.does("post", room=room).text, ada.does("post", room=room).text
        bob.receives(sock, second)
        assert story.verdict == []
        bob.receives(sock, first)
        story.barrier(sock, orders=orders)
        assert story.verdict == ["reordered: bob sees ada's Body by frame"]
        (found,) = story.violations
        assert (found.fingerprint, found.serial) == ("delivery:reordered:Room:frame:post:Body", first)

    def test_not_where_nothing_is_declared(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        bob.does("watch", sock=sock, room=room)
        first, second = ada.does("post", room=room).text, ada.does("post", room=room).text
        bob.receives(sock, second)
        bob.receives(sock, first)
        assert story.verdict == []

    def test_not_in_the_order_of_the_writes_or_in_one_frame(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("follow", sock=sock, room=room)
        texts = [ada.does("post", room=room).text for _ in range(4)]
        bob.receives(sock, texts[0])
        bob.receives(sock, texts[1])
        bob.receives(sock, texts[3], texts[2])
        bob.receives(sock, texts[0])
        assert story.verdict == []

    @pytest.mark.parametrize("how", ["overlap", "was lost"])
    def test_not_of_writes_of_which_neither_was_certainly_first(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, how: str
    ) -> None:
        bob.does("follow", sock=sock, room=room)
        if how == "overlap":
            one, two = ada.starts("post", room=room), ada.starts("post", room=room)
            one.returns()
            two.returns()
        else:
            one, two = ada.loses("post", room=room), ada.does("post", room=room)
        bob.receives(sock, two.text)
        bob.receives(sock, one.text)
        assert story.verdict == []

    def test_before_a_write_that_was_lost(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        """If it happened at all, then after it was asked for."""
        bob.does("follow", sock=sock, room=room)
        one, two = ada.does("post", room=room), ada.loses("post", room=room)
        bob.receives(sock, two.text)
        bob.receives(sock, one.text)
        assert story.verdict == ["reordered: bob sees ada's Body by frame"]

    def test_not_a_text_that_was_written_before_the_subscription(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        post = ada.does("post", room=room)
        bob.does("follow", sock=sock, room=room)
        text = ada.does("post", room=room).text
        reply = ada.does("reply", message=post.made()).text
        bob.receives(sock, text)
        bob.receives(sock, reply, post.text)
        assert story.verdict == []

    def test_not_ones_own_text_that_need_not_come(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("follow", sock=sock, room=room)
        own, text = bob.does("post", room=room).text, ada.does("post", room=room).text
        bob.receives(sock, text)
        bob.receives(sock, own)
        assert story.verdict == []

    @pytest.mark.parametrize("other", ["watch", "follow"])
    def test_not_what_a_younger_subscription_may_have_brought(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, other: str
    ) -> None:
        bob.does("follow", sock=sock, room=room)
        first = ada.does("post", room=room).text
        bob.does(other, sock=sock, room=room)
        second = ada.does("post", room=room).text
        bob.receives(sock, second)
        bob.receives(sock, first)
        assert story.verdict == []

    @pytest.mark.parametrize("excuse", ["deleted", "put out", "let in again"])
    def test_not_a_text_that_was_gone_for_them_meanwhile(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, excuse: str
    ) -> None:
        bob.does("follow", sock=sock, room=room)
        post, text = ada.does("post", room=room), ada.does("post", room=room).text
        bob.receives(sock, text)
        if excuse == "deleted":
            ada.does("delete", message=post.made())
        else:
            ada.does("kick", room=room, member=bob)
        if excuse == "let in again":
            ada.does("invite", room=room, member=bob)
        bob.receives(sock, post.text)
        assert story.verdict == []

    def test_in_two_rooms_of_one_subscription(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        other = ada.does("new_room").made()
        ada.does("invite", room=other, member=bob)
        bob.does("follow", sock=sock, room=room)
        bob.does("follow", sock=sock, room=other)
        one, two = ada.does("post", room=room).text, ada.does("post", room=other).text
        bob.receives(sock, two)
        bob.receives(sock, one)
        assert story.verdict == []
        bob.does("follow_all", sock=sock)
        one, two = ada.does("post", room=room).text, ada.does("post", room=other).text
        bob.receives(sock, two)
        bob.receives(sock, one)
        assert story.verdict == []  # a subscription to one of the rooms may have been quicker

    def test_on_each_socket_by_itself(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        other = bob.does("connect").made()
        for each in (sock, other):
            bob.does("follow", sock=each, room=room)
        first, second = ada.does("post", room=room).text, ada.does("post", room=room).text
        bob.receives(sock, first)
        bob.receives(other, second)
        bob.receives(other, first)
        assert story.verdict == ["reordered: bob sees ada's Body by frame"]


class TestReplay:
    """What was missed on a socket, once that is resumed."""

    @pytest.mark.parametrize(
        ("subscribe", "orders", "comes", "verdict"),
        [
            ("watch", True, False, []),
            ("watch", True, True, []),
            ("catch_up", True, True, []),
            ("catch_up", True, False, UNDELIVERED),
            ("catch_up", False, False, []),
            ("listen", True, False, []),
            ("listen", True, True, ["replayed: bob sees ada's Body by frame"]),
            ("listen", False, True, []),
        ],
    )
    def test_of_what_was_written_while_nobody_listened(
        self,
        story: Story,
        ada: Person,
        bob: Person,
        room: Ref,
        sock: Ref,
        subscribe: str,
        orders: bool,
        comes: bool,
        verdict: list[str],
    ) -> None:
        bob.does(subscribe, sock=sock, room=room)
        story.closed(sock)
        text = ada.does("post", room=room).text
        story.barrier(sock, orders=orders)
        resumed = bob.does("resume", sock=sock).made()
        if comes:
            bob.receives(resumed, text)
        story.barrier(resumed, orders=orders)
        assert story.verdict == verdict

    def test_what_could_not_be_proved_to_have_come_is_counted(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("catch_up", sock=sock, room=room)
        came, missed = ada.does("post", room=room).text, ada.does("post", room=room).text
        bob.receives(sock, came)
        resumed = bob.does("resume", sock=sock).made()
        story.barrier(resumed, orders=False)
        judge = Judge(story.vocabulary)
        assert not any(judge.feed(entry) for entry in story.history)
        assert (judge.delivery.asserted, judge.delivery.unknown) == ({"Backlog": 1}, {"Backlog": 1})
        assert judge.delivery.awaited() == set()
        assert missed

    @pytest.mark.parametrize("subscribe", ["watch", "catch_up", "listen"])
    def test_what_was_written_after_resuming_has_to_come(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, subscribe: str
    ) -> None:
        bob.does(subscribe, sock=sock, room=room)
        resumed = bob.does("resume", sock=sock).made()
        ada.does("post", room=room)
        assert story.verdict == []
        story.barrier(sock)
        assert story.verdict == []
        story.barrier(resumed)
        assert story.verdict == UNDELIVERED

    @pytest.mark.parametrize("subscribe", ["watch", "catch_up", "listen"])
    def test_a_restart_may_have_what_is_subscribed_to_forgotten(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, subscribe: str
    ) -> None:
        bob.does(subscribe, sock=sock, room=room)
        posting = ada.starts("post", room=room)
        story.restarts(posting, sock)
        posting.returns()
        resumed = bob.does("resume", sock=sock).made()
        text = ada.does("post", room=room).text
        story.barrier(resumed)
        assert story.verdict == []
        bob.receives(resumed, text)  # nor need it be forgotten
        bob.does(subscribe, sock=resumed, room=room)
        ada.does("post", room=room)
        story.barrier(resumed)
        assert story.verdict == UNDELIVERED

    @pytest.mark.parametrize("subscribe", ["watch", "catch_up"])
    def test_not_on_the_old_socket(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, subscribe: str
    ) -> None:
        bob.does(subscribe, sock=sock, room=room)
        resumed = bob.does("resume", sock=sock).made()
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        story.barrier(resumed)
        assert story.verdict == UNDELIVERED

    def test_on_the_third_of_a_chain(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        bob.does("catch_up", sock=sock, room=room)
        ada.does("post", room=room)
        second = bob.does("resume", sock=sock).made()
        ada.does("post", room=room)
        third = bob.does("resume", sock=second).made()
        story.barrier(second)
        assert story.verdict == []
        story.barrier(third)
        assert story.verdict == UNDELIVERED * 2

    def test_what_had_come_before_need_not_come_again(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("catch_up", sock=sock, room=room)
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        resumed = bob.does("resume", sock=sock).made()
        story.barrier(resumed)
        assert story.verdict == []

    @pytest.mark.parametrize("how", ["overlaps", "was lost", "was refused"])
    def test_not_while_it_is_unknown_whether_it_was_resumed(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, how: str
    ) -> None:
        bob.does("watch", sock=sock, room=room)
        resume = bob.starts("resume", sock=sock)
        if how == "was lost":
            resume.is_lost()
        ada.does("post", room=room)
        if how == "overlaps":
            resume.returns()
            story.barrier(resume.made())
        if how == "was refused":
            resume.is_refused()
        story.barrier(sock)
        assert story.verdict == []

    def test_on_the_old_socket_once_resuming_was_refused(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("watch", sock=sock, room=room)
        bob.is_refused("resume", sock=sock)
        ada.does("post", room=room)
        story.barrier(sock)
        assert story.verdict == UNDELIVERED

    @pytest.mark.parametrize("excuse", ["put out", "log out", "deleted", "closed", "resumed twice"])
    def test_not_if_something_explains_the_absence(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, excuse: str
    ) -> None:
        bob.does("catch_up", sock=sock, room=room)
        post = ada.does("post", room=room)
        if excuse == "resumed twice":
            one, two = bob.starts("resume", sock=sock), bob.starts("resume", sock=sock)
            resumed = one.returns().made()
            story.barrier(two.returns().made())
        else:
            resumed = bob.does("resume", sock=sock).made()
        if excuse == "put out":
            ada.does("kick", room=room, member=bob)
        if excuse == "log out":
            bob.does("log_out")
        if excuse == "deleted":
            ada.does("delete", message=post.made())
        if excuse == "closed":
            story.closed(resumed)
        story.barrier(resumed)
        assert story.verdict == []

    def test_not_what_was_written_after_the_right_had_lapsed(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("catch_up", sock=sock, room=room)
        ada.does("kick", room=room, member=bob)
        ada.does("post", room=room)
        ada.does("invite", room=room, member=bob)
        resumed = bob.does("resume", sock=sock).made()
        ada.does("post", room=room)
        story.barrier(resumed)
        assert story.verdict == []

    @pytest.mark.parametrize("excuse", ["no barrier", "barrier before", "barrier after", "overlaps", "subscribed anew"])
    def test_what_comes_after_all_may_have_been_on_its_way(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, excuse: str
    ) -> None:
        bob.does("listen", sock=sock, room=room)
        story.closed(sock)
        if excuse == "barrier before":
            story.barrier(sock)
        post = ada.starts("post", room=room)
        if excuse != "overlaps":
            post.returns()
        if excuse in ("overlaps", "subscribed anew"):
            story.barrier(sock)
        resumed = bob.does("resume", sock=sock).made()
        if excuse == "overlaps":
            post.returns()
        if excuse == "barrier after":
            story.barrier(sock)
        if excuse == "subscribed anew":
            bob.does("listen", sock=resumed, room=room)
        bob.receives(resumed, post.text)
        assert story.verdict == []

    def test_not_what_had_come_before(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        bob.does("listen", sock=sock, room=room)
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        story.barrier(sock)
        resumed = bob.does("resume", sock=sock).made()
        bob.receives(resumed, text)
        assert story.verdict == []

    def test_not_what_a_later_event_quotes(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        bob.does("listen", sock=sock, room=room)
        post = bob.does("post", room=room)
        story.barrier(sock)
        resumed = bob.does("resume", sock=sock).made()
        reply = ada.does("reply", message=post.made())
        bob.receives(resumed, reply.text, post.text)
        assert story.verdict == []
        bob.receives(resumed, post.text)
        assert story.verdict == ["replayed: bob sees bob's Body by frame"]

    @pytest.mark.parametrize("late", ["missed", "new"])
    def test_the_order_of_what_is_replayed(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, late: str
    ) -> None:
        """What was missed may come before or after what is new, but each in the order of its writes."""
        bob.does("catch_up", sock=sock, room=room)
        story.closed(sock)
        missed = [ada.does("post", room=room).text for _ in range(2)]
        resumed = bob.does("resume", sock=sock).made()
        new = [ada.does("post", room=room).text for _ in range(2)]
        for text in (*new, *missed):
            bob.receives(resumed, text)
        assert story.verdict == []
        other = missed if late == "missed" else new
        story.history[-4:] = []
        for text in (*(new if late == "missed" else missed), *reversed(other)):
            bob.receives(resumed, text)
        assert story.verdict == ["reordered: bob sees ada's Body by frame"]

    def test_what_was_missed_long_ago(self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref) -> None:
        """A closed socket is forgotten until it is resumed."""
        bob.does("catch_up", sock=sock, room=room)
        story.closed(sock)
        missed = ada.does("post", room=room).text
        for _ in range(30):
            other = bob.does("connect").made()
            bob.does("watch", sock=other, room=room)
            story.closed(other)
        gone = ada.does("post", room=room)
        ada.does("delete", message=gone.made())
        resumed = bob.does("resume", sock=sock).made()
        new = ada.does("post", room=room).text
        story.barrier(resumed)
        assert [found.serial for found in story.violations] == [missed, new]

    def test_not_the_order_of_what_had_come_before(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("catch_up", sock=sock, room=room)
        first, second = (ada.does("post", room=room).text for _ in range(2))
        bob.receives(sock, first)
        resumed = bob.does("resume", sock=sock).made()
        bob.receives(resumed, second)
        bob.receives(resumed, first)
        assert story.verdict == []

    def test_an_event_of_a_room_that_was_not_asked_for_on_the_old_socket(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        own = bob.does("new_room").made()
        bob.does("watch", sock=sock, room=own)
        resumed = bob.does("resume", sock=sock).made()
        text = ada.does("post", room=room).text
        bob.receives(resumed, text)
        assert story.verdict == ["misplaced: bob sees ada's Body by frame"]


class TestReconnecting:
    """Another socket that does not go on with the first: what is subscribed on one says nothing of the other."""

    @pytest.mark.parametrize("how", ["connect", "reconnect"])
    def test_nothing_is_due_before_subscribing_anew(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref, how: str
    ) -> None:
        bob.does("catch_up", sock=sock, room=room)
        story.closed(sock)
        ada.does("post", room=room)
        other = (bob.does("connect") if how == "connect" else bob.does("reconnect", sock=sock)).made()
        ada.does("post", room=room)
        story.barrier(other)
        assert story.verdict == []
        bob.does("catch_up", sock=other, room=room)
        story.barrier(other)
        assert story.verdict == []
        ada.does("post", room=room)
        story.barrier(other)
        assert story.verdict == UNDELIVERED

    def test_what_comes_again_or_in_another_order_is_no_breach(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        for subscribe in ("digest", "follow", "listen"):
            bob.does(subscribe, sock=sock, room=room)
        first, second = (ada.does("post", room=room).text for _ in range(2))
        bob.receives(sock, first)
        story.closed(sock)
        story.barrier(sock)
        other = bob.does("connect").made()
        for subscribe in ("digest", "follow", "listen"):
            bob.does(subscribe, sock=other, room=room)
        bob.receives(other, second)
        bob.receives(other, first)
        assert story.verdict == []


class TestEchoInAQuote:
    def test_not_ones_own_text_in_the_event_of_another(
        self, story: Story, ada: Person, bob: Person, room: Ref, sock: Ref
    ) -> None:
        bob.does("mute", sock=sock, room=room)
        post = bob.does("post", room=room)
        reply = ada.does("reply", message=post.made())
        bob.receives(sock, reply.text, post.text)
        assert story.verdict == []
