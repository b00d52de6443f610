"""`WebSocket` against a real server on a Unix socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, unix_serve

from isofuzz.target.things import Reply
from isofuzz.target.websocket import WebSocket

Handler = Callable[[ServerConnection], Awaitable[None]]


class Sock(WebSocket):
    pass


@asynccontextmanager
async def connected(folder: Path, handler: Handler, **headers: str) -> AsyncIterator[Sock]:
    path = str(folder / "s")
    async with unix_serve(handler, path):
        sock = await Sock.open("ws://localhost/", unix=path, **headers)
        try:
            yield sock
        finally:
            await sock.abort()


async def listen(sock: Sock, taken: list[object]) -> None:
    async for frame in sock.frames():
        taken.append(frame)  # noqa: PERF401  # tests look at it while it grows


async def echo(connection: ServerConnection) -> None:
    """Answer each request, after an event."""
    async for message in connection:
        request = json.loads(message)
        await connection.send(json.dumps({"event": request["id"]}))
        await connection.send(json.dumps({"answer": request["id"]}))


async def test_frames_come_in_order_as_json_or_as_they_are(tmp_path: Path) -> None:
    async def handler(connection: ServerConnection) -> None:
        for frame in ('{"a": 1}', "no json", b"\xff", "[2]"):
            await connection.send(frame)

    async with connected(tmp_path, handler) as sock:
        taken: list[object] = []
        await listen(sock, taken)
        assert taken == [{"a": 1}, "no json", b"\xff", [2]]


async def test_headers_go_with_the_opening_request(tmp_path: Path) -> None:
    async def handler(connection: ServerConnection) -> None:
        assert connection.request
        await connection.send(json.dumps(connection.request.headers["x-token"]))

    async with connected(tmp_path, handler, **{"x-token": "t"}) as sock:
        taken: list[object] = []
        await listen(sock, taken)
        assert taken == ["t"]


async def test_ask_returns_the_answer_and_frames_shows_it_as_a_reply(tmp_path: Path) -> None:
    async with connected(tmp_path, echo) as sock:
        taken: list[object] = []
        reader = asyncio.create_task(listen(sock, taken))
        answer = await sock.ask({"id": 7}, until=lambda frame: "answer" in frame)
        assert answer == {"answer": 7}
        assert taken == [{"event": 7}, Reply({"answer": 7})]
        await sock.abort()
        await reader


async def test_two_may_ask_at_once(tmp_path: Path) -> None:
    async with connected(tmp_path, echo) as sock:

        async def ask(number: int) -> Any:
            return await sock.ask({"id": number}, until=lambda frame: frame.get("answer") == number)

        assert await asyncio.gather(*map(ask, range(5))) == [{"answer": number} for number in range(5)]


async def test_a_barrier_covers_a_thousand_frames_before_the_pong(tmp_path: Path) -> None:
    sent = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        for number in range(1000):
            await connection.send(json.dumps(number))
        sent.set()
        await connection.wait_closed()

    async with connected(tmp_path, handler) as sock:
        taken: list[object] = []
        reader = asyncio.create_task(listen(sock, taken))
        await sent.wait()
        await sock.barrier()
        assert taken == list(range(1000))
        await sock.abort()
        await reader


async def test_a_barrier_without_a_reader_does_not_wait_for_one(tmp_path: Path) -> None:
    async with connected(tmp_path, echo) as sock:
        await sock.send({"id": 1})
        await sock.barrier()


async def test_the_reason_of_a_close_comes_last(tmp_path: Path) -> None:
    async def handler(connection: ServerConnection) -> None:
        await connection.send('"bye"')
        await connection.close(4003, "put out of room 7")

    async with connected(tmp_path, handler) as sock:
        taken: list[object] = []
        await listen(sock, taken)
        assert taken == ["bye", "put out of room 7"]


async def test_a_barrier_on_a_closed_connection_returns_once_all_is_taken(tmp_path: Path) -> None:
    async def handler(connection: ServerConnection) -> None:
        await connection.send('"bye"')

    async with connected(tmp_path, handler) as sock:
        taken: list[object] = []
        await listen(sock, taken)
        await sock.barrier()
        assert taken == ["bye"]


async def test_abort_ends_the_frames(tmp_path: Path) -> None:
    gone = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        await connection.wait_closed()
        gone.set()

    async with connected(tmp_path, handler) as sock:
        taken: list[object] = []
        reader = asyncio.create_task(listen(sock, taken))
        await sock.abort()
        await reader
        await gone.wait()
        assert taken == []


@pytest.mark.parametrize("reason", ["", "too slow"])
async def test_who_asks_a_server_that_closes_is_told_so(tmp_path: Path, reason: str) -> None:
    async def handler(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(4000, reason)

    async with connected(tmp_path, handler) as sock:
        with pytest.raises(ConnectionError, match=rf"^connection closed: 4000 ?{reason}$"):
            await sock.ask({"id": 1}, until=lambda frame: True)


async def test_who_asks_on_a_connection_that_has_ended_is_told_so(tmp_path: Path) -> None:
    async def handler(connection: ServerConnection) -> None:
        await connection.close(1000)

    async with connected(tmp_path, handler) as sock:
        await listen(sock, [])
        with pytest.raises(ConnectionError, match=r"^connection closed: 1000$"):
            await sock.ask({"id": 1}, until=lambda frame: True)
