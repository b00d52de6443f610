"""Database URLs: read strictly, so that what is checked is what is connected to."""

import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from isofuzz.errors import ServicesUnavailable, UsageError

# What says how to connect may stay. Anything else could redirect the connection (hostaddr, service) or change what
# the server does (options).
_OPTIONS = frozenset({"sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslnegotiation"})
_EXAMPLE = "postgresql://user@localhost:5432/database"  # a password in it would be hidden from the reader


@dataclass(frozen=True)
class DatabaseUrl:
    """Where a database is and who logs in; `str()` is the URL with its password, `place` is safe to show."""

    user: str
    password: str | None = field(repr=False)
    host: str
    port: int
    database: str
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a URL that names one host, a user and a database; raises UsageError saying what is wrong with it."""
        try:
            parts = urlsplit(text)
            port = parts.port
            query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        except ValueError as error:
            raise UsageError(f"The database URL is malformed. Write it as {_EXAMPLE}") from error
        if parts.scheme not in {"postgresql", "postgres"}:
            scheme = f"begins with {parts.scheme!r}" if parts.scheme else "has no scheme"
            raise UsageError(
                f"The database URL {scheme}; isofuzz needs a plain"
                f" postgresql:// URL, without a driver's name: {_EXAMPLE}"
            )
        host = query.pop("host", "") or unquote(parts.hostname or "")
        query_port = query.pop("port", "")
        user = unquote(parts.username or "") or query.pop("user", "")
        password = unquote(parts.password) if parts.password is not None else query.pop("password", None)
        database = unquote(parts.path.removeprefix("/")) or query.pop("dbname", "")
        missing = [name for name, given in (("host", host), ("user", user), ("database", database)) if not given]
        if missing:
            raise UsageError(f"The database URL names no {' and no '.join(missing)}. Write it as {_EXAMPLE}")
        if "," in host or (query_port and not query_port.isdigit()):
            raise UsageError(f"The database URL must name one host and one port. Write it as {_EXAMPLE}")
        if unknown := sorted(query.keys() - _OPTIONS):
            raise UsageError(
                f"The database URL has parameters that isofuzz does not pass on: {', '.join(unknown)}."
                f" It knows host, port, {', '.join(sorted(_OPTIONS))}"
            )
        return cls(user, password, host, port or int(query_port or 5432), database, query)

    def __str__(self) -> str:
        login = quote(self.user, safe="")
        if self.password is not None:
            login += ":" + quote(self.password, safe="")
        options = dict(self.options)
        if self.is_socket:
            place = ""
            options = {"host": self.host, "port": str(self.port)} | options
        else:
            place = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        query = f"?{urlencode(options, safe='/')}" if options else ""
        return f"postgresql://{login}@{place}/{quote(self.database, safe='')}{query}"

    @property
    def place(self) -> str:
        """Server and database in words that hold no credential."""
        return f"database {self.database!r} at {self.host}:{self.port}"

    @property
    def is_socket(self) -> bool:
        """Whether the host is the folder of a Unix socket."""
        return self.host.startswith("/")

    def with_database(self, database: str) -> Self:
        """The same login at another database of the same server."""
        return replace(self, database=database)

    def with_login(self, user: str, password: str) -> Self:
        """Another login at the same database."""
        return replace(self, user=user, password=password)

    def require_near(self, allow_hosts: Collection[str]) -> None:
        """Raise ServicesUnavailable unless the server is on this machine, or its host is in `allow_hosts`."""
        if not (self.is_socket or is_loopback(self.host) or self.host in allow_hosts):
            raise ServicesUnavailable(
                f"The database URL names the host {self.host}, which is not this machine. isofuzz creates and drops"
                f" databases and roles there only if you say so: --allow-host {self.host}"
            )


def is_loopback(host: str) -> bool:
    """Whether `host` is an address of this machine that no other machine can reach."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
