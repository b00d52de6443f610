"""Waiting until nothing moves, where Valkey is used: exactly, and never for ever."""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from valkey.asyncio import Valkey

from isofuzz.gate.freezing import Freezer
from isofuzz.gate.gates import Connection, Gates
from isofuzz.gate.loop import ControlledLoop
from isofuzz.gate.operation import outside
from isofuzz.gate.processes import Outside
from isofuzz.gate.settling import Settling
from isofuzz.gate.uncontrolled import Uncontrolled
from isofuzz.gate.valkey import ValkeyGate, ValkeyPlace
from isofuzz.services.folders import run_folder
from isofuzz.services.server_user import server_user
from isofuzz.services.valkey.connecting import valkey_connected
from isofuzz.services.valkey.server import running_valkey


class NoPostgres:
    """Nobody waits for a lock of Postgres."""

    async def fetch(self, query: str, *arguments: Any) -> Collection[Any]:
        return ()


class Moving:
    """Clients, whose commands are released one at a time."""

    def __init__(self, gates: Gates, settling: Settling, clients: list[Any]) -> None:
        self.settling = settling
        self.clients = clients
        self.replies: dict[str, Any] = {}
        self._gates = gates

    async def start(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        async def keep() -> None:
            self.replies[name] = await work

        self._task = asyncio.get_running_loop().create_task(keep(), context=outside())
        await self.settling.settle()

    def with_(self, text: str) -> Connection:
        (found,) = (
            each
            for each in self._gates.connections
            if any(part is not None and part.text == text for part in (each.parked, each.batch))
        )
        return found

    async def move(self, text: str) -> None:
        """Release a command, and see everything come to rest."""
        connection = self.with_(text)
        assert connection.parked
        connection.release()
        await self.settling.settle()
        assert not connection.owes


def settled(work: Callable[[Moving], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, ControlledLoop)
        uncontrolled = Uncontrolled()
        with run_folder(owner=server_user().owner) as folder:
            async with running_valkey(folder, server_user()) as (url, _, _), valkey_connected(url) as (asking, _):
                gate = ValkeyGate(ValkeyPlace(url.host, url.port or 0), asking.ping)
                await gate.listen_unix(folder.path / "gate" / "valkey")
                gates = Gates()
                gates.add(gate)
                outside = Outside(list, uncontrolled=uncontrolled)
                settling = Settling(
                    loop,
                    gates,
                    NoPostgres(),
                    Freezer(can=False),
                    uncontrolled=uncontrolled,
                    limit=20,
                    outside=outside,
                )
                place = url.for_client | {"unix_socket_path": str(folder.path / "gate" / "valkey")}
                del place["host"], place["port"]
                clients = [Valkey(**place, max_connections=1) for _ in range(2)]
                for client in clients:
                    await client.ping()
                gates.holding = True
                await work(Moving(gates, settling, clients))
                gates.holding = False
                for client in clients:
                    await client.aclose()
                assert gates.problems == []
                await gate.close()
        assert not uncontrolled.reasons

    with asyncio.Runner(loop_factory=ControlledLoop) as runner:
        runner.run(main())


def test_a_reply_has_been_read_once_nothing_moves() -> None:
    async def work(moving: Moving) -> None:
        for number in range(1, 101):
            await moving.start("incr", moving.clients[0].incr("key"))
            await moving.move("INCRBY key")
            assert moving.replies["incr"] == number

    settled(work)


def test_who_waits_for_somebody_else_keeps_nobody_waiting() -> None:
    async def work(moving: Moving) -> None:
        waiting, bringing = moving.clients
        for number in range(50):
            await moving.start("popped", waiting.blpop("queue", 0))
            await moving.move("BLPOP queue")
            await moving.start("pushed", bringing.rpush("queue", number))
            await moving.move("RPUSH queue")
            assert "popped" not in moving.replies
            assert moving.with_("BLPOP queue").reply_held
            moving.with_("BLPOP queue").deliver()
            await moving.settling.settle()
            assert moving.replies.pop("popped") == (b"queue", b"%d" % number)

    settled(work)


def test_what_is_published_has_been_read_once_nothing_moves() -> None:
    async def work(moving: Moving) -> None:
        subscriber, publisher = moving.clients
        heard: list[bytes] = []
        async with subscriber.pubsub() as channel:

            async def listen() -> None:
                async for message in channel.listen():
                    heard.append(message["data"])  # noqa: PERF401 - it never ends

            await moving.start("subscribed", channel.subscribe("news"))
            await moving.move("SUBSCRIBE news")
            await moving.start("listening", listen())
            for number in range(100):
                await moving.start("published", publisher.publish("news", number))
                await moving.move("PUBLISH news")
                assert heard[-1] == b"%d" % number

    settled(work)
