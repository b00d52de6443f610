"""`Http`: a client for systems that speak HTTP, through the `aiohttp` library."""

import asyncio
import json
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp
from yarl import URL

from isofuzz.target.things import Refused

_SECONDS_KEPT = 1
"""How long an idle connection is used again: less than servers keep theirs, so that none is closed under a request."""

_NO_REFUSALS = frozenset({408, 429})
"""Too slow and too often: no word on who may do what, so that nobody is said to have been denied anything."""

_ALLOWED_IN_PATH = "/?&=%:@!$'()*+,;~[]"


@dataclass(frozen=True)
class HttpAnswer:
    """What a server answered. `body` is parsed JSON, else text, else bytes; None if it is empty."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: Any

    def __str__(self) -> str:
        to = f" to {self.headers['Location']}" if "Location" in self.headers else ""
        shown = self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False, default=str)
        return f"{self.status} {self.reason}{to}" + ("" if self.body is None else f": {shown}")


class HttpRefused(Refused):
    """The server said no: a status of 4xx. `answer` is all that it said."""

    def __init__(self, answer: HttpAnswer) -> None:
        super().__init__(answer)
        self.answer = answer


class HttpUnexpected(Exception):
    """The server neither did it nor said no: 5xx, a redirect, 408, 429. `answer` is all that it said."""

    def __init__(self, answer: HttpAnswer) -> None:
        super().__init__(answer)
        self.answer = answer


class Http:
    """A client of one system, with cookies of its own; `session` makes one for each session of a user.

        async with Http(f"http://127.0.0.1:{server.port}") as self.http:  # in `lifespan`
            yield

        me = Me(self.http.session(Authorization=f"Bearer {token}"))  # with `http: Http` in the class Me
        made = await me.http.post("/rooms", room.id, "messages", json={"text": text})

    A path is followed by further parts of it, each escaped: an id is one part whatever is in it. Nothing is asked
    twice, no redirect is followed, no proxy used, and there is no time-out but that of the operation.
    """

    def __init__(self, url: str, **headers: str) -> None:
        """`url` is what every path is appended to; `headers` go with every request."""
        self.url = url.rstrip("/")
        self._headers = headers
        self._root = self
        self._opened: aiohttp.ClientSession | None = None

    def session(self, **headers: str) -> "Http":
        """Another client of the same system: without cookies so far, with these headers besides one's own.

        Its connections are those of the first client and closed with it.
        """
        made = Http(self.url, **{**self._headers, **headers})
        made._root = self._root
        return made

    async def get(self, path: str, *parts: object, **options: Any) -> Any:
        """GET; returns the body of a 2xx answer. `options` are those of `ask`, as for the other methods."""
        return await self._body_of("GET", path, *parts, **options)

    async def post(self, path: str, *parts: object, **options: Any) -> Any:
        """POST; returns the body of a 2xx answer."""
        return await self._body_of("POST", path, *parts, **options)

    async def put(self, path: str, *parts: object, **options: Any) -> Any:
        """PUT; returns the body of a 2xx answer."""
        return await self._body_of("PUT", path, *parts, **options)

    async def patch(self, path: str, *parts: object, **options: Any) -> Any:
        """PATCH; returns the body of a 2xx answer."""
        return await self._body_of("PATCH", path, *parts, **options)

    async def delete(self, path: str, *parts: object, **options: Any) -> Any:
        """DELETE; returns the body of a 2xx answer."""
        return await self._body_of("DELETE", path, *parts, **options)

    async def ask(
        self,
        method: str,
        path: str,
        *parts: object,
        json: object = None,
        data: Any = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """Send one request; returns a 2xx or 3xx answer whole, with its headers.

        `json` or `data` (a form as a mapping, text, bytes) is the body, `params` the query. Raises HttpRefused on 4xx,
        HttpUnexpected on 5xx, 408 and 429, and what aiohttp raises when there is no answer.
        """
        # Twice round the loop: now what a server has meanwhile closed is known to be closed, and not used again.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        async with self._client().request(
            method,
            self._address(path, parts),
            json=json,
            data=data,
            params=params,
            headers=headers,
            allow_redirects=False,
        ) as response:
            body = await _body(response)
            answer = HttpAnswer(response.status, response.reason or "", response.headers, body)
        if answer.status >= 500 or answer.status in _NO_REFUSALS:
            raise HttpUnexpected(answer)
        if answer.status >= 400:
            raise HttpRefused(answer)
        return answer

    @property
    def cookie(self) -> str:
        """The cookies that it has by now, as the value of a `Cookie` header; for a WebSocket, say."""
        cookies = self._client().cookie_jar.filter_cookies(URL(self.url))
        return "; ".join(f"{name}={cookie.coded_value}" for name, cookie in cookies.items())

    async def close(self) -> None:
        """Close its connections, which are also those of all its sessions."""
        if self._root._opened:
            await self._root._opened.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"Http({self.url!r})"

    async def _body_of(self, method: str, path: str, *parts: object, **options: Any) -> Any:
        answer = await self.ask(method, path, *parts, **options)
        if answer.status >= 300:
            # To where it leads may mean that it was done, or that one has to sign in first.
            raise HttpUnexpected(answer)
        return answer.body

    def _address(self, path: str, parts: tuple[object, ...]) -> URL:
        whole = "/".join([quote(path, safe=_ALLOWED_IN_PATH), *map(_part, parts)])
        return URL(f"{self.url}/{whole.removeprefix('/')}", encoded=True)

    def _client(self) -> aiohttp.ClientSession:
        """Made when it is first needed: not before there is an event loop."""
        if self._opened is None:
            root = self._root
            self._opened = aiohttp.ClientSession(
                # Without a limit on connections: what overlaps must not wait for one another here.
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_SECONDS_KEPT)
                if root is self
                else root._client().connector,
                connector_owner=root is self,
                cookie_jar=aiohttp.CookieJar(unsafe=True),  # also of a host that is named by its address
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                middlewares=(_once,),
            )
            if root is not self:
                weakref.finalize(self, self._opened.detach)  # nobody closes the client of a session
        return self._opened


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send the request once.

    When a connection breaks, aiohttp sends some requests again, PUT and DELETE among them, and nobody would know that
    they were done twice, at times of which only one is between invocation and return.
    """
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as broken:
        raise aiohttp.ClientConnectionError(str(broken)) from broken


async def _body(response: aiohttp.ClientResponse) -> Any:
    content = await response.read()
    if not content:
        return None
    try:
        text = content.decode(response.charset or "utf-8")
    except (UnicodeDecodeError, LookupError):
        return content
    if response.content_type.endswith(("/json", "+json")):
        with suppress(ValueError, RecursionError):
            return json.loads(text)
    return text


def _part(part: object) -> str:
    """One part of a path, which stays one: a slash in it is data, and so are dots that would lead elsewhere."""
    text = str(part)
    return text.replace(".", "%2E") if text in {".", ".."} else quote(text, safe="")
