"""Commands as processes that need not import isofuzz and what it stands on again: forks of one that has done so.

Importing is most of what a command does that is told of a mistake. A fork still is a process of its own, with its own
folder, environment, streams and end; what a cold start does is seen wherever the installed command itself is run.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import IO

_LOADED = (
    *("isofuzz.runs.check", "isofuzz.runs.doctor", "isofuzz.runs.replay", "isofuzz.runs.run"),
    *("isofuzz.report.check", "isofuzz.report.doctor", "isofuzz.report.progress", "isofuzz.report.terminal"),
)
"""What commands import when they run."""

_STREAMS = 3
_LONGEST = 2**16
"""Bytes of a request: an environment and arguments."""


class Forking:
    """Runs commands one after the other. To be closed."""

    def __init__(self, command: str, *, patience: float) -> None:
        """`command` is what the commands find in `sys.argv[0]`; `patience`: seconds that each may take."""
        self._ours, theirs = socket.socketpair()
        with theirs:
            arguments = [sys.executable, __file__, str(theirs.fileno()), command]
            self._server = subprocess.Popen(arguments, pass_fds=[theirs.fileno()], start_new_session=True)
        self._ours.settimeout(patience)

    def run(
        self, *arguments: str | bytes, cwd: Path, env: Mapping[str, str], stdin: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run the command to its end."""
        given = [os.fsdecode(argument) for argument in arguments]
        with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            told.write(stdin.encode())
            told.seek(0)
            request = json.dumps({"arguments": given, "cwd": str(cwd), "env": dict(env)}).encode()
            assert len(request) < _LONGEST
            socket.send_fds(self._ours, [request], [file.fileno() for file in (told, out, err)])
            code = self._ours.recv(_LONGEST)
            assert code, "what forks has ended"
            return subprocess.CompletedProcess(given, int(code), _text_of(out), _text_of(err))

    def close(self) -> None:
        """End the process that forks, and what it has forked if that has not ended."""
        self._ours.close()
        os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait()


def _text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _serve(requests: socket.socket, command: str) -> None:
    """Fork for each request, and answer how the fork ended; returns in the forks alone, which then are the command."""
    while True:
        request, streams, _, _ = socket.recv_fds(requests, _LONGEST, _STREAMS)
        if not request:
            sys.exit()
        child = os.fork()
        if child == 0:
            requests.close()
            _become(command, streams, **json.loads(request))
            return
        for stream in streams:
            os.close(stream)
        _, status = os.waitpid(child, 0)
        requests.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(command: str, streams: list[int], arguments: list[str], cwd: str, env: dict[str, str]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    tempfile.tempdir = None
    random.seed()
    sys.argv = [command, *arguments]
    sys.path[0] = str(Path(command).parent)


if __name__ == "__main__":
    for name in _LOADED:
        import_module(name)
    _serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
    from isofuzz.cli import main

    sys.exit(main())  # type: ignore[func-returns-value]  # as the installed command does
