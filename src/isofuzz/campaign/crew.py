"""The workers of a campaign: processes of this machine, or whatever an executor reaches."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from typing import Protocol

import psutil

from isofuzz.campaign.orders import Order, Result
from isofuzz.campaign.worker import fulfil, leave
from isofuzz.errors import InfrastructureError

SECONDS_TO_LEAVE = 15.0
"""How long workers may take to stop their systems."""


class Crew(Protocol):
    """Workers, each in a seat. `shares_disk`: what one writes to a folder, whoever asked it can read there."""

    @property
    def size(self) -> int:
        """How many orders can be done at the same time."""

    @property
    def shares_disk(self) -> bool:
        """Do they write to the same disk as the campaign itself?"""

    @property
    def are_lost(self) -> bool:
        """Can none of them be reached any more, for good?"""

    def submit(self, seat: int, order: Order) -> "Future[Result]":
        """Have the worker in this seat do the order."""

    def replace(self, seat: int) -> None:
        """Put another worker into the seat; whatever the old one was doing is over."""

    def pid(self, seat: int) -> int | None:
        """The process of the worker, where that can be known."""

    def bytes(self, seat: int) -> int | None:
        """The memory of the worker and of what it has started, where that can be known."""

    def dismiss(self, *, at_once: bool) -> None:
        """Send all of them home; `at_once`: whatever they are doing."""


class Processes:
    """Workers that are processes of this machine: one executor for each, so that one that dies takes nobody along."""

    shares_disk = True
    are_lost = False

    def __init__(self, size: int) -> None:
        self.size = size
        self._seats = [_Process() for _ in range(size)]

    def submit(self, seat: int, order: Order) -> "Future[Result]":
        """Have the worker in this seat do the order."""
        return self._seats[seat].executor.submit(fulfil, order)

    def replace(self, seat: int) -> None:
        """Kill the worker, if it still lives, and start another one."""
        self._seats[seat].kill()
        self._seats[seat] = _Process()

    def pid(self, seat: int) -> int | None:
        """Its process, once it has started."""
        return self._seats[seat].pid

    def bytes(self, seat: int) -> int | None:
        """The resident memory of the process and of all that it has started."""
        pid = self._seats[seat].pid
        if pid is None:
            return None
        total = 0
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            for each in (process, *process.children(recursive=True)):
                with suppress(psutil.Error):
                    total += each.memory_info().rss
        return total or None

    def dismiss(self, *, at_once: bool) -> None:
        """Have them stop their systems; who does not is killed."""
        if not at_once:
            leaving = []
            for seat in self._seats:
                with suppress(BrokenExecutor):  # it is gone already
                    leaving.append(seat.executor.submit(leave))
            for each in leaving:
                with suppress(Exception):  # it is being dismissed: how it fails to go in order changes nothing
                    each.result(SECONDS_TO_LEAVE)
        for seat in self._seats:
            seat.kill()


class _Process:
    """One worker. It is started anew rather than forked: what it stands on must not be shared with anybody."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.executor = ProcessPoolExecutor(1, context, initializer=enlist)
        self._hello = self.executor.submit(os.getpid)

    @property
    def pid(self) -> int | None:
        """Its number, once it has started."""
        return self._hello.result() if self._hello.done() and not self._hello.exception() else None

    def kill(self) -> None:
        """End it; what it has started is cleared up by the watchdog of its run folder."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        with suppress(Exception):  # it may never have started
            pid = self._hello.result(SECONDS_TO_LEAVE)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def enlist() -> None:
    """Begin as a worker of this machine.

    Ctrl-C is for the campaign to hear. A worker whose campaign is gone ends too, in whatever it is doing: it holds the
    other end of the queue that it waits at, and would wait for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent, "it was started by a campaign"

    def follow() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


class Remote:
    """Workers behind an executor, wherever they are: who they are is that executor's business."""

    shares_disk = False

    def __init__(self, executor: Executor, size: int, are_lost: Callable[[], bool] = lambda: False) -> None:
        self.size = size
        self._executor = executor
        self._are_lost = are_lost

    @property
    def are_lost(self) -> bool:
        """Can none of them be reached any more? An executor need not end what it was given then."""
        return self._are_lost()

    def submit(self, seat: int, order: Order) -> "Future[Result]":
        """Have any of them do the order; raises InfrastructureError if there is nobody any more."""
        try:
            return self._executor.submit(fulfil, order)
        except Exception as problem:
            raise InfrastructureError(f"the workers cannot be reached any more ({problem})") from problem

    def replace(self, seat: int) -> None:
        """The executor does that by itself."""

    def pid(self, seat: int) -> int | None:
        """Unknown."""
        return None

    def bytes(self, seat: int) -> int | None:
        """Unknown: the cluster bounds it."""
        return None

    def dismiss(self, *, at_once: bool) -> None:
        """Their systems end with their processes, or with what whoever runs them does."""


@contextmanager
def dismissed(crew: Crew) -> Iterator[Crew]:
    """The crew, sent home at the end: at once if that is no orderly one."""
    try:
        yield crew
    except BaseException:
        crew.dismiss(at_once=True)
        raise
    crew.dismiss(at_once=False)
