"""Processes in any language: started, awaited, told of when they die, and gone with the run."""

import asyncio
import json
import re
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from signal import SIGKILL
from typing import Any

import psutil
import pytest

from isofuzz.errors import SystemDown, UsageError
from isofuzz.services import Services
from isofuzz.services.folders import RunFolder, run_folder
from isofuzz.services.processes import ports
from isofuzz.services.processes import running as processes
from isofuzz.services.processes.running import Order, Process, Processes, running_processes

SERVED = Path(__file__).with_name("served.py")
URL = "http://127.0.0.1:{port}"

Start = Callable[..., Awaitable[Process]]


@pytest.fixture
def folder() -> Iterator[RunFolder]:
    with run_folder() as made:
        yield made


@pytest.fixture
async def run(folder: RunFolder) -> AsyncIterator[Processes]:
    async with running_processes(folder) as running:
        yield running


@pytest.fixture
def start(run: Processes) -> Start:
    return starting(run)


def starting(run: Processes) -> Start:
    """As `Services.process`, but without the services that nothing here needs."""

    async def start(*command: object, ready: Any, within: float = 20, cwd: Path | None = None, **env: str) -> Process:
        return await run.start(Order(tuple(map(str, command)), ready, within, env, cwd))

    return start


def served(*options: str) -> list[object]:
    """The command of the server."""
    return [sys.executable, SERVED, "{port}", *options]


async def ask(process: Process, path: str) -> Any:
    """What the server answers; None if it hangs up instead."""
    reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\n\r\n".encode())
        _, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    except ConnectionError:
        return None
    finally:
        writer.transport.abort()
    return json.loads(body) if body else None


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - what ends here is no task of ours
            await asyncio.sleep(0.01)


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


class TestReady:
    async def test_an_answer_at_a_url(self, start: Start) -> None:
        """503 is what a server says that is not ready yet."""
        process = await start(*served(), ready=f"{URL}/warming")

        assert await ask(process, "/warming") == "warm"
        assert is_gone(process.pid) is False

    @pytest.mark.parametrize("status", [200, 302, 401, 404])
    async def test_whoever_refuses_is_up(self, start: Start, status: int) -> None:
        await start(*served(), ready=f"{URL}/status/{status}")

    async def test_a_port_that_accepts(self, start: Start) -> None:
        process = await start(*served(), ready="{port}")

        assert (await ask(process, "/about"))["pid"] == process.pid

    async def test_a_port_that_is_given(self, start: Start) -> None:
        port = ports.free_port()

        await start(sys.executable, SERVED, port, ready=port)

        assert await ports.accepts("127.0.0.1", port)

    async def test_a_text_in_the_output(self, start: Start) -> None:
        process = await start(
            "sh", "-c", "echo begun >&2; echo up on {port}; exec sleep 100", ready=re.compile("up on")
        )

        assert psutil.Process(process.pid).is_running()

    async def test_python_does_not_hold_back_what_it_prints(self, start: Start) -> None:
        await start(
            sys.executable, "-c", "print('up'); input_ = __import__('time').sleep(100)", ready=re.compile("^up$")
        )

    async def test_a_text_of_an_earlier_life_does_not_count(self, start: Start, tmp_path: Path) -> None:
        mark = tmp_path / "mark"
        script = f"test -e {mark} && exit 7; touch {mark}; echo up; exec sleep 100"
        process = await start("sh", "-c", script, ready=re.compile("up"))

        with pytest.raises(SystemDown, match=r"exited with code 7 before it was ready\.\nIt wrote nothing\."):
            await process.restart()

    @pytest.mark.parametrize(
        "ready", ["https://localhost/", "http://", "localhost:80", "up", "", 0, 70000, None, re.compile(b"up")]
    )
    async def test_nothing_to_wait_for(self, start: Start, ready: Any) -> None:
        with pytest.raises(UsageError, match="write a URL that begins with http://, a port"):
            await start("sh", "-c", "exec sleep 100", ready=ready)

    @pytest.mark.parametrize("within", ["30", -1, 0, float("nan"), None])
    async def test_no_time_to_wait(self, start: Start, within: Any) -> None:
        with pytest.raises(UsageError, match=rf"within={within!r} is no time .* a number of seconds above 0"):
            await start("sh", "-c", "exec sleep 100", ready="{port}", within=within)

    @pytest.mark.parametrize("env", [{"PORT": 5}, {"PATH": Path("/bin")}, {"API_KEY": b"hunter2"}, {5: "PORT"}])
    async def test_an_environment_that_is_no_text(self, start: Start, env: Any) -> None:
        with pytest.raises(UsageError, match=r"env\[.* holds .*, not text: write it in quotes") as refused:
            await start("sh", "-c", "exec sleep 100", ready="{port}", env=env)
        assert "hunter2" not in str(refused.value)


