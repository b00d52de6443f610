"""One process of the chat: `python -m isofuzz_packs.chat.serve /path/of/its/socket [defect]`.

The environment says what it stands on: APP_URL, SERVICE_ROLE and CACHE_URL, as in `Backing`. It writes that it is ready
once it is. SIGTERM ends it; SIGUSR1 has it forget the connections that are closed.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from isofuzz_packs.chat.backing import Backing
from isofuzz_packs.chat.server import ChatServer

READY = "the chat is ready"


async def serve(path: Path, defect: str | None) -> None:
    """Be a process of the chat until that is to end."""
    backing = Backing(os.environ["APP_URL"], os.environ["SERVICE_ROLE"], os.environ["CACHE_URL"])
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with ChatServer(backing, unix_path=path, shared=True, defect=defect) as server:
        loop.add_signal_handler(signal.SIGTERM, ended.set)
        loop.add_signal_handler(signal.SIGUSR1, server.forget_closed)
        sys.stdout.write(f"{READY}\n")
        sys.stdout.flush()
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
