"""Connections to Valkey and Redis, and what it means when there is none."""

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from valkey.asyncio import Valkey
from valkey.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    BusyLoadingError,
    InvalidResponse,
    NoPermissionError,
    ValkeyError,
)
from valkey.exceptions import ConnectionError as ValkeyConnectionError
from valkey.exceptions import TimeoutError as ValkeyTimeoutError

from isofuzz.errors import ServicesUnavailable
from isofuzz.services.valkey.url import ValkeyUrl

_SECONDS_TO_CONNECT = 5.0
_SECONDS_TO_ANSWER = 30.0
"""Emptying a database that somebody filled may take a while."""
_OLDEST = 7


@asynccontextmanager
async def valkey_connected(url: ValkeyUrl) -> AsyncIterator[tuple[Valkey, dict[str, Any]]]:
    """One connection to `url`, and what `INFO server` says; raises ServicesUnavailable with the reason."""
    client = Valkey(
        **url.for_client,
        max_connections=1,  # of a pool; with `single_connection_client` a transaction gets another one all the same
        socket_connect_timeout=_SECONDS_TO_CONNECT,
        socket_timeout=_SECONDS_TO_ANSWER,
    )
    try:
        with explained(url):
            server = await client.info("server")
        if int(str(server["redis_version"]).partition(".")[0]) < _OLDEST:
            raise ServicesUnavailable(
                f"{url.server} is Redis {server['redis_version']}; isofuzz needs {_OLDEST}.0 or newer: start such a"
                " server, or use --valkey-url embedded"
            )
        yield client, server
    finally:
        await client.aclose()


async def usable_valkey_url(text: str, allow_hosts: Collection[str]) -> ValkeyUrl:
    """The URL read and found near; raises UsageError and ServicesUnavailable."""
    url = ValkeyUrl.parse(text)
    url.require_near(allow_hosts)
    return url


def product(server: dict[str, Any]) -> tuple[str, str]:
    """What the server is and its version: ("Valkey", "9.1.2")."""
    if "valkey_version" in server:
        return "Valkey", str(server["valkey_version"])
    return "Redis", str(server["redis_version"])


@contextmanager
def explained(url: ValkeyUrl) -> Iterator[None]:
    """Turns each way in which a command fails into ServicesUnavailable, with what can be done about it."""
    try:
        yield
    except (AuthenticationError, AuthenticationWrongNumberOfArgsError) as error:
        raise _unavailable(url, "the server refuses the login: check user and password in the URL") from error
    except (TimeoutError, ValkeyTimeoutError) as error:
        reason = "nothing that speaks Valkey or Redis answered in time: check host and port in the URL"
        raise _unavailable(url, reason) from error
    except (ValkeyError, OSError, ValueError, LookupError) as error:
        raise _unavailable(url, _told(error)) from error


def _told(error: Exception) -> str:
    cause = error.__cause__ or error.__context__ or error
    if isinstance(cause, (FileNotFoundError, ConnectionRefusedError)):
        return "nothing listens there: start the server, or check the URL"
    if isinstance(error, NoPermissionError):
        return f"the login lacks a right that a run needs: grant it with ACL SETUSER. The server says: {error}"
    if isinstance(error, BusyLoadingError):
        return "the server still loads its data: try again when it is done"
    if isinstance(error, (ValkeyConnectionError, InvalidResponse, OSError)):
        told = str(error).rstrip(".")
        return f"nothing that speaks Valkey or Redis answered there ({told}): check host and port in the URL"
    return f"the server says: {error}"


def _unavailable(url: ValkeyUrl, reason: str) -> ServicesUnavailable:
    return ServicesUnavailable(f"Cannot use Valkey at {url.name}: {reason}")
