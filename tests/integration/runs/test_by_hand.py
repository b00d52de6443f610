"""A target driven by hand writes the history that the same steps of a program write."""

import asyncio
from typing import Any

import pytest

from isofuzz import Key, Name, Refused, Target, UsageError, User, operation
from isofuzz.history.entries import Outcome
from isofuzz.program.steps import Literal, NeverIssued, Ref, SecretText
from isofuzz.runs.by_hand import HistoryByHand, by_hand
from isofuzz.services import Sources
from isofuzz_packs.chat import Chat
from isofuzz_packs.chat.target import Body, Me, Room, Title, Who

SOURCES = Sources(database_url="embedded")


def driven(target: type[Any] = Chat, defect: str | None = None) -> Any:
    return by_hand(target, defect=defect, sources=SOURCES)


async def two_in_a_room(chat: Chat) -> tuple[tuple[Who, Me, Any], tuple[Who, Me, Any], Room]:
    ann = await chat.sign_in(Name("ann"))
    eve = await chat.sign_in(Name("eve"))
    room, _ = await chat.open_thread(ann[1], Key("plans"), Title("plans"))
    return ann, eve, room


async def test_things_and_texts_become_references_and_secrets() -> None:
    history: HistoryByHand
    async with driven() as (chat, history):
        (_, me, _), (eve, she, _), room = await two_in_a_room(chat)
        await chat.post(me, room, Body("before {canary} after"))
        await chat.invite(me, room=room, member=eve)
        assert "before q7090" in str(await chat.history(she, room))
        with pytest.raises(Refused):
            await chat.history(she, history.never_issued(Room, 1))
    assert not history.violations
    assert history.unchecked() == []
    calls = history.program.calls
    assert [call.operation for call in calls[2:]] == ["open_thread", "post", "invite", "history", "history"]
    assert calls[2].arguments == {"me": Ref(0, 1), "slug": Literal("plans"), "title": SecretText("plans {canary}")}
    assert calls[3].arguments["body"] == SecretText("before {canary} after")
    assert calls[4].arguments == {"me": Ref(0, 1), "room": Ref(2), "member": Ref(1)}
    assert calls[6].arguments["room"] == NeverIssued("Room", 1)


async def test_what_is_awaited_together_overlaps() -> None:
    async with driven() as (chat, history):
        (_, me, _), _, room = await two_in_a_room(chat)
        first, second = await asyncio.gather(chat.post(me, room, Body("a")), chat.post(me, room, Body("b")))
        async with asyncio.TaskGroup() as group:
            group.create_task(chat.edit_message(me, room, first, Body("c")))
            group.create_task(chat.edit_message(me, room, second, Body("d")))
        await chat.history(me, room)
    assert [len(burst.calls) for burst in history.program.bursts] == [1, 1, 1, 2, 2, 1]
    assert not history.violations


async def test_what_a_socket_brings_is_judged() -> None:
    async with driven(defect="subscription-outlives-kick") as (chat, history):
        (_, me, _), (eve, she, her_line), room = await two_in_a_room(chat)
        await chat.invite(me, room, eve)
        await chat.subscribe(she, her_line, room)
        await chat.kick(me, room, eve)
        assert not history.violations
        await chat.post(me, room, Body("hello"))
        assert [violation.fingerprint for violation in history.violations] == ["delivery:foreign:Room:frame:post:Body"]
    [case] = history.cases()
    assert "B had lost access to that Room in step 5 (`kick`)." in case.explanation


class Rude(Target):
    """Ends in every way in which an operation can."""

    @operation
    async def sign_in(self, name: Name, how: str) -> "Person":
        if how == "exit":
            raise SystemExit(3)
        if how == "cancel":
            raise asyncio.CancelledError
        if how == "error":
            raise LookupError("not there")
        return Person(name)

    @operation
    async def note(self, who: "Person", text: Body) -> None: ...


class Person(User):
    id: str


async def test_what_the_target_raises_reaches_the_test_and_never_ends_it() -> None:
    async with driven(Rude) as (rude, history):
        with pytest.raises(LookupError, match="not there"):
            await rude.sign_in("ann", "error")
        for how, name in (("exit", "SystemExit"), ("cancel", "CancelledError")):
            with pytest.raises(RuntimeError, match=f"sign_in ended with {name}"):
                await rude.sign_in("ann", how)
    assert [e.outcome for e in history.entries if hasattr(e, "outcome")] == [Outcome.INFO] * 3


async def test_green_means_checked() -> None:
    async with driven(Rude) as (rude, history):
        assert history.unchecked() == ["no operation was called"]
        ann = await rude.sign_in("ann", "well")
        assert history.unchecked() == ["no operation wrote a secret, so no leak could have been seen"]
        await rude.note(ann, "a")
        [reason] = history.unchecked()
        assert "nobody could have seen what is not theirs" in reason
        await rude.note(ann, "b")
        assert history.unchecked() == [reason], "it is ann's own"
        eve = await rude.sign_in("eve", "well")
        assert history.unchecked() == [reason], "she has not looked yet"
        await rude.note(eve, "c")
        assert history.unchecked() == []


async def test_one_user_alone_shows_nothing_but_between_threads() -> None:
    async with driven() as (chat, history):
        _, me, line = await chat.sign_in(Name("ann"))
        room, _ = await chat.open_thread(me, Key("plans"), Title("plans"))
        await chat.subscribe(me, line, room)
        await chat.post(me, room, Body("hello"))
        await chat.history(me, room)
        [reason] = history.unchecked()
        assert "nobody but its author looked or listened" in reason
        other, _ = await chat.open_thread(me, Key("other"), Title("other"))
        await chat.history(me, other)
        assert history.unchecked() == []


async def test_who_only_listens_looks() -> None:
    async with driven() as (chat, history):
        (_, me, _), _, room = await two_in_a_room(chat)
        await chat.post(me, room, Body("hello"))
        assert len(history.unchecked()) == 1
    assert history.unchecked() == [], "eve's line was open until the end, and all that was sent has arrived"


async def test_what_is_not_of_this_test_is_refused() -> None:
    async with driven(Rude) as (rude, history):
        with pytest.raises(UsageError, match="note, who: this Person was not returned by an operation of this test"):
            await rude.note(Person("ann"), "a")
        with pytest.raises(UsageError, match="note, who: str is no thing; pass what an operation returned"):
            await rude.note("ann", "a")
        with pytest.raises(UsageError, match="no Room can be invented"):
            history.never_issued(Room)
        ann = await rude.sign_in("ann", "well")
        with pytest.raises(UsageError, match="canary"):
            await rude.note(ann, "{canary} and {canary}")
        with pytest.raises(UsageError, match="nobody controls here who moves when, so a schedule says nothing"):
            async with history.overlap("01"):
                pass
        with pytest.raises(TypeError, match="missing a required argument: 'text'"):
            await rude.note(ann)
    assert len(history.program.calls) == 1


async def test_what_is_under_way_when_the_test_gives_up_is_ended() -> None:
    """A call that nobody awaits any more does not keep the target from being stopped."""

    async def give_up() -> None:
        async with driven(Rude) as (rude, _), asyncio.timeout(0):
            await rude.sign_in("ann", "well")

    with pytest.raises(TimeoutError):
        await give_up()
