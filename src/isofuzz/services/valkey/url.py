"""Valkey and Redis URLs: read strictly, so that what is checked, and then emptied, is what was meant."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from isofuzz.errors import ServicesUnavailable, UsageError
from isofuzz.services.postgres.url import is_loopback

_EXAMPLE: Final = "redis://localhost:6379/15"
_PLAIN: Final = frozenset({"redis", "valkey"})
_TLS: Final = frozenset({"rediss", "valkeys"})
_SOCKET: Final = frozenset({"unix", "redis+unix", "valkey+unix"})
SCHEMES: Final = _PLAIN | _TLS | _SOCKET
_OPTIONS: Final = frozenset({"ssl_cert_reqs", "ssl_ca_certs", "ssl_check_hostname"})
"""What says how to connect; all of them are about TLS."""


@dataclass(frozen=True)
class ValkeyUrl:
    """One numbered database of a server; `str()` is the URL with its password, `name` is safe to show."""

    host: str
    """Or the path of a Unix socket."""
    port: int | None
    database: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a URL that names a host, a port and a database; raises UsageError saying what is wrong with it.

        Nothing is left to a default: every key of the database that it names is going to be deleted.
        """
        try:
            parts = urlsplit(text)
            port = parts.port
            query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        except ValueError as error:
            raise UsageError(f"The Valkey URL is malformed. Write it as {_EXAMPLE}") from error
        if parts.scheme not in SCHEMES:
            scheme = f"begins with {parts.scheme!r}" if parts.scheme else "has no scheme"
            raise UsageError(f"The Valkey URL {scheme}; isofuzz knows {', '.join(sorted(SCHEMES))}: {_EXAMPLE}")
        is_socket = parts.scheme in _SOCKET
        host = unquote(parts.path if is_socket else parts.hostname or "")
        database = query.pop("db", "") if is_socket else unquote(parts.path.removeprefix("/")) or query.pop("db", "")
        needed = (("path" if is_socket else "host", host), ("port", port or is_socket), ("database number", database))
        if missing := [name for name, given in needed if not given]:
            raise UsageError(f"The Valkey URL names no {' and no '.join(missing)}. Write it as {_EXAMPLE}")
        if is_socket and parts.hostname:
            raise UsageError("The Valkey URL of a Unix socket has three slashes: unix:///path/to/socket?db=15")
        if not (database.isascii() and database.isdigit()):
            raise UsageError(f"The Valkey URL must end with the number of a database. Write it as {_EXAMPLE}")
        if unknown := sorted(query.keys() - _OPTIONS):
            raise UsageError(
                f"The Valkey URL has parameters that isofuzz does not pass on: {', '.join(unknown)}."
                f" It knows {', '.join(sorted(_OPTIONS))}"
            )
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password is not None else None
        return cls(host, port, int(database), user, password, parts.scheme in _TLS, query)

    def __str__(self) -> str:
        login = ""
        if self.user or self.password is not None:
            login = f"{quote(self.user or '', safe='')}:{quote(self.password or '', safe='')}@"
        if self.is_socket:
            return f"unix://{login}{quote(self.host)}?{urlencode({'db': self.database})}"
        query = f"?{urlencode(self.options, safe='/')}" if self.options else ""
        return f"redis{'s' if self.tls else ''}://{login}{self.server}/{self.database}{query}"

    @property
    def is_socket(self) -> bool:
        """Whether the server is reached over a Unix socket."""
        return self.port is None

    @property
    def server(self) -> str:
        """The server in words that hold no credential: localhost:6379."""
        if self.is_socket:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def name(self) -> str:
        """Server and database in words that hold no credential: localhost:6379/15."""
        return f"{self.server}/{self.database}"

    @property
    def for_client(self) -> dict[str, Any]:
        """Arguments of the client library that connect to exactly this."""
        place: dict[str, Any] = {"db": self.database, "username": self.user, "password": self.password}
        if self.is_socket:
            return place | {"unix_socket_path": self.host}
        place |= {"host": self.host, "port": self.port}
        if not self.tls:
            return place
        checked = self.options.get("ssl_check_hostname", "true").lower() not in {"false", "no", "0"}
        kept = {name: value for name, value in self.options.items() if name != "ssl_check_hostname"}
        return place | {"ssl": True, "ssl_check_hostname": checked and kept.get("ssl_cert_reqs") != "none"} | kept

    def require_near(self, allow_hosts: Collection[str]) -> None:
        """Raise ServicesUnavailable unless the server is on this machine, or its host is in `allow_hosts`."""
        if not (self.is_socket or is_loopback(self.host) or self.host in allow_hosts):
            raise ServicesUnavailable(
                f"The Valkey URL names the host {self.host}, which is not this machine. isofuzz deletes every key of"
                f" database {self.database} there only if you say so: --allow-host {self.host}"
            )


def is_valkey(url: str) -> bool:
    """Whether the URL's scheme is one of Valkey or Redis."""
    scheme, separator, _ = url.partition("://")
    return bool(separator) and scheme.lower() in SCHEMES
