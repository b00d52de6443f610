"""What a run here would use and why, each part tried out: so that one that cannot start says so before it is needed."""

import asyncio
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Final

from isofuzz.errors import IsofuzzError, UsageError
from isofuzz.runs.configuration import Configuration, read_configuration
from isofuzz.runs.targets import find_target, pack_names
from isofuzz.services import Sources, Survey, open_services, survey
from isofuzz.services.server_user import ServerUser, server_user
from isofuzz.services.sources import EMBEDDED, OFF
from isofuzz.services.surroundings import cache_place, clear_leftovers, run_place, seconds_to_clear_up
from isofuzz.target.signatures import read_signatures

_ROOM: Final = 200 * 2**20
"""Bytes that a run should find free: an embedded cluster, its log, and what programs store."""
_SECONDS_TO_ANSWER: Final = 2
_COMPLETIONS: Final = {
    "bash": ".bash_completions/isofuzz.sh",
    "zsh": ".zfunc/_isofuzz",
    "fish": ".config/fish/completions/isofuzz.fish",
}
"""Where `isofuzz --install-completion` writes, from the home folder."""


class State(Enum):
    """How something is."""

    GOOD = "good"
    ODD = "odd"
    """A run can start all the same."""
    BAD = "bad"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what it is called, how it is, and what would mend it."""

    subject: str
    state: State
    told: str
    mend: str | None = None


def examined(folder: Path, sources: Sources, today: date) -> Iterator[Check]:
    """Everything that a run from this folder depends on, one after the other; without a BAD one a run can start."""
    yield _versions()
    yield from _project(folder, today)
    yield Check("packs", State.GOOD, ", ".join(pack_names()) or "none")
    try:
        user = server_user()
    except IsofuzzError as problem:
        yield Check("user", State.BAD, str(problem))
        return
    yield from _places(user)
    yield _watchdog(user)
    yield from asyncio.run(_services(sources))
    yield _docker()
    yield _completion()


def _versions() -> Check:
    told = [f"isofuzz {version('isofuzz')}", f"Python {platform.python_version()}"]
    told += [f"{name} {version(name.lower())}" for name in ("Hypothesis", "pytest")]
    return Check("versions", State.GOOD, f"{', '.join(told)} on {platform.platform()}")


def _project(folder: Path, today: date) -> Iterator[Check]:
    try:
        configuration = read_configuration(folder)
    except UsageError as problem:
        yield Check("configuration", State.BAD, str(problem))
        return
    yield _configuration(configuration)
    for acceptance in configuration.accepted(today).lapsed():
        told = f"{acceptance.fingerprint} was accepted until {acceptance.until}: {acceptance.reason}"
        yield Check("accepted", State.ODD, told, "mend it and delete the entry, or write a later date")
    yield _target(configuration)


def _configuration(configuration: Configuration) -> Check:
    if configuration.file is None:
        return Check("configuration", State.GOOD, "no pyproject.toml here or above, so what is usual is used")
    said = [name for name in ("target", "profile", "accept", "budgets") if getattr(configuration, name)]
    return Check("configuration", State.GOOD, f"{configuration.file} says {', '.join(said) or 'nothing'} for isofuzz")


def _target(configuration: Configuration) -> Check:
    if configuration.target is None:
        mend = f'target = "module:Class" under [tool.isofuzz] in {configuration.file or "pyproject.toml"}'
        return Check("target", State.ODD, "none is configured, so each command has to name one", mend)
    try:
        vocabulary = read_signatures(find_target(configuration.target)).vocabulary
    except UsageError as problem:
        return Check("target", State.BAD, str(problem))
    told = f"{configuration.target}: {len(vocabulary.operations)} operations, {len(vocabulary.things)} kinds of things"
    return Check("target", State.GOOD, told)


def _places(user: ServerUser) -> Iterator[Check]:
    cleared = clear_leftovers(user)
    told = f"killed runs that were now cleared up after: {cleared}" if cleared else "none of killed runs"
    yield Check("leftovers", State.GOOD, told)
    yield _temporary(user)
    try:
        cache = cache_place()
    except OSError as problem:
        told = f"nothing can be kept in {problem.filename or 'the cache folder'}: {problem.strerror or problem}"
        yield Check("cache folder", State.ODD, told, "make it writable; until then each run prepares a cluster anew")
        return
    yield Check("cache folder", State.GOOD, f"{cache.folder} can be written")


def _temporary(user: ServerUser) -> Check:
    try:
        place = run_place(user)
    except IsofuzzError as problem:
        return Check("temporary folder", State.BAD, str(problem))
    told = f"{place.folder}, {place.free // 2**20} MB free"
    if place.free < _ROOM:
        mend = f"make room for {_ROOM // 2**20} MB, or set TMPDIR to a short path elsewhere"
        return Check("temporary folder", State.ODD, told, mend)
    wanted = Path(os.environ.get("TMPDIR") or tempfile.gettempdir()).absolute()
    if place.folder != wanted:
        mend = "set TMPDIR to a short path that can be written"
        return Check("temporary folder", State.ODD, f"{told}, for {wanted} cannot be used", mend)
    return Check("temporary folder", State.GOOD, told)


def _watchdog(user: ServerUser) -> Check:
    try:
        seconds = seconds_to_clear_up(user)
    except IsofuzzError as problem:
        return Check(
            "watchdog", State.ODD, str(problem), "what a killed run leaves is cleared when the next one begins"
        )
    return Check("watchdog", State.GOOD, f"cleared up after a run that was killed, in {seconds:.2f} s")


async def _services(sources: Sources) -> list[Check]:
    found = {each.service: each for each in await survey(sources)}
    usable = {name: each.source == EMBEDDED and each.problem is None for name, each in found.items()}
    started = await _started(
        replace(
            sources,
            database_url=EMBEDDED if usable["Postgres"] else OFF,
            valkey_url=EMBEDDED if usable["Valkey"] else OFF,
        )
    )
    return [_service(each, started.get(name)) for name, each in found.items()]


async def _started(sources: Sources) -> dict[str, float | IsofuzzError]:
    """How long each embedded service takes to start, or why it does not."""
    took: dict[str, float | IsofuzzError] = {}
    began = time.monotonic()
    service = "Postgres"
    try:
        async with open_services(sources) as services:
            if sources.database_url == EMBEDDED:
                took[service] = time.monotonic() - began
            service, began = "Valkey", time.monotonic()
            if sources.valkey_url == EMBEDDED:
                await services.valkey()
                took[service] = time.monotonic() - began
    except IsofuzzError as problem:
        took[service] = problem
    return took


def _service(found: Survey, started: float | IsofuzzError | None) -> Check:
    told = f"{found.version or ''} {found.source} ({found.why})".strip()
    problem = found.problem or (str(started) if isinstance(started, IsofuzzError) else None)
    if problem:
        # A target that asks for no Valkey can run without one.
        state = State.ODD if found.service == "Valkey" and found.source == EMBEDDED else State.BAD
        return Check(found.service, state, f"{found.source}: {problem}")
    if isinstance(started, float):
        told += f"; started in {started:.2f} s"
    return Check(found.service, State.GOOD, told)


def _docker() -> Check:
    """Only who keeps services in a compose file needs it, and is told above why they are passed over."""
    docker = shutil.which("docker")
    if docker is None:
        return Check("docker", State.GOOD, "not found; only services of a compose file need it")
    try:
        asked = [docker, "compose", "version", "--short"]
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=_SECONDS_TO_ANSWER, check=True)  # noqa: S603 - constants
    except (OSError, subprocess.SubprocessError):
        return Check("docker", State.GOOD, f"{docker}, without compose; only services of a compose file need it")
    return Check("docker", State.GOOD, f"{docker} with compose {answer.stdout.strip()}")


def _completion() -> Check:
    shell = Path(os.environ.get("SHELL", "")).name
    place = _COMPLETIONS.get(shell)
    if place is None:
        return Check("completion", State.GOOD, f"not looked for: the shell is {shell or 'unknown'}")
    if (Path.home() / place).exists():
        return Check("completion", State.GOOD, f"installed for {shell}")
    return Check("completion", State.ODD, f"not installed for {shell}", "isofuzz --install-completion")
