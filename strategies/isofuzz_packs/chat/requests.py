"""What can be asked of the chat: one class for each request, its fields annotated with the check they must pass."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias
from uuid import UUID

from isofuzz_packs.chat.refusals import BadRequest

_NOTHING = UUID(int=0)
_MOST_USERS = 100


@dataclass(frozen=True)
class Text:
    """A text that Postgres can hold, of `least` to `most` characters, otherwise exactly as it was sent."""

    least: int
    most: int

    def __call__(self, value: object) -> str:
        if not isinstance(value, str) or not self.least <= len(value) <= self.most or "\0" in value:
            raise BadRequest
        try:
            value.encode()
        except UnicodeEncodeError as lone_surrogate:
            raise BadRequest from lone_surrogate
        return value


def uuid_of_a_thing(value: object) -> UUID:
    """An id spelled as this service spells it. Any other text is the id of nothing, and so is what comes back."""
    if not isinstance(value, str):
        raise BadRequest
    try:
        identifier = UUID(value)
    except ValueError:
        return _NOTHING
    return identifier if str(identifier) == value else _NOTHING


def number_of_a_thing(value: object) -> int:
    """An id from a bigint column. Any other whole number is the id of nothing, and so is the 0 that comes back."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadRequest
    return value if 0 < value < 2**63 else 0


def users_of_a_list(value: object) -> tuple[UUID, ...]:
    """A list of up to a hundred ids of users."""
    if not isinstance(value, list) or len(value) > _MOST_USERS:
        raise BadRequest
    return tuple(map(uuid_of_a_thing, value))


Name: TypeAlias = Annotated[str, Text(1, 200)]
Slug: TypeAlias = Annotated[str, Text(1, 200)]
Title: TypeAlias = Annotated[str, Text(0, 500)]
NewTitle: TypeAlias = Annotated[str | None, Text(0, 500)]
Body: TypeAlias = Annotated[str, Text(0, 8000)]
Token: TypeAlias = Annotated[str, Text(1, 200)]
UserId: TypeAlias = Annotated[UUID, uuid_of_a_thing]
ThreadId: TypeAlias = Annotated[UUID, uuid_of_a_thing]
ConnectionId: TypeAlias = Annotated[UUID | None, uuid_of_a_thing]
UserIds: TypeAlias = Annotated[tuple[UUID, ...], users_of_a_list]
MessageId: TypeAlias = Annotated[int, number_of_a_thing]
Seq: TypeAlias = Annotated[int, number_of_a_thing]


@dataclass(frozen=True)
class Ping:
    """Answer at once; all that was pushed to this connection before has then arrived."""


@dataclass(frozen=True)
class SignIn:
    """Start a session for the user of that name, who is signed up if the name is new."""

    name: Name


@dataclass(frozen=True)
class Resume:
    """Go on with a session on another connection, in the place of one of its others if that is named.

    What the other was subscribed to, this one is from now on; what was pushed there while it was closed comes here.
    """

    token: Token
    connection: ConnectionId = None


@dataclass(frozen=True)
class LogOut:
    """End the session on every connection it is used on."""


@dataclass(frozen=True)
class SetAbout:
    """Replace the text about oneself, which nobody else can read."""

    about: Body


@dataclass(frozen=True)
class ReadAbout:
    """Read back the text about oneself."""


@dataclass(frozen=True)
class OpenThread:
    """Open one's thread of that slug, made if there is none; a title, if given, replaces the one it has.

    A new title is pushed to every subscribed connection of who is in the thread.
    """

    slug: Slug
    title: NewTitle = None


@dataclass(frozen=True)
class ListThreads:
    """All threads that one owns or is a member of, oldest first, and how many they are."""


@dataclass(frozen=True)
class DeleteThread:
    """Delete one's own thread with everything in it."""

    thread: ThreadId


@dataclass(frozen=True)
class Invite:
    """Make a user a member of one's own thread; inviting a member again changes nothing."""

    thread: ThreadId
    user: UserId


@dataclass(frozen=True)
class Kick:
    """Remove a member from one's own thread; the owner is not a member and cannot be kicked."""

    thread: ThreadId
    user: UserId


@dataclass(frozen=True)
class Share:
    """Make these the members of one's own thread, nobody else, and call it so; who is in it then is pushed the title.

    The owner stays, named or not.
    """

    thread: ThreadId
    members: UserIds
    title: Title


@dataclass(frozen=True)
class Post:
    """Write a message, which is pushed to every subscribed connection of who is in the thread."""

    thread: ThreadId
    body: Body


@dataclass(frozen=True)
class Quote:
    """Write a message about another one of the same thread, and say whose words those are; pushed like any other."""

    thread: ThreadId
    message: MessageId
    author: UserId
    body: Body


@dataclass(frozen=True)
class History:
    """The messages of a thread that come after one of them, oldest first: a page of them, and where the next begins."""

    thread: ThreadId
    after: Seq = 0


@dataclass(frozen=True)
class Search:
    """All messages that hold the text, literally, in all threads that one is in."""

    text: Body


@dataclass(frozen=True)
class Export:
    """All messages in all threads that one is in, thread by thread."""


@dataclass(frozen=True)
class EditMessage:
    """Replace the body of one's own message in that thread, which is pushed like a new one."""

    thread: ThreadId
    message: MessageId
    body: Body


@dataclass(frozen=True)
class DeleteMessage:
    """Delete one's own message; that it is gone is pushed."""

    message: MessageId


@dataclass(frozen=True)
class Subscribe:
    """From now on, push what happens in the thread to this connection; the others who listen are told who joined."""

    thread: ThreadId


Request: TypeAlias = (
    Ping
    | SignIn
    | Resume
    | LogOut
    | SetAbout
    | ReadAbout
    | OpenThread
    | ListThreads
    | DeleteThread
    | Invite
    | Kick
    | Share
    | Post
    | Quote
    | History
    | Search
    | Export
    | EditMessage
    | DeleteMessage
    | Subscribe
)
