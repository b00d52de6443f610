"""Signals become KeyboardInterrupt where raising it is safe."""

import asyncio
import signal
import threading
from collections.abc import Iterator

import pytest

from isofuzz.cli.interrupts import interrupted_by

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.mark.parametrize("signum", SIGNALS)
def test_outside_an_event_loop_it_is_raised_at_once(signum: signal.Signals) -> None:
    with interrupted_by(*SIGNALS), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signum)


@pytest.mark.parametrize("signum", SIGNALS)
def test_a_callback_is_not_torn_apart(loop: asyncio.AbstractEventLoop, signum: signal.Signals) -> None:
    reached = []

    async def work() -> None:
        signal.raise_signal(signum)
        reached.append("the end of the callback")
        await asyncio.Event().wait()

    task = loop.create_task(work())
    with interrupted_by(*SIGNALS), pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(task)
    assert reached == ["the end of the callback"]
    task.cancel()
    loop.run_until_complete(asyncio.wait([task]))


@pytest.mark.parametrize("turns_before", range(3))
@pytest.mark.parametrize("turns_after", range(3))
def test_the_loop_runs_on_even_if_its_work_ends_meanwhile(
    loop: asyncio.AbstractEventLoop, turns_before: int, turns_after: int
) -> None:
    async def work() -> None:
        for _ in range(turns_before):
            await asyncio.sleep(0)
        signal.raise_signal(signal.SIGINT)
        for _ in range(turns_after):
            await asyncio.sleep(0)

    async def tidy_up() -> str:
        for _ in range(4):
            await asyncio.sleep(0)
        return "done"

    def work_and_tidy_up() -> None:
        loop.run_until_complete(work())
        loop.run_until_complete(tidy_up())

    with interrupted_by(signal.SIGINT):
        with pytest.raises(KeyboardInterrupt):  # if not while it works, then when the loop runs next
            work_and_tidy_up()
        assert loop.run_until_complete(tidy_up()) == "done"


def test_afterwards_signals_do_what_they_did() -> None:
    before = [signal.getsignal(signum) for signum in SIGNALS]
    with interrupted_by(*SIGNALS):
        assert [signal.getsignal(signum) for signum in SIGNALS] != before
    assert [signal.getsignal(signum) for signum in SIGNALS] == before


def test_a_thread_that_gets_no_signals_is_left_alone() -> None:
    entered = threading.Event()

    def enter() -> None:
        with interrupted_by(*SIGNALS):
            entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert entered.is_set()
