"""How much of the system's speed is left under isofuzz?

Operations a second of a fuzz run of the healthy chat (drawing, resetting, executing, barriers, judging, counting)
against the very same operations sent by a bare client loop: plain websockets and json, no history, nothing judged.
Both in one run and in turn, so that a busy machine slows both.

    python -m benchmarks.throughput [--programs N]
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test
from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import ClientConnection, unix_connect

from isofuzz.engine.interpreter import Execution
from isofuzz.engine.machine import Maker, build_machine
from isofuzz.engine.system import System, running
from isofuzz.history.entries import Skipped
from isofuzz.oracles.judge import Judge
from isofuzz.program.steps import Argument, Burst, Call, Literal, NeverIssued, Program, Ref, SecretText, Several
from isofuzz.runs.exercised import Exercised
from isofuzz.runs.planting import new_mint, planted
from isofuzz.runs.profiles import PROFILES, hypothesis_settings
from isofuzz.services import open_services
from isofuzz.target.signatures import Signatures, read_signatures
from isofuzz_packs.chat import Chat

T = TypeVar("T")

SEED = 20


@dataclass
class Fuzzing:
    """The session of a run that does all that a run does, and times it program by program."""

    loop: asyncio.AbstractEventLoop
    system: System
    signatures: Signatures
    bare: Callable[[Program], Awaitable[float]]
    exercised: Exercised = field(default_factory=Exercised)
    seconds: float = 0
    bare_seconds: float = 0
    operations: int = 0
    problem: Exception | None = None
    _since: float = field(default_factory=time.perf_counter)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def begin(self) -> Execution:
        await self.system.reset()
        return Execution(self.system, Judge(self.signatures.vocabulary))

    def wants_more(self, execution: Execution) -> bool:
        assert not execution.judge.violations, execution.judge.violations
        return True

    def ended(self, execution: Execution) -> bool:
        self.exercised.add(execution.history, execution.judge, execution.durations)
        self.seconds += time.perf_counter() - self._since
        skipped = {entry.step for entry in execution.history if isinstance(entry, Skipped)}
        executed = tuple(
            Burst(tuple(call for call in burst.calls if call.number not in skipped))
            for burst in execution.program.bursts
        )
        self.operations += len(Program(executed))
        self.loop.run_until_complete(self.system.reset())
        self.bare_seconds += self.loop.run_until_complete(self.bare(Program(executed)))
        self._since = time.perf_counter()
        return True

    def failed(self, problem: Exception) -> None:
        self.problem = problem


@dataclass
class Line:
    """A connection, or what goes on in its place, and the session that it is of."""

    connection: ClientConnection
    token: str = ""
    handle: str = ""
    successor: "Line | None" = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class BareClient:
    """Sends the operations of a program to the chat as a plain client would."""

    REQUESTS = {  # noqa: RUF012  # a constant: which request an operation makes, with which of its arguments
        "open_thread": ("open_thread", "slug", "title"),
        "post": ("post", "room", "body"),
        "list_threads": ("list_threads",),
        "search": ("search", "text"),
        "invite": ("invite", "room", "member"),
        "kick": ("kick", "room", "member"),
        "share": ("share", "room", "members", "title"),
        "quote": ("quote", "room", "message", "author", "body"),
        "edit_message": ("edit_message", "room", "message", "body"),
        "delete_message": ("delete_message", "message"),
        "delete_thread": ("delete_thread", "room"),
        "set_about": ("set_about", "about"),
        "read_about": ("read_about",),
        "log_out": ("log_out",),
        "subscribe": ("subscribe", "room"),
    }
    WIRE = {"room": "thread", "member": "user"}  # noqa: RUF012  # a constant, as above
    MADE = {"open_thread": "thread", "post": "message", "quote": "message"}  # noqa: RUF012  # a constant, as above

    def __init__(self, path: str) -> None:
        self._path = path
        self._made: dict[Ref, Any] = {}
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._connections: list[ClientConnection] = []
        self._readers: list[asyncio.Task[None]] = []

    async def run(self, program: Program) -> float:
        """Seconds that the program takes."""
        began = time.perf_counter()
        for burst in program.bursts:
            await asyncio.gather(*(self._call(call) for call in burst.calls))
        await asyncio.gather(*(connection.close() for connection in self._connections))
        await asyncio.gather(*self._readers)
        return time.perf_counter() - began

    async def _call(self, call: Call) -> None:
        if not self._made.keys() >= set(call.references()):
            return  # of steps that overlap another one succeeded than in the fuzz run
        values = {name: self._value(argument) for name, argument in call.arguments.items()}
        match call.operation:
            case "sign_in":
                await self._sign_in(call.number, values["name"])
            case "connect" | "resume":
                await self._resume(call.number, values["me"], values.get("line"))
            case "history":
                await self._read_pages(values["me"], values["room"])
            case _:
                await self._request(call, values)

    async def _sign_in(self, number: int, name: str) -> None:
        line = await self._open()
        if answer := await self._ask(line, {"do": "sign_in", "name": name}):
            line.token, line.handle = answer["token"], answer["connection"]
            self._made.update({Ref(number, 0): answer["user"], Ref(number, 1): line, Ref(number, 2): line})

    async def _resume(self, number: int, me: Line, old: Line | None) -> None:
        """Open a connection of the same session, which goes on in the place of the old one if there is one."""
        async with old.turn if old else nullcontext():
            line = await self._open()
            if old and old.token == me.token and old.successor is None:
                old.successor = line
                await old.connection.close()
            named = {"connection": old.handle} if old else {}
            if answer := await self._ask(line, {"do": "resume", "token": me.token, **named}):
                line.token, line.handle = me.token, answer["connection"]
                self._made[Ref(number)] = line

    async def _read_pages(self, me: Line, room: str) -> None:
        after: int | None = 0
        while after is not None:
            page = await self._ask_in_turn(me, {"do": "history", "thread": room, "after": after})
            after = page["next"] if page else None

    async def _request(self, call: Call, values: dict[str, Any]) -> None:
        do, *names = self.REQUESTS[call.operation]
        request = {"do": do, **{self.WIRE.get(name, name): values[name] for name in names}}
        answer = await self._ask_in_turn(values.get("line", values["me"]), request)
        if answer and do in self.MADE:
            self._made[Ref(call.number)] = answer[self.MADE[do]]

    async def _open(self) -> Line:
        connection = await unix_connect(self._path, "ws://localhost/", ping_interval=None)
        self._connections.append(connection)
        self._readers.append(asyncio.create_task(self._read(connection)))
        return Line(connection)

    async def _ask_in_turn(self, line: Line, request: dict[str, object]) -> Any:
        async with line.turn:
            if line.successor is None:
                return await self._ask(line, request)
        return await self._ask_in_turn(line.successor, request)

    async def _ask(self, line: Line, request: dict[str, object]) -> Any:
        number = next(self._numbers)
        reply = self._waiting[number] = asyncio.get_running_loop().create_future()
        await line.connection.send(json.dumps({"id": number, **request}))
        return (await reply).get("ok")

    async def _read(self, connection: ClientConnection) -> None:
        async for message in connection:
            frame = json.loads(message)
            if "id" in frame:
                self._waiting.pop(frame["id"]).set_result(frame)

    def _value(self, argument: Argument) -> Any:
        match argument:
            case Ref():
                return self._made[argument]
            case Several(items):
                return [self._value(item) for item in items]
            case SecretText(template):
                return template.replace("{canary}", "q7090abcdef000000000")
            case Literal(value):
                return value
            case NeverIssued("Message"):
                return 1_000_000
            case _:
                return "00000000-0000-4000-8000-000000000000"


def measure(programs: int) -> Fuzzing:
    """Run so many programs both ways."""
    signatures = read_signatures(Chat)
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        loop = runner.get_loop()
        services_context = open_services()
        services = loop.run_until_complete(services_context.__aenter__())
        target = planted(Chat, None)
        system_context = running(target, signatures, services, new_mint())
        system = loop.run_until_complete(system_context.__aenter__())
        path = str(services.folder / "chat.sock")
        session = Fuzzing(loop, system, signatures, lambda program: BareClient(path).run(program))
        maker: Any = seed(SEED)(Maker(build_machine(signatures), session, "Throughput"))
        limits = settings(hypothesis_settings(PROFILES["ci"]), max_examples=programs, database=None)
        try:
            run_state_machine_as_test(maker, settings=limits)
        finally:
            loop.run_until_complete(system_context.__aexit__(None, None, None))
            loop.run_until_complete(services_context.__aexit__(None, None, None))
    if session.problem:
        raise session.problem
    return session


def main() -> None:
    """Measure, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=150)
    measured = measure(parser.parse_args().programs)
    fuzzed = measured.operations / measured.seconds
    bare = measured.operations / measured.bare_seconds
    table = Table(title=f"{measured.operations} operations in {measured.exercised.programs} programs")
    table.add_column("way")
    table.add_column("operations/s", justify="right")
    table.add_row("fuzz run", f"{fuzzed:.0f}")
    table.add_row("bare client", f"{bare:.0f}")
    Console().print(table)
    print(json.dumps({"ratio": round(fuzzed / bare, 3), "fuzzed_per_s": round(fuzzed), "bare_per_s": round(bare)}))


if __name__ == "__main__":
    main()
