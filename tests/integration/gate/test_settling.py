"""All is at rest when it is said to be; a few of the trials of `benchmarks.control`, which counts many."""

import asyncio

from benchmarks.control.contended import Contended
from benchmarks.control.settled import Counts, look_on, onlooking
from benchmarks.control.stage import run, stage


def test_nothing_moves_once_it_was_said_to_be_at_rest() -> None:
    counts = run(look_on(400))
    assert counts.steps >= 400
    assert (counts.misdetected, counts.reasons) == (0, [])
    # Somebody waited for a lock, and nobody else was said to.
    assert counts.verdicts
    assert counts.wrong_verdicts == 0


def test_an_onlooker_sees_what_still_moves() -> None:
    async def look_too_early() -> Counts:
        async with stage(Contended) as on:
            with onlooking(on) as onlooker:
                target = on.system.target
                assert isinstance(target, Contended)
                async with target.transaction() as transaction:
                    await on.control.loop.rest()
                    onlooker.look()
                    assert onlooker.counts.misdetected == 0
                    working = asyncio.create_task(transaction.fetch("SELECT pg_sleep(0.2)"))
                    await on.control.loop.rest()
                    onlooker.look()
                    await working
                return onlooker.counts

    counts = run(look_too_early())
    assert (counts.steps, counts.misdetected) == (2, 1)
