"""Back to the baseline before each program: what the target's start left in Valkey, and nothing else."""

from dataclasses import dataclass
from typing import Any

from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

from isofuzz.errors import InfrastructureError
from isofuzz.services.valkey.adoption import MARKER, keys_of_databases, marker
from isofuzz.services.valkey.lease import Lease
from isofuzz.services.valkey.url import ValkeyUrl


@dataclass(frozen=True)
class _Kept:
    """A key of the baseline: its value as the server dumps it, and its life in milliseconds, 0 for ever."""

    database: int
    key: bytes
    value: bytes
    life: int


class ValkeyReset:
    """Takes the baseline of a server, or of one adopted database of it, and restores it.

    `connection` is used by nothing else. With a `lease`, only the database of `url` is emptied, and its marker stays;
    without one the whole server is the run's own.
    """

    def __init__(self, connection: Valkey, server: dict[str, Any], url: ValkeyUrl, lease: Lease | None) -> None:
        self._connection = connection
        self._server = server
        self._url = url
        self._lease = lease
        self._kept: list[_Kept] = []

    async def baseline(self) -> None:
        """Take the keys that are now there as what `restore` goes back to."""
        try:
            used = keys_of_databases(await self._connection.info("keyspace"))
            numbers = [self._url.database] if self._lease else used
            self._kept = [kept for number in numbers for kept in await self._keys_of(number)]
            await self._connection.select(self._url.database)
        except (ValkeyError, OSError) as error:
            raise self._failed(error) from error

    async def restore(self) -> None:
        """Empty it and put the baseline back, in one step for everybody else.

        A key that expires gets the life that it had at the baseline. Raises InfrastructureError when that fails.
        """
        try:
            if self._lease:
                await self._lease.require_held()
            pipeline = self._connection.pipeline(transaction=True)
            if self._lease:
                pipeline.flushdb()
                pipeline.set(MARKER, marker(self._server, self._url))
            else:
                pipeline.flushall()
            for kept in self._kept:
                pipeline.select(kept.database)
                pipeline.restore(kept.key, kept.life, kept.value)
            pipeline.select(self._url.database)
            await pipeline.execute()
        except (ValkeyError, OSError) as error:
            raise self._failed(error) from error

    async def _keys_of(self, number: int) -> list[_Kept]:
        await self._connection.select(number)
        kept = []
        async for key in self._connection.scan_iter(count=1000):
            if self._lease and key == MARKER.encode():
                continue
            value = await self._connection.dump(key)
            if value is not None:  # else it has just expired
                kept.append(_Kept(number, key, value, max(await self._connection.pttl(key), 0)))
        return list(dict.fromkeys(kept))  # a scan may show a key twice

    def _failed(self, error: Exception) -> InfrastructureError:
        return InfrastructureError(f"Valkey at {self._url.name} could not be reset between programs: {error}")
