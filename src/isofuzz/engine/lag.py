"""Looking again for what is missing, as long as a system may take to show what was written: the target's `lag`.

What a read lacks, an event that has not arrived, a row that is not stored yet: each may only be late, so it is looked
for until it is there or the lag is over, and judged then. What is too much is never waited for: whatever any of the
looks has shown counts.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection

from isofuzz.history.entries import Outcome, Row
from isofuzz.oracles.judge import Judge
from isofuzz.program.steps import Ref

_FIRST_PAUSE, _LONGEST_PAUSE = 0.001, 0.05
"""Seconds between two looks: most of what is late comes soon, and a system is not to be kept busy by being asked."""


class Looks:
    """How often it is worth to look again: the last look begins when so many seconds are over."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._pause = _FIRST_PAUSE
        self._last = seconds == 0

    @property
    def more(self) -> bool:
        """Is there still another look to come?"""
        return not self._last

    async def again(self) -> bool:
        """Wait a little for the next look; False if there is none, for the one before began when the time was over."""
        if self._last:
            return False
        left = max(0.0, self._until - time.monotonic())
        self._last = left <= self._pause
        await asyncio.sleep(min(left, self._pause))
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        return True


class LateAnswer:
    """The answers to one step that lacked something: the texts `seen` in them, and the values that had `shown` them."""

    def __init__(self, judge: Judge, step: int, lag: float) -> None:
        self.shown: list[object] = []
        self.seen: tuple[int, ...] = ()
        self._judge = judge
        self._step = step
        self._looks = Looks(lag)

    @property
    def patient(self) -> bool:
        """Is there any use in asking whether something is lacking?"""
        return self._looks.more

    async def may_come(self, outcome: Outcome, seen: Collection[int], values: Collection[object]) -> bool:
        """Is something lacking even so, and is it worth to ask again? Returns when that is to be done."""
        everything = tuple(dict.fromkeys((*self.seen, *seen)))
        if not self._judge.lacks_texts(self._step, outcome, everything) or not await self._looks.again():
            return False
        if everything != self.seen:
            self.shown += values
        self.seen = everything
        return True


async def events_come(judge: Judge, sockets: Collection[Ref], lag: float) -> None:
    """Return when every event that had to has arrived on these sockets, or the lag is over."""
    looks = Looks(lag)
    while looks.more and judge.lacks_events(sockets) and await looks.again():
        pass


async def rows_come(judge: Judge, look: Callable[[], Awaitable[list[Row]]], lag: float) -> tuple[Row, ...]:
    """Look until no row is missing, or the lag is over; every row that was there in any of the looks."""
    looks = Looks(lag)
    rows = dict.fromkeys(await look())
    while looks.more and judge.lacks_rows(tuple(rows)) and await looks.again():
        rows |= dict.fromkeys(await look())
    return tuple(rows)
