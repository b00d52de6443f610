"""Stories: tests by hand on a system that isofuzz controls, and what has to be so for one to pass."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.integration.runs.forgetful import Cached, Desks, Emptied, Text

from isofuzz import HistoryByHand, Key, Name, Refused, UsageError
from isofuzz.runs.story import Story, Told, told
from isofuzz.services import Sources
from isofuzz_packs.chat import Chat
from isofuzz_packs.chat.target import About, Body, Title

SOURCES = Sources(database_url="embedded")


def of(target: type[Any], tell: Callable[[Any, HistoryByHand], Awaitable[None]], **options: Any) -> Told:
    return told(Story(target, tell, sources=SOURCES, **options))


def seen(came_of_it: Told) -> list[str]:
    return [case.fingerprint for case in came_of_it.history.cases()]


async def both_write_about_themselves(chat: Chat, history: HistoryByHand, schedule: str) -> None:
    _, me, _ = await chat.sign_in(Name("a"))
    _, she, _ = await chat.sign_in(Name("b"))
    async with history.overlap(schedule) as overlap:
        writing = overlap.start(chat.set_about(me, About("{canary}")))
        overlap.start(chat.set_about(she, About("{canary}")))
    writing.result()
    await chat.read_about(me)


CALLER_KEPT = "crossing:foreign:user:read_about:set_about:About"


def test_a_schedule_decides_who_moves_when() -> None:
    async def serial(chat: Chat, history: HistoryByHand) -> None:
        await both_write_about_themselves(chat, history, "")

    async def overlapping(chat: Chat, history: HistoryByHand) -> None:
        await both_write_about_themselves(chat, history, "01")

    assert seen(of(Chat, serial, defect="caller-kept")) == []
    came_of_it = of(Chat, overlapping, defect="caller-kept")
    assert CALLER_KEPT in seen(came_of_it)
    assert [str(burst.schedule) for burst in came_of_it.history.program.bursts if burst.schedule] == ["01"]


def test_a_schedule_that_fits_no_longer_gives_way_to_the_plain_ones() -> None:
    """Who mends a race may well do it with fewer statements; that alone is no reason to fail, nor one to pass."""
    ways = []

    async def story(chat: Chat, history: HistoryByHand) -> None:
        await both_write_about_themselves(chat, history, f"{'0' * 60}1")
        ways.append([str(burst.schedule) for burst in history.program.bursts if burst.schedule])

    mended = of(Chat, story)
    assert (seen(mended), mended.untested) == ([], None)
    assert len(ways) > 10
    assert ["01"] in ways
    assert CALLER_KEPT in seen(of(Chat, story, defect="caller-kept"))


def test_a_fault_happens_when_the_schedule_says() -> None:
    async def story(chat: Chat, history: HistoryByHand) -> None:
        _, me, line = await chat.sign_in(Name("a"))
        async with history.overlap("01") as overlap:
            writing = overlap.start(chat.set_about(me, About("{canary}")))
            overlap.fault("cancel", writing)
            with pytest.raises(UsageError, match="a fault 'abort' is of a socket, not of Started"):
                overlap.fault("abort", writing)
        with pytest.raises(RuntimeError, match="set_about ended with CancelledError"):
            writing.result()
        async with history.overlap("1") as overlap:
            overlap.start(chat.read_about(me))
            overlap.fault("abort", line)

    came_of_it = of(Chat, story)
    assert [fault.kind for fault in came_of_it.history.program.faults] == ["cancel", "abort"]
    assert came_of_it.untested is None or "ended unexpectedly" in came_of_it.untested


def test_the_system_is_restarted_in_the_middle_of_an_operation() -> None:
    """What was given before it is still there after it, and the interrupted write may or may not be."""
    read = []

    async def story(chat: Chat, history: HistoryByHand) -> None:
        _, me, _ = await chat.sign_in(Name("a"))
        room, _ = await chat.open_thread(me, Key("a"), Title("{canary}"))
        await chat.post(me, room, Body("before {canary}"))
        async with history.overlap("1") as overlap:
            posting = overlap.start(chat.post(me, room, Body("meanwhile {canary}")))
            overlap.fault("restart", posting)
        _, me_again, _ = await chat.sign_in(Name("a"))
        read.append(await chat.history(me_again, room))

    came_of_it = of(Chat, story)
    assert [fault.kind for fault in came_of_it.history.program.faults] == ["restart"]
    assert seen(came_of_it) == []
    assert "before" in str(read[0])


def test_what_cannot_overlap_is_refused() -> None:
    async def story(chat: Chat, history: HistoryByHand) -> None:
        _, me, _ = await chat.sign_in(Name("a"))
        with pytest.raises(UsageError, match="a schedule is written with digits and small letters: '0-1'"):
            async with history.overlap("0-1"):
                pass
        with pytest.raises(UsageError, match="only operations of the target can be started in an overlap"):
            async with history.overlap() as overlap:
                overlap.start(asyncio.Event().wait())
        with pytest.raises(UsageError, match=r"have it take part with overlap.start\(...\)"):
            async with history.overlap():
                await chat.read_about(me)
        with pytest.raises(UsageError, match="one overlap within another"):
            async with history.overlap(), history.overlap():
                pass
        with pytest.raises(UsageError, match="read_about, me: str is no thing"):
            async with history.overlap() as overlap:
                overlap.start(chat.read_about("a"))  # type: ignore[arg-type]  # that is the mistake
        await chat.read_about(me)

    assert of(Chat, story).untested is None


def test_who_is_put_off_ends_the_story() -> None:
    """What they got is needed further on; whoever mends the system sees to it that they do not get it."""

    async def intruding(desks: Desks, history: HistoryByHand) -> None:
        _, ann = await desks.enter(Name("ann"))
        _, eve = await desks.enter(Name("eve"))
        desk = await desks.new_desk(ann)
        sheet = await desks.write(eve, desk, Text("{canary}"))
        raise AssertionError(f"{sheet} was written")

    async def put_off_without_reason(desks: Desks, history: HistoryByHand) -> None:
        await desks.enter(Name("ann"))
        raise Refused("by the test itself")

    mended = of(Desks, intruding)
    assert (seen(mended), mended.untested) == ([], None)
    with pytest.raises(Refused, match="by the test itself"):
        of(Desks, put_off_without_reason)


def test_what_an_earlier_program_left_behind() -> None:
    async def story(desks: Desks, history: HistoryByHand) -> None:
        _, ann = await desks.enter(Name("ann"))
        desk = await desks.new_desk(ann)
        await desks.write(ann, desk, Text("{canary}"))
        await desks.read(ann, desk)

        await history.start_over()

        _, eve = await desks.enter(Name("eve"))
        hers = await desks.new_desk(eve)
        with pytest.raises(UsageError, match="this Desk was not returned by an operation of this test"):
            await desks.read(eve, desk)
        await desks.read(eve, hers)

    leaking = of(Cached, story)
    [case] = leaking.history.cases()
    assert case.fingerprint == "crossing:foreign:program:read"
    assert [len(program) for program in case.earlier] == [4]
    assert case.origin
    assert "`write`" in case.explanation
    assert seen(of(Emptied, story)) == []


def test_what_it_takes_to_pass() -> None:
    async def nothing(desks: Desks, history: HistoryByHand) -> None: ...

    async def alone(chat: Chat, history: HistoryByHand) -> None:
        _, me, _ = await chat.sign_in(Name("a"))
        await chat.open_thread(me, Key("a"), Title("{canary}"))

    times = []

    async def harmless(desks: Desks, history: HistoryByHand) -> None:
        times.append(await desks.enter(Name("ann")))

    assert of(Desks, nothing).untested == "no operation was called"
    assert (
        of(Chat, alone, compared=True).untested
        == "nothing in it is none of a user's business, so there was nothing to compare"
    )
    assert of(Desks, harmless, runs=3).untested is None
    assert len(times) == 3
