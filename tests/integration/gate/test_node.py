"""node's `pg`, unchanged, through a gate that holds nothing and one that holds everything for a moment.

Where node or the module is missing, conftest.py does not collect this file: then no result says that it was tried. To
have it, `npm install pg` in any folder and set NODE_PATH to its `node_modules`.
"""

import asyncio
import os
from pathlib import Path
from urllib.parse import quote

from tests.integration.gate.conftest import Gated


async def test_node_pg(either: Gated) -> None:
    # It reads the folder of a Unix socket from the place of the host.
    url = (
        f"socket://{either.url.user}:{either.url.password}@{quote(str(either.socket.parent))}?db={either.url.database}"
    )
    process = await asyncio.create_subprocess_exec(
        *("node", Path(__file__).with_name("client.js"), url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={name: os.environ[name] for name in ("PATH", "NODE_PATH") if name in os.environ},
    )
    output, _ = await process.communicate()
    assert (process.returncode, output) == (0, b"done\n"), output.decode()
