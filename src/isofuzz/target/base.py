"""`Target` and `operation`: the class and the decorator that an adapter is made of."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar

Method = TypeVar("Method", bound=Callable[..., Awaitable[object]])


class Role(Protocol):
    """A database role of one run."""

    @property
    def name(self) -> str:
        """The role's name on the server; unique to this run."""

    @property
    def url(self) -> str:
        """A postgresql:// URL that logs in as the role."""


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

    async def create_role(self, name: str) -> Role:
        """Make another login role that has no rights yet; raises ServicesUnavailable if the server refuses."""


class Target:
    """The adapter to one system: subclass it and write one annotated `@operation` method for each thing it can do.

    `refusals` are exceptions of your client that mean "the system said no", besides `Refused`. `defects` names
    leaks that the system can be told to have, each with a sentence on it; a run that plants one sets `defect`.
    `start_within` and `answer_within` are seconds: how long the system may take to start, and an operation to answer.
    """

    refusals: ClassVar[tuple[type[Exception], ...]] = ()
    defects: ClassVar[Mapping[str, str]] = {}
    defect: str | None = None
    start_within: ClassVar[float] = 30
    answer_within: ClassVar[float] = 10

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        """Start the system, yield once while it is up, stop it. Runs once in each run."""
        yield

    async def reset(self) -> None:
        """Make the system forget what it remembers outside its database, which has been emptied before this call."""

    async def quiesce(self) -> None:
        """Return when pending fan-out and caches of the system have taken effect."""


def operation(method: Method) -> Method:
    """Mark a method of a `Target` as something that users do."""
    method.__isofuzz_operation__ = True  # type: ignore[attr-defined]  # read by isofuzz.target.signatures
    return method
