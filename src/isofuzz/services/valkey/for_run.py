"""The Valkey of one run: most targets need none, so it is started or leased when it is first asked for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace

from isofuzz.errors import InfrastructureError
from isofuzz.services.choosing import Choice, Choosing, Origin, none_can_be_had, not_usable, switched_off
from isofuzz.services.compose.running import VALKEY
from isofuzz.services.folders import RunFolder
from isofuzz.services.server_user import ServerUser
from isofuzz.services.valkey.adoption import require_adopted
from isofuzz.services.valkey.connecting import explained, product, usable_valkey_url, valkey_connected
from isofuzz.services.valkey.lease import Lease
from isofuzz.services.valkey.reset import ValkeyReset
from isofuzz.services.valkey.server import running_valkey
from isofuzz.services.valkey.url import ValkeyUrl

ValkeyDoor = Callable[[ValkeyUrl], Awaitable[ValkeyUrl]]
"""Makes what stands before a server; returns what leads there."""


@dataclass(frozen=True)
class _Opened:
    url: ValkeyUrl
    """What the system is to connect to."""
    resetting: ValkeyReset
    product: str
    version: str
    source: str
    pid: int | None = None
    """The server's process, if the server is the run's own."""


class RunValkey:
    """The Valkey of the run `suffix`. What it opens is closed by `stack`."""

    def __init__(
        self,
        choosing: Choosing,
        suffix: str,
        folder: RunFolder,
        user: ServerUser,
        allow_hosts: Collection[str],
        stack: AsyncExitStack,
    ) -> None:
        self.waited = 0.0
        """Seconds that it has waited for other runs to let go of the server."""
        self.door: ValkeyDoor | None = None
        """What is to stand before it."""
        self._choosing = choosing
        self._suffix = suffix
        self._folder = folder
        self._user = user
        self._allow_hosts = allow_hosts
        self._stack = stack
        self._opening = asyncio.Lock()
        self._opened: _Opened | None = None
        self._leased: AsyncExitStack | None = None

    async def url(self) -> str:
        """A URL of the database that the run may fill; the same each time. Raises ServicesUnavailable, UsageError."""
        async with self._opening:
            if self._opened is None:
                choice = await asyncio.to_thread(self._choosing.choose, VALKEY)
                opened = await self._open(choice)
                self._opened = replace(opened, url=await self.door(opened.url)) if self.door else opened
        return str(self._opened.url)

    async def let_go(self) -> None:
        """Empty a server that was leased and leave it to other runs; `url` leases it again. One of its own stays."""
        async with self._opening:
            if self._leased:
                leased, self._leased, self._opened = self._leased, None, None
                await leased.aclose()

    @property
    def origin(self) -> str | None:
        """One line for people: which Valkey this is, and why; None as long as nobody asked for it."""
        opened = self._opened
        return f"{opened.product} {opened.version}, {opened.source}" if opened else None

    @property
    def pid(self) -> int | None:
        """The server's process; None as long as nobody asked for it, or if the server is not the run's own."""
        return self._opened.pid if self._opened else None

    @property
    def versions(self) -> dict[str, str]:
        """Its version under its name, as far as anybody asked for it."""
        return {self._opened.product.lower(): self._opened.version} if self._opened else {}

    async def baseline(self) -> None:
        """Take what is now in it as what `reset` goes back to."""
        if self._opened:
            await self._opened.resetting.baseline()

    async def reset(self) -> None:
        """Go back to the baseline."""
        if self._opened:
            await self._opened.resetting.restore()

    async def _open(self, choice: Choice) -> _Opened:
        if choice.origin is Origin.OFF:
            raise switched_off(VALKEY)
        if choice.origin is Origin.EMBEDDED:
            with none_can_be_had(choice):
                running = await self._stack.enter_async_context(running_valkey(self._folder, self._user))
            url, client, server = running
            source, pid = f"embedded ({choice.why})", int(server["process_id"])
            return _Opened(url, ValkeyReset(client, server, url, None), *product(server), source, pid)
        with not_usable(choice):
            leased = await self._stack.enter_async_context(AsyncExitStack())
            given = _given(choice, self._suffix, self._allow_hosts, self._note_waiting())
            opened = await leased.enter_async_context(given)
        self._leased = leased
        return opened

    def _note_waiting(self) -> Callable[[float], None]:
        before = self.waited

        def note(seconds: float) -> None:
            self.waited = before + seconds

        return note


@asynccontextmanager
async def _given(
    choice: Choice, suffix: str, allow_hosts: Collection[str], waiting: Callable[[float], None]
) -> AsyncIterator[_Opened]:
    """An adopted database, empty; held by this run alone, and left empty."""
    assert choice.url is not None, "it is not embedded"
    url = await usable_valkey_url(choice.url, allow_hosts)
    async with valkey_connected(url) as (client, server):
        await require_adopted(client, server, url)
        lease = Lease(client, suffix, url.server)
        with explained(url):
            await lease.acquire(waiting)
        # Again: whoever held it before may have emptied the whole server.
        await require_adopted(client, server, url)
        resetting = ValkeyReset(client, server, url, lease)
        await resetting.restore()
        place = choice.place or f"database {url.name}"
        yield _Opened(url, resetting, *product(server), f"{place} ({choice.why})")
        # It may fail if the server is gone, or another run's by now; the next run empties it before it begins.
        with suppress(InfrastructureError):
            await ValkeyReset(client, server, url, lease).restore()
