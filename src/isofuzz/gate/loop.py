"""The event loop on which isofuzz controls what moves: it knows when nothing does, and who may move next.

asyncio waits for files and timers only when no callback is ready, and what was written on loopback can be read at
once. So a selector that finds nothing to read knows the moment at which nothing moves: exactly, with no waiting. And
whatever a task does next passes through `call_soon`: there a task that works for an operation whose turn it is not
is held back, which gives control of races that have no statement between them.
"""

import asyncio
import inspect
import select
import selectors
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context
from dataclasses import dataclass
from typing import Any, TypeVar, TypeVarTuple
from weakref import WeakSet

from isofuzz.gate.attribution import AttributingTransport, Letters, bind_before_connecting
from isofuzz.gate.operation import CURRENT, OUTSIDE, OWN, Operation, outside

Due = Callable[[], float | None]
"""Asked when nothing moves: how many seconds something that is due is waited for; 0 if nothing is due, and None if
something is that will surely come."""

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

_EPOLL_COUNTS_IN = 0.001
_EXECUTORS = "asyncio_"
"""How the names of threads begin that asyncio keeps for later."""

_UNAWAITED = "TaskStepMethWrapper"
"""The type of a callback that is the first step of a task, or the one after a bare `yield`, as in `sleep(0)`."""


