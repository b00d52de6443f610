"""One run at a time on a Valkey server: a published message is heard in all of its numbered databases.

The lease is the name of a connection. It needs no key that could be deleted with the others or outlive a run: the
server forgets it with the connection, which the kernel closes however the run dies.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final

from valkey.asyncio import Valkey

from isofuzz.errors import InfrastructureError, ServicesUnavailable
from isofuzz.services.valkey.connecting import explained, usable_valkey_url, valkey_connected

_PREFIX: Final = "isofuzz-run-"
_SECONDS_TO_WAIT: Final = 300.0
_POLL: Final = 0.1
"""Seconds between two looks, up to twice as long: two runs that wait must not go on trying in step."""

_kept: Final[set[str]] = set()


@contextmanager
def kept_to_the_end(suffix: str) -> Iterator[None]:
    """Whoever asks for the server that the run `suffix` holds is a part of what that run waits for.

    So it is told at once, where waiting for other runs may do.
    """
    _kept.add(f"{_PREFIX}{suffix}")
    try:
        yield
    finally:
        _kept.discard(f"{_PREFIX}{suffix}")


class Lease:
    """The right of this run to use the whole server, held by `connection` for as long as that is open."""

    def __init__(self, connection: Valkey, suffix: str, server: str) -> None:
        self._connection = connection
        self._name = f"{_PREFIX}{suffix}"
        self._server = server

    async def acquire(self, waiting: Callable[[float], None]) -> None:
        """Wait until no other run holds the server; `waiting` is told the seconds waited so far.

        Raises ServicesUnavailable saying who holds it.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        while holder := await self.held_by_another():
            if holder["name"] in _kept:
                raise ServicesUnavailable(
                    f"The Valkey server {self._server} is in use in this very test already, through"
                    " `isofuzz_services.valkey_url` or by a target that `by_hand` has started. Only one of them can use"
                    " a server at a time, since messages are heard in all of its databases. Make two tests of it, or"
                    " use --isofuzz-valkey-url embedded"
                )
            waiting(loop.time() - began)
            if loop.time() - began > _SECONDS_TO_WAIT:
                raise ServicesUnavailable(
                    f"Another run uses the Valkey server {self._server}, and did not end within"
                    f" {_SECONDS_TO_WAIT:.0f} seconds: {_told(holder)}. Only one run can use a server at a time, since"
                    " messages are heard in all of its databases. End that run, or use --valkey-url embedded"
                )
            await asyncio.sleep(_POLL * random.uniform(1, 2))  # noqa: S311 - not a secret
            waiting(loop.time() - began)

    async def require_held(self) -> None:
        """Raise InfrastructureError if the connection was lost: another run may have begun since."""
        name = await self._connection.client_getname()
        if name is None or _text(name) != self._name:
            raise InfrastructureError(
                f"The connection to the Valkey server {self._server} was lost during the run, and with it the right to"
                " use the server alone"
            )

    async def held_by_another(self) -> dict[str, Any] | None:
        """Who holds the lease; None when it is now ours. Looking and taking are one step for the server."""
        if holder := _holder(await self._connection.client_list()):
            return holder
        pipeline = self._connection.pipeline(transaction=True)
        pipeline.client_list()
        pipeline.client_setname(self._name)
        clients, _ = await pipeline.execute()
        if holder := _holder(clients):
            await self._connection.client_setname("")
        return holder


async def require_leasable(url: str, *, allow_hosts: Collection[str] = ()) -> None:
    """Raise ServicesUnavailable unless a run could hold the server, now or once another run has ended.

    It is tried: a server that nobody holds is held until the connection closes, a moment later.
    """
    parsed = await usable_valkey_url(url, allow_hosts)
    async with valkey_connected(parsed) as (client, _):
        with explained(parsed):
            await Lease(client, "trial", parsed.server).held_by_another()


def _holder(clients: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((client for client in clients if client["name"].startswith(_PREFIX)), None)


def _told(holder: dict[str, Any]) -> str:
    return f"{holder['name']}, connected from {holder['addr']} for {holder['age']} seconds"


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
