"""What is missing is looked for again until it is there or the lag is over; the last look begins when it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from isofuzz.engine.lag import LateAnswer, Looks, events_come, rows_come
from isofuzz.history.entries import Delivery, Outcome, Row
from isofuzz.oracles.judge import Judge

if TYPE_CHECKING:
    from tests.unit.conftest import Person, Story

    from isofuzz.program.steps import Ref

SHORT, LONG = 0.02, 60
"""Seconds: one lag that is soon over, and one that no test waits for."""


@pytest.fixture
def ada(story: Story) -> Person:
    return story.sign_up("ada")


@pytest.fixture
def room(ada: Person) -> Ref:
    return ada.does("new_room").made()


def judged(story: Story) -> Judge:
    """The judge of the story so far."""
    judge = Judge(story.vocabulary)
    for entry in story.history:
        judge.feed(entry)
    return judge


class TestLooks:
    async def test_there_is_one_without_a_lag(self) -> None:
        assert not await Looks(0).again()

    async def test_the_last_one_begins_when_the_time_is_over(self) -> None:
        began, looks = time.monotonic(), Looks(SHORT)
        while await looks.again():
            last = time.monotonic()
        assert last - began >= SHORT
        assert not looks.more

    async def test_the_next_one_does_not_wait_for_all_of_it(self) -> None:
        looks = Looks(LONG)
        assert await looks.again()
        assert looks.more


class TestAnswers:
    async def test_what_lacks_a_text_may_come_later(self, story: Story, ada: Person, room: Ref) -> None:
        text = ada.does("post", room=room).text
        read = ada.starts("history", room=room)
        late = LateAnswer(judged(story), read.step, LONG)
        assert await late.may_come(Outcome.REFUSED, [], ["not found"])
        assert await late.may_come(Outcome.OK, [], [[]])
        assert not await late.may_come(Outcome.OK, [text], [["hello"]])

    async def test_until_the_lag_is_over(self, story: Story, ada: Person, room: Ref) -> None:
        ada.does("post", room=room)
        read, judge = ada.starts("history", room=room), judged(story)
        assert not LateAnswer(judge, read.step, 0).patient
        late = LateAnswer(judge, read.step, SHORT)
        while late.patient:
            assert await late.may_come(Outcome.OK, [], [])
        assert not await late.may_come(Outcome.OK, [], [])

    async def test_whatever_they_showed_meanwhile_counts(self, story: Story, ada: Person, room: Ref) -> None:
        other = story.sign_up("bob").does("new_room").made()
        one, two = (ada.does("post", room=room).text for _ in range(2))
        foreign = ada.does("post", room=other).text
        read = ada.starts("history", room=room)
        late = LateAnswer(judged(story), read.step, LONG)
        assert await late.may_come(Outcome.OK, [], ["nothing"])
        assert await late.may_come(Outcome.OK, [foreign], ["a foreign one"])
        assert await late.may_come(Outcome.OK, [one], ["the first"])
        assert (late.seen, late.shown) == ((foreign, one), ["a foreign one", "the first"])
        assert not await late.may_come(Outcome.OK, [two], ["the second"])


async def test_an_event_is_awaited(story: Story, ada: Person, room: Ref) -> None:
    sock = ada.does("connect").made()
    ada.does("mirror", sock=sock, room=room)
    text = ada.does("post", room=room).text
    judge = judged(story)
    await events_come(judge, [sock], SHORT)
    assert judge.lacks_events([sock])
    judge.feed(Delivery(sock, (text,)))
    await events_come(judge, [sock], LONG)


async def test_rows_are_awaited(story: Story, ada: Person, room: Ref) -> None:
    one, two = (ada.does("post", room=room).text for _ in range(2))
    stored, later = Row((one,)), Row((two,))
    looks = iter([[stored], [Row((0,), "for a moment")], [stored, later]])

    async def look() -> list[Row]:
        return next(looks)

    rows = await rows_come(judged(story), look, LONG)
    assert rows == (stored, Row((0,), "for a moment"), later)
