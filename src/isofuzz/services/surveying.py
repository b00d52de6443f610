"""What a run would stand on, looked up without changing anything."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from isofuzz.errors import IsofuzzError
from isofuzz.services.choosing import NAMES, OPTIONS, Choice, Choosing, Origin
from isofuzz.services.compose.running import POSTGRES, VALKEY
from isofuzz.services.postgres.adoption import describe
from isofuzz.services.postgres.binaries import find_postgres
from isofuzz.services.server_user import server_user
from isofuzz.services.sources import Sources
from isofuzz.services.valkey.adoption import describe_valkey
from isofuzz.services.valkey.lease import require_leasable
from isofuzz.services.valkey.server import valkey_version


@dataclass(frozen=True)
class Survey:
    """What a run would use as one of its services, and whether it can."""

    service: str
    """`Postgres` or `Valkey`."""
    source: str
    """What would be used: `embedded`, `database 'x' at localhost:5432`, `compose service 'db' at ...`, `off`."""
    version: str | None
    """None where it cannot be had."""
    why: str
    """Why this and nothing else, in words."""
    passed_over: tuple[str, ...]
    """Each source that would have come first, as the reason why it does not."""
    problem: str | None
    """Why a run could not use it, and what mends that; None where it could."""


async def survey(sources: Sources) -> Sequence[Survey]:
    """What a run with these sources would use, Postgres first. Changes nothing; raises nothing that a run would."""
    choosing = Choosing(sources)
    return [await _found(kind, choosing, sources) for kind in (POSTGRES, VALKEY)]


async def _found(kind: str, choosing: Choosing, sources: Sources) -> Survey:
    try:
        choice = await asyncio.to_thread(choosing.choose, kind)
    except IsofuzzError as error:
        why = "no URL given"
        return Survey(NAMES[kind], Origin.COMPOSE.value, None, why, (why,), str(error))
    return await _looked_at(choice, sources)


async def _looked_at(choice: Choice, sources: Sources) -> Survey:
    version, source, problem = None, choice.place or choice.origin.value, None
    try:
        if choice.origin is Origin.EMBEDDED:
            version = await asyncio.to_thread(_embedded_version, choice.kind)
        elif choice.url is not None:
            version, source, problem = await _given(choice, choice.url, sources)
    except IsofuzzError as error:
        problem = str(error)
    return Survey(NAMES[choice.kind], source, version, choice.why, choice.passed_over, problem)


def _embedded_version(kind: str) -> str:
    return find_postgres(server_user()).version if kind == POSTGRES else valkey_version()


async def _given(choice: Choice, url: str, sources: Sources) -> tuple[str, str, str | None]:
    """Version, place and problem of what is given or runs under compose."""
    if choice.kind == POSTGRES:
        database = await describe(url, allow_hosts=sources.allow_hosts)
        version, place, adopted, obstacle = database.version, database.place, database.adopted, database.obstacle
    else:
        keys = await describe_valkey(url, allow_hosts=sources.allow_hosts)
        version, place, adopted = keys.version, f"database {keys.name}", keys.adopted
        obstacle = None
        if adopted:
            await require_leasable(url, allow_hosts=sources.allow_hosts)
    return version, choice.place or place, obstacle if adopted else _mend(choice)


def _mend(choice: Choice) -> str:
    if choice.origin is Origin.COMPOSE:
        return (
            f"it is not adopted: `isofuzz services up` adopts what it started; `{OPTIONS[choice.kind]} embedded` passes"
            " it over"
        )
    return "it is not adopted: isofuzz services adopt URL"
