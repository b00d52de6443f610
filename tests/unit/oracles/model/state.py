"""What the service in memory keeps: accounts, rooms, texts, and what it pushes to whom."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


class No(Exception):
    """The service refuses, and says why."""

    def __init__(self, why: str = "404 no such thing") -> None:
        super().__init__(why)


@dataclass(eq=False)
class Account:
    name: str
    number: str = ""
    about: int | None = None
    inboxes: dict[str, list[Text]] = field(default_factory=dict)
    alive: bool = True


@dataclass(eq=False)
class Login:
    account: Account
    alive: bool = True


@dataclass(eq=False)
class Space:
    """A room, topic, plaza, lobby, archive or document; a topic and a lobby lie in a room."""

    owner: Account
    number: str = ""
    room: Space | None = None
    public: bool = False
    keeps_past: bool = False
    members: set[Account] = field(default_factory=set)
    offered: set[Account] = field(default_factory=set)
    texts: dict[object, Text] = field(default_factory=dict)
    past: dict[Account, list[Text]] = field(default_factory=dict)
    notes: dict[Account, int] = field(default_factory=dict)
    alive: bool = True

    @property
    def lives(self) -> bool:
        return self.alive and (self.room is None or self.room.lives)


@dataclass(eq=False)
class Text:
    """A message, a card, or what a space says about itself; `body` is the number of the canary in it."""

    space: Space
    author: Account
    body: int
    number: str = ""
    only: frozenset[Account] | None = None
    shut_out: set[Account] = field(default_factory=set)
    quotes: Text | None = None
    alive: bool = True

    def __post_init__(self) -> None:
        self.creator = self.author


@dataclass(frozen=True)
class Declared:
    """What a subscription promises; as with what a target declares, but nothing is left open."""

    echo: bool
    once: bool
    order: bool
    replay: bool


@dataclass(eq=False)
class Frame:
    """What is under way to a client. Frames of one `lane` that has an order cannot overtake one another."""

    bodies: tuple[int, ...]
    watch: Watch | None = None
    missed: bool = False
    about: str = ""

    @property
    def lane(self) -> object:
        ordered = self.watch is not None and self.watch.declared.order
        return (self.watch, self.missed) if ordered else self


@dataclass(eq=False)
class Client:
    """What goes over from a line to the one that resumes it."""

    account: Account
    line: Line | None = None
    watches: list[Watch] = field(default_factory=list)


@dataclass(eq=False)
class Line:
    login: Login
    client: Client
    queue: deque[Frame] = field(default_factory=deque)
    open: bool = True


@dataclass(eq=False)
class Watch:
    """A subscription to a space (None: to everything); without a client, on each line of the account."""

    login: Login
    client: Client | None
    space: Space | None
    declared: Declared
    missed: list[Frame] = field(default_factory=list)
    alive: bool = True
