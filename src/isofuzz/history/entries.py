"""The entries of a history. An entry's index in its history is its logical time.

Oracles read nothing else, so whatever a judgement needs is written here: canaries as the serial numbers that were
found in what was seen, with a short excerpt of it as evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from isofuzz.program.faults import FaultKind
from isofuzz.program.steps import Argument, Call, Ref


class Outcome(StrEnum):
    """How an operation ended: it happened, it did not happen, or nobody knows."""

    OK = "ok"
    REFUSED = "refused"
    INFO = "info"


@dataclass(frozen=True)
class Invocation:
    """An operation was started.

    `canaries` maps the parameters that carry a secret to the canary in it, `ids` those that name things with an
    identifier to how that was written.
    """

    step: int
    operation: str
    arguments: Mapping[str, Argument]
    canaries: Mapping[str, int] = field(default_factory=dict)
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, call: Call, canaries: Mapping[str, int], ids: Mapping[str, tuple[str, ...]] | None = None
    ) -> "Invocation":
        """The entry that starts this step."""
        return cls(call.number, call.operation, call.arguments, canaries, ids or {})


@dataclass(frozen=True)
class Completion:
    """An operation ended.

    `seen`: canaries in the value or error that its actor got; `text`: an excerpt of that; `ids`: how the identifiers of
    the things that it created were written, by their number among all that it creates.
    """

    step: int
    outcome: Outcome
    seen: tuple[int, ...] = ()
    text: str = ""
    ids: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """A frame arrived on a socket, or its close reason did; `reply`: an operation had asked for this frame."""

    socket: Ref
    seen: tuple[int, ...] = ()
    text: str = ""
    reply: bool = False


@dataclass(frozen=True)
class Closed:
    """A socket was closed by the system."""

    socket: Ref


@dataclass(frozen=True)
class Barrier:
    """Everything that the system had sent to this socket before time `since` has arrived.

    `orders` says whether the barrier also covers the system's fan-out. If not, what is absent may only be late.
    """

    socket: Ref
    since: int
    orders: bool


@dataclass(frozen=True)
class Skipped:
    """A step was not executed because a thing that it refers to never came into being."""

    step: int
    operation: str


@dataclass(frozen=True)
class Row:
    """A stored row with canaries in it.

    `threads` and `owners` are the things with the identifiers that the row says it belongs to: none if isofuzz knows no
    such thing, several if two classes of things share an identifier, and None if the row does not say.
    """

    seen: tuple[int, ...]
    text: str = ""
    threads: tuple[Ref, ...] | None = None
    owners: tuple[Ref, ...] | None = None


@dataclass(frozen=True)
class Storage:
    """What the system stored, when it was at rest: every row with a canary in it."""

    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Pooled:
    """A connection of the system's pool, while nobody used it: what is not as in a new one, by name.

    `connection` tells it from the others for as long as the program runs.
    """

    connection: str
    state: Mapping[str, str] = field(default_factory=dict)


class Move(StrEnum):
    """What lets a step go on that overlaps others under control."""

    START = "start"
    STATEMENT = "statement"
    """One that it has the database execute."""
    REPLY = "reply"
    """To a statement that had to wait for a lock."""
    TASK = "task"
    """One of its tasks takes its next step."""


@dataclass(frozen=True)
class Moved:
    """A step that overlaps others was let go on, and nobody else was until all came to rest.

    `text`: what it was about to do; `blocked`: the steps that waited for a lock then. `connection` is the number of the
    one that was let go on, where nothing says for which step it works: then that it is this step is a guess.
    """

    step: int
    move: Move
    text: str = ""
    blocked: tuple[int, ...] = ()
    connection: int | None = None


@dataclass(frozen=True)
class Struck:
    """A fault happened, on purpose: to a socket, or to what the step of `of` does."""

    step: int
    kind: FaultKind
    of: Ref


Entry = Invocation | Completion | Delivery | Closed | Barrier | Skipped | Storage | Pooled | Moved | Struck
History = list[Entry]