class TestNotReady:
    async def test_never(self, start: Start) -> None:
        with pytest.raises(SystemDown) as down:
            await start(*served(), ready=f"{URL}/status/503", within=1)

        assert re.fullmatch(
            r"the process `python\S* \S+/served.py` of the system under test was not ready after 1 s: it waited for"
            r" an answer from http://127\.0\.0\.1:\d+/status/503, but the answer was 503;"
            r" `within` says how long to wait\.\nIt wrote last:\n  \| listening on \d+",
            str(down.value),
        )

    async def test_nobody_listens(self, start: Start) -> None:
        with pytest.raises(SystemDown, match=r"but nothing listens there; .*\nIt wrote nothing\."):
            await start("sleep", "100", ready="{port}", within=0.2)

    async def test_another_protocol(self, start: Start) -> None:
        script = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    listener.accept()[0].send(b"+OK\\r\\n")
"""
        with pytest.raises(SystemDown, match="does not speak HTTP"):
            await start(sys.executable, "-c", script, "{port}", ready=f"{URL}/", within=1)

    async def test_ends_at_once(self, start: Start) -> None:
        lines = "; ".join(f"echo line {number}" for number in range(30))
        with pytest.raises(SystemDown) as down:
            await start("sh", "-c", f"{lines}; echo password=hunter2 >&2; exit 3", ready="{port}", within=100)

        message = str(down.value)
        assert message.startswith("the process `sh` of the system under test exited with code 3 before it was ready.\n")
        assert message.endswith("\n  | line 28\n  | line 29\n  | password=***")
        assert "| line 11\n" in message
        assert "| line 10\n" not in message

    async def test_ends_well(self, start: Start) -> None:
        """As a server does that puts itself into the background."""
        with pytest.raises(SystemDown, match=r"exited with code 0 \(it has to stay in the foreground\)"):
            await start("true", ready="{port}")

    async def test_is_killed(self, start: Start) -> None:
        with pytest.raises(SystemDown, match="was ended by SIGKILL before it was ready"):
            await start("sh", "-c", "kill -9 $$", ready="{port}")

    async def test_whoever_waits_for_it_learns_what_it_lacks(self, run: Processes, start: Start) -> None:
        """The whole start is bounded by its target, which cancels this."""
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await start(*served(), ready=f"{URL}/status/500")

        assert "(not ready: it waited for an answer from http://" in run.last_output()
        assert "the answer was 500) wrote last:\n  | listening on" in run.last_output()


class TestCannotStart:
    async def test_no_such_command(self, start: Start) -> None:
        with pytest.raises(UsageError, match=r'no uvicornn on the PATH.* process\(sys.executable, "-m", "uvicornn"'):
            await start("uvicornn", "app:app", ready="{port}")

    async def test_no_such_file(self, start: Start) -> None:
        with pytest.raises(UsageError, match="`server` cannot be started: /nowhere/server, or the interpreter"):
            await start("/nowhere/server", ready="{port}")

    async def test_not_executable(self, start: Start, tmp_path: Path) -> None:
        (tmp_path / "server").touch(0o600)
        with pytest.raises(UsageError, match=r"not executable: chmod \+x"):
            await start(tmp_path / "server", ready="{port}")

    async def test_no_program(self, start: Start, tmp_path: Path) -> None:
        (tmp_path / "server").touch(0o700)
        (tmp_path / "server").write_text("echo up\n")
        with pytest.raises(UsageError, match="give it a first line like #!/bin/sh"):
            await start(tmp_path / "server", ready="{port}")

    async def test_no_such_folder(self, start: Start, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"its cwd .*/nowhere is no folder"):
            await start("true", ready="{port}", cwd=tmp_path / "nowhere")

    async def test_its_place_is_taken(self, start: Start) -> None:
        """Whoever is there would be taken for the system under test."""
        with socket.create_server(("127.0.0.1", 0)) as foreign:
            port = foreign.getsockname()[1]
            with pytest.raises(UsageError, match=rf"a server on port {port} although it does not run\. Stop what"):
                await start("sleep", "100", ready=port)


class TestPort:
    async def test_braces(self, start: Start) -> None:
        """Only what is exactly `{port}` is replaced."""
        odd = '{"port": {port}, "a": {}, "b": "{PORT} {{port}} {0}"}'

        process = await start(*served(odd), ready=f"{URL}/about", ODD=odd)

        expected = odd.replace("{port}", str(process.port))
        about = await ask(process, "/about")
        assert about["arguments"] == [str(process.port), expected]
        assert about["environment"]["ODD"] == expected

    async def test_many_at_once(self, start: Start) -> None:
        started = await asyncio.gather(*(start(*served(), ready="{port}") for _ in range(4)))

        assert len({process.port for process in started}) == 4

    def test_nobody_is_given_a_reserved_one(self) -> None:
        port = ports.reserved_port()

        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", port))
            server.listen()

    async def test_a_server_that_cannot_have_one_that_rests(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reserved = ports.reserved_port()
        monkeypatch.setattr(ports, "reserved_port", lambda: reserved)

        process = await start(*served("--plain"), ready=f"{URL}/about")

        assert process.port != reserved
        assert (await ask(process, "/about"))["pid"] == process.pid

    async def test_taken_before_it_is_started(self, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as foreign:
            monkeypatch.setattr(ports, "reserved_port", lambda: foreign.getsockname()[1])

            process = await start(*served(), ready="{port}")

            assert process.port != foreign.getsockname()[1]
            assert (await ask(process, "/about"))["pid"] == process.pid

    async def test_taken_while_it_starts(self, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
        foreign = socket.socket()
        really_start = subprocess.Popen

        def taking(command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
            if foreign.getsockname()[1] == 0:
                foreign.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                foreign.bind(("127.0.0.1", int(command[2])))
                foreign.listen()
            return really_start(command, **options)

        monkeypatch.setattr("isofuzz.services.processes.running.subprocess.Popen", taking)
        with foreign:
            process = await start(*served(), ready=f"{URL}/about")

            assert process.port != foreign.getsockname()[1]
            assert (await ask(process, "/about"))["pid"] == process.pid

    async def test_without_a_port_of_its_own_it_is_not_tried_again(self, start: Start, tmp_path: Path) -> None:
        script = f"echo >> {tmp_path}/tries; echo Address already in use; exit 1"
        with pytest.raises(SystemDown, match="Address already in use"):
            await start("sh", "-c", script, ready=re.compile("up"))

        assert (tmp_path / "tries").read_text() == "\n"

    async def test_it_is_not_tried_for_ever(self, start: Start, tmp_path: Path) -> None:
        script = f"echo {{port}} >> {tmp_path}/tries; echo EADDRINUSE; exit 1"
        with pytest.raises(SystemDown, match="exited with code 1 before it was ready"):
            await start("sh", "-c", script, ready="{port}")

        assert len(set((tmp_path / "tries").read_text().split())) == 4


class TestSurroundings:
    async def test_environment_folder_and_input(
        self, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ISOFUZZ_DATABASE_URL", "postgresql://isofuzz:hunter2@localhost/adopted")
        monkeypatch.setenv("COLOUR", "blue")
        monkeypatch.setenv("SIZE", "small")

        process = await start(*served(), ready="{port}", cwd=tmp_path, SIZE="large", ADDRESS="127.0.0.1:{port}")

        about = await ask(process, "/about")
        environment = about["environment"]
        assert [name for name in environment if name.startswith("ISOFUZZ_")] == ["ISOFUZZ_RUN_FOLDER"]
        assert (environment["COLOUR"], environment["SIZE"]) == ("blue", "large")
        assert environment["ADDRESS"] == f"127.0.0.1:{process.port}"
        assert about["cwd"] == str(tmp_path)
        assert about["session"] == process.pid
        assert about["input"] == ""

    async def test_its_output_is_private(self, start: Start, folder: RunFolder) -> None:
        await start("sh", "-c", "echo up; exec sleep 100", ready=re.compile("up"))

        [output] = (folder.path / "processes").iterdir()
        assert output.read_text() == "up\n"
        assert stat.S_IMODE(output.stat().st_mode) == 0o600
        assert stat.S_IMODE(output.parent.stat().st_mode) == 0o700

    async def test_its_output_does_not_grow_for_ever(
        self, run: Processes, start: Start, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("isofuzz.services.processes.output._LARGEST", 100_000)
        script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done; echo up; exec sleep 100"
        await start("sh", "-c", script, ready=re.compile("^up", re.MULTILINE))

        run.check_alive()

        [output] = (folder.path / "processes").iterdir()
        assert output.stat().st_size < 100_000
        assert run.last_output().endswith("| line 19999\n  | line 20000\n  | up")


class TestDeath:
    async def test_in_the_middle_of_the_run(self, run: Processes, start: Start) -> None:
        process = await start(*served(), ready=f"{URL}/about")
        run.check_alive()
        pid = process.pid

        assert await ask(process, "/exit/3") is None
        await until(lambda: is_gone(pid))

        for _ in range(2):
            with pytest.raises(SystemDown) as down:
                run.check_alive()
            assert re.fullmatch(
                r"the process `python\S* \S+/served.py` of the system under test exited with code 3,"
                r" although nobody had stopped it\.\nIt wrote last:\n  \| listening on \d+\n  \| connected to postgresql://app:\*\*\*@localhost/app"
                r"\n  \| the last words",
                str(down.value),
            )

    async def test_by_a_signal(self, run: Processes, start: Start) -> None:
        process = await start(*served(), ready=f"{URL}/about")
        pid = process.pid

        await ask(process, "/end/SIGABRT")
        await until(lambda: is_gone(pid))

        with pytest.raises(SystemDown, match="was ended by SIGABRT, although nobody"):
            run.check_alive()

    async def test_it_takes_its_group_along(self, run: Processes, start: Start) -> None:
        process = await start("sh", "-c", "sleep 100 & echo up; wait", ready=re.compile("up"))
        [child] = psutil.Process(process.pid).children()

        psutil.Process(process.pid).kill()
        await until(lambda: is_gone(process.pid))
        with pytest.raises(SystemDown, match="SIGKILL"):
            run.check_alive()

        await until(lambda: is_gone(child.pid))

    async def test_it_can_be_started_again(self, run: Processes, start: Start) -> None:
        process = await start(*served(), ready=f"{URL}/about")
        await ask(process, "/exit/3")

        await process.restart()

        run.check_alive()


class TestOnPurpose:
    async def test_restart(self, run: Processes, start: Start) -> None:
        process = await start(*served(), ready=f"{URL}/warming")
        port, pid = process.port, process.pid

        await process.restart()

        assert process.port == port
        assert process.pid != pid
        assert is_gone(pid)
        assert (await ask(process, "/about"))["pid"] == process.pid
        run.check_alive()

    async def test_restarts_that_overlap(self, run: Processes, start: Start) -> None:
        process = await start(*served(), ready=f"{URL}/about")

        await asyncio.gather(process.restart(), process.restart())

        assert (await ask(process, "/about"))["pid"] == process.pid
        run.check_alive()

    async def test_stop(self, run: Processes, start: Start) -> None:
        process = await start(*served(), ready=f"{URL}/about")
        pid = process.pid

        await process.stop()
        await process.stop()

        assert is_gone(pid)
        assert not await ports.accepts("127.0.0.1", process.port)
        run.check_alive()
        with pytest.raises(UsageError, match="does not run"):
            _ = process.pid

    async def test_the_whole_group_stops(self, start: Start) -> None:
        process = await start("sh", "-c", "sleep 100 & echo up; wait", ready=re.compile("up"))
        [child] = psutil.Process(process.pid).children()

        await process.stop()

        await until(lambda: is_gone(child.pid))

    async def test_who_does_not_want_to(self, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(processes, "PATIENCE", 0.1)
        script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(100)"
        process = await start(sys.executable, "-c", script, ready=re.compile("up"))
        pid = process.pid

        await process.stop()

        assert is_gone(pid)

    async def test_the_last_one_ends_first(self, folder: RunFolder, tmp_path: Path) -> None:
        async with running_processes(folder) as running:
            for name in ("first", "second", "third"):
                script = f"trap 'echo {name} >> ended; exit 0' TERM; echo up; while :; do sleep 0.01; done"
                await starting(running)("sh", "-c", script, ready=re.compile("up"), cwd=tmp_path)

        assert (tmp_path / "ended").read_text().split() == ["third", "second", "first"]

    async def test_one_that_is_never_ready_ends_too(self, folder: RunFolder) -> None:
        async with running_processes(folder) as running:
            with pytest.raises(SystemDown):
                await starting(running)("sh", "-c", "echo $$; exec sleep 100", ready="{port}", within=0.2)
            pid = int(running.last_output().split()[-1])
            assert not is_gone(pid)

        assert is_gone(pid)


SCRIPT = """
import asyncio, re
from isofuzz.services.folders import run_folder
from isofuzz.services.processes.running import Order, running_processes

