"""Where the server is that a gate stands before, whatever is spoken."""

from pathlib import Path
from typing import Protocol


class Place(Protocol):
    """Where a server is; `str()` says it to people."""

    @property
    def path(self) -> Path | None:
        """Its Unix socket; None for a server that listens on a port."""

    @property
    def host(self) -> str:
        """The host of a server that listens on a port."""

    @property
    def port(self) -> int:
        """The port."""
