"""The loop that knows when nothing moves, and who moves."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from isofuzz.gate.loop import ControlledLoop
from isofuzz.gate.operation import CURRENT, Operation, outside

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=ControlledLoop) as runner:
        return runner.run(work)


def controlled() -> ControlledLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, ControlledLoop)
    return loop


# -- when nothing moves


def test_it_rests_once_every_ready_task_has_run_as_far_as_it_can() -> None:
    async def main() -> list[int]:
        done: list[int] = []

        async def count() -> None:
            for number in range(50):
                await asyncio.sleep(0)
                done.append(number)

        task = asyncio.create_task(count())
        await controlled().rest()
        assert task.done()
        return done

    assert run(main()) == list(range(50))


def test_it_does_not_wait_for_a_task_that_waits_for_something_else() -> None:
    async def main() -> None:
        never = controlled().create_future()

        async def wait() -> None:
            await never

        task = asyncio.create_task(wait())
        await controlled().rest()
        assert not task.done()
        never.set_result(None)
        await task

    run(main())


def test_what_is_written_on_a_socket_has_arrived_when_it_rests(tmp_path: Path) -> None:
    async def main() -> bytes:
        arrived: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            arrived.append(await reader.readexactly(5))
            writer.write(b"yes")
            await reader.read()
            writer.close()

        server = await asyncio.start_unix_server(serve, tmp_path / "socket")
        async with server:
            reader, writer = await asyncio.open_unix_connection(tmp_path / "socket")
            writer.write(b"hello")
            await controlled().rest()
            assert arrived == [b"hello"]
            answer = await reader.readexactly(3)
            writer.close()
            await controlled().rest()
            return answer

    assert run(main()) == b"yes"


def test_it_waits_for_threads() -> None:
    go_on = threading.Event()
    done: list[str] = []

    def work() -> None:
        go_on.wait(10)
        done.append("worked")

    async def main() -> None:
        loop = controlled()
        future = loop.run_in_executor(None, work)
        loop.call_soon(go_on.set)
        await loop.rest()
        assert done == ["worked"]
        await future

    run(main())


def test_it_does_not_wait_for_threads_that_wait_for_what_is_held_back() -> None:
    go_on = threading.Event()

    async def main() -> None:
        loop = controlled()
        future = loop.run_in_executor(None, go_on.wait, 10)
        await loop.rest(threads_held=lambda: 1)
        assert not future.done()
        go_on.set()
        await future

    run(main())


def test_it_knows_that_threads_work_beside_it() -> None:
    async def main() -> None:
        loop = controlled()
        assert not loop.has_threads
        go_on = threading.Event()
        future = loop.run_in_executor(None, go_on.wait, 10)
        assert loop.has_threads
        go_on.set()
        await future
        assert not loop.has_threads  # the executor keeps its thread, for later
        thread = threading.Thread(target=go_on.wait)
        go_on.clear()
        thread.start()
        assert loop.has_threads
        go_on.set()
        thread.join()
        assert not loop.has_threads

    run(main())


def test_what_is_waited_for_less_than_a_millisecond_is_read() -> None:
    ours, theirs = socket.socketpair()

    async def main() -> None:
        waits = 0

        def due() -> float:
            nonlocal waits
            waits += 1
            if waits == 1:
                theirs.send(b"hello")
            return 0.0001

        read = asyncio.ensure_future(controlled().sock_recv(ours, 100))
        await controlled().rest(due)
        assert read.done()
        assert waits == 2

    with ours, theirs:
        ours.setblocking(False)
        run(main())


def test_it_knows_its_open_connections(tmp_path: Path) -> None:
    async def main() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        async with await asyncio.start_unix_server(serve, tmp_path / "socket"):
            _, writer = await asyncio.open_unix_connection(tmp_path / "socket")
            await controlled().rest()
            assert len(controlled().open_sockets()) == 2
            writer.close()
            await controlled().rest()
            assert controlled().open_sockets() == []

    run(main())


def test_it_waits_for_what_is_due() -> None:
    async def main() -> int:
        asked = 0

        def due() -> float:
            nonlocal asked
            asked += 1
            return 0.001 if asked < 3 else 0

        await controlled().rest(due)
        return asked

    # What was waited for and did not come is as if nothing were due.
    assert run(main()) == 1


# -- who moves


def test_a_task_whose_turn_it_is_not_is_held_back() -> None:
    async def main() -> list[str]:
        loop = controlled()
        done: list[str] = []
        shared: asyncio.Future[None] = loop.create_future()

        async def waits() -> None:
            await shared
            done.append("woken")

        async def wakes() -> None:
            shared.set_result(None)
            done.append("wakes")

        first, second = Operation(1), Operation(2)
        loop.hold()
        loop.mover = first
        waiting = loop.start(first, waits())
        await loop.rest()
        loop.mover = second
        waking = loop.start(second, wakes())
        await loop.rest()
        assert [held.operation for held in loop.held] == [first]
        assert done == ["wakes"]
        loop.mover = first
        loop.release(loop.held[0])
        await loop.rest()
        loop.release_all()
        await waiting
        await waking
        return done

    assert run(main()) == ["wakes", "woken"]


def test_a_bare_await_is_where_somebody_else_may_move() -> None:
    async def main() -> list[str]:
        loop = controlled()
        done: list[str] = []

        async def two_steps(name: str) -> None:
            done.append(f"{name} begins")
            await asyncio.sleep(0)
            done.append(f"{name} ends")

        operations = [Operation(1), Operation(2)]
        tasks = []
        loop.hold()
        for operation in operations:
            loop.mover = operation
            tasks.append(loop.start(operation, two_steps(str(operation.number))))
            await loop.rest()
        assert [held.operation for held in loop.held] == operations
        for held in list(reversed(loop.held)):
            loop.mover = held.operation
            loop.release(held)
            await loop.rest()
        loop.release_all()
        await asyncio.gather(*tasks)
        return done

    assert run(main()) == ["1 begins", "2 begins", "2 ends", "1 ends"]


def test_who_wakes_somebody_else_may_be_overtaken() -> None:
    async def main() -> list[str]:
        loop = controlled()
        done: list[str] = []
        free: asyncio.LifoQueue[str] = asyncio.LifoQueue()

        async def waits() -> None:
            await free.get()
            done.append("waits")

        async def gives_back_and_takes_again() -> None:
            await loop.create_task(free.put("connection"))
            done.append("takes again")
            await free.get()

        first, second = Operation(1), Operation(2)
        loop.hold()
        tasks = []
        for operation, work in ((first, waits()), (second, gives_back_and_takes_again())):
            loop.mover = operation
            tasks.append(loop.start(operation, work))
            await loop.rest()
        # Both could go on, and whoever does gets it.
        assert {held.operation for held in loop.held} == {first, second}
        assert done == []
        loop.mover = first
        loop.release(next(held for held in loop.held if held.operation is first))
        await loop.rest()
        loop.release_all()
        await tasks[0]
        tasks[1].cancel()
        return done

    assert run(main())[0] == "waits"


def test_nothing_is_held_back_of_what_works_for_nobody() -> None:
    async def main() -> bool:
        loop = controlled()
        loop.hold()
        reached = asyncio.Event()

        async def elsewhere() -> None:
            await asyncio.sleep(0)
            reached.set()

        task = loop.create_task(elsewhere(), context=outside())
        await loop.rest()
        loop.release_all()
        await task
        return reached.is_set()

    assert run(main())


def test_what_was_held_back_goes_on_in_the_end() -> None:
    async def main() -> None:
        loop = controlled()
        loop.hold()
        loop.mover = Operation(1)

        async def step() -> None:
            await asyncio.sleep(0)

        task = loop.start(Operation(2), step())
        await loop.rest()
        assert loop.held
        loop.release_all()
        await task

    run(main())


# -- for whom a server works that runs beside its clients


async def _serve_and_ask(
    start: Callable[[Any], Coroutine[Any, Any, asyncio.Server]],
    connect: Callable[[], Coroutine[Any, Any, tuple[asyncio.StreamReader, asyncio.StreamWriter]]],
) -> dict[bytes, int | None]:
    """Two clients of one server, connected by nobody in particular, each ask for an operation of their own."""
    loop = controlled()
    worked_for: dict[bytes, int | None] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            await asyncio.sleep(0)
            current = CURRENT.get()
            worked_for[line] = current.number if current else None
            writer.write(line)
        writer.close()

    server = await start(serve)
    async with server:
        clients = [await connect() for _ in range(2)]
        await loop.rest()

        async def ask(number: int) -> None:
            reader, writer = clients[number % 2]
            writer.write(b"%d\n" % number)
            await reader.readline()

        loop.hold()
        for number in (4, 5, 6):
            operation = loop.mover = Operation(number)
            task = loop.start(operation, ask(number))
            while not task.done():
                await loop.rest()
                for held in list(loop.held):
                    loop.release(held)
            operation.ended = True
        loop.release_all()
        for _, writer in clients:
            writer.close()
        await loop.rest()
    return worked_for


def test_a_server_works_for_whoever_wrote_what_arrives_over_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    worked_for = run(
        _serve_and_ask(lambda serve: asyncio.start_unix_server(serve, path), lambda: asyncio.open_unix_connection(path))
    )
    assert worked_for == {b"4\n": 4, b"5\n": 5, b"6\n": 6}


def test_a_server_works_for_whoever_wrote_what_arrives_over_tcp() -> None:
    ports: list[int] = []

    async def start(serve: Any) -> asyncio.Server:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        return server

    worked_for = run(_serve_and_ask(start, lambda: asyncio.open_connection("127.0.0.1", ports[0])))
    assert worked_for == {b"4\n": 4, b"5\n": 5, b"6\n": 6}


def test_only_one_may_wait_for_rest() -> None:
    async def main() -> None:
        first = asyncio.create_task(controlled().rest(lambda: None))
        await asyncio.sleep(0)
        with pytest.raises(AssertionError, match="somebody else"):
            await controlled().rest()
        first.cancel()

    run(main())
