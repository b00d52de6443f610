"""Where the services of a run may come from."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

EMBEDDED: Final = "embedded"
"""Instead of a URL: a server of the run's own, whatever else there is."""
OFF: Final = "off"
"""Instead of a URL: the run does without this service."""


@dataclass(frozen=True)
class Sources:
    """What was given to take services from.

    `database_url` names an adopted Postgres database, `valkey_url` an adopted Valkey or Redis database; each may be
    `EMBEDDED` or `OFF` instead. What is None is looked for among the running compose services of the project in the
    folder `project` or above, if that is given, and else is embedded. A host that is not this machine must be in
    `allow_hosts`.

    `lent`: what `database_url` names is on a server that isofuzz has started for several of its own processes, so that
    nobody else minds what is done with it.
    """

    database_url: str | None = field(default=None, repr=False)
    valkey_url: str | None = field(default=None, repr=False)
    allow_hosts: tuple[str, ...] = ()
    project: Path | None = None
    lent: bool = False