async def main():
    with run_folder() as folder:
        async with running_processes(folder) as running:
            command = ("sh", "-c", "sleep 100 & echo up; wait")
            process = await running.start(Order(command, re.compile("up"), 20, {}, None))
            print(process.pid, flush=True)
            await asyncio.to_thread(input)

asyncio.run(main())
"""


def test_a_killed_run_takes_the_groups_of_its_processes_along() -> None:
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as script:
        assert script.stdout is not None
        leader = psutil.Process(int(script.stdout.readline()))
        group = [leader, *leader.children()]
        assert len(group) == 2

        script.send_signal(SIGKILL)

    give_up = time.monotonic() + 20
    while not all(is_gone(process.pid) for process in group):
        assert time.monotonic() < give_up
        time.sleep(0.01)


async def test_the_services_start_processes(services: Services) -> None:
    process = await services.process(
        sys.executable, SERVED, "{port}", ready=f"{URL}/about", env={"DATABASE_URL": services.database_url}
    )

    assert (await ask(process, "/about"))["environment"]["DATABASE_URL"] == services.database_url
    assert "listening on" in services.last_output()
    services.check_alive()
    await ask(process, "/exit/1")
    pid = process.pid
    await until(lambda: is_gone(pid))
    with pytest.raises(SystemDown):
        services.check_alive()
