"""What shows that a process is ready: an answer at a URL, a port that accepts, a text in its output."""

import asyncio
import re
from typing import ClassVar, Protocol, TypeAlias
from urllib.parse import urlsplit

from isofuzz.errors import UsageError
from isofuzz.services.processes import ports
from isofuzz.services.processes.output import ProcessOutput

Ready: TypeAlias = str | int | re.Pattern[str]

TICK = 0.01
"""Seconds between two looks at a process that is starting or stopping."""
_SECONDS_FOR_AN_ANSWER = 5.0


class Sign(Protocol):
    """One way to see that a process is ready. Written out, it says what is waited for."""

    anyones: ClassVar[bool]
    """Whether somebody else than the process could give it."""

    async def problem(self) -> str | None:
        """Why it is not there yet, in a few words; None when it is there."""


def sign_of(ready: Ready, output: ProcessOutput) -> Sign:
    """The sign that `ready` stands for; raises UsageError if it stands for none."""
    if isinstance(ready, str) and ready.isdecimal():
        ready = int(ready)
    if isinstance(ready, int) and 0 < ready < 65536:
        return _Port(ready)
    if isinstance(ready, re.Pattern) and isinstance(ready.pattern, str):
        return _Text(ready, output)
    if isinstance(ready, str) and _is_http(ready):
        return _Url(ready)
    raise UsageError(
        f"ready={ready!r} is nothing to wait for: write a URL that begins with http://, a port (a number or"
        ' "{port}"), or re.compile(...) for a text in the output'
    )


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


class _Url:
    """A server answers at a URL, with any status below 500: also a refusal or a redirect comes from one that is up."""

    anyones: ClassVar[bool] = True

    def __init__(self, url: str) -> None:
        self._url = url
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        self._request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: */*\r\nConnection: close\r\n\r\n"

    def __str__(self) -> str:
        return f"an answer from {self._url}"

    async def problem(self) -> str | None:
        try:
            async with asyncio.timeout(_SECONDS_FOR_AN_ANSWER):
                first_line = await self._ask()
        except TimeoutError:
            return f"no answer within {_SECONDS_FOR_AN_ANSWER:g} s"
        except ConnectionRefusedError:
            return "nothing listens there"
        except (OSError, ValueError) as error:
            return str(error) or type(error).__name__
        status = re.match(rb"HTTP/1\.[01] ([1-5]\d\d)\b", first_line)
        if not status:
            return "what answers does not speak HTTP"
        return None if int(status[1]) < 500 else f"the answer was {int(status[1])}"

    async def _ask(self) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(self._request.encode())
            return await reader.readline()
        finally:
            writer.transport.abort()


class _Port:
    """A port of loopback accepts connections."""

    anyones: ClassVar[bool] = True

    def __init__(self, port: int) -> None:
        self._port = port

    def __str__(self) -> str:
        return f"a server on port {self._port}"

    async def problem(self) -> str | None:
        return None if await ports.accepts(ports.LOOPBACK, self._port) else "nothing listens there"


class _Text:
    """The process has written something."""

    anyones: ClassVar[bool] = False

    def __init__(self, wanted: re.Pattern[str], output: ProcessOutput) -> None:
        self._wanted = wanted
        self._output = output

    def __str__(self) -> str:
        return f"{self._wanted.pattern!r} in its output"

    async def problem(self) -> str | None:
        return None if self._output.shows(self._wanted) else "it did not write that"
