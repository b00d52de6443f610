"""Overlaps made by hand: a request waits in its middle while others go on."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.integration.packs.chat.conftest import Client, Reply

from isofuzz_packs.chat.transactions import Transaction


class Pause:
    """Where one request waits after one of its statements."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self._over = asyncio.Event()

    async def wait(self) -> None:
        """Wait, as the request does."""
        self.reached.set()
        await self._over.wait()

    def end(self) -> None:
        """Let the request go on."""
        self._over.set()


@contextmanager
def paused_after(part: str) -> Iterator[Pause]:
    """The first request that executes a statement with this part in it waits after that."""
    pause = Pause()

    def pausing(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def execute(self: Transaction, sql: str, **values: object) -> Any:
            result = await method(self, sql, **values)
            if part in sql and not pause.reached.is_set():
                await pause.wait()
            return result

        return execute

    with pytest.MonkeyPatch.context() as patch:
        for name in ("rows", "row", "write"):
            patch.setattr(Transaction, name, pausing(getattr(Transaction, name)))
        yield pause
        pause.end()


async def overlapped(
    first: Awaitable[Reply], second: Awaitable[Reply], bystander: Client, *, after: str
) -> tuple[Reply, Reply]:
    """What both requests are answered when `first` waits after that statement until `second` can get no further."""
    with paused_after(after) as pause:
        asking = [asyncio.ensure_future(first)]
        async with asyncio.timeout(10):
            await pause.reached.wait()
        asking.append(asyncio.ensure_future(second))
        await let_go_on(bystander, *asking)
        pause.end()
        async with asyncio.timeout(10):
            one, other = await asyncio.gather(*asking)
    return one, other


async def let_go_on(bystander: Client, *asking: asyncio.Future[Reply]) -> None:
    """Returns when one of them is answered, or so much else has been that it would be if nothing was in its way."""
    for _ in range(20):
        await bystander.ok("search", text="")
        if any(each.done() for each in asking):
            return
