"""What the chat answers when it does not do what was asked.

Refusal
├── BadRequest        not a request that this service knows
├── NotSignedIn       the connection has no session, or its session has ended
├── AlreadySignedIn   a connection belongs to one session for as long as it lives
├── NotFound          there is no such thing, or it is none of the asker's business: never told apart
├── Forbidden         the asker may see the thing, but not do this with it
├── Busy              others were at it for too long
└── Cancelled         the asker did not want it any more
"""

from typing import ClassVar


class Refusal(Exception):
    """The request was understood and nothing was done; `error` is all that the client is told."""

    error: ClassVar[str]


class BadRequest(Refusal):
    """The frame is not a request that this service knows."""

    error = "bad request"


class NotSignedIn(Refusal):
    """The connection has no session, or its session has ended."""

    error = "not signed in"


class AlreadySignedIn(Refusal):
    """The connection has belonged to a session before."""

    error = "already signed in"


class NotFound(Refusal):
    """Nothing of that id exists for the asker."""

    error = "not found"


class Forbidden(Refusal):
    """The asker may see the thing, but only its owner or author may do this."""

    error = "forbidden"


class Busy(Refusal):
    """Others were at the same thing for longer than anyone should wait."""

    error = "busy"


class Cancelled(Refusal):
    """The client has taken the request back before anything was stored."""

    error = "cancelled"
