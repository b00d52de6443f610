"""Each kind of violation, in the exact words in which a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from isofuzz.oracles.explanation import explain, steps_involved
from isofuzz.oracles.naming import cast
from isofuzz.oracles.origin import Origin
from isofuzz.oracles.violation import Breach, Oracle, Violation

if TYPE_CHECKING:
    from tests.unit.conftest import Person, Story

    from isofuzz.program.steps import Ref


@pytest.fixture
def ada(story: Story) -> Person:
    return story.sign_up("ada")


@pytest.fixture
def bob(story: Story) -> Person:
    return story.sign_up("a_b")


@pytest.fixture
def room(ada: Person, bob: Person) -> Ref:
    return ada.does("new_room").made()


def explanation(story: Story) -> str:
    (violation,) = story.violations
    return explain(story.program, story.history, violation, story.vocabulary)


def steps(story: Story) -> tuple[int, ...]:
    (violation,) = story.violations
    return steps_involved(story.history, violation, story.vocabulary)


class TestForeign:
    def test_by_one_who_never_had_a_right(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("new_room")
        text = ada.does("post", room=room).text
        bob.does("search", text="", seen=[text])
        assert explanation(story) == (
            "User B (named 'a_b') saw text that was not theirs to see: step 6 `search` by user B returned the Body "
            "that user A (named 'ada') wrote in step 5 (`post`) into A's Room (step 3). "
            "B was never given access to that Room. B was then entitled to no Body."
        )
        assert steps(story) == (1, 2, 3, 5, 6)

    def test_by_one_who_has_texts_of_their_own(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        own = bob.does("new_room").made()
        for _ in range(2):
            bob.does("post", room=own)
        foreign = ada.does("post", room=room).text
        later = bob.starts("search", text="")
        bob.does("post", room=own)
        later.returns(seen=[foreign])
        bob.does("post", room=own)
        assert explanation(story).endswith(" B was then entitled to the Body of steps 5, 6 and 9 only.")

    def test_by_one_who_lost_the_right(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("invite", room=room, member=bob)
        sock = bob.does("connect").made()
        bob.does("watch", sock=sock, room=room)
        ada.does("kick", room=room, member=bob)
        text = ada.does("post", room=room).text
        bob.receives(sock, text)
        assert explanation(story) == (
            "User B (named 'a_b') saw text that was not theirs to see: B socket 1 (opened in step 5) brought the Body "
            "that user A (named 'ada') wrote in step 8 (`post`) into A's Room (step 3). "
            "B had lost access to that Room in step 7 (`kick`). B was then entitled to no Body."
        )
        assert steps(story) == (1, 2, 3, 4, 5, 6, 7, 8)

    def test_in_the_write_that_takes_the_right(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("invite", room=room, member=bob)
        sock = bob.does("connect").made()
        text = ada.does("post_and_kick", room=room, member=bob).text
        bob.receives(sock, text)
        assert explanation(story).endswith(
            "B had lost access to that Room in step 6 (`post_and_kick`). B was then entitled to no Body."
        )

    def test_while_the_write_takes_the_right(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("invite", room=room, member=bob)
        sock = bob.does("connect").made()
        write = ada.starts("post_and_kick", room=room, member=bob)
        bob.receives(sock, write.text)
        write.returns()
        assert explanation(story).endswith(
            "Step 6 (`post_and_kick`), which wrote it, took B's access to that Room away. "
            "B was then entitled to no Body."
        )

    def test_while_what_replaces_it_gives_the_right(self, story: Story, ada: Person, bob: Person) -> None:
        """The write left them out too, but they had nothing that it could take."""
        made = ada.does("new_room_for", members=[ada])
        invite = ada.starts("retitle_and_invite", room=made.made(), member=bob)
        bob.does("search", text="", seen=[made.text])
        invite.returns()
        assert explanation(story).endswith(
            "Under no order of the steps had B access to that Room while it was there. "
            "B was then entitled to the Body of step 4 only."
        )

    def test_while_the_write_leaves_them_out_of_a_record(
        self, story: Story, ada: Person, bob: Person, room: Ref
    ) -> None:
        """Their access to the room stays."""
        ada.does("invite", room=room, member=bob)
        sock = bob.does("connect").made()
        write = ada.starts("whisper", room=room, only=[ada])
        bob.receives(sock, write.text)
        write.returns()
        assert "took B's access" not in explanation(story)

    def test_by_one_who_gets_the_right_later(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        text = ada.does("post", room=room).text
        bob.does("search", text="", seen=[text])
        ada.does("invite", room=room, member=bob)
        assert explanation(story).endswith(
            "B was given access to that Room only later, in step 6 (`invite`). B was then entitled to no Body."
        )
        assert steps(story) == (1, 2, 3, 4, 5)

    def test_of_what_was_replaced_before_the_right_came(
        self, story: Story, ada: Person, bob: Person, room: Ref
    ) -> None:
        post = ada.does("post", room=room)
        ada.does("edit", message=post.made())
        ada.does("invite", room=room, member=bob)
        bob.does("search", text="", seen=[post.text])
        assert explanation(story).endswith(
            "It had been replaced in step 5 (`edit`), and B was given access to that Room only in step 6 (`invite`). "
            "B was then entitled to the Body of step 5 only."
        )
        assert steps(story) == (1, 2, 3, 4, 5, 6, 7)

    def test_of_a_write_that_was_refused(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("invite", room=room, member=bob)
        text = ada.is_refused("post", room=room).text
        bob.does("search", text="", seen=[text])
        assert explanation(story).endswith(
            "Step 5 was refused, so nobody may see what it would have written. B was then entitled to no Body."
        )

    def test_of_a_write_by_someone_not_entitled(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        text = bob.does("post", room=room).text
        ada.does("search", text="", seen=[text])
        assert explanation(story).endswith(
            "B had no right to write there, so it is nobody else's to see. A was then entitled to no Body."
        )

    def test_of_a_private_text(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("invite", room=room, member=bob)
        note = ada.does("write_note", room=room).text
        bob.does("notes", room=room, seen=[note])
        assert explanation(story).endswith("A Note is for its author alone. B was then entitled to no Note.")

    def test_of_a_users_own_space(self, story: Story, ada: Person, bob: Person) -> None:
        text = ada.does("describe").text
        bob.does("profile_of", who=ada, seen=[text])
        assert explanation(story).endswith(
            "wrote in step 3 (`describe`) into A's own space. What is in a user's own space is for that user alone. "
            "B was then entitled to no About."
        )

    def test_of_an_earlier_program(self, story: Story, bob: Person) -> None:
        bob.does("search", text="", seen=[999])
        assert explanation(story) == (
            "User A (named 'a_b') saw text that was not theirs to see: step 2 `search` by user A returned a text of an "
            "earlier program. Nothing of an earlier program may show after a reset."
        )

    def test_of_an_earlier_program_that_is_known(self, story: Story, bob: Person) -> None:
        bob.does("search", text="", seen=[-3])
        (violation,) = story.violations
        origin = Origin(2, 7, "post", "Body")
        assert explain(story.program, story.history, violation, story.vocabulary, origin) == (
            "User A (named 'a_b') saw text that was not theirs to see: step 2 `search` by user A returned the Body "
            "that step 7 (`post`) of earlier program 2 wrote. Nothing of an earlier program may show after a reset."
        )


class TestStale:
    def test_after_deletion(self, story: Story, ada: Person, room: Ref) -> None:
        post = ada.does("post", room=room)
        ada.does("delete", message=post.made())
        ada.does("history", room=room, seen=[post.text])
        assert explanation(story) == (
            "User A (named 'ada') still saw text that was gone for them: step 6 `history` by user A returned the Body "
            "that user A wrote in step 4 (`post`) into A's Room (step 3). It had been deleted in step 5 (`delete`). "
            "A was then entitled to no Body."
        )
        assert steps(story) == (1, 3, 4, 5, 6)

    def test_after_being_put_out(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("invite", room=room, member=bob)
        post = ada.does("post", room=room)
        ada.does("kick", room=room, member=bob)
        bob.does("history", room=room, seen=[post.text])
        assert explanation(story).endswith(
            "B had lost access to that Room in step 6 (`kick`). B was then entitled to no Body."
        )


def test_misplaced_in_a_read(story: Story, ada: Person, room: Ref) -> None:
    other = ada.does("new_room").made()
    text = ada.does("post", room=room).text
    ada.does("history", room=other, seen=[text])
    assert explanation(story) == (
        "User A (named 'ada') saw text of one place in another: step 6 `history` by user A returned the Body that user "
        "A wrote in step 5 (`post`) into A's Room (step 3). "
        "A may see it there, but asked for something else: A's Room (step 4)."
    )


def test_misplaced_in_a_frame(story: Story, ada: Person, room: Ref) -> None:
    sock, other = ada.does("connect").made(), ada.does("new_room").made()
    ada.does("watch", sock=sock, room=other)
    text = ada.does("post", room=room).text
    ada.receives(sock, text)
    assert explanation(story) == (
        "User A (named 'ada') saw text of one place in another: A socket 1 (opened in step 4) brought the Body that "
        "user A wrote in step 7 (`post`) into A's Room (step 3). "
        "A may see it there, but asked for something else: A's Room (step 5)."
    )
    assert steps(story) == (1, 3, 4, 5, 6, 7)


def test_misplaced_by_one_who_had_no_right_to_write_it(story: Story, ada: Person, bob: Person, room: Ref) -> None:
    post, other = ada.does("post", room=room).made(), bob.does("new_room").made()
    sock = bob.does("connect").made()
    bob.does("watch", sock=sock, room=other)
    text = bob.does("edit", message=post).text
    bob.receives(sock, text)
    assert explanation(story) == (
        "User B (named 'a_b') saw text of one place in another: B socket 1 (opened in step 6) brought the Body that "
        "user B wrote in step 8 (`edit`) into A's Room (step 3). "
        "B had no right to write there, and asked for something else: B's Room (step 5)."
    )


class TestMissing:
    def test_ones_own_text(self, story: Story, ada: Person, room: Ref) -> None:
        ada.does("post", room=room)
        ada.does("history", room=room)
        assert explanation(story) == (
            "User A (named 'ada') did not see text that was theirs to see: step 5 `history` by user A did not return "
            "the Body that user A wrote in step 4 (`post`) into A's Room (step 3). "
            "It is A's own text, and nothing had replaced or deleted it."
        )
        assert steps(story) == (1, 3, 4, 5)

    def test_a_text_of_someone_else(self, story: Story, ada: Person, bob: Person, room: Ref) -> None:
        ada.does("invite", room=room, member=bob)
        ada.does("post", room=room)
        bob.does("history", room=room)
        assert explanation(story).endswith("B was given access in step 4 (`invite`) and never lost it.")


def test_denied(story: Story, ada: Person, room: Ref) -> None:
    ada.is_refused("history", room=room)
    assert explanation(story) == (
        "User A (named 'ada') was refused what is theirs to read: step 4 `history` by user A was refused. "
        "A made it in step 3 (`new_room`) and never lost it."
    )
    assert steps(story) == (1, 3, 4)


def test_denied_a_view_of_everything(story: Story, ada: Person) -> None:
    ada.is_refused("overview")
    assert explanation(story).endswith("A was entitled to it all the time.")


def test_undelivered(story: Story, ada: Person, bob: Person, room: Ref) -> None:
    ada.does("invite", room=room, member=bob)
    sock = bob.does("connect").made()
    bob.does("watch", sock=sock, room=room)
    ada.does("post", room=room)
    story.barrier(sock)
    assert explanation(story) == (
        "User B (named 'a_b') was not sent an event that they had subscribed to: B socket 1 (opened in step 5), "
        "subscribed in step 6, had not brought the Body that user A (named 'ada') wrote in step 7 (`post`) into A's "
        "Room (step 3) when a barrier had passed. B was given access in step 4 (`invite`) and never lost it."
    )
    assert steps(story) == (1, 2, 3, 4, 5, 6, 7)


def test_echoed(story: Story, ada: Person, room: Ref) -> None:
    sock = ada.does("connect").made()
    ada.does("mute", sock=sock, room=room)
    text = ada.does("post", room=room).text
    ada.receives(sock, text)
    assert explanation(story) == (
        "User A (named 'ada') got their own event back: A socket 1 (opened in step 4) brought the Body that user A "
        "wrote in step 6 (`post`) into A's Room (step 3). The target says that authors do not get their own events."
    )


class TestInterfered:
    @staticmethod
    def told(story: Story, user: Person, step: int, *without: int, text: str = "2", other: str = "1") -> str:
        violation = Violation(
            *(Oracle.NONINTERFERENCE, Breach.INTERFERED, len(story.history) - 1, user.user, "", "overview"),
            step=step,
            text=text,
            other=other,
            without=without,
        )
        return explain(story.program, story.history, violation, story.vocabulary)

    def test_by_one_step(self, story: Story, ada: Person, bob: Person) -> None:
        room = bob.does("new_room")
        read = ada.does("overview")
        assert self.told(story, ada, read.step, room.step) == (
            "User A (named 'ada') saw what others did where they had no access: step 4 `overview` by user A showed 2, "
            "and without step 3 (`new_room` by user B (named 'a_b')) it showed 1. "
            "A was never given access to B's Room (step 3), so that may make no difference."
        )

    def test_by_several_of_several_users(self, story: Story, ada: Person, bob: Person) -> None:
        cyd = story.sign_up("cyd")
        room, other = bob.does("new_room").made(), cyd.does("new_room").made()
        for person, where in ((bob, room), (cyd, other), (bob, room)):
            person.does("post", room=where)
        read = ada.does("overview")
        told = self.told(story, ada, read.step, 4, 5, 6, 7, 8, text="an event", other="")
        assert (
            "showed an event, and without steps 4 (`new_room`), 6 (`post`) and 8 (`post`) by user B (named 'a_b') and "
            "steps 5 (`new_room`) and 7 (`post`) by user C (named 'cyd') it showed nothing. "
            "A was never given access to B's Room (step 4) and C's Room (step 5), so that may make no difference."
        ) in told


class TestCast:
    def test_users_have_letters_and_what_is_theirs_has_numbers(self, story: Story, ada: Person, bob: Person) -> None:
        again = story.sign_up("ada")
        socks = [person.does("connect").made() for person in (ada, bob, again)]
        assert cast(story.program, story.vocabulary) == {
            ada.user: "A",
            ada.session: "A/1",
            bob.user: "B",
            bob.session: "B/1",
            again.user: "A",
            again.session: "A/2",
            socks[0]: "A socket 1",
            socks[1]: "B socket 1",
            socks[2]: "A socket 2",
        }

    def test_the_letters_do_not_run_out(self, story: Story) -> None:
        people = [story.sign_up(f"u{number}") for number in range(28)]
        names = cast(story.program, story.vocabulary)
        assert [names[person.user] for person in people][24:] == ["Y", "Z", "AA", "AB"]
