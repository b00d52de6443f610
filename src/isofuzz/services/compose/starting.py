"""Starting the project's compose services, waiting until they are healthy, and adopting them; and taking them down."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from isofuzz.errors import ServicesUnavailable
from isofuzz.services.choosing import NAMES, require_only_one
from isofuzz.services.compose.running import (
    LABEL,
    POSTGRES,
    VALKEY,
    ComposeFailed,
    ComposeService,
    labelled_services,
    last_log_lines,
    remove_services,
    running_services,
    start_services,
)
from isofuzz.services.postgres.adoption import adopt
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz.services.valkey.adoption import adopt_valkey

_SECONDS_UNTIL_HEALTHY: Final = 30.0
_POLL: Final = 0.2

Listener = Callable[[Mapping[str, str]], None]
"""Told the state of each service by its name, whenever one changes."""


async def compose_up(project: Path, listener: Listener) -> list[str]:
    """Start the labelled services of the project, wait until they are healthy, adopt them; says what there is now.

    Only what keeps its data in memory is adopted: that was made for tests. Raises ServicesUnavailable saying what is
    missing: docker, its compose plugin, its engine, the file, a label; or which service did not become healthy; and
    UsageError when two have the same label.
    """
    try:
        labelled, _ = await asyncio.to_thread(labelled_services, project)
        _require_labels(labelled)
        await asyncio.to_thread(start_services, project, list(labelled))
        services = await _healthy(project, labelled, listener)
    except ComposeFailed as failure:
        raise ServicesUnavailable(f"The compose services cannot be started: {failure}") from failure
    return [await _adopted(service) for service in services]


async def compose_down(project: Path) -> tuple[str, ...]:
    """Stop and remove the labelled services, but no volume; returns their names. Raises ServicesUnavailable."""
    try:
        return await asyncio.to_thread(remove_services, project)
    except ComposeFailed as failure:
        raise ServicesUnavailable(f"The compose services cannot be removed: {failure}") from failure


def _require_labels(labelled: Mapping[str, str]) -> None:
    if not labelled:
        raise ServicesUnavailable(
            f"No service of the compose file is labelled for isofuzz. Write under the one to use:\n  labels:\n"
            f"    {LABEL}: {POSTGRES}    # or {VALKEY}"
        )
    for kind in NAMES:
        require_only_one(kind, [name for name in labelled if labelled[name] == kind])


async def _healthy(project: Path, labelled: Mapping[str, str], listener: Listener) -> list[ComposeService]:
    loop = asyncio.get_running_loop()
    give_up = loop.time() + _SECONDS_UNTIL_HEALTHY
    told: dict[str, str] = {}
    while True:
        running = {service.name: service for service in await asyncio.to_thread(running_services, project)}
        states = {name: running[name].state if name in running else "not running" for name in labelled}
        if states != told:
            listener(states)
            told = states
        if set(states.values()) <= {"healthy", "running"}:
            return [running[name] for name in labelled]
        if loop.time() > give_up:
            raise ServicesUnavailable(await asyncio.to_thread(_not_healthy, project, states))
        await asyncio.sleep(_POLL)


def _not_healthy(project: Path, states: Mapping[str, str]) -> str:
    stuck = {name: state for name, state in states.items() if state not in {"healthy", "running"}}
    logs = "".join(f"\nThe log of {name!r} ends:\n{last_log_lines(project, name)}" for name in stuck)
    told = ", ".join(f"{name!r} is {state}" for name, state in stuck.items())
    return f"Not healthy within {_SECONDS_UNTIL_HEALTHY:.0f} seconds: {told}{logs}"


async def _adopted(service: ComposeService) -> str:
    """Adopt the service if it is made for tests; one line on it, without its password."""
    if service.problem:
        raise ServicesUnavailable(f"It runs, but cannot be used: {service.problem}")
    if service.keeps_data:
        return (
            f"{NAMES[service.kind]}: {service.place}, NOT adopted, since it keeps its data on disk. If they are for"
            " tests: isofuzz services adopt URL"
        )
    url = service.url
    if isinstance(url, DatabaseUrl):
        await adopt(str(url), url.database)
        return f"Postgres: postgresql://{url.user}@{url.host}:{url.port}/{url.database}, adopted"
    await adopt_valkey(str(url), url.name)
    return f"Valkey: redis://{url.name}, adopted"
