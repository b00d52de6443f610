"""The target of the reference chat as two processes, to which users are connected by turns."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from itertools import cycle

from isofuzz import Services
from isofuzz_packs.chat.backing import prepare
from isofuzz_packs.chat.serve import READY
from isofuzz_packs.chat.target import Operations


class ChatProcesses(Operations):
    """The reference chat as two processes on one database. `defect` plants one leak of the zoo in both."""

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        """Create the schema as its owner, and run each process as a role that row security binds."""
        backing = await prepare(services)
        env = {"APP_URL": backing.app_url, "SERVICE_ROLE": backing.service_role, "CACHE_URL": backing.cache_url}
        paths = [services.folder / f"chat-{number}.sock" for number in (1, 2)]
        planted = [self.defect] if self.defect else []
        self._processes = [
            await services.process(
                sys.executable, "-m", "isofuzz_packs.chat.serve", path, *planted, ready=re.compile(READY), env=env
            )
            for path in paths
        ]
        self._paths = cycle(map(str, paths))
        yield

    async def restart(self) -> None:
        """Restart both at the same time."""
        await asyncio.gather(*(process.restart() for process in self._processes))

    async def reset(self) -> None:
        """Have both forget the connections that could be resumed."""
        for process in self._processes:
            os.kill(process.pid, signal.SIGUSR1)

    def next_path(self) -> str:
        """The socket of one, then of the other."""
        return next(self._paths)
