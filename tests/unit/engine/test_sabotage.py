"""What is done to replies and frames, before anybody judges them."""

from typing import Any

import pytest

from isofuzz.engine.sabotage import CopiedFrames, Sabotage, SwappedReplies
from isofuzz.program.steps import Ref

Story = Any


def test_plain_sabotage_lets_everything_be() -> None:
    sabotage = Sabotage()
    reply: list[object] = ["mine"]
    assert sabotage.reply(1, reply) is reply
    assert not sabotage.copies(Ref(0), (1,))
    assert not sabotage.begun


class TestSwappedReplies:
    def test_each_gets_the_first_reply_of_the_other(self) -> None:
        sabotage = SwappedReplies({3: 2, 4: 1})
        assert [sabotage.reply(step, [f"reply {step}"]) for step in (1, 2)] == [["reply 1"], ["reply 2"]]
        assert not sabotage.begun
        assert [sabotage.reply(step, [f"reply {step}"]) for step in (3, 4)] == [["reply 2"], ["reply 1"]]
        assert sabotage.begun
        assert sabotage.swapped == {3, 4}

    def test_a_reply_is_kept_where_the_other_got_none(self) -> None:
        sabotage = SwappedReplies({3: 2})
        assert sabotage.reply(3, ["mine"]) == ["mine"]
        assert not sabotage.begun


class TestCopiedFrames:
    @pytest.fixture
    def watched(self, story: Story) -> dict[str, Any]:
        """Ada watches her room and writes in it; Bob has a room and no socket; Cleo has a socket and nothing else."""
        ada, bob, cleo = (story.sign_up(name) for name in ("ada", "bob", "cleo"))
        line, other = ada.does("connect").made(), cleo.does("connect").made()
        room, elsewhere = ada.does("new_room").made(), bob.does("new_room").made()
        ada.does("watch", sock=line, room=room)
        return {
            "line": line,
            "other": other,
            "bob": bob.session,
            "cleo": cleo.session,
            "text": ada.does("post", room=room).text,
            "elsewhere": bob.does("post", room=elsewhere).text,
            "note": ada.does("write_note", room=room).text,
        }

    def test_an_event_also_goes_to_the_socket_of_a_stranger(self, story: Story, watched: dict[str, Any]) -> None:
        sabotage = CopiedFrames(story.model, "Feed", watched["cleo"])
        assert sabotage.copies(watched["line"], (watched["text"],)) == (watched["other"],)
        assert (sabotage.arrived, sabotage.copied, sabotage.begun) == (1, 1, True)

    @pytest.mark.parametrize("text", ["elsewhere", "note"])
    def test_only_what_the_subscription_announces(self, story: Story, watched: dict[str, Any], text: str) -> None:
        sabotage = CopiedFrames(story.model, "Feed", watched["cleo"])
        assert not sabotage.copies(watched["line"], (watched[text],))
        assert not sabotage.copies(watched["line"], (-3,)), "a text of an earlier program"
        assert not sabotage.copies(watched["line"], ())
        assert (sabotage.arrived, sabotage.begun) == (0, False)

    def test_only_where_there_is_such_a_subscription(self, story: Story, watched: dict[str, Any]) -> None:
        assert not CopiedFrames(story.model, "Mirror", watched["cleo"]).copies(watched["line"], (watched["text"],))
        assert not CopiedFrames(story.model, "Feed", watched["cleo"]).copies(watched["other"], (watched["text"],))

    @pytest.mark.parametrize("stranger", ["bob", None])
    def test_a_stranger_without_a_socket_gets_nothing(
        self, story: Story, watched: dict[str, Any], stranger: str | None
    ) -> None:
        sabotage = CopiedFrames(story.model, "Feed", watched[stranger] if stranger else Ref(99))
        assert not sabotage.copies(watched["line"], (watched["text"],))
        assert (sabotage.arrived, sabotage.copied, sabotage.begun) == (1, 0, False)
