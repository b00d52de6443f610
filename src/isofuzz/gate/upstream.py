"""Where the server is that a gate stands before."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from isofuzz.errors import UsageError

_PLAIN = (None, "disable", "allow", "prefer")


@dataclass(frozen=True)
class Upstream:
    """A server of Postgres: its Unix socket, or its host and port. It is spoken to without encryption."""

    host: str
    port: int

    @classmethod
    def at(cls, host: str, port: int, *, sslmode: str | None = None) -> Self:
        """The server of a database URL; a host that begins with `/` is the folder of its Unix socket.

        Raises UsageError when `sslmode` demands TLS: what the gate is to read must not be encrypted.
        """
        if sslmode not in _PLAIN:
            raise UsageError(
                f"The gate cannot stand before a server that is spoken to with sslmode={sslmode}: it reads what passes."
                " Give a URL without it (the server must accept connections without TLS), or run without the gate"
            )
        return cls(host, port)

    @property
    def path(self) -> Path | None:
        """The Unix socket; None for a server that listens on a port."""
        return Path(self.host) / f".s.PGSQL.{self.port}" if self.host.startswith("/") else None

    def __str__(self) -> str:
        return str(self.path or f"{self.host}:{self.port}")
