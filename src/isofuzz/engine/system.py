"""The system under test while it is up: started once for a run, reset before each program."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from isofuzz.engine.control import Control
from isofuzz.engine.pooled import Pool
from isofuzz.errors import IsofuzzError, SystemDown
from isofuzz.gate.operation import at_large
from isofuzz.history.entries import History, Invocation
from isofuzz.program.canary import Mint
from isofuzz.program.steps import Burst, Program
from isofuzz.services.redaction import redact
from isofuzz.target.base import Database, Services, Stored, Target
from isofuzz.target.signatures import Signatures

T = TypeVar("T")

_logger = logging.getLogger("isofuzz")

_LOG_LINES = 20
_SECONDS_TO_STOP = 10
_UNEXPECTED_IN_A_ROW = 40
"""So many operations that end unexpectedly, with none between that the system answered, are a system that is down."""


class ResettableServices(Services, Protocol):
    """What a system needs of its services besides what the target may use."""

    @property
    def waited(self) -> float:
        """Seconds that the target's start has waited for another run to let go of a service."""

    async def baseline(self) -> None:
        """Remember the databases as they are, once the system is up."""

    async def reset(self) -> object:
        """Restore the databases to what they were at the baseline."""

    @property
    def observer(self) -> Database:
        """A connection to the run's database that sees every row and changes none."""

    def check_alive(self) -> None:
        """Raises SystemDown if a process of the system has ended that nobody had stopped."""

    def last_output(self) -> str:
        """What the processes of the system wrote last, in lines to append to a message; empty if there is nothing."""


class _LogTail(logging.Handler):
    """Keeps the last lines that a system in this process logged, to show them when it is down."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: deque[str] = deque(maxlen=_LOG_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(redact(self.format(record)))


_REMEMBERED = 200
"""Programs of which the system still knows what they wrote: what shows so much later, nobody can tell how."""


@dataclass(frozen=True)
class Past:
    """A program that was executed, or is being: the number of its first canary, its bursts and its history so far."""

    first_canary: int
    bursts: Sequence[Burst]
    history: History

    @property
    def program(self) -> Program:
        """What was executed."""
        return Program(tuple(self.bursts))

    def writer_of(self, canary: int) -> Invocation | None:
        """The step that wrote the canary of this number, counted from the start of the system."""
        for entry in self.history:
            if isinstance(entry, Invocation) and canary - self.first_canary in entry.canaries.values():
                return entry
        return None


@dataclass
class System:
    """A running system under test with all that it takes to speak to it.

    `minted` counts the canaries since its start, and `past` holds the latest programs since then.
    """

    target: Target
    signatures: Signatures
    services: ResettableServices
    mint: Mint
    minted: int = 0
    past: deque[Past] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    control: Control | None = None
    """What it takes to control who moves while steps overlap, if that is there."""
    stop_problem: str | None = None
    """Why the system could not be stopped in order, in words. Known once it is stopped; says nothing of isolation."""
    pool: Pool = field(init=False)
    """The connections of the system's pool, if the target lends them or the gate can ask."""
    _lifespan: "asyncio.Task[None] | None" = None
    _log: _LogTail = field(default_factory=_LogTail)
    _unexpected_in_a_row: int = 0
    _last_unexpected: str = ""

    def __post_init__(self) -> None:
        ask_each = self.control.ask_each if self.control else None
        self.pool = Pool(self.target, self.mint, self.services.suffix, ask_each)

    async def reset(self) -> None:
        """Bring the system back to how it was after its start; raises SystemDown if it has died."""
        self.check_alive()
        await self.services.reset()
        await self._bounded(self.target.reset(), "reset")

    async def quiesce(self) -> None:
        """Wait until the system is at rest; raises SystemDown if it does not come to rest."""
        await self._bounded(self.target.quiesce(), "quiesce")

    async def restart(self) -> None:
        """Have the target restart it; raises SystemDown if it does not come up again.

        It is done in a task of its own: what it starts is the system's, and not to work for whoever asked for this.
        """
        restarting = self._bounded(
            self.target.restart(), "restart", awaited="come up again", within=self.target.start_within
        )
        await asyncio.create_task(restarting, context=at_large())

    @property
    def tells_stored(self) -> bool:
        """Does the target tell what the system stores?"""
        return type(self.target).stored is not Target.stored

    async def stored(self) -> list[Stored]:
        """Every text that the system stores, if the target tells; raises SystemDown if it cannot."""
        if not self.tells_stored:
            return []
        return list(await self._bounded(self.target.stored(self.services.observer), "stored"))

    async def _bounded(
        self, work: Coroutine[Any, Any, T], name: str, *, awaited: str = "come to rest", within: float | None = None
    ) -> T:
        """Await the target's own method; raises SystemDown if it fails or takes longer: than an operation may, if not
        told otherwise."""
        seconds = self.target.answer_within if within is None else within
        try:
            async with asyncio.timeout(seconds):
                return await work
        except TimeoutError:
            self.services.check_alive()
            problem = f"`{name}` did not return within {seconds:g} s"
            raise self._down(f"did not {awaited}: {problem}", None) from None
        except IsofuzzError:
            raise
        except (Exception, SystemExit) as problem:
            self.services.check_alive()
            raise self._down(f"cannot be used further: `{name}` failed", problem) from problem

    def check_alive(self) -> None:
        """Raises SystemDown if the target's lifespan or a process has ended, or nothing answers any more."""
        self.services.check_alive()
        if self._lifespan and self._lifespan.done():
            raise self._down("died", self._lifespan.exception() if not self._lifespan.cancelled() else None)
        if self._unexpected_in_a_row >= _UNEXPECTED_IN_A_ROW:
            self._unexpected_in_a_row = 0
            raise self._down(
                f"answered none of the last {_UNEXPECTED_IN_A_ROW} operations; the last ended with "
                f"{self._last_unexpected}",
                None,
            )

    def note_answer(self) -> None:
        """The system answered an operation."""
        self._unexpected_in_a_row = 0

    def note_unexpected(self, problem: str) -> None:
        """An operation ended in a way that is no answer."""
        self._unexpected_in_a_row += 1
        self._last_unexpected = problem

    def _down(self, what: str, cause: BaseException | None) -> SystemDown:
        name = type(self.target).__name__
        reason = f": {_told(cause)}" if cause else ""
        tail = "".join(f"\n  | {line}" for line in self._log.lines)
        return SystemDown(
            redact(f"the system under test of {name} {what}{reason}")
            + (tail and f"\nIts log ends:{tail}")
            + self.services.last_output()
        )

    def _note_stop(self, what: str, cause: BaseException | None = None) -> None:
        reason = f": {_told(cause)}" if cause else ""
        self.stop_problem = redact(f"the system under test of {type(self.target).__name__} {what}{reason}")


