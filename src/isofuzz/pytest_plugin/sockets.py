"""WebSocket clients for tests written by hand: each records what it gets, and can await an event."""

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

from isofuzz.target.things import Reply
from isofuzz.target.websocket import WebSocket

_SHOWN = 20
_LENGTH = 300


class RecordingSocket(WebSocket):
    """A `WebSocket` that records every event in `events`, in order. What answers an `ask` is no event."""

    events: list[Any] = dataclasses.field(init=False, repr=False, default_factory=list)
    _recording: "asyncio.Task[None]" = dataclasses.field(init=False, repr=False)
    _changed: asyncio.Event = dataclasses.field(init=False, repr=False, default_factory=asyncio.Event)

    def record(self) -> None:
        """Begin to record; called once, when the connection is open."""
        self._recording = asyncio.create_task(self._record())
        self._recording.add_done_callback(lambda _: self._changed.set())

    async def event(self, matches: Callable[[Any], bool] = lambda event: True, *, within: float = 5) -> Any:
        """The first event that matches, recorded already or still to come; awaited for so many seconds.

        Raises AssertionError with what was received instead. That an event does *not* come is shown by `barrier`,
        after which everything that was sent before is in `events`.
        """
        try:
            async with asyncio.timeout(within):
                while not (found := list(filter(matches, self.events))) and not self._recording.done():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"no such event came within {within:g} s. {self._received()}") from None
        if not found:
            raise AssertionError(f"no such event came before the connection ended. {self._received()}")
        return found[0]

    async def close(self) -> None:
        """Close the connection with a farewell."""
        await super().close()
        await self._recording

    async def _record(self) -> None:
        async for frame in self.frames():
            if not isinstance(frame, Reply):
                self.events.append(frame)
                self._changed.set()

    def _received(self) -> str:
        if not self.events:
            return "Nothing was received"
        shown = [f"\n  {number}. {_cut(repr(event))}" for number, event in enumerate(self.events[:_SHOWN], start=1)]
        more = len(self.events) - _SHOWN
        return f"Received, in order:{''.join(shown)}" + (f"\n  and {more} more" if more > 0 else "")


def _cut(text: str) -> str:
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]}…"
