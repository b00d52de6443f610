"""Where each service of a run comes from: a given URL, else the project's compose services, else embedded; and why."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Final

from isofuzz.errors import ServicesUnavailable, UsageError
from isofuzz.services.compose.running import (
    LABEL,
    POSTGRES,
    VALKEY,
    ComposeFailed,
    ComposeService,
    compose_file,
    running_services,
)
from isofuzz.services.sources import EMBEDDED, OFF, Sources

NAMES: Final = {POSTGRES: "Postgres", VALKEY: "Valkey"}
"""What people call the kinds of services."""
OPTIONS: Final = {POSTGRES: "--database-url", VALKEY: "--valkey-url"}
"""The options that say where they come from."""


class Origin(Enum):
    """Where a service comes from."""

    GIVEN = "given"
    COMPOSE = "compose"
    LENT = "lent"
    EMBEDDED = "embedded"
    OFF = "off"


@dataclass(frozen=True)
class Choice:
    """Where one service comes from."""

    kind: str
    """`POSTGRES` or `VALKEY`."""
    origin: Origin
    url: str | None = field(default=None, repr=False)
    place: str = ""
    """Of a compose service, in words that hold no credential."""
    passed_over: tuple[str, ...] = ()
    """Why it does not come from elsewhere: each source that would have come first, with its reason."""

    @property
    def why(self) -> str:
        """The reason, in words."""
        if self.origin is Origin.GIVEN:
            return "URL given"
        if self.origin is Origin.LENT:
            return "shared by all workers"
        return ", ".join(self.passed_over) or "as asked for"


class Choosing:
    """Chooses for one run. Compose is asked once, and only if a choice depends on it."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def choose(self, kind: str) -> Choice:
        """Where the service of this kind comes from. Changes nothing, and connects to nothing but docker.

        What runs under compose is never passed over in silence: raises ServicesUnavailable when it cannot be used,
        UsageError when there are two.
        """
        given = self._sources.database_url if kind == POSTGRES else self._sources.valkey_url
        if given == OFF:
            return Choice(kind, Origin.OFF)
        if given == EMBEDDED:
            return Choice(kind, Origin.EMBEDDED)
        if given is not None:
            lent = self._sources.lent and kind == POSTGRES
            return Choice(kind, Origin.LENT if lent else Origin.GIVEN, given)
        found = self._from_compose(kind)
        if isinstance(found, ComposeService):
            return Choice(kind, Origin.COMPOSE, str(found.url), found.place, ("no URL given",))
        return Choice(kind, Origin.EMBEDDED, passed_over=("no URL given", *((found,) if found else ())))

    def _from_compose(self, kind: str) -> ComposeService | str | None:
        """The service, or why there is none; None where no project was named to look in."""
        if self._sources.project is None:
            return None
        if compose_file(self._sources.project) is None:
            return "no compose file here or above"
        if isinstance(self._running, str):
            return self._running
        services = [service for service in self._running if service.kind == kind]
        if not services:
            return f"no compose service labelled {LABEL}={kind} is running"
        require_only_one(kind, [service.name for service in services])
        service = services[0]
        if service.problem:
            raise ServicesUnavailable(f"No {NAMES[kind]}: {service.problem}; `{OPTIONS[kind]} embedded` passes it over")
        return service

    @cached_property
    def _running(self) -> list[ComposeService] | str:
        assert self._sources.project is not None
        try:
            return running_services(self._sources.project)
        except ComposeFailed as failure:
            return str(failure)


def require_only_one(kind: str, names: Sequence[str]) -> None:
    """Raise UsageError when several compose services are labelled as the one of this kind."""
    if len(names) > 1:
        raise UsageError(
            f"The compose services {' and '.join(map(repr, sorted(names)))} have the same label {LABEL}={kind}: label"
            f" one of them only, or give a URL with {OPTIONS[kind]}"
        )


@contextmanager
def none_can_be_had(choice: Choice) -> Iterator[None]:
    """Around opening the last resort: when that fails too, everything that was tried is told."""
    try:
        yield
    except ServicesUnavailable as error:
        tried = "".join(f"\n  {reason}" for reason in choice.passed_over)
        raise ServicesUnavailable(f"No {NAMES[choice.kind]} can be had:{tried}\n  embedded: {error}") from error


@contextmanager
def not_usable(choice: Choice) -> Iterator[None]:
    """Around opening what is given or runs: that is never silently replaced by something else."""
    try:
        yield
    except ServicesUnavailable as error:
        if choice.origin is not Origin.COMPOSE:
            raise
        raise ServicesUnavailable(
            f"{choice.place} is running, but cannot be used: {error}\n`isofuzz services up` adopts what it started;"
            f" `{OPTIONS[choice.kind]} embedded` passes it over"
        ) from error


def switched_off(kind: str) -> UsageError:
    """What to raise when a target asks for a service that the run does without."""
    return UsageError(
        f"the target asks for {NAMES[kind]}, which is switched off ({OPTIONS[kind]} off): leave that out, or give a URL"
    )
