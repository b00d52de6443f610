"""Signals become exceptions where raising them is safe."""

import asyncio
import signal
import threading
from typing import Never

import pytest

from isofuzz.cli.interrupts import Terminated, interrupted_by

INTERRUPTIONS = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: Terminated}


@pytest.mark.parametrize(("signum", "interruption"), list(INTERRUPTIONS.items()))
def test_outside_an_event_loop_it_is_raised_at_once(
    signum: signal.Signals, interruption: type[KeyboardInterrupt]
) -> None:
    with interrupted_by(INTERRUPTIONS), pytest.raises(interruption):
        signal.raise_signal(signum)


@pytest.mark.parametrize(("signum", "interruption"), list(INTERRUPTIONS.items()))
def test_within_a_callback_of_a_loop_it_waits_for_the_end_of_the_callback(
    signum: signal.Signals, interruption: type[KeyboardInterrupt]
) -> None:
    reached = []

    async def work() -> Never:
        signal.raise_signal(signum)
        reached.append("the end of the callback")
        await asyncio.Event().wait()
        raise AssertionError("nobody sets this event")

    loop = asyncio.new_event_loop()
    try:
        task = loop.create_task(work())
        with interrupted_by(INTERRUPTIONS), pytest.raises(interruption):
            loop.run_until_complete(task)
        task.cancel()
        loop.run_until_complete(asyncio.wait([task]))
    finally:
        loop.close()

    assert reached == ["the end of the callback"]


def test_afterwards_signals_do_what_they_did() -> None:
    before = [signal.getsignal(signum) for signum in INTERRUPTIONS]
    with interrupted_by(INTERRUPTIONS):
        assert [signal.getsignal(signum) for signum in INTERRUPTIONS] != before
    assert [signal.getsignal(signum) for signum in INTERRUPTIONS] == before


def test_a_thread_that_gets_no_signals_is_left_alone() -> None:
    entered = threading.Event()

    def enter() -> None:
        with interrupted_by(INTERRUPTIONS):
            entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert entered.is_set()
