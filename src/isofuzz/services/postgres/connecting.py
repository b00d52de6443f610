"""Connections to Postgres, and what it means when there is none."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias

import asyncpg

from isofuzz.errors import ServicesUnavailable
from isofuzz.services.postgres.url import DatabaseUrl

Connection: TypeAlias = Any
"""An asyncpg connection; asyncpg ships no type information."""

_SECONDS_TO_CONNECT = 5.0
_OLDEST = 15
_TLS_REQUEST = struct.pack("!ii", 8, 80877103)  # SSLRequest of the frontend/backend protocol


@asynccontextmanager
async def connected(url: DatabaseUrl, **settings: str) -> AsyncIterator[Connection]:
    """A connection to `url` with the given server settings; raises ServicesUnavailable with the reason."""
    connection = await _connect(url, settings)
    try:
        version = connection.get_server_version()
        if version.major < _OLDEST:
            raise ServicesUnavailable(
                f"The server of {url.place} is Postgres {version.major}; isofuzz needs {_OLDEST} or newer"
            )
        yield connection
    finally:
        # Not close(): that waits for a goodbye, which a server that has died no longer says.
        connection.terminate()


async def require_postgres(url: DatabaseUrl) -> None:
    """Raise ServicesUnavailable unless what listens at `url` answers as Postgres does.

    Asked before asyncpg is let at it, which some answers make spin without end. The question, whether TLS is spoken,
    is one that every Postgres and every pooler answers with one letter.
    """
    with _explained(url):
        async with asyncio.timeout(_SECONDS_TO_CONNECT):
            if url.is_socket:
                reader, writer = await asyncio.open_unix_connection(f"{url.host}/.s.PGSQL.{url.port}")
            else:
                reader, writer = await asyncio.open_connection(url.host, url.port)
            try:
                writer.write(_TLS_REQUEST)
                answer = await reader.read(16)
            finally:
                writer.transport.abort()
        if answer not in {b"S", b"N"}:
            raise asyncpg.InterfaceError("it answers something else")


def server_version(connection: Connection) -> str:
    """The version of the server as people write it: 18.4."""
    shown: str = connection.get_settings().server_version  # 18.4 (Debian 18.4-1)
    return shown.split()[0]


def quoted(name: str) -> str:
    """`name` as an identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as a string in SQL, whatever the server's settings."""
    doubled = text.replace("'", "''").replace("\\", "\\\\")
    return f"E'{doubled}'" if "\\" in text else f"'{doubled}'"


async def _connect(url: DatabaseUrl, settings: dict[str, str]) -> Connection:
    with _explained(url):
        return await asyncpg.connect(
            str(url), timeout=_SECONDS_TO_CONNECT, server_settings={"application_name": "isofuzz", **settings}
        )


@contextmanager
def _explained(url: DatabaseUrl) -> Iterator[None]:
    """Turns each way in which connecting fails into ServicesUnavailable, with what can be done about it."""
    try:
        yield
    except asyncpg.InvalidCatalogNameError as error:
        raise _unavailable(url, "the database does not exist: create it first, empty") from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:  # also a wrong password
        reason = f"the server refuses user {url.user!r}: check the user and password in the URL"
        raise _unavailable(url, reason) from error
    except asyncpg.PostgresError as error:
        raise _unavailable(url, f"the server says: {error}") from error
    except TimeoutError as error:
        reason = f"nothing that speaks Postgres answered within {_SECONDS_TO_CONNECT:.0f} seconds"
        raise _unavailable(url, reason) from error
    except (FileNotFoundError, ConnectionRefusedError) as error:
        reason = "nothing listens there: start the server, or check host and port in the URL"
        raise _unavailable(url, reason) from error
    except (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise _unavailable(url, f"what is there does not speak Postgres or hangs up ({error})") from error


def _unavailable(url: DatabaseUrl, reason: str) -> ServicesUnavailable:
    return ServicesUnavailable(f"Cannot connect to {url.place}: {reason}")
