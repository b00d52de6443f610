"""`Http` against a real server: what it returns, what it raises, what it never does by itself."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from isofuzz import Http, HttpAnswer, HttpRefused, HttpUnexpected, Refused
from isofuzz.program.canary import Mint, texts

MINT = Mint("k3x9fz")
CANARY = MINT.mint(1)
DEEP = "[" * 100_000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def echo(request: web.Request) -> web.Response:
    """What was asked."""
    return web.json_response(
        {
            "method": request.method,
            "path": request.raw_path,
            "headers": dict(request.headers),
            "cookies": dict(request.cookies),
            "body": (await request.read()).decode(),
        }
    )


async def told(request: web.Request) -> web.Response:
    """What the query says."""
    told = request.query
    headers = {name: value for name, value in told.items() if name not in {"status", "reason", "body", "type"}}
    return web.Response(
        status=int(told.get("status", "200")),
        reason=told.get("reason"),
        body=told.get("body", "").encode("latin-1"),
        content_type=told.get("type", "text/plain"),
        headers=headers,
    )


async def deep(request: web.Request) -> web.Response:
    return web.Response(text=DEEP, content_type="application/json")


async def sign_in(request: web.Request) -> web.Response:
    response = web.Response()
    response.set_cookie("session", request.match_info["name"])
    return response


def meeting() -> Handler:
    """Answers only when two requests are here."""
    both = asyncio.Barrier(2)

    async def meet(request: web.Request) -> web.Response:
        await both.wait()
        return web.Response(text="met")

    return meet


@pytest.fixture
async def url() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/echo{rest:(?s:.*)}", echo)
    app.router.add_route("*", "/told", told)
    app.router.add_get("/deep", deep)
    app.router.add_post("/sign-in/{name}", sign_in)
    app.router.add_get("/meet", meeting())
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def http(url: str) -> AsyncIterator[Http]:
    async with Http(url) as client:
        yield client


@asynccontextmanager
async def serving(
    connection: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A server that does as it likes with its connections; its URL."""
    async with await asyncio.start_server(connection, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class TestReturned:
    @pytest.mark.parametrize(
        ("kind", "body", "expected"),
        [
            ("application/json", '{"a": [1, null]}', {"a": [1, None]}),
            ("application/problem+json", "[]", []),
            ("application/json", "{broken", "{broken"),
            ("text/html", "<b>", "<b>"),
            ("image/png", "\x89PNG\xff", b"\x89PNG\xff"),
            ("application/json", "", None),
        ],
    )
    async def test_a_body_as_what_it_is(self, http: Http, kind: str, body: str, expected: object) -> None:
        assert await http.get("/told", params={"type": kind, "body": body}) == expected

    async def test_nesting_without_end(self, http: Http) -> None:
        assert await http.get("/deep") == DEEP

    @pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
    async def test_each_method(self, http: Http, method: str) -> None:
        shown = await getattr(http, method)("/echo", json={"text": "ä"}, params={"n": 1}, headers={"X-Who": "ana"})

        assert (shown["method"], shown["path"]) == (method.upper(), "/echo?n=1")
        assert json.loads(shown["body"]) == {"text": "ä"}
        assert shown["headers"]["X-Who"] == "ana"

    async def test_a_form(self, http: Http) -> None:
        shown = await http.post("/echo", data={"name": "ana"})

        assert shown["body"] == "name=ana"
        assert shown["headers"]["Content-Type"] == "application/x-www-form-urlencoded"

    async def test_all_of_an_answer_when_asked_for(self, http: Http) -> None:
        answer = await http.ask("GET", "/told", params={"reason": f"Fine {CANARY}", "X-Note": CANARY, "body": "x"})

        assert (answer.status, answer.headers["x-note"], answer.body) == (200, CANARY, "x")
        assert MINT.scan(" ".join(texts(answer))) == (1,)

    @pytest.mark.parametrize("where", ["reason", "X-Note", "body"])
    async def test_a_canary_anywhere_in_an_answer(self, http: Http, where: str) -> None:
        assert CANARY in list(texts(await http.ask("GET", "/told", params={where: CANARY})))

    async def test_a_redirect_when_asked_for(self, http: Http) -> None:
        answer = await http.ask("POST", "/told", params={"status": "303", "Location": "/rooms/5"})

        assert (answer.status, answer.headers["Location"]) == (303, "/rooms/5")


class TestPath:
    @pytest.mark.parametrize(
        ("part", "escaped"),
        [
            ("a/b", "a%2Fb"),
            ("../a", "..%2Fa"),
            (".", "%2E"),
            ("..", "%2E%2E"),
            ("%2e%2e", "%252e%252e"),
            ("a?b=c#d", "a%3Fb%3Dc%23d"),
            ("a b+c", "a%20b%2Bc"),
            ("ä\n", "%C3%A4%0A"),
            ("", ""),
            (5, "5"),
        ],
    )
    async def test_an_id_is_one_part_whatever_is_in_it(self, http: Http, part: object, escaped: str) -> None:
        assert (await http.get("/echo", part, "notes"))["path"] == f"/echo/{escaped}/notes"

    async def test_parameters_leave_the_parts_alone(self, http: Http) -> None:
        shown = await http.get("/echo", "..", "a/b", params={"text": "x & y"})

        assert shown["path"] in {"/echo/%2E%2E/a%2Fb?text=x+%26+y", "/echo/%2E%2E/a%2Fb?text=x%20%26%20y"}

    async def test_a_path_as_it_is_written(self, url: str) -> None:
        async with Http(f"{url}/echo/") as http:
            assert (await http.get("/rooms/5/naïve notes?all=1"))["path"] == "/echo/rooms/5/na%C3%AFve%20notes?all=1"
            assert (await http.get("rooms"))["path"] == "/echo/rooms"


class TestRaised:
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 451])
    async def test_refused(self, http: Http, status: int) -> None:
        asked = {"status": str(status), "type": "application/json", "body": f'{{"detail": "not {CANARY}"}}'}

        with pytest.raises(Refused) as refused:
            await http.get("/told", params={**asked, "X-Note": CANARY, "reason": "No"})

        assert isinstance(refused.value, HttpRefused)
        assert refused.value.answer.body == {"detail": f"not {CANARY}"}
        assert str(refused.value) == f'{status} No: {{"detail": "not {CANARY}"}}'

    @pytest.mark.parametrize("status", [500, 503, 408, 429])
    async def test_neither_done_nor_refused(self, http: Http, status: int) -> None:
        with pytest.raises(HttpUnexpected) as unexpected:
            await http.ask("GET", "/told", params={"status": str(status), "reason": "Odd", "body": "a traceback"})

        assert not isinstance(unexpected.value, Refused)
        assert unexpected.value.answer.status == status
        assert str(unexpected.value) == f"{status} Odd: a traceback"

    async def test_a_redirect_is_shown_and_not_followed(self, http: Http) -> None:
        """Whether it leads to what was made or to a form to sign in, only the target knows."""
        with pytest.raises(HttpUnexpected, match="302 Found to /echo"):
            await http.post("/told", params={"status": "302", "Location": "/echo"})

    @pytest.mark.parametrize("status", ["403", "500"])
    @pytest.mark.parametrize("where", ["reason", "X-Note", "body"])
    async def test_a_canary_anywhere_in_it(self, http: Http, status: str, where: str) -> None:
        with pytest.raises((HttpRefused, HttpUnexpected)) as raised:
            await http.get("/told", params={"status": status, where: CANARY})

        assert CANARY in list(texts(raised.value))

    async def test_nobody_there(self) -> None:
        async with Http("http://127.0.0.1:1") as http:
            with pytest.raises(aiohttp.ClientConnectionError, match="Cannot connect"):
                await http.get("/")


