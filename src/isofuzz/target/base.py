"""`Target` and `operation`: the class and the decorator that an adapter is made of."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar, overload

from isofuzz.errors import TargetMistake

Method = TypeVar("Method", bound=Callable[..., Awaitable[object]])


class Role(Protocol):
    """A database role of one run."""

    @property
    def name(self) -> str:
        """The role's name on the server; unique to this run."""

    @property
    def url(self) -> str:
        """A postgresql:// URL that logs in as the role."""


class Process(Protocol):
    """A process of the system under test, with the processes that it starts."""

    @property
    def port(self) -> int:
        """The port of 127.0.0.1 that `{port}` stood for."""

    @property
    def pid(self) -> int:
        """The process id; another one after `restart`."""

    async def restart(self) -> None:
        """Stop it, start it on the same port, and return when it is ready; raises SystemDown if it does not get so."""

    async def stop(self) -> None:
        """End it before the run ends; it then counts as stopped, not as dead."""


class Database(Protocol):
    """A connection to the run's own database that sees every row and changes none."""

    async def fetch(self, query: str, *arguments: object) -> Sequence[Mapping[str, Any]]:
        """The rows of a query, with `$1`, `$2` … for its arguments; each row by column name."""


@dataclass(frozen=True)
class Stored:
    """A text that the system stores, and what its row says of it.

    `thread` is the id of the thread that the row belongs to, and `owner` that of its author or of whoever owns what the
    text lies in, each as in the field `id` of the target's thing; None where the row does not say.
    """

    text: str
    thread: object = None
    owner: object = None


class Services(Protocol):
    """What isofuzz lends to the system under test for one run."""

    @property
    def database_url(self) -> str:
        """A postgresql:// URL of this run's own database, as its owner, who is no superuser."""

    @property
    def suffix(self) -> str:
        """Unique to this run: append it to whatever is shared by a whole server."""

    @property
    def folder(self) -> Path:
        """A folder of this run's own, readable by its user alone and deleted at the end."""

    async def create_role(self, name: str, *, members: Collection[str] = ()) -> Role:
        """Make another login role that has no rights yet; raises ServicesUnavailable if the server refuses.

        The roles named in `members` may take it on with SET ROLE, and have none of its rights until they do.
        """

    async def valkey(self) -> str:
        """A redis:// URL of a Valkey database of this run's own, which is started when first asked for."""

    async def process(
        self,
        program: str | Path,
        *arguments: str | Path,
        ready: str | int | re.Pattern[str],
        within: float = 30,
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
    ) -> Process:
        """Start a process of the system under test and return when it is ready; it ends with the run.

        `{port}` in an argument, in a value of `env` and in `ready` is a free port of 127.0.0.1. `ready` is a http://
        URL that answers with a status below 500, a port that accepts (a number or "{port}"), or a compiled pattern that
        matches in what the process writes; within so many seconds. `env` is added to the environment of isofuzz, less
        its ISOFUZZ_* variables. Raises UsageError when it cannot be started as written, SystemDown when it ends or is
        not ready in time.
        """


class Target:
    """The adapter to one system: subclass it and write one annotated `@operation` method for each thing it can do.

    `refusals` are exceptions of your client that mean "the system said no", besides `Refused`. `defects` names
    leaks that the system can be told to have, each with a sentence on it; a run that plants one sets `defect`.
    `start_within` and `answer_within` are seconds: how long the system may take to start, and an operation to answer.
    `grace` is how many seconds a right that was taken away may still show, because a cache keeps it, say; `lag` is how
    many a write may take to show: what is missing is looked for again until then, and what is too much never is.
    """

    refusals: ClassVar[tuple[type[Exception], ...]] = ()
    defects: ClassVar[Mapping[str, str]] = {}
    defect: str | None = None
    start_within: ClassVar[float] = 30
    answer_within: ClassVar[float] = 10
    grace: ClassVar[float] = 0
    lag: ClassVar[float] = 0

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        """Start the system, yield once while it is up, stop it. Runs once in each run."""
        yield

    async def reset(self) -> None:
        """Make the system forget what it remembers outside its database, which has been emptied before this call."""

    async def restart(self) -> None:
        """Override it to have isofuzz restart the system while its users are at work.

        Stop it and start it anew, and return once it is up, within `start_within` seconds; the lifespan goes on. All
        its connections to services that isofuzz watches have been cut before. What is stored has to be there
        afterwards, and whoever is signed in may be refused; sockets and subscriptions need not outlive it.
        """

    async def quiesce(self) -> None:
        """Return when pending fan-out and caches of the system have taken effect."""

    async def stored(self, database: Database) -> Iterable[Stored]:
        """Override it to have isofuzz look into the tables: every text that is stored, with its thread and owner.

        It is asked when the system is at rest.
        """
        return ()

    async def pooled(self, query: str) -> Sequence[str]:
        """Override it to have isofuzz look at the connections of the system's pool.

        Run the query, which takes nothing and returns one text, on each connection that is idle in the pool just now,
        as it is, and return all the texts. A system in another process needs a door for that, for tests alone.
        """
        return ()


@dataclass(frozen=True)
class Options:
    """What `@operation` was given, as it was given: it is checked where the whole target is."""

    budget_ms: float | None = None
    compare: bool = True


@overload
def operation(method: Method, /) -> Method: ...


@overload
def operation(*, budget_ms: float | None = None, compare: bool = True) -> Callable[[Method], Method]: ...


def operation(
    method: Method | None = None, /, *, budget_ms: float | None = None, compare: bool = True
) -> Method | Callable[[Method], Method]:
    """Mark a method of a `Target` as something that users do, with options or without: `@operation(budget_ms=10)`.

    `budget_ms` is how many milliseconds 95 of 100 calls may take at the most. More is a hazard, and no leak.
    `compare=False`: what it shows a user may depend on what others do in their threads.
    """

    def mark(method: Method) -> Method:
        if not callable(method):
            raise TargetMistake(f"@operation({method!r}) marks no method; name the option: `@operation(budget_ms=10)`")
        method.__isofuzz_operation__ = Options(budget_ms, compare)  # type: ignore[attr-defined]  # read by isofuzz.target.signatures
        return method

    return mark if method is None else mark(method)