def _told(cause: BaseException) -> str:
    """The error with its type; of a group the errors in it, for its own message only counts them."""
    if isinstance(cause, BaseExceptionGroup):
        return "; ".join(_told(each) for each in cause.exceptions)
    return f"{type(cause).__name__}: {cause}"


@asynccontextmanager
async def running(
    target: Target,
    signatures: Signatures,
    services: ResettableServices,
    mint: Mint,
    control: Control | None = None,
) -> AsyncIterator[System]:
    """Start the system through the target's lifespan, and stop it at the end; `control` is there already.

    Raises SystemDown if it fails to start or takes longer than the target's `start_within` seconds.
    """
    system = System(target, signatures, services, mint, control=control)
    logging.getLogger().addHandler(system._log)
    up = asyncio.Event()
    stop = asyncio.Event()
    # In a task of its own, so that a task group in the lifespan cancels that task and not the run.
    system._lifespan = lifespan = asyncio.create_task(_live(target, services, up, stop))
    try:
        await _first_of(lifespan, up, target.start_within)
        excused = 0.0
        while not (lifespan.done() or up.is_set()) and services.waited > excused:
            more, excused = services.waited - excused, services.waited
            await _first_of(lifespan, up, more)
        if lifespan.done():
            problem = lifespan.exception()
            # What isofuzz itself says, of a process that it could not start for instance, is whole as it is.
            raise problem if isinstance(problem, IsofuzzError) else system._down("did not start", problem)
        if not up.is_set():
            raise system._down(
                f"was not up after {target.start_within:g} s; `start_within` says how long to wait", None
            )
        await services.baseline()
        yield system
    finally:
        stop.set()
        await _end(system, lifespan, up)
        logging.getLogger().removeHandler(system._log)
        if system.stop_problem:
            # Not raised: a system that cannot stop has kept its users apart none the less, or has not.
            _logger.warning("%s", system.stop_problem)


async def _live(target: Target, services: Services, up: asyncio.Event, stop: asyncio.Event) -> None:
    try:
        async with asynccontextmanager(target.lifespan)(services):
            up.set()
            await stop.wait()
    except SystemExit as left:  # it would end the run, with whatever code it carries
        raise RuntimeError(f"it called sys.exit({left.code!r})") from left


async def _first_of(lifespan: "asyncio.Task[None]", up: asyncio.Event, seconds: float) -> None:
    waiting = asyncio.create_task(up.wait())
    try:
        await asyncio.wait({lifespan, waiting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


async def _end(system: System, lifespan: "asyncio.Task[None]", up: asyncio.Event) -> None:
    """Have the lifespan end, and note it if it does not do so in order; a failure to start was raised before."""
    already = lifespan.done()
    if not up.is_set():
        lifespan.cancel()
    with suppress(asyncio.CancelledError):
        done, _ = await asyncio.wait({lifespan}, timeout=_SECONDS_TO_STOP)
        if not done:
            system._note_stop(f"did not stop within {_SECONDS_TO_STOP} s")
            lifespan.cancel()
            await asyncio.wait({lifespan}, timeout=5)
    if lifespan.done() and not lifespan.cancelled() and (problem := lifespan.exception()) and not already:
        system._note_stop("did not stop in order", problem)
