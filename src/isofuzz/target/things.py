"""The words that a target's signatures are written in.

Things (users, sessions, threads, records, sockets, subscriptions) are dataclasses: subclass one and annotate its
fields. Secrets, names, keys and queries are texts that isofuzz draws. Marks say what an operation does to an
argument; `All`, `Some` and `News` say what a return value shows.
"""

import dataclasses
from collections.abc import AsyncIterator
from typing import Annotated, ClassVar, Generic, Literal, TypeVar, dataclass_transform

from typing_extensions import TypeAliasType

from isofuzz.errors import TargetMistake
from isofuzz.program.vocabulary import Effect, Kind

T = TypeVar("T")


class Name(str):
    """Who someone is. Drawn; correlated and confusable. Two sign-ins with an equal name are the same user."""

    __slots__ = ()


class Key(str):
    """An identifier that the client chooses. Drawn; correlated and confusable."""

    __slots__ = ()


class Query(str):
    """A search text, filter value or operator. Drawn; never a whole canary."""

    __slots__ = ()


class Secret(str):
    """A text that a write stores. Subclass it once for each kind of text; isofuzz draws it with a canary inside.

    `private=True`: only its author may see it.
    """

    __slots__ = ()
    private: ClassVar[bool] = False

    def __init_subclass__(cls, *, private: bool = False) -> None:
        super().__init_subclass__()
        cls.private = private


K = TypeVar("K", bound=Secret)


@dataclasses.dataclass(frozen=True)
class Options:
    """The class keywords of a thing."""

    within: "type[Thing] | None" = None
    public: bool = False
    keeps_past: bool = False
    exclusive: bool = False
    existence: Literal["hidden", "public"] = "hidden"
    echo: bool | None = None
    once: bool | None = None
    in_order: bool | None = None
    replay: bool | None = None


@dataclass_transform(eq_default=False)
class Thing:
    """Something that operations create and take. Subclasses are dataclasses, compared by identity.

    Class keywords, where they make sense: `exclusive=True`, only one call at a time takes it.
    """

    kind: ClassVar[Kind]
    options: ClassVar[Options] = Options()
    accepts: ClassVar[frozenset[str]] = frozenset({"exclusive"})

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__()
        unknown = sorted(set(options) - cls.accepts)
        if unknown:
            raise TargetMistake(
                f"class {cls.__name__}: {unknown[0]}= says nothing about a {cls.kind}; "
                f"write one of {', '.join(f'{name}=' for name in sorted(cls.accepts))}"
            )
        cls.options = dataclasses.replace(cls.options, **options)  # type: ignore[arg-type]  # names checked above
        dataclasses.dataclass(eq=False)(cls)


class User(Thing):
    """Who owns data. Give it an `id` and isofuzz also refers to users that never existed."""

    kind = Kind.USER


class Session(Thing):
    """One authenticated client of a user; the first argument of what that user does."""

    kind = Kind.SESSION


class Thread(Thing):
    """The isolation unit: a conversation, a room, a document.

    `within=C`: it lives in a thread of class C. `public=True`: it is for everyone who may see its container (for
    anyone, without one). `keeps_past=True`: one who is removed keeps what they could see. `existence="public"`: whether
    one exists is no secret.
    """

    kind = Kind.THREAD
    accepts = frozenset({"exclusive", "existence", "within", "public", "keeps_past"})


class Record(Thing):
    """What is stored in a thread, and seen by whoever sees the thread.

    `existence="public"`: whether one exists is no secret.
    """

    kind = Kind.RECORD
    accepts = frozenset({"exclusive", "existence"})


class Socket(Thing):
    """A connection on which the system pushes frames. `WebSocket` is the one for WebSockets."""

    kind = Kind.SOCKET

    def frames(self) -> AsyncIterator[object]:
        """The frames as they arrive, until the connection ends; isofuzz reads it continuously.

        A frame that an operation had asked for comes wrapped in `Reply`.
        """
        raise NotImplementedError(f"{type(self).__name__} needs a method frames(), or let it be a WebSocket")

    async def barrier(self) -> None:
        """Return when everything that the system had sent before has been taken from `frames()`."""
        raise NotImplementedError(f"{type(self).__name__} needs a method barrier(), or let it be a WebSocket")

    async def close(self) -> None:
        """Say goodbye and close the connection, as clients do at the end of a program; by default, just drop it."""
        await self.abort()

    async def abort(self) -> None:
        """Drop the connection without a farewell."""
        raise NotImplementedError(f"{type(self).__name__} needs a method abort(), or let it be a WebSocket")

    async def half_close(self) -> None:
        """Send nothing more, and go on reading; by default, just drop the connection."""
        await self.abort()


class Subscription(Thing, Generic[K]):
    """From its creation on: a frame for each new K in the innermost thing among the arguments.

    A keyword left out means that it may be so or not. `echo`: an author's own events come back. `once`: no event comes
    twice on one socket for one subscription. `in_order`: events come in the order of their writes. `replay`: what was
    missed comes once the socket is resumed, which is what an operation does that takes a socket and returns one.
    """

    kind = Kind.SUBSCRIPTION
    accepts = frozenset({"exclusive", "echo", "once", "in_order", "replay"})


@dataclasses.dataclass(frozen=True)
class Reply:
    """A frame that answers a request, so that nobody takes it for an event."""

    frame: object


Grants = Annotated[T, Effect.GRANTS]
"""This user may and must see from now on."""
Invites = Annotated[T, Effect.INVITES]
"""This user may see from now on."""
Revokes = Annotated[T, Effect.REVOKES]
"""This user may not see any more."""
Audience = Annotated[T, Effect.AUDIENCE]
"""Exactly these users may see from now on."""
Ends = Annotated[T, Effect.ENDS]
"""This thing is deleted, logged out, closed."""
Own = Annotated[T, Effect.OWN]
"""Never a foreign one: defending it is not the system's job."""

All = TypeAliasType("All", object, type_params=(K,))
"""A value that shows each living K in scope."""
Some = TypeAliasType("Some", object, type_params=(K,))
"""A value that shows some of the living K in scope and nothing else of that kind."""
News = TypeAliasType("News", object, type_params=(K,))
"""A value that shows the K that came since the last call."""


class Refused(Exception):
    """The system said no. The arguments are what the actor got to see; they are scanned too.

    Raise it only where the system itself refused: an adapter that refuses on its own hides what the system allows.
    """