class _IdleSelector(selectors.DefaultSelector):
    """Calls `at_rest`, once, when there is nothing to read and no callback to run."""

    due: Due | None = None
    at_rest: Callable[[], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.due is None or (timeout is not None and timeout <= 0):
            return super().select(timeout)
        if ready := super().select(0):
            return ready
        wait = self.due()
        if wait is None or (timeout is not None and timeout < wait):
            return super().select(timeout)  # a timer that comes first may be what moves things on
        if wait and (ready := self._select_within(wait)):
            return ready
        self.due = None
        self.at_rest()
        return []

    def _select_within(self, seconds: float) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for less than a millisecond, too: epoll counts in whole ones, but can itself be selected."""
        if seconds < _EPOLL_COUNTS_IN:
            select.select([self.fileno()], [], [], seconds)
            seconds = 0
        return super().select(seconds)


@dataclass(eq=False)
class Held:
    """The next step of a task, held back; `operation` is the one that the task works for."""

    operation: Operation
    callback: Callable[..., object]
    arguments: tuple[Any, ...]
    context: Context


class ControlledLoop(asyncio.SelectorEventLoop):
    """An asyncio loop that tells when nothing moves, and can hold back tasks.

    A task works for the operation that started it or, once that has ended or if none did, for the one that woke it.
    """

    def __init__(self) -> None:
        self._mover: Operation | None = None
        self._rivalled = False
        """Has the mover woken somebody else, in this turn of its?"""
        self.held: list[Held] = []
        """The steps that are held back, in the order in which they were to be taken."""
        self._executing = 0
        self._threads_before = frozenset(threading.enumerate())
        self._letters = Letters()
        self._made: WeakSet[AttributingTransport] = WeakSet()
        self._idle = _IdleSelector()
        super().__init__(self._idle)

    # -- when nothing moves

    async def rest(self, due: Due = lambda: 0, threads_held: Callable[[], int] = lambda: 0) -> None:
        """Return once nothing is ready, nothing can be read, and nothing is `due`, or came while it was waited for.

        Threads of the loop's executors are waited for, but for so many of them as `threads_held` says: those wait for
        something that is held back here. Only one caller at a time may wait.
        """
        assert self._idle.due is None, "somebody else waits for the loop to rest"
        resting = self.create_future()

        def at_rest() -> None:
            if not resting.done():
                resting.set_result(None)

        self._idle.at_rest = at_rest
        self._idle.due = lambda: None if self._executing > threads_held() else due()
        try:
            await resting
        finally:
            self._idle.due = None

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Ts], _T], *args: *_Ts
    ) -> "asyncio.Future[_T]":
        """Have a thread call the function; the loop does not rest until it has."""
        future = super().run_in_executor(executor, func, *args)
        self._executing += 1
        future.add_done_callback(self._executed)
        return future

    def _executed(self, future: object) -> None:
        self._executing -= 1

    @property
    def has_threads(self) -> bool:
        """Does a thread work beside the loop, or may one: one that the system has started since the loop was made?"""
        threads = (thread for thread in threading.enumerate() if thread not in self._threads_before)
        return self._executing > 0 or any(not thread.name.startswith(_EXECUTORS) for thread in threads)

    # -- who may move

    @property
    def mover(self) -> Operation | None:
        """The operation whose turn it is. Setting it begins a turn."""
        return self._mover

    @mover.setter
    def mover(self, operation: Operation | None) -> None:
        self._mover = operation
        self._rivalled = False

    def hold(self) -> None:
        """From now on, hold back tasks of operations that are not the mover.

        Of the mover's are held back those that give way, and those that would go on once it has woken somebody else in
        this turn: who gets a connection that was given back to a pool, say, is for neither to take for granted.
        """
        # Only while it is needed: all that happens on a loop passes here, and the loop's own method is quick.
        self.call_soon = self._call_soon_unless_held  # type: ignore[method-assign]
        self._letters.note(noting=True)

    def release_all(self) -> None:
        """Hold back nothing any more."""
        self.__dict__.pop("call_soon", None)
        self._letters.note(noting=False)
        self.mover = None
        while self.held:
            self.release(self.held[0])

    def release(self, held: Held) -> None:
        """Have a step taken that was held back."""
        self.held.remove(held)
        super().call_soon(held.callback, *held.arguments, context=held.context)

    def start(self, operation: Operation, work: Any) -> "asyncio.Task[Any]":
        """A task for the operation's own code."""
        context = outside()
        context.run(OWN.set, operation)
        context.run(CURRENT.set, operation)
        return self.create_task(work, context=context)

    def _call_soon_unless_held(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Have the callback called, unless it is the step of a task that is to be held back."""
        task = getattr(callback, "__self__", None)
        if context is not None and isinstance(task, asyncio.Task):
            operation = self._works_for(context)
            if operation and (self._is_rival(operation) or self._rivalled or _follows_a_bare_yield(callback, task)):
                self.held.append(Held(operation, callback, args, context))
                return asyncio.Handle(callback, args, self, context)  # a task never asks for it
        return super().call_soon(callback, *args, context=context)

    def _is_rival(self, operation: Operation) -> bool:
        """Is it not the mover? Then the mover has one from now on."""
        rival = operation is not self._mover
        self._rivalled |= rival
        return rival

    def _works_for(self, context: Context) -> Operation | None:
        """For which operation a task with this context takes its next step; it is lent to whoever wakes it."""
        own = context.get(OWN)
        if own is OUTSIDE:
            return None
        if own and not own.ended:
            return own
        lent = _alive(context.get(CURRENT))
        waking = _alive(self._letters.delivering) or (None if lent else _alive(CURRENT.get()))
        if waking and waking is not lent:
            context.run(CURRENT.set, waking)
            return waking
        return lent

    # -- whose bytes arrive

    async def sock_connect(self, sock: Any, address: Any) -> None:
        """Connect, and know the socket by its name."""
        bind_before_connecting(sock)
        await super().sock_connect(sock, address)
        self._letters.connect(sock)

    async def create_server(self, *args: Any, **kwargs: Any) -> Any:
        """Listen, and know who is connected to whom."""
        server = await super().create_server(*args, **kwargs)
        self._letters.listen(server.sockets)
        return server

    async def create_unix_server(self, *args: Any, **kwargs: Any) -> Any:
        """Listen, and know who is connected to whom."""
        server = await super().create_unix_server(*args, **kwargs)
        self._letters.listen(server.sockets)
        return server

    def _make_socket_transport(self, sock: Any, protocol: Any, *rest: Any, **named: Any) -> Any:
        # Not public, but the one place in which asyncio, of any version so far, makes these transports.
        transport = AttributingTransport(self, sock, protocol, *rest, letters=self._letters, **named)
        self._made.add(transport)
        return transport

    def open_sockets(self) -> list[Any]:
        """Those of the connections of this loop."""
        return [transport.get_extra_info("socket") for transport in self._made if not transport.is_closing()]


def _follows_a_bare_yield(callback: object, task: "asyncio.Task[Any]") -> bool:
    """Did the task give way to others, waiting for nothing? A task that was just made has not begun yet."""
    coroutine = task.get_coro()
    began = not (inspect.iscoroutine(coroutine) and inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED)
    return began and type(callback).__name__ == _UNAWAITED


def _alive(operation: Operation | None) -> Operation | None:
    return None if operation is None or operation.ended else operation