class TestSessions:
    async def test_cookies_are_not_shared(self, http: Http) -> None:
        ana, ben = http.session(), http.session()
        await ana.post("/sign-in/ana")
        await ben.post("/sign-in/ben")

        seen = [(await each.get("/echo"))["cookies"] for each in (ana, ben, http, ana.session())]

        assert seen == [{"session": "ana"}, {"session": "ben"}, {}, {}]
        assert (ana.cookie, http.cookie) == ("session=ana", "")

    async def test_headers_come_on_top(self, url: str) -> None:
        async with Http(url, Accept="application/json", Authorization="none") as http:
            ana = http.session(Authorization="Bearer ana")

            assert (await ana.get("/echo"))["headers"]["Authorization"] == "Bearer ana"
            assert (await ana.get("/echo"))["headers"]["Accept"] == "application/json"
            assert (await http.get("/echo"))["headers"]["Authorization"] == "none"

    async def test_one_who_is_forgotten_leaves_nothing_behind(self, http: Http) -> None:
        """Every warning is an error here, and an unclosed client is one."""
        for name in ("ana", "ben"):
            await http.session().post("/sign-in", name)
        gc.collect()

        assert (await http.get("/echo"))["cookies"] == {}

    async def test_what_is_looked_through_of_one_does_not_lead_to_others(self, http: Http) -> None:
        ana, ben = http.session(), http.session(Authorization=CANARY)
        await ana.get("/echo")
        await ben.get("/echo")

        assert CANARY not in list(texts({"http": ana}))
        assert repr(ana) == f"Http('{http.url}')"


class TestAlone:
    async def test_overlapping_requests_do_not_wait_for_one_another(self, http: Http) -> None:
        async with asyncio.timeout(20):
            assert list(await asyncio.gather(*(http.session().get("/meet") for _ in range(2)))) == ["met", "met"]

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
    async def test_nothing_is_sent_twice(self, method: str) -> None:
        """Not even on a connection that has served before, where aiohttp would by itself."""
        asked: list[bytes] = []

        async def hang_up_on_the_second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            if len(asked) == 1:
                writer.write(b"HTTP/1.1 204 Done\r\n\r\n")
                asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.close()

        async with serving(hang_up_on_the_second) as url, Http(url) as http:
            await http.ask(method, "/")
            with pytest.raises(aiohttp.ClientConnectionError):
                await http.ask(method, "/")

        assert len(asked) == 2

    async def test_a_connection_that_the_server_closed_is_not_used_again(self) -> None:
        closed = asyncio.Event()

        async def serve_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 204 Done\r\n\r\n")
            writer.close()
            await writer.wait_closed()
            closed.set()

        async with serving(serve_once) as url, Http(url) as http:
            for _ in range(20):
                closed.clear()
                await http.post("/")
                await closed.wait()

    async def test_no_proxy_is_used(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        async with Http(url) as http:
            assert (await http.get("/echo"))["method"] == "GET"

    async def test_nothing_is_opened_before_it_is_used(self) -> None:
        async with Http("http://127.0.0.1:1"):
            pass

    async def test_after_closing_there_is_no_more(self, url: str) -> None:
        async with Http(url) as http:
            ana = http.session()
            await ana.get("/echo")
        with pytest.raises(RuntimeError, match="closed"):
            await ana.get("/echo")


def test_an_answer_in_words() -> None:
    assert str(HttpAnswer(204, "No Content", {}, None)) == "204 No Content"
    assert str(HttpAnswer(200, "OK", {}, b"\xff")) == "200 OK: \"b'\\\\xff'\""
