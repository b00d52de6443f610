"""A Valkey or Redis database that isofuzz was given: the consent to delete every key in it.

Adopting writes a *marker* key that names the server's run, its port and the number of the database. A copy of the key,
on another server or in another database, names something else. So does the key itself after the server was started
again: what the server then loaded may be anybody's, so it must be adopted again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from valkey.asyncio import Valkey

from isofuzz.errors import ServicesUnavailable, UsageError
from isofuzz.services.valkey.connecting import explained, product, usable_valkey_url, valkey_connected
from isofuzz.services.valkey.url import ValkeyUrl

MARKER: Final = "isofuzz:marker"


@dataclass(frozen=True)
class ValkeyDescription:
    """What is in a numbered database that somebody may be about to adopt, and beside it."""

    name: str
    """What a person must type to adopt it: localhost:6379/15."""
    product: str
    version: str
    adopted: bool
    keys: int
    """So many would be deleted; the marker is not counted."""
    others: tuple[tuple[int, int], ...]
    """Number and keys of the server's other databases, which are left alone."""


async def describe_valkey(url: str, *, allow_hosts: Collection[str] = ()) -> ValkeyDescription:
    """What is in the database, changing nothing; raises UsageError and ServicesUnavailable."""
    parsed = await usable_valkey_url(url, allow_hosts)
    async with valkey_connected(parsed) as (client, server):
        with explained(parsed):
            counts = keys_of_databases(await client.info("keyspace"))
            marked = await client.exists(MARKER)
            problem = await problem_with_marker(client, server, parsed)
    others = tuple((number, keys) for number, keys in counts.items() if number != parsed.database)
    keys = counts.get(parsed.database, 0) - marked
    return ValkeyDescription(parsed.name, *product(server), problem is None, keys, others)


async def adopt_valkey(url: str, confirm_name: str, *, allow_hosts: Collection[str] = ()) -> None:
    """Mark the database as isofuzz's own, which is consent to delete every key in it.

    `confirm_name` must be its name (localhost:6379/15), typed by a person. Raises UsageError when it is not,
    ServicesUnavailable when the database cannot be marked.
    """
    parsed = await usable_valkey_url(url, allow_hosts)
    if confirm_name != parsed.name:
        raise UsageError(f"The URL's database is {parsed.name!r}, confirmed was {confirm_name!r}: nothing was changed")
    async with valkey_connected(parsed) as (client, server):
        with explained(parsed):
            await client.set(MARKER, marker(server, parsed))


async def require_adopted(client: Valkey, server: dict[str, Any], url: ValkeyUrl) -> None:
    """Raise ServicesUnavailable unless the database carries its own marker."""
    if problem := await problem_with_marker(client, server, url):
        raise ServicesUnavailable(
            f"Valkey database {url.name} {problem}, so isofuzz does not use it. If every key in it may be deleted:"
            " isofuzz services adopt URL"
        )


async def problem_with_marker(client: Valkey, server: dict[str, Any], url: ValkeyUrl) -> str | None:
    """Why the database cannot be used; None when it carries its own marker."""
    with explained(url):
        kind = await client.type(MARKER)
        found = await client.get(MARKER) if kind in {b"string", "string"} else None
    expected = marker(server, url)
    if found is None:
        return "was not adopted"
    if found.decode("ascii", errors="replace") == expected:
        return None
    if found.decode("ascii", errors="replace").split()[1:] == expected.split()[1:]:
        return "was adopted before its server was started again, or is a copy of one that was (nobody can tell which)"
    return "carries the marker of another database, of which it seems to be a copy"


def marker(server: dict[str, Any], url: ValkeyUrl) -> str:
    """The marker that only this database of this running server has."""
    return f"{server['run_id']} {server['tcp_port']} {url.database}"


def keys_of_databases(keyspace: dict[str, Any]) -> dict[int, int]:
    """How many keys each numbered database has, of what `INFO keyspace` says."""
    return {int(name.removeprefix("db")): int(found["keys"]) for name, found in keyspace.items()}
