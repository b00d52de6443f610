"""The running chat: its sockets, and what stands behind them."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from websockets.asyncio.server import ServerConnection, serve, unix_serve

from isofuzz_packs.chat.accounts import Accounts
from isofuzz_packs.chat.backing import Backing
from isofuzz_packs.chat.cache import Cache
from isofuzz_packs.chat.conversation import Asking, Conversation
from isofuzz_packs.chat.defects import Defect
from isofuzz_packs.chat.exports import Exports
from isofuzz_packs.chat.fanout import Fanout, SharedFanout
from isofuzz_packs.chat.messages import Messages
from isofuzz_packs.chat.router import Connection, Router
from isofuzz_packs.chat.service import Service
from isofuzz_packs.chat.threads import Threads
from isofuzz_packs.chat.transactions import Database

_PLAIN: Final[Mapping[str, Any]] = {"compression": None, "ping_interval": None}
"""No compression, and no keep-alive: a ping that comes on a timer is a move that nobody has decided."""


class ChatServer:
    """The chat on a Unix socket, or on a loopback port (0: any free one), while it is entered.

    `shared` says that other processes are the same chat, on the same backing. `defect` names a leak to plant; an
    unknown name raises ValueError. Leaving closes every connection and waits for the requests that are being answered.
    """

    def __init__(
        self,
        backing: Backing,
        *,
        unix_path: Path | None = None,
        port: int = 0,
        shared: bool = False,
        defect: str | None = None,
    ) -> None:
        planted = None if defect is None else Defect(defect)
        self._database = Database(backing.app_url, backing.service_role, planted)
        self._cache = Cache(backing.cache_url, planted)
        self._router = Router(planted)
        self._fanout = SharedFanout(self._router, backing.cache_url) if shared else Fanout(self._router)
        self._service = Service(
            Accounts(self._database, self._cache),
            Threads(self._database, planted),
            Messages(self._database, planted),
            Exports(self._database, planted),
            self._router,
            self._fanout,
            planted,
        )
        self._asking: Asking | None = {} if planted is Defect.REPLY_BY_REQUEST_ID else None
        self._unix_path = unix_path
        self._port = port
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as starting:
            starting.push_async_callback(self._database.close)
            await self._database.open()
            starting.push_async_callback(self._cache.close)
            starting.push_async_callback(self._fanout.close)
            await self._fanout.open()
            if self._unix_path is not None:
                listening = unix_serve(self._converse, str(self._unix_path), **_PLAIN)
            else:
                listening = serve(self._converse, "127.0.0.1", self._port, **_PLAIN)
            server = await starting.enter_async_context(listening)
            if self._unix_path is None:
                [socket] = server.sockets
                self._port = socket.getsockname()[1]
            self._running = starting.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()

    @property
    def url(self) -> str:
        """Where clients connect; with a Unix socket, what they name as the host."""
        return "ws://localhost/" if self._unix_path is not None else f"ws://127.0.0.1:{self._port}/"

    async def pooled(self, query: str) -> list[str]:
        """The text that the query returns on each database connection that is idle just now, as it was left."""
        return await self._database.pooled(query)

    def forget_closed(self) -> None:
        """Forget every connection that is closed: nobody can resume it any more."""
        self._router.remove_closed()

    async def renew_connections(self) -> None:
        """Go on with new connections to database and cache, when nobody asks for anything."""
        await self._database.renew()
        await self._cache.close()

    async def _converse(self, websocket: ServerConnection) -> None:
        connection = Connection(websocket)
        self._router.add(connection)
        try:
            await Conversation(connection, self._service.answer, self._asking).hold()
        finally:
            self._router.remove(connection)
