"""Processes of the system under test: started, awaited until ready, watched, and ended with the run."""

import asyncio
import errno
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from isofuzz.errors import SystemDown, UsageError
from isofuzz.services import watchdog
from isofuzz.services.folders import RunFolder
from isofuzz.services.processes import ports
from isofuzz.services.processes.output import ProcessOutput
from isofuzz.services.processes.readiness import TICK, Ready, Sign, sign_of
from isofuzz.services.redaction import redact
from isofuzz.services.watchdog import PATIENCE

_PORT = "{port}"
_TRIES = 4
"""How many ports are tried, should each be taken by somebody else before the process gets to it."""
_TAKEN = re.compile(r"address (is )?(already )?in use|EADDRINUSE", re.IGNORECASE)


@dataclass(frozen=True)
class Order:
    """What to start, and how to see that it is ready; `{port}` stands for a port that is yet to be chosen."""

    command: tuple[str, ...]
    ready: Ready
    within: float
    env: Mapping[str, str]
    cwd: Path | None

    def __post_init__(self) -> None:
        if not _is_time(self.within):
            raise UsageError(f"within={self.within!r} is no time to wait: write a number of seconds above 0, within=30")
        for name, value in self.env.items():
            wrong = [type(each).__name__ for each in (name, value) if not _is_text(each)]
            if wrong:
                kind = wrong[0]  # not the value: it may be a credential
                raise UsageError(f"env[{name!r}] holds {kind}, not text: write it in quotes, or put str(...) around it")

    @property
    def name(self) -> str:
        """The command as far as it is sure to hold no credential."""
        program, *arguments = self.command
        shown = [Path(program).name]
        if arguments[:1] == ["-m"]:
            shown += arguments[:2]
        elif arguments and not arguments[0].startswith("-"):
            shown.append(arguments[0])
        return redact(f"`{shlex.join(shown)}`")

    @property
    def has_a_port(self) -> bool:
        """Whether it matters which port is chosen."""
        return any(_PORT in text for text in (*self.command, *self.env.values()))

    def command_with(self, port: int) -> list[str]:
        """The command for a process that gets this port."""
        return [_with_port(word, port) for word in self.command]

    def ready_with(self, port: int) -> Ready:
        """What to wait for when it has this port."""
        return _with_port(self.ready, port) if isinstance(self.ready, str) else self.ready

    def environment_with(self, port: int) -> dict[str, str]:
        """The environment of isofuzz without what configures isofuzz, and with what was ordered."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ISOFUZZ_")}
        ordered = {name: _with_port(value, port) for name, value in self.env.items()}
        # What is installed beside isofuzz, uvicorn for example, is found also if no virtual environment is active.
        path = os.pathsep.join([inherited.get("PATH", os.defpath), str(Path(sys.executable).parent)])
        # Else Python holds back what it prints into a file, and with it the text that is waited for.
        return {"PYTHONUNBUFFERED": "1", **inherited, "PATH": path, **ordered}


class Process:
    """A process of the system under test with the processes that it starts: one process group."""

    def __init__(self, order: Order, folder: RunFolder, output: ProcessOutput) -> None:
        self.port: int = 0
        """The port of 127.0.0.1 that `{port}` stands for; it stays the same through `restart`."""
        self._order = order
        self._folder = folder
        self._output = output
        self._one_at_a_time = asyncio.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._missing: str | None = None
        """What a start that is under way, or failed, waits for."""

    @property
    def pid(self) -> int:
        """The process id, which is also that of the process group; another one after `restart`."""
        if self._running is None:
            raise UsageError(f"{self._order.name} does not run, so it has no pid")
        return self._running.pid

    async def restart(self) -> None:
        """Stop it, start the same command on the same port, and return when it is ready.

        Raises SystemDown if it does not come up again.
        """
        async with self._one_at_a_time:
            await self._stop()
            await self._start()

    async def stop(self) -> None:
        """End the process group: SIGTERM, then SIGKILL when the process has ended, or 5 s later."""
        async with self._one_at_a_time:
            await self._stop()

    # -- for the run

    @property
    def runs(self) -> bool:
        """Was it started, and neither stopped nor found to have ended?"""
        return self._running is not None and self._running.returncode is None

    async def start(self) -> None:
        """Start it on a port that is its own, and return when it is ready; raises UsageError and SystemDown."""
        async with self._one_at_a_time:
            tries = _TRIES if self._order.has_a_port else 1
            for tries_left in reversed(range(tries)):
                # Reserved first; then plainly free, for a server to which also its own reserved port is in use.
                self.port = ports.reserved_port() if tries_left == tries - 1 else ports.free_port()
                try:
                    if not (tries_left and await ports.accepts(ports.LOOPBACK, self.port)):
                        return await self._start()
                except SystemDown:
                    if not (tries_left and self._has_ended() and await self._lost_its_port()):
                        raise
                    await self._stop()
            raise AssertionError("the last try returns or raises")

    def check_alive(self) -> None:
        """Raises SystemDown, with the end of its output, if it has ended and nobody had it stopped."""
        if self._has_ended():
            raise self._down(f"{self._how_it_ended()}, although nobody had stopped it")
        self._output.trim()

    def last_output(self) -> str:
        """The end of its output in lines for a message, and what it is waited for; empty if there is neither."""
        waiting = f" (not ready: {self._missing})" if self._missing else ""
        tail = self._output.tail()
        return f"\nThe process {self._order.name}{waiting} wrote last:{tail or ' nothing'}" if tail or waiting else ""

    # -- starting

    async def _start(self) -> None:
        sign = sign_of(self._order.ready_with(self.port), self._output)
        if sign.anyones and await sign.problem() is None:
            raise UsageError(
                f"{self._order.name} cannot be waited for: there is {sign} although it does not run. Stop what listens"
                f" there, or have a free port chosen: write {_PORT} in its arguments or env, and in `ready`"
            )
        self._missing = str(sign)
        self._running = self._spawn()
        self._folder.watch(self._running, signal.SIGTERM, group=True)
        await self._until_ready(sign)
        self._missing = None

    def _spawn(self) -> "subprocess.Popen[bytes]":
        order = self._order
        command = order.command_with(self.port)
        output = self._output.open()
        try:
            return subprocess.Popen(  # noqa: S603 - the target's author says what to run
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=order.cwd,
                env=order.environment_with(self.port) | watchdog.mark(self._folder.path),
                # A group to signal as a whole, which no Ctrl-C in the terminal reaches.
                start_new_session=True,
            )
        except OSError as error:
            raise UsageError(f"{order.name} cannot be started: {_why(error, command[0], order.cwd)}") from error
        finally:
            os.close(output)

    async def _until_ready(self, sign: Sign) -> None:
        ready, ended = asyncio.create_task(self._until_there(sign)), asyncio.create_task(self._until_ended())
        try:
            await asyncio.wait({ready, ended}, timeout=self._order.within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            ended.cancel()
            await asyncio.wait({ready, ended})
        if self._has_ended():
            raise self._down(f"{self._how_it_ended()} before it was ready")
        if ready.cancelled():
            raise self._down(
                f"was not ready after {self._order.within:g} s: {self._missing}; `within` says how long to wait"
            )
        ready.result()

    async def _until_there(self, sign: Sign) -> None:
        while (problem := await sign.problem()) is not None:
            self._missing = f"it waited for {sign}, but {problem}"
            await asyncio.sleep(TICK)

    async def _lost_its_port(self) -> bool:
        return self._output.shows(_TAKEN) or await ports.accepts(ports.LOOPBACK, self.port)

    # -- ending

    async def _stop(self) -> None:
        running = self._running
        try:
            if running and not self._has_ended():
                _signal_group(running, signal.SIGTERM)
                with suppress(TimeoutError):
                    async with asyncio.timeout(PATIENCE):
                        await self._until_ended()
        finally:
            if running and not self._has_ended():
                _signal_group(running, signal.SIGKILL)
                with suppress(subprocess.TimeoutExpired):  # another user's now, so that it may not be killed
                    running.wait(PATIENCE)
            self._running = self._missing = None

    async def _until_ended(self) -> None:
        while not self._has_ended():  # noqa: ASYNC110 - only the kernel knows, and nothing of the loop's is told
            await asyncio.sleep(TICK)

    def _has_ended(self) -> bool:
        """Whether it has ended of itself or by a signal; what it left of its group is then killed."""
        if self._running is None or self._running.returncode is not None:
            return self._running is not None
        if self._running.poll() is None:
            return False
        # At once, before its number can become that of another group.
        _signal_group(self._running, signal.SIGKILL)
        return True

    def _how_it_ended(self) -> str:
        assert self._running is not None
        code = self._running.returncode
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        hint = " (it has to stay in the foreground)" if code == 0 else ""
        return f"exited with code {code}{hint}"

    def _down(self, what: str) -> SystemDown:
        tail = self._output.tail()
        wrote = f"It wrote last:{tail}" if tail else "It wrote nothing."
        return SystemDown(f"the process {self._order.name} of the system under test {what}.\n{wrote}")


class Processes:
    """The processes of one run."""

    def __init__(self, folder: RunFolder, ending: AsyncExitStack) -> None:
        self._folder = folder
        self._ending = ending
        self._outputs = folder.path / "processes"
        self._all: list[Process] = []

    async def start(self, order: Order) -> Process:
        """Start a process and return when it is ready.

        Raises UsageError when it cannot be started as ordered, SystemDown when it ends or is not ready in time.
        """
        self._outputs.mkdir(mode=0o700, exist_ok=True)
        process = Process(order, self._folder, ProcessOutput(self._outputs / f"{len(self._all)}.log"))
        self._all.append(process)
        self._ending.push_async_callback(process.stop)
        await process.start()
        return process

    @property
    def pids(self) -> list[int]:
        """Those of the processes that were started and have neither been stopped nor, as far as was looked, ended."""
        return [process.pid for process in self._all if process.runs]

    def check_alive(self) -> None:
        """Raises SystemDown if one has ended that nobody had stopped."""
        for process in self._all:
            process.check_alive()

    def last_output(self) -> str:
        """What the processes wrote last, in lines to append to a message."""
        return "".join(process.last_output() for process in self._all)


@asynccontextmanager
async def running_processes(folder: RunFolder) -> AsyncIterator[Processes]:
    """A run's processes: none yet; all that were started have ended when the context has, the last one first."""
    async with AsyncExitStack() as ending:
        yield Processes(folder, ending)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and value > 0


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _with_port(text: str, port: int) -> str:
    """`text` with each `{port}` replaced; every other brace stays as it is."""
    return text.replace(_PORT, str(port))


def _signal_group(leader: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # nobody is left; on macOS: only who has ended already
        os.killpg(leader.pid, number)


def _why(error: OSError, program: str, cwd: Path | None) -> str:
    if cwd is not None and not cwd.is_dir():
        return f"its cwd {cwd} is no folder"
    if isinstance(error, FileNotFoundError) and "/" not in program:
        return (
            f"there is no {program} on the PATH. Give its full path, or, if it is a module of this Python:"
            f' process(sys.executable, "-m", "{program}", ...)'
        )
    if isinstance(error, FileNotFoundError):
        return f"{program}, or the interpreter in its first line, does not exist"
    if isinstance(error, PermissionError):
        return f"{program} is not executable: chmod +x, or name its interpreter before it"
    if error.errno == errno.ENOEXEC:
        return f"{program} is no program: give it a first line like #!/bin/sh, or name its interpreter before it"
    return str(error.strerror)
